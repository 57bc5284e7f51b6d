"""What waits or is held costs a look at its missing records, and is read when the decision would be another one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from activity_sync.activities.identity import Flow
from activity_sync.activities.kinds import ActivityType
from activity_sync.ledger.outstanding import Outstanding, OutstandingState
from activity_sync.pipeline.scope import Mode
from activity_sync_tests.end_to_end.bridge import CONTACT_IDS, Bridge, ago, dynamics_people, hubspot_people
from activity_sync_tests.end_to_end.merging import associate, dynamics_contacts, set_about
from activity_sync_tests.end_to_end.missing import dynamics_calls
from activity_sync_tests.end_to_end.ordinary import hubspot_activities
from activity_sync_tests.end_to_end.passes import carry

TO_DYNAMICS, TO_HUBSPOT = Flow("hubspot", "dynamics"), Flow("dynamics", "hubspot")
MANY = 30


def configured(bridge: Bridge, settings: str) -> None:
    """Calls only, in both flows alike."""
    off = ", ".join(f"{kind}: {{enabled: false}}" for kind in ("note", "task", "email", "meeting"))
    types = f"{{call: {{{settings}}}, {off}}}"
    bridge.configure(f"flows: {{hubspot_to_dynamics: {types}, dynamics_to_hubspot: {types}}}")


def calls_on(bridge: Bridge, *contacts: str, count: int = MANY) -> None:
    """So many calls of three hours ago in HubSpot, each on all of these contacts."""
    seed = hubspot_activities("call", [ago(hours=3, minutes=n) for n in range(count)], contact=contacts[0])
    first = seed["associations"]
    seed["associations"] = [{**one, "to": ["contacts", contact]} for contact in contacts for one in first]
    bridge.seed({"hubspot": seed})


def run(bridge: Bridge, flow: Flow = TO_DYNAMICS) -> dict[str, int]:
    return carry(bridge, Mode.INCREMENTAL, flows=(flow,))


def rows(bridge: Bridge) -> Mapping[str, Outstanding]:
    with bridge.ledger() as ledger:
        return {row.source_id: row for row in ledger.list_outstanding()}


def assert_idle(bridge: Bridge, flow: Flow = TO_DYNAMICS) -> None:
    """Two more passes read no activity, write nothing, and cost a look-up."""
    for _ in range(2):
        bridge.forget()
        assert run(bridge, flow) == {}
        log: list[dict[str, Any]] = bridge.sandboxes.hubspot.controls.requests.shown(last=500)["log"]
        read = [one["path"] for one in log if "/calls/" in one["path"] and one["path"].endswith("/read")]
        assert read == []
        assert bridge.writes() == 0
        assert max(bridge.asked(system)["total"] for system in ("hubspot", "dynamics")) <= 8


@pytest.mark.parametrize("unresolved", ["defer", "skip", "load_unassociated"])
def test_what_waits_for_all_of_its_records_is_read_when_the_last_of_them_appears(
    bridge: Bridge, unresolved: str
) -> None:
    configured(bridge, f"unresolved: {unresolved}, associations: {{require: all}}")
    bridge.seed({"hubspot": hubspot_people(3), "dynamics": dynamics_people(1)})
    calls_on(bridge, "1001", "1002", "1003")
    assert run(bridge) == {"extracted": MANY, "deferred": MANY}

    assert_idle(bridge)
    bridge.seed({"dynamics": dynamics_people(2)})
    assert_idle(bridge)
    bridge.seed({"dynamics": dynamics_people(3)})
    assert run(bridge) == {"extracted": MANY, "created": MANY}
    assert rows(bridge) == {}
    assert_idle(bridge)


def test_policy_that_would_decide_otherwise_ends_the_waiting_and_one_that_would_not_reads_nothing(
    bridge: Bridge,
) -> None:
    configured(bridge, "associations: {require: all}")
    bridge.seed({"hubspot": hubspot_people(2), "dynamics": dynamics_people(1)})
    calls_on(bridge, "1001", "1002")
    assert run(bridge)["deferred"] == MANY

    configured(bridge, "associations: {require: all}, unresolved: skip")
    assert_idle(bridge)
    configured(bridge, "associations: {require: any}")
    assert run(bridge) == {"extracted": MANY, "created": MANY}


def test_half_written_activity_that_is_held_is_read_once_for_each_record_that_appears(bridge: Bridge) -> None:
    configured(bridge, "closed: leave")
    bridge.seed({"hubspot": hubspot_people(3), "dynamics": dynamics_people(1)})
    calls_on(bridge, "1001", "1002", "1003", count=1)
    assert run(bridge)["created"] == 1
    row_id = bridge.counterpart("hubspot", "call", "501")
    bridge.seed({"dynamics": {"records": {"phonecall": [{"activityid": row_id, "statecode": 1, "statuscode": 4}]}}})

    for people in (2, 3):
        bridge.seed({"dynamics": dynamics_people(people)})
        assert run(bridge) == {"extracted": 1, "held": 1}
        assert rows(bridge)["501"].reason == "closed"
        assert_idle(bridge)
    assert dynamics_contacts(bridge, "call", row_id) == {0}


@pytest.mark.parametrize("field", ["subject", "contact.lastname"])
def test_half_written_activity_that_a_filter_keeps_back_is_read_once(bridge: Bridge, field: str) -> None:
    configured(bridge, "associations: {require: any}")
    bridge.seed({"hubspot": hubspot_people(2), "dynamics": dynamics_people(1)})
    calls_on(bridge, "1001", "1002", count=1)
    assert run(bridge)["created"] == 1

    configured(bridge, f"scope: always, filter: {{field: {field}, operator: is, value: none of them}}")
    bridge.seed({"dynamics": dynamics_people(2)})
    assert run(bridge) == {"extracted": 1, "filtered": 1}
    assert_idle(bridge)


def test_half_written_activity_that_now_needs_all_is_read_when_all_are_there(bridge: Bridge) -> None:
    configured(bridge, "associations: {require: any}")
    bridge.seed({"hubspot": hubspot_people(3), "dynamics": dynamics_people(1)})
    calls_on(bridge, "1001", "1002", "1003", count=1)
    assert run(bridge)["created"] == 1

    configured(bridge, "associations: {require: all}")
    bridge.seed({"dynamics": dynamics_people(2)})
    assert_idle(bridge)
    bridge.seed({"dynamics": dynamics_people(3)})
    assert run(bridge) == {"extracted": 1, "updated": 1}
    assert dynamics_contacts(bridge, "call", bridge.counterpart("hubspot", "call", "501")) == {0, 1, 2}


def test_what_is_held_over_several_records_is_read_when_these_are_others(bridge: Bridge) -> None:
    configured(bridge, "associations: {several: hold}")
    bridge.seed({"hubspot": hubspot_people(1), "dynamics": dynamics_people(1)})
    twin = {"contactid": CONTACT_IDS[8], "lastname": "0", "emailaddress2": "person-0@acme.example"}
    bridge.seed({"dynamics": {"records": {"contact": [twin]}}})
    calls_on(bridge, "1001")
    assert run(bridge)["held"] == MANY

    assert_idle(bridge)
    third = {"contactid": CONTACT_IDS[9], "lastname": "0", "emailaddress2": "person-0@acme.example"}
    bridge.seed({"dynamics": {"records": {"contact": [third]}}})
    assert run(bridge) == {"extracted": MANY, "held": MANY}
    assert_idle(bridge)
    configured(bridge, "associations: {several: first_created}")
    assert run(bridge) == {"extracted": MANY, "created": MANY}


def test_what_keeps_its_last_association_is_not_read_while_nothing_changes(bridge: Bridge) -> None:
    configured(bridge, "unresolved: skip")
    bridge.seed({"hubspot": hubspot_people(1), "dynamics": dynamics_people(3)})
    bridge.seed({"dynamics": dynamics_calls(CONTACT_IDS[0], 2)})
    assert run(bridge, TO_HUBSPOT)["created"] == 2
    first, second = (f"f0000000-0000-4000-8000-{at:012d}" for at in (1, 2))
    set_about(bridge, first, None)
    set_about(bridge, second, ("contact", CONTACT_IDS[1]))
    assert run(bridge, TO_HUBSPOT) == {"extracted": 2, "held": 1, "deferred": 1}
    assert {one: row.reason for one, row in rows(bridge).items()} == dict.fromkeys((first, second), "last_association")

    for sandbox in (bridge.sandboxes.hubspot, bridge.sandboxes.dynamics):
        sandbox.controls.clock.advance(3600)  # the edits lie behind the overlap
    run(bridge, TO_HUBSPOT)
    assert_idle(bridge, TO_HUBSPOT)
    bridge.seed({"hubspot": hubspot_people(2)})
    assert run(bridge, TO_HUBSPOT) == {"extracted": 1, "updated": 1}
    assert rows(bridge).keys() == {first}


def test_waiting_activities_of_one_run_fall_due_one_by_one(bridge: Bridge) -> None:
    configured(bridge, "unresolved: defer")
    bridge.seed({"hubspot": hubspot_people(2), "dynamics": dynamics_people(1)})
    calls_on(bridge, "1002")
    associate(bridge, "call", "501", "1001")
    run(bridge)

    after = sorted(row.next_try - row.last_seen for row in rows(bridge).values() if row.next_try)

    assert len(after) == MANY - 1
    assert len(set(after)) == MANY - 1
    assert (after[-1] - after[0]).total_seconds() > 6 * 3600
    assert 12 <= after[0].total_seconds() / 3600 <= after[-1].total_seconds() / 3600 <= 24


def test_status_counts_what_has_waited_for_too_long(bridge: Bridge) -> None:
    bridge.configure("limits: {waiting_days: 3}")
    listed = [
        Outstanding(TO_DYNAMICS.name, ActivityType.CALL, f"{state}{days}", state, ago(days=days), ago(minutes=1))
        for state in (OutstandingState.DEFERRED, OutstandingState.HELD)
        for days in (1, 2, 4)
    ]
    with bridge.ledger() as ledger:
        ledger.record_outstanding(listed)

    told = json.loads(bridge.command("status", "--json").stdout)["flows"]
    shown = bridge.command("status").stdout

    counted = told[TO_DYNAMICS.name]["call"]
    assert (counted["waiting"], counted["overdue"], counted["held"]) == (3, 1, 3)
    assert told[TO_HUBSPOT.name]["call"]["overdue"] == 0
    assert "overdue" in shown
