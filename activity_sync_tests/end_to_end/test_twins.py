"""Activities that people entered in both systems before anything was synced: linked, named or held, never guessed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from activity_sync.activities.kinds import ActivityType
from activity_sync.sandbox.hubspot.rewriting import visible_text
from activity_sync_tests.end_to_end.bridge import (
    CONTACT_IDS,
    DYNAMICS_TABLES,
    HUBSPOT_TYPES,
    USER_ID,
    Bridge,
    ago,
    iso,
)
from activity_sync_tests.end_to_end.passes import carry, decisions
from activity_sync_tests.end_to_end.people import dynamics_activity, hubspot_activity, populate

NOON = datetime(2025, 5, 6, 12, tzinfo=UTC)


def guid(number: int) -> str:
    return f"00000000-0000-4000-9000-{number:012d}"


def at(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


@pytest.fixture
def entered(bridge: Bridge) -> Bridge:
    """Everybody is there on both sides, and twins among the tasks are linked."""
    populate(bridge)
    configure(bridge)
    return bridge


def configure(
    bridge: Bridge,
    twins: str = "link",
    *,
    kinds: Collection[str] = ("task",),
    two_way: bool = True,
    conflict: str = "latest_wins",
) -> None:
    """Only these types are on."""
    on, off = f"{{twins: {twins}, conflict: {conflict}}}", "{enabled: false}"
    here = "".join(f"    {kind}: {on if kind in kinds else off}\n" for kind in ActivityType)
    there = "".join(f"    {kind}: {on if kind in kinds and two_way else off}\n" for kind in ActivityType)
    bridge.configure(f"flows:\n  hubspot_to_dynamics:\n{here}  dynamics_to_hubspot:\n{there}")


OWNED = {"ownerid": {"type": "systemuser", "id": USER_ID}}


def task_here(
    bridge: Bridge, record_id: str, subject: str = "Send the offer", when: datetime = NOON, **more: Any
) -> None:
    properties = {
        "hs_timestamp": at(when),
        "hs_task_subject": subject,
        "hs_task_status": "NOT_STARTED",
        "hs_task_priority": "MEDIUM",
        "hubspot_owner_id": "7001",
    }
    on = more.pop("on", ("ann",))
    hubspot_activity(bridge, "task", record_id, properties | more, on=on)


def task_there(
    bridge: Bridge, number: int, subject: str = "Send the offer", when: datetime = NOON, **more: Any
) -> None:
    columns = {"scheduledend": at(when), "subject": subject, "statecode": 0, "statuscode": 2, "prioritycode": 1}
    about = more.pop("about", "ann")
    dynamics_activity(bridge, "task", guid(number), columns | OWNED | more, about=about)


def run(bridge: Bridge, *arguments: str) -> None:
    """The command ends well."""
    done = bridge.command(*arguments)
    assert done.returncode == 0, done.stderr


def held(bridge: Bridge, source: str, record_id: str) -> Mapping[str, Any]:
    """What is known of a task that is held as ambiguous."""
    decision = decisions(bridge, source, "task", record_id)[-1]
    assert (decision["action"], decision["case_number"], decision["reason"]) == ("hold", 4, "ambiguous")
    found: Mapping[str, Any] = decision["discarded"]
    return found


def stamp(bridge: Bridge, kind: str, record_id: str) -> tuple[str, str]:
    """Which record of which system a HubSpot record says it is."""
    properties = bridge.hubspot(HUBSPOT_TYPES[kind])[record_id]["properties"]
    return properties.get("activity_sync_source_system", ""), properties.get("activity_sync_source_id", "")


def rests(bridge: Bridge, held: int = 0) -> None:
    """Further passes write nothing, and find all of it in step but for what is held."""
    bridge.forget()
    found = carry(bridge)
    assert bridge.writes() == 0, found
    assert set(found) <= {"extracted", "unchanged", "filtered", "held"}
    assert found.get("held", 0) == held


EQUAL: Mapping[str, tuple[dict[str, str], dict[str, Any], list[dict[str, Any]]]] = {
    "note": (
        {"hs_note_body": "<p><strong>Offer</strong></p><p>He wants it by May</p>"},
        {"subject": "Offer", "notetext": "<p>He wants it by May</p>", "createdon": at(NOON)},
        [],
    ),
    "task": (
        {"hs_task_subject": "Send the offer", "hs_task_status": "NOT_STARTED", "hs_task_priority": "MEDIUM"},
        {"subject": "Send the offer", "scheduledend": at(NOON), "statecode": 0, "statuscode": 2, "prioritycode": 1},
        [],
    ),
    "call": (
        {
            "hs_call_title": "Asked for the offer",
            "hs_call_direction": "OUTBOUND",
            "hs_call_status": "COMPLETED",
            "hs_call_duration": "60000",
            "hs_call_to_number": "+49 30 2000",
        },
        {
            "subject": "Asked for the offer",
            "actualstart": at(NOON),
            "directioncode": True,
            "statecode": 1,
            "statuscode": 2,
            "actualdurationminutes": 1,
            "phonenumber": "+49 30 2000",
        },
        [{"participationtypemask": 2, "partyid_contact@odata.bind": f"/contacts({CONTACT_IDS[0]})"}],
    ),
    "email": (
        {
            "hs_email_subject": "The offer",
            "hs_email_html": "<p>Dear Ann, here it is</p>",
            "hs_email_direction": "EMAIL",
            "hs_email_status": "SENT",
            "hs_email_headers": '{"from":{"email":"olga@ourfirm.example"},"to":[{"email":"person-0@acme.example"}],'
            '"cc":[],"bcc":[]}',
        },
        {
            "subject": "The offer",
            "description": "<p>Dear Ann, here it is</p>",
            "actualend": at(NOON),
            "directioncode": True,
            "statecode": 1,
            "statuscode": 3,
        },
        [
            {"participationtypemask": 1, "addressused": "olga@ourfirm.example"},
            {
                "participationtypemask": 2,
                "partyid_contact@odata.bind": f"/contacts({CONTACT_IDS[0]})",
                "addressused": "person-0@acme.example",
            },
        ],
    ),
    "meeting": (
        {
            "hs_meeting_title": "The offer",
            "hs_meeting_body": "<p>Hall 7</p>",
            "hs_meeting_start_time": at(NOON),
            "hs_meeting_end_time": at(NOON + timedelta(hours=1)),
            "hs_meeting_location": "Room 4",
            "hs_meeting_outcome": "SCHEDULED",
        },
        {
            "subject": "The offer",
            "description": "<p>Hall 7</p>",
            "scheduledstart": at(NOON),
            "scheduledend": at(NOON + timedelta(hours=1)),
            "location": "Room 4",
            "statecode": 3,
            "statuscode": 5,
            "isalldayevent": False,
        },
        [{"participationtypemask": 5, "partyid_contact@odata.bind": f"/contacts({CONTACT_IDS[0]})"}],
    ),
}


def test_twins_of_every_type_that_say_the_same_are_linked_without_a_write(entered: Bridge) -> None:
    configure(entered, kinds=EQUAL)
    for number, (kind, (here, there, parties)) in enumerate(EQUAL.items()):
        hubspot_activity(entered, kind, "501", {"hs_timestamp": at(NOON), "hubspot_owner_id": "7001", **here})
        dynamics_activity(entered, kind, guid(number), OWNED | there, parties=parties)
    before = {kind: entered.dynamics(DYNAMICS_TABLES[kind]) for kind in EQUAL}
    entered.forget()

    assert carry(entered) == {"extracted": 10, "unchanged": 10}

    assert {kind: entered.dynamics(DYNAMICS_TABLES[kind]) for kind in EQUAL} == before
    for number, kind in enumerate(EQUAL):
        assert entered.counterpart("hubspot", kind, "501") == guid(number)
        assert stamp(entered, kind, "501") == ("dynamics", guid(number))
        assert [one["case_number"] for one in decisions(entered, "hubspot", kind, "501")] == [2]
    assert entered.writes() == len(EQUAL), "one stamp each"
    rests(entered)


def test_twins_that_differ_are_linked_and_then_carried_as_edits_of_both(entered: Bridge) -> None:
    configure(entered, kinds=["call"], conflict="dynamics_wins")
    here, there, parties = EQUAL["call"]
    here = here | {"hs_call_body": "<p>He will think about it</p>"}
    del here["hs_call_to_number"]
    there = there | {"subject": "Asked for the offer again"}
    hubspot_activity(entered, "call", "501", {"hs_timestamp": at(NOON), "hubspot_owner_id": "7001", **here},
                     on=("ann", "ben"))  # fmt: skip
    dynamics_activity(entered, "call", guid(1), OWNED | there, parties=parties)

    assert carry(entered) == {"extracted": 2, "updated": 2}

    shown = entered.hubspot("calls")["501"]["properties"]
    row = entered.dynamics("phonecall")[guid(1)]
    assert (shown["hs_call_title"], row["subject"]) == ("Asked for the offer again",) * 2
    assert (visible_text(shown["hs_call_body"]), row["description"]) == ("He will think about it",) * 2
    assert (shown["hs_call_to_number"], row["phonenumber"]) == ("+49 30 2000",) * 2
    assert {one["partyid"]["id"] for one in row["parties"] if one["participationtypemask"] == 2} == set(CONTACT_IDS[:2])
    assert (len(entered.hubspot("calls")), len(entered.dynamics("phonecall"))) == (1, 1)
    rests(entered)


def test_a_one_way_flow_links_them_and_writes_nothing_to_its_source(entered: Bridge) -> None:
    configure(entered, two_way=False)
    task_here(entered, "501", hs_task_body="<p>By May</p>")
    task_there(entered, 1)
    before = entered.hubspot("tasks")

    assert carry(entered) == {"extracted": 1, "updated": 1}

    assert entered.dynamics("task")[guid(1)]["description"] == "By May"
    assert entered.hubspot("tasks") == before
    rests(entered)


def test_the_time_the_words_and_the_record_decide(entered: Bridge) -> None:
    cases: dict[str, tuple[dict[str, Any], bool]] = {
        "501": ({"when": NOON + timedelta(minutes=15)}, True),
        "502": ({"when": NOON - timedelta(minutes=15)}, True),
        "503": ({"when": NOON + timedelta(minutes=15, seconds=1)}, False),
        "504": ({"about": "ben"}, False),
        "505": ({"about": None}, False),
        "506": ({"subject": "Lunch with Petra"}, False),
        "507": ({"subject": "SEND the  offer, by May!"}, True),
    }
    for number, (record_id, (differs, _)) in enumerate(cases.items()):
        day = timedelta(days=number)
        task_here(entered, record_id, when=NOON + day)
        task_there(entered, number, **differs | {"when": differs.get("when", NOON) + day})

    carry(entered)

    linked = {one: entered.counterpart("hubspot", "task", one) == guid(n) for n, one in enumerate(cases)}
    assert linked == {one: twins for one, (_, twins) in cases.items()}
    assert len(entered.dynamics("task")) == len(cases) + list(linked.values()).count(False)
    rests(entered)


@pytest.mark.parametrize(
    "resolve",
    [
        ("hubspot:task/501", "--link", guid(2)),
        (f"dynamics:task/{guid(2)}", "--link", "501"),
        ("hubspot:task/501", "--create"),
    ],
    ids=["link", "link there", "create"],
)
def test_several_candidates_are_held_until_a_person_decides(entered: Bridge, resolve: tuple[str, ...]) -> None:
    task_here(entered, "501")
    task_there(entered, 1)
    task_there(entered, 2, when=NOON + timedelta(minutes=5))
    entered.forget()

    assert carry(entered) == {"extracted": 3, "held": 3}
    assert entered.writes() == 0
    assert held(entered, "hubspot", "501") == {"candidates": [guid(1), guid(2)], "rivals": []}
    assert held(entered, "dynamics", guid(1)) == {"candidates": ["501"], "rivals": [guid(2)]}
    rests(entered, held=3)

    run(entered, "held", "resolve", *resolve)
    found = carry(entered)

    if "--link" in resolve:
        assert entered.counterpart("hubspot", "task", "501") == guid(2)
        assert found["created"] == 1, "the other one is nobody's twin any more"
        assert (len(entered.hubspot("tasks")), len(entered.dynamics("task"))) == (2, 2)
    else:
        assert found["created"] == 3
        assert (len(entered.hubspot("tasks")), len(entered.dynamics("task"))) == (3, 3)
    rests(entered)


def test_a_record_of_long_ago_is_as_good_a_match(entered: Bridge) -> None:
    task_here(entered, "501")
    moment = iso(ago(days=20))
    other = {"hs_timestamp": at(NOON + timedelta(minutes=5)), "hs_task_subject": "Send the offer"}
    record = {"id": "502", "createdAt": moment, "updatedAt": moment, "properties": other}
    on_ann = {"from": ["tasks", "502"], "to": ["contacts", "1001"]}
    entered.seed({"hubspot": {"objects": {"tasks": [record]}, "associations": [on_ann]}})
    task_there(entered, 1)

    assert carry(entered) == {"extracted": 2, "held": 2}
    assert held(entered, "hubspot", "501") == {"candidates": [guid(1)], "rivals": ["502"]}
    assert held(entered, "dynamics", guid(1)) == {"candidates": ["501", "502"], "rivals": []}


def test_a_report_carries_both_and_says_which_may_be_one(entered: Bridge) -> None:
    configure(entered, "report")
    task_here(entered, "501")
    task_there(entered, 1)
    task_there(entered, 2, subject="Lunch with Petra")

    assert carry(entered) == {"extracted": 4, "created": 3, "unchanged": 1}

    (decision,) = decisions(entered, "hubspot", "task", "501")
    assert decision["rule"] == f"email; twin? dynamics:task/{guid(1)}"
    assert "twin?" not in decisions(entered, "dynamics", "task", guid(1))[0]["rule"]
    assert entered.counterpart("hubspot", "task", "501") not in {guid(1), guid(2)}
    rests(entered)


def test_what_has_its_copy_is_no_twin_of_what_is_entered_later(entered: Bridge) -> None:
    task_here(entered, "501")
    assert carry(entered)["created"] == 1
    task_there(entered, 1)

    assert carry(entered)["created"] == 1

    assert entered.counterpart("dynamics", "task", guid(1)) not in {None, "501"}
    rests(entered)


def test_a_link_that_was_wrong_is_undone_for_good(entered: Bridge) -> None:
    task_here(entered, "501")
    task_there(entered, 1)
    assert carry(entered) == {"extracted": 2, "unchanged": 2}
    assert stamp(entered, "task", "501") == ("dynamics", guid(1))

    run(entered, "held", "undo", "hubspot:task/501")
    assert carry(entered) == {"extracted": 3, "created": 2, "unchanged": 1}

    ours, theirs = (entered.counterpart(*one) for one in (("hubspot", "task", "501"), ("dynamics", "task", guid(1))))
    assert {ours, theirs}.isdisjoint({None, "501", guid(1)})
    assert (len(entered.hubspot("tasks")), len(entered.dynamics("task"))) == (2, 2)
    assert stamp(entered, "task", "501") == ("", "")
    assert stamp(entered, "task", str(theirs)) == ("dynamics", guid(1))
    rests(entered)
    rests(entered)
