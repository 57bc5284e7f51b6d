"""Contacts that people merge, in one system or in both: activities follow the survivor, and nothing is written for it.

Contact 1001 of HubSpot and contact 0 of Dynamics are the same person, and so on (`bridge.hubspot_people`).
"""

from __future__ import annotations

import json

import pytest

from activity_sync.activities.kinds import ActivityType
from activity_sync.configuration import FLOWS
from activity_sync_tests.end_to_end.bridge import ACCOUNT_ID, CONTACT_IDS, HUBSPOT_TYPES, Bridge, ago, iso
from activity_sync_tests.end_to_end.merging import (
    associate,
    dynamics_contacts,
    hubspot_contacts,
    hubspot_seed,
    merge_dynamics,
    merge_hubspot,
    part,
    set_parties,
)
from activity_sync_tests.end_to_end.passes import carry

CALL, MAIL = "603", "601"
DYNAMICS_TASK, DYNAMICS_NOTE = (f"00000000-0000-4000-8000-00000000700{n}" for n in (1, 2))


def call_on(*contacts: str) -> dict[str, object]:
    return hubspot_seed(
        "call",
        CALL,
        list(contacts),
        hs_call_title="Call",
        hs_call_direction="OUTBOUND",
        hs_call_status="QUEUED",
        hs_call_duration="60000",
    )


def mail_to(address: str, contact: str, *, record_id: str = MAIL) -> dict[str, object]:
    return hubspot_seed(
        "email",
        record_id,
        [contact],
        hs_email_direction="EMAIL",
        hs_email_status="SCHEDULED",
        hs_email_subject="Hello",
        hs_email_html="<p>Hello</p>",
        hs_email_headers=json.dumps({"from": {"email": "olga@ourfirm.example"}, "to": [{"email": address}]}),
    )


def dynamics_activities() -> dict[str, object]:
    """A task and a note on contact 0."""
    times = dict.fromkeys(("createdon", "modifiedon"), iso(ago(minutes=20)))
    contact = {"type": "contact", "id": CONTACT_IDS[0]}
    task = {"activityid": DYNAMICS_TASK, "subject": "Task", "regardingobjectid": contact, **times}
    note = {"annotationid": DYNAMICS_NOTE, "subject": "Note", "notetext": "Text", "objectid": contact, **times}
    return {"dynamics": {"records": {"task": [task], "annotation": [note]}}}


@pytest.fixture
def calls(peopled: Bridge) -> Bridge:
    """Only calls are carried."""
    enable(peopled, ActivityType.CALL)
    return peopled


def enable(bridge: Bridge, *kinds: ActivityType) -> None:
    """Only these types are carried, which makes a pass that much faster."""
    off = "".join(f"    {one}: {{enabled: false}}\n" for one in ActivityType if one not in kinds)
    bridge.configure("flows:\n" + "".join(f"  {flow.name}:\n{off}" for flow in FLOWS))


@pytest.fixture
def hanging(peopled: Bridge) -> Bridge:
    """A call and an e-mail on 1001 from HubSpot, a task and a note on contact 0 from Dynamics, carried and at rest."""
    enable(peopled, ActivityType.CALL, ActivityType.EMAIL, ActivityType.TASK, ActivityType.NOTE)
    for seed in (call_on("1001"), mail_to("person-0@acme.example", "1001"), dynamics_activities()):
        peopled.seed(seed)
    assert carry(peopled)["created"] == 4
    carry(peopled)
    return peopled


def rest(bridge: Bridge, *, passes: int = 2) -> None:
    """These passes write nothing."""
    bridge.forget()
    found = [carry(bridge) for _ in range(passes)]
    assert bridge.writes() == 0, found
    assert all(one.keys() <= {"extracted", "unchanged"} for one in found), found


def edit(bridge: Bridge, kind: str, record_id: str) -> None:
    """Somebody changes the title of a HubSpot activity."""
    title = {"call": "hs_call_title", "email": "hs_email_subject", "task": "hs_task_subject"}[kind]
    bridge.people.edit_hubspot(HUBSPOT_TYPES[kind], record_id, {title: "Another title"})


def in_dynamics(bridge: Bridge, kind: str, record_id: str) -> set[int]:
    return dynamics_contacts(bridge, kind, bridge.counterpart("hubspot", kind, record_id))


def in_hubspot(bridge: Bridge, kind: str, row_id: str) -> set[str]:
    return hubspot_contacts(bridge, kind, bridge.counterpart("dynamics", kind, row_id))


@pytest.mark.parametrize("makes_new", [False, True], ids=["into one of them", "into a new record"])
def test_contacts_merged_in_hubspot_leave_dynamics_as_it_is(hanging: Bridge, *, makes_new: bool) -> None:
    hanging.sandboxes.hubspot.controls.settings.change({"hubspot_merge_makes_new_record": makes_new})

    survivor = merge_hubspot(hanging, "1002", "1001")
    rest(hanging)
    for kind, record_id in (("call", CALL), ("email", MAIL)):
        edit(hanging, kind, record_id)
    edited = carry(hanging)

    assert (survivor == "1002") is not makes_new
    assert edited["updated"] == 2
    assert in_dynamics(hanging, "call", CALL) == in_dynamics(hanging, "email", MAIL) == {0}
    for kind, row_id in (("task", DYNAMICS_TASK), ("note", DYNAMICS_NOTE)):
        assert in_hubspot(hanging, kind, row_id) == {survivor}
    rest(hanging)


def test_survivor_taken_off_in_hubspot_is_taken_off_in_dynamics_under_both_its_names(calls: Bridge) -> None:
    calls.seed(call_on("1001", "1002", "1003"))
    carry(calls)
    merge_hubspot(calls, "1002", "1001")
    rest(calls, passes=1)
    assert in_dynamics(calls, "call", CALL) == {0, 1, 2}

    part(calls, "call", CALL, "1002")
    edit(calls, "call", CALL)
    carry(calls)

    assert in_dynamics(calls, "call", CALL) == {2}
    rest(calls)


def test_record_that_two_stand_for_is_taken_off_with_the_second(calls: Bridge) -> None:
    calls.seed(call_on("1001", "1002", "1003"))
    carry(calls)
    counterpart = calls.counterpart("hubspot", "call", CALL)
    assert counterpart is not None
    merge_hubspot(calls, "1002", "1001")

    set_parties(calls, counterpart, [CONTACT_IDS[0], CONTACT_IDS[2]])
    calls.people.edit_dynamics("phonecalls", counterpart, {"subject": "One less"})
    carry(calls)
    with_one = hubspot_contacts(calls, "call", CALL)
    rest(calls, passes=1)
    set_parties(calls, counterpart, [CONTACT_IDS[2]])
    nobody = {"regardingobjectid_contact_phonecall@odata.bind": None}
    calls.people.edit_dynamics("phonecalls", counterpart, {"subject": "Two less", **nobody})
    carry(calls)

    assert with_one == {"1002", "1003"}
    assert hubspot_contacts(calls, "call", CALL) == {"1003"}
    rest(calls)


def test_contacts_merged_in_dynamics_leave_hubspot_as_it_is(hanging: Bridge) -> None:
    merge_dynamics(hanging, CONTACT_IDS[1], CONTACT_IDS[0])
    rest(hanging)
    task = hanging.counterpart("dynamics", "task", DYNAMICS_TASK)
    assert task is not None
    edit(hanging, "task", task)
    hanging.people.edit_dynamics("annotations", DYNAMICS_NOTE, {"subject": "Another title"})
    edit(hanging, "call", CALL)
    edited = carry(hanging)

    assert edited["updated"] == 3
    assert in_dynamics(hanging, "call", CALL) == in_dynamics(hanging, "email", MAIL) == {1}
    for kind, row_id in (("task", DYNAMICS_TASK), ("note", DYNAMICS_NOTE)):
        assert in_hubspot(hanging, kind, row_id) == {"1001"}
    assert hubspot_contacts(hanging, "call", CALL) == hubspot_contacts(hanging, "email", MAIL) == {"1001"}
    rest(hanging)


@pytest.mark.parametrize("mirrored", [True, False], ids=["both ways", "one way"])
def test_association_removed_after_a_merge_in_dynamics_is_removed_there(calls: Bridge, *, mirrored: bool) -> None:
    flows = FLOWS if mirrored else [one for one in FLOWS if one.source == "hubspot"]
    calls.seed(call_on("1001", "1003"))
    carry(calls, flows=flows)
    merge_dynamics(calls, CONTACT_IDS[1], CONTACT_IDS[0])
    carry(calls, flows=flows)

    part(calls, "call", CALL, "1001")
    edit(calls, "call", CALL)
    carry(calls, flows=flows)

    assert in_dynamics(calls, "call", CALL) == {2}
    calls.forget()
    carry(calls, flows=flows)
    assert calls.writes() == 0


def test_one_contact_in_dynamics_stays_while_one_of_its_two_in_hubspot_does(calls: Bridge) -> None:
    calls.seed(call_on("1001", "1002", "1003"))
    carry(calls)
    merge_dynamics(calls, CONTACT_IDS[1], CONTACT_IDS[0])
    rest(calls)

    part(calls, "call", CALL, "1001")
    edit(calls, "call", CALL)
    carry(calls)
    with_one = in_dynamics(calls, "call", CALL), hubspot_contacts(calls, "call", CALL)
    rest(calls)
    part(calls, "call", CALL, "1002")
    edit(calls, "call", CALL)
    carry(calls)

    assert with_one == ({1, 2}, {"1002", "1003"})
    assert (in_dynamics(calls, "call", CALL), hubspot_contacts(calls, "call", CALL)) == ({2}, {"1003"})
    rest(calls)


def test_second_contact_of_one_in_dynamics_is_added_without_a_write(calls: Bridge) -> None:
    merge_dynamics(calls, CONTACT_IDS[1], CONTACT_IDS[0])
    calls.seed(call_on("1001"))
    carry(calls)

    associate(calls, "call", CALL, "1002")
    calls.forget()
    carry(calls)
    added = calls.writes()
    part(calls, "call", CALL, "1001")
    carry(calls)

    assert added == 0
    assert in_dynamics(calls, "call", CALL) == {1}
    assert hubspot_contacts(calls, "call", CALL) == {"1002"}
    rest(calls)


HERE, THERE = ("1001", "1002", "1003"), CONTACT_IDS
CHAINS = {
    "in HubSpot": [(merge_hubspot, HERE[1], HERE[0]), (merge_hubspot, HERE[2], HERE[1])],
    "in Dynamics": [(merge_dynamics, THERE[1], THERE[0]), (merge_dynamics, THERE[2], THERE[1])],
    "in both": [
        (merge_hubspot, HERE[1], HERE[0]),
        (merge_dynamics, THERE[2], THERE[0]),
        (merge_hubspot, HERE[2], HERE[1]),
    ],
}


@pytest.mark.parametrize(
    ("chain", "read_between", "contacts"),
    [
        ("in HubSpot", False, ("1003", 0)),
        ("in Dynamics", False, ("1001", 2)),
        ("in both", False, ("1003", 2)),
        ("in both", True, ("1003", 2)),
    ],
    ids=["in HubSpot", "in Dynamics", "in both", "in both, read between"],
)
def test_chains_of_merges_write_nothing(
    calls: Bridge, chain: str, contacts: tuple[str, int], *, read_between: bool
) -> None:
    calls.seed(call_on("1001"))
    carry(calls)

    for merge, into, other in CHAINS[chain]:
        merge(calls, into, other)
        if read_between:
            rest(calls, passes=1)
    rest(calls)
    edit(calls, "call", CALL)

    assert carry(calls)["updated"] == 1
    assert (hubspot_contacts(calls, "call", CALL), in_dynamics(calls, "call", CALL)) == ({contacts[0]}, {contacts[1]})
    rest(calls)


def test_new_activities_hang_on_survivors_in_both_systems(peopled: Bridge) -> None:
    enable(peopled, ActivityType.EMAIL, ActivityType.NOTE)
    merge_hubspot(peopled, "1002", "1001")
    merge_dynamics(peopled, CONTACT_IDS[2], CONTACT_IDS[0])
    peopled.seed(mail_to("person-0@acme.example", "1002"))
    peopled.seed(dynamics_activities())

    carry(peopled)

    # 1002 is contact 1 by its first address; the note stayed on contact 0, which is contact 2 now.
    (row,) = peopled.dynamics("email").values()
    assert dynamics_contacts(peopled, "email", row["activityid"]) == {1}
    (to,) = [one for one in row["parties"] if one["participationtypemask"] == 2]
    assert (to["partyid"]["id"], to["addressused"]) == (CONTACT_IDS[1], "person-0@acme.example")
    assert in_hubspot(peopled, "note", DYNAMICS_NOTE) == {"1003"}
    rest(peopled)


def test_call_with_a_merged_contact_hangs_on_its_survivor(calls: Bridge) -> None:
    merge_dynamics(calls, CONTACT_IDS[2], CONTACT_IDS[0])
    calls.seed(call_on("1001"))

    carry(calls)

    assert in_dynamics(calls, "call", CALL) == {2}
    rest(calls)


def test_company_that_only_its_past_knows_in_dynamics_is_still_its_account(calls: Bridge) -> None:
    calls.seed(call_on())
    calls.seed(
        {
            "hubspot": {
                "objects": {"companies": [{"id": "2002", "properties": {"name": "Bolt", "domain": "bolt.example"}}]},
                "associations": [{"from": ["calls", CALL], "to": ["companies", "2001"], "types": [182]}],
            }
        }
    )
    carry(calls)
    merge_hubspot(calls, "2002", "2001", kind="company")
    rest(calls, passes=1)

    edit(calls, "call", CALL)
    edited = carry(calls)

    (row,) = calls.dynamics("phonecall").values()
    assert (edited["updated"], row["subject"]) == (1, "Another title")
    assert row["regardingobjectid"] == {"type": "account", "id": ACCOUNT_ID}
    rest(calls)
