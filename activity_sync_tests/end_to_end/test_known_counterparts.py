"""Contacts that the ledger knows are not looked up again, where the activities that hang on them prove them.

Contact 1001 + n of HubSpot and contact n of Dynamics are the same person (`bridge.hubspot_people`), with a note from
HubSpot on each. Then each gets a task in Dynamics.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from activity_sync.activities.kinds import ActivityType
from activity_sync.configuration import FLOWS
from activity_sync_tests.end_to_end.bridge import CONTACT_IDS, Bridge, ago, dynamics_people, hubspot_people, iso
from activity_sync_tests.end_to_end.merging import hubspot_contacts, merge_hubspot, part
from activity_sync_tests.end_to_end.passes import carry
from activity_sync_tests.end_to_end.resolving import TO_DYNAMICS, TO_HUBSPOT, run_resolution

PEOPLE = 120
"""Enough that looking them up takes two calls, and proving them one."""
NOTES = "00000000-0000-4000-8000-0000001{:05d}"


def note_id(number: int) -> str:
    return str(50_001 + number)


def task_id(number: int) -> str:
    return NOTES.format(number)


def notes_in_hubspot() -> dict[str, Any]:
    moment = iso(ago(minutes=40))
    return {
        "objects": {
            "notes": [
                {
                    "id": note_id(n),
                    "properties": {"hs_timestamp": moment, "hs_note_body": f"Note {n}"},
                    "createdAt": moment,
                    "updatedAt": moment,
                }
                for n in range(PEOPLE)
            ]
        },
        "associations": [
            {"from": ["notes", note_id(n)], "to": ["contacts", str(1001 + n)], "types": [202]} for n in range(PEOPLE)
        ],
    }


def tasks_in_dynamics() -> dict[str, Any]:
    moment = ago(minutes=20).replace(microsecond=0).isoformat().replace("+00:00", "Z")
    return {
        "records": {
            "task": [
                {
                    "activityid": task_id(n),
                    "subject": f"Task {n}",
                    "createdon": moment,
                    "modifiedon": moment,
                    "regardingobjectid": {"type": "contact", "id": CONTACT_IDS[n]},
                }
                for n in range(PEOPLE)
            ]
        }
    }


def only(*kinds: ActivityType, more: str = "") -> str:
    lines = [
        f"    {kind}: {{enabled: {str(kind in kinds).lower()}{more if kind in kinds else ''}}}" for kind in ActivityType
    ]
    return "flows:\n" + "".join(f"  {flow.name}:\n" + "\n".join(lines) + "\n" for flow in FLOWS)


@pytest.fixture
def acquainted(bridge: Bridge) -> Bridge:
    """The notes have been carried; the tasks have not."""
    bridge.configure(only(ActivityType.NOTE))
    bridge.seed(
        {"hubspot": {**hubspot_people(PEOPLE), **with_people(notes_in_hubspot())}, "dynamics": dynamics_people(PEOPLE)}
    )
    assert carry(bridge, flows=[TO_DYNAMICS])["created"] == PEOPLE
    bridge.seed({"dynamics": tasks_in_dynamics()})
    bridge.configure(only(ActivityType.TASK))
    return bridge


def with_people(notes: Mapping[str, Any]) -> dict[str, Any]:
    return {**notes, "objects": {**hubspot_people(PEOPLE)["objects"], **notes["objects"]}}


def resolved(bridge: Bridge) -> dict[int, tuple[str | None, str]]:
    """By person, the HubSpot contact that the task is to hang on, and the rule."""
    rows = run_resolution(bridge, TO_HUBSPOT, ActivityType.TASK)
    found = {}
    for row in rows:
        [ref] = row["refs"]
        found[CONTACT_IDS.index(ref["id"])] = (ref["target"], ref["rule"])
    assert len(found) == PEOPLE
    return found


def asked(bridge: Bridge) -> dict[str, int]:
    """What HubSpot was asked for, by kind of call."""
    by_kind: dict[str, int] = bridge.asked("hubspot")["by_kind"]
    return {kind: number for kind, number in by_kind.items() if kind in {"associations_read", "batch_read", "search"}}


def test_contacts_with_carried_activities_take_no_look_up(acquainted: Bridge) -> None:
    found = resolved(acquainted)

    assert found == {n: (str(1001 + n), "ledger") for n in range(PEOPLE)}
    assert asked(acquainted) == {"associations_read": 1}


def test_they_get_their_activities(acquainted: Bridge) -> None:
    assert carry(acquainted, flows=[TO_HUBSPOT]) == {"extracted": PEOPLE, "created": PEOPLE}

    for n in (0, 1, PEOPLE - 1):
        task = acquainted.counterpart("dynamics", "task", task_id(n))
        assert hubspot_contacts(acquainted, "task", task) == {str(1001 + n)}


def test_few_are_looked_up_since_a_proof_would_take_as_many_calls(acquainted: Bridge) -> None:
    for n in range(100, PEOPLE):
        acquainted.people.delete_dynamics("tasks", task_id(n))

    rows = run_resolution(acquainted, TO_HUBSPOT, ActivityType.TASK)

    assert {row["refs"][0]["rule"] for row in rows} == {"email"}
    assert asked(acquainted) == {"batch_read": 1}


def merge_two(bridge: Bridge) -> None:
    merge_hubspot(bridge, "1002", "1001")


def merge_into_a_new_one(bridge: Bridge) -> None:
    bridge.sandboxes.hubspot.controls.settings.change({"hubspot_merge_makes_new_record": True})
    merge_hubspot(bridge, "1002", "1001")


def delete_one(bridge: Bridge) -> None:
    bridge.people.delete_hubspot("contacts", "1001")


def take_off(bridge: Bridge) -> None:
    part(bridge, "note", note_id(0), "1001")


def delete_the_note(bridge: Bridge) -> None:
    bridge.people.delete_hubspot("notes", note_id(0))


def correct_in_dynamics(bridge: Bridge) -> None:
    bridge.people.edit_dynamics("contacts", CONTACT_IDS[0], {"emailaddress1": "person-5@acme.example"})


def correct_in_hubspot(bridge: Bridge) -> None:
    bridge.people.edit_hubspot("contacts", "1001", {"email": "another@acme.example"})


CHANGES: dict[str, tuple[Callable[[Bridge], None], str | None, str]] = {
    "merged in HubSpot": (merge_two, "1002", "email"),
    "deleted in HubSpot": (delete_one, None, "no_counterpart"),
    "taken off the activity": (take_off, "1001", "email"),
    "the activity is deleted": (delete_the_note, "1001", "email"),
    "another address in Dynamics": (correct_in_dynamics, "1006", "email"),
    "another address in HubSpot": (correct_in_hubspot, "1001", "ledger"),
}


@pytest.mark.parametrize(("change", "target", "rule"), CHANGES.values(), ids=CHANGES.keys())
def test_a_contact_of_which_something_changed(
    acquainted: Bridge, change: Callable[[Bridge], None], target: str | None, rule: str
) -> None:
    change(acquainted)

    found = resolved(acquainted)

    assert found.pop(0) == (target, rule)
    found.pop(1)  # the survivor of the merge
    assert found == {n: (str(1001 + n), "ledger") for n in range(2, PEOPLE)}


def test_both_that_were_merged_into_a_new_record_hang_on_that(acquainted: Bridge) -> None:
    merge_into_a_new_one(acquainted)

    found = resolved(acquainted)

    assert found[0][0] == found[1][0]
    assert found[0][0] not in {"1001", "1002", None}


def test_what_was_deleted_waits_and_is_not_written(acquainted: Bridge) -> None:
    delete_one(acquainted)

    assert carry(acquainted, flows=[TO_HUBSPOT]) == {
        "extracted": PEOPLE,
        "created": PEOPLE - 1,
        "deferred": 1,
    }
    assert acquainted.counterpart("dynamics", "task", task_id(0)) is None


@pytest.mark.parametrize(
    "configuration",
    [
        only(ActivityType.TASK, more=", associations: {several: hold}"),
        only(ActivityType.TASK) + "tracking: {counterpart_id: {hubspot.contact: dynamics_contact_id}}\n",
    ],
    ids=["a second one would be held", "contacts name their counterparts"],
)
def test_where_only_a_look_up_shows_who_is_meant_there_is_one(acquainted: Bridge, configuration: str) -> None:
    acquainted.configure(configuration)

    found = resolved(acquainted)

    assert found == {n: (str(1001 + n), "email") for n in range(PEOPLE)}
    assert asked(acquainted)["batch_read"] == 2
