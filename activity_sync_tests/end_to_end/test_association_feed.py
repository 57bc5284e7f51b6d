"""Associations that change without the activity's being modified are carried by the feed, on either side."""

from __future__ import annotations

import math
from typing import Any

import pytest

from activity_sync.activities.kinds import ActivityType
from activity_sync.ledger.ledger import Ledger
from activity_sync_tests.end_to_end.bridge import (
    CONTACT_IDS,
    HUBSPOT_TYPES,
    Bridge,
    ago,
    dynamics_people,
    hubspot_people,
    totals,
)
from activity_sync_tests.end_to_end.merging import associate, dynamics_contacts, hubspot_contacts, part
from activity_sync_tests.end_to_end.ordinary import hubspot_activities

SETTINGS = "limits: {overlap_seconds: 60, association_minutes: 1}"
"""The feed passes in every run that begins a minute after the last look."""


@pytest.fixture
def calls(bridge: Bridge) -> Bridge:
    """Three calls of three hours ago, on one contact each, carried; both clocks stand a quarter of an hour later."""
    bridge.configure(SETTINGS)
    bridge.seed({"hubspot": hubspot_people(3), "dynamics": dynamics_people(3)})
    bridge.seed({"hubspot": hubspot_activities("call", [ago(hours=3, minutes=n) for n in range(3)])})
    bridge.sync(kind="call")
    _let_time_pass(bridge)
    return bridge


def _let_time_pass(bridge: Bridge) -> None:
    """What was written lies behind the overlap, and the last look is a while ago."""
    with bridge.ledger() as ledger:
        _age(ledger)


def _age(ledger: Ledger) -> None:
    with ledger._engine.begin() as connection:
        moved = ago(minutes=15).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        connection.exec_driver_sql("UPDATE links SET updated_at = ?", (moved,))
        connection.exec_driver_sql(
            "UPDATE meta SET value = ? WHERE name LIKE 'associations_fed:%'", (ago(minutes=15).isoformat(),)
        )
        connection.exec_driver_sql("UPDATE watermarks SET at = ?", (ago(minutes=14).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),))


def modified(bridge: Bridge, record_id: str) -> Any:
    return bridge.hubspot("calls")[record_id]["properties"]["hs_lastmodifieddate"]


@pytest.mark.slow
def test_contact_added_and_one_removed_in_hubspot_are_carried_and_nothing_else_is_touched(calls: Bridge) -> None:
    before = modified(calls, "501")
    associate(calls, "call", "501", "1002")
    part(calls, "call", "501", "1001")
    assert modified(calls, "501") == before, "the sandbox does as HubSpot: no modification"
    calls.forget()

    found = totals(calls.sync("hubspot_to_dynamics", "call"))

    assert found == {"extracted": 1, "updated": 1}
    row_id = calls.counterpart("hubspot", "call", "501")
    assert dynamics_contacts(calls, "call", row_id) == {1}
    for other in ("502", "503"):
        assert dynamics_contacts(calls, "call", calls.counterpart("hubspot", "call", other)) == {0}
    _let_time_pass(calls)
    calls.forget()
    assert totals(calls.sync(kind="call")).keys() <= {"extracted", "unchanged"}
    assert calls.writes() == 0


@pytest.mark.slow
def test_party_added_in_dynamics_is_carried_although_the_row_is_not_modified(calls: Bridge) -> None:
    row_id = calls.counterpart("hubspot", "call", "502")
    assert row_id is not None
    stamp = calls.dynamics("phonecall")[row_id]["modifiedon"]
    parties = [{"participationtypemask": 2, "party": {"type": "contact", "id": one}} for one in CONTACT_IDS[0:3:2]]
    row = {"activityid": row_id, "modifiedon": stamp, "parties": parties}
    calls.seed({"dynamics": {"records": {"phonecall": [row]}}})
    assert calls.dynamics("phonecall")[row_id]["modifiedon"] == stamp

    found = totals(calls.sync("dynamics_to_hubspot", "call"))

    assert found["updated"] == 1
    assert hubspot_contacts(calls, "call", "502") == {"1001", "1003"}
    assert hubspot_contacts(calls, "call", "501") == {"1001"}


@pytest.mark.slow
def test_feed_rests_between_its_passes_and_can_be_switched_off(calls: Bridge) -> None:
    associate(calls, "call", "501", "1002")
    assert totals(calls.sync("hubspot_to_dynamics", "call")) == {"extracted": 1, "updated": 1}
    associate(calls, "call", "502", "1002")

    assert totals(calls.sync("hubspot_to_dynamics", "call")) == {}, "it has just been"
    _let_time_pass(calls)
    calls.configure("limits: {overlap_seconds: 60, association_days: 0}")
    assert totals(calls.sync("hubspot_to_dynamics", "call")) == {}, "it is off"
    calls.configure(SETTINGS)
    assert totals(calls.sync("hubspot_to_dynamics", "call"))["updated"] == 1


@pytest.mark.slow
def test_pass_of_which_nothing_was_loaded_does_not_count(calls: Bridge) -> None:
    associate(calls, "call", "501", "1002")
    assert totals(calls.sync("hubspot_to_dynamics", "call", preview=True))["extracted"] == 1

    assert totals(calls.sync("hubspot_to_dynamics", "call")) == {"extracted": 1, "updated": 1}, (
        "no quarter of an hour later"
    )


@pytest.mark.slow
def test_feed_leaves_what_waits_alone_until_it_hangs_on_something_else(calls: Bridge) -> None:
    calls.configure(f"{SETTINGS}\nflows: {{hubspot_to_dynamics: {{call: {{associations: {{require: all}}}}}}}}")
    calls.seed({"hubspot": hubspot_people(4)})
    associate(calls, "call", "501", "1004")
    part(calls, "call", "501", "1001")
    waits = {"extracted": 1, "deferred": 1}
    assert totals(calls.sync("hubspot_to_dynamics", "call")) == waits

    _let_time_pass(calls)
    assert totals(calls.sync("hubspot_to_dynamics", "call")) == {}, "it waits for the same contact"
    associate(calls, "call", "501", "1002")
    _let_time_pass(calls)
    assert totals(calls.sync("hubspot_to_dynamics", "call")) == waits
    calls.seed({"dynamics": dynamics_people(4)})
    assert totals(calls.sync("hubspot_to_dynamics", "call")) == {"extracted": 1, "updated": 1}
    assert dynamics_contacts(calls, "call", calls.counterpart("hubspot", "call", "501")) == {1, 3}


@pytest.mark.slow
def test_whole_day_that_is_read_again_carries_changed_associations_without_the_feed(calls: Bridge) -> None:
    calls.configure("limits: {association_days: 0}")
    associate(calls, "call", "503", "1002")
    day = ago(hours=3, minutes=2).date().isoformat()

    found = totals(calls.sync("hubspot_to_dynamics", "call", first=day, last=day))

    assert found["updated"] == 1
    assert dynamics_contacts(calls, "call", calls.counterpart("hubspot", "call", "503")) == {0, 1}


@pytest.mark.slow
def test_pass_of_the_feed_costs_a_call_per_thousand_activities_and_kind(bridge: Bridge) -> None:
    bridge.configure(SETTINGS)
    watched = 1200
    bridge.seed({"hubspot": hubspot_people(3), "dynamics": dynamics_people(3)})
    bridge.seed({"hubspot": hubspot_activities("call", [ago(hours=3) for _ in range(watched)], first_id=10_000)})
    assert totals(bridge.sync(kind="call"))["created"] == watched
    _let_time_pass(bridge)
    with bridge.ledger() as ledger:
        assert len(ledger.linked_ids("hubspot", ActivityType.CALL)) == watched
    bridge.forget()

    assert "updated" not in totals(bridge.sync("hubspot_to_dynamics", "call"))
    reads = bridge.sandboxes.hubspot.controls.requests
    pairs = sum(
        one["path"].endswith("/batch/read") and f"/associations/2026-09/{HUBSPOT_TYPES['call']}/" in one["path"]
        for one in reads.shown(last=500)["log"]
    )
    bridge.forget()
    assert "updated" not in totals(bridge.sync("dynamics_to_hubspot", "call"))
    dynamics_calls = bridge.asked("dynamics")["total"]

    assert pairs == 4 * math.ceil(watched / 1000)
    assert dynamics_calls <= 12
