"""Several records with one key: the first created is taken, or the activity is held and they are named."""

from __future__ import annotations

import json

import pytest

from activity_sync.ledger.outstanding import Outstanding, OutstandingState
from activity_sync.pipeline.scope import Mode
from activity_sync_tests.end_to_end.bridge import CONTACT_IDS, Bridge, ago
from activity_sync_tests.end_to_end.merging import associate
from activity_sync_tests.end_to_end.ordinary import hubspot_activities
from activity_sync_tests.end_to_end.passes import carry

YOUNGER = "00000000-0000-4000-8000-000000009999"
HOLD = "flows: {hubspot_to_dynamics: {call: {associations: {several: hold}}}}"


@pytest.fixture
def doubled(peopled: Bridge) -> Bridge:
    """A second contact with the address of the first one in Dynamics, and a call on that contact in HubSpot."""
    made = ago(days=2).replace(microsecond=0).isoformat().replace("+00:00", "Z")
    twin = {"contactid": YOUNGER, "lastname": "0", "emailaddress2": "PERSON-0@acme.example", "createdon": made}
    peopled.seed({"dynamics": {"records": {"contact": [twin]}}})
    peopled.seed({"hubspot": hubspot_activities("call", [ago(minutes=30)])})
    return peopled


def held(bridge: Bridge) -> list[Outstanding]:
    with bridge.ledger() as ledger:
        return ledger.list_outstanding(OutstandingState.HELD)


def about(bridge: Bridge) -> set[str]:
    return {row["regardingobjectid"]["id"] for row in bridge.dynamics("phonecall").values()}


def test_the_first_created_is_taken(doubled: Bridge) -> None:
    assert carry(doubled)["created"] == 1
    assert about(doubled) == {CONTACT_IDS[0]}


def test_with_hold_nothing_is_guessed_and_the_records_are_named(doubled: Bridge) -> None:
    doubled.configure(HOLD)

    assert carry(doubled) == {"extracted": 1, "held": 1}

    (row,) = held(doubled)
    assert (row.case, row.reason) == (4, "ambiguous_record")
    assert set(row.candidates) == {f"contact/{CONTACT_IDS[0]}", f"contact/{YOUNGER}"}
    assert doubled.dynamics("phonecall") == {}


def test_once_one_of_them_is_inactive_the_next_run_carries_by_itself(doubled: Bridge) -> None:
    doubled.configure(HOLD)
    carry(doubled, Mode.INCREMENTAL)
    doubled.seed({"dynamics": {"records": {"contact": [{"contactid": CONTACT_IDS[0], "statecode": 1}]}}})

    assert carry(doubled, Mode.INCREMENTAL)["created"] == 1
    assert about(doubled) == {YOUNGER}
    assert held(doubled) == []


def test_the_held_list_says_what_ends_it(doubled: Bridge) -> None:
    doubled.configure(HOLD)
    carry(doubled)

    (shown,) = json.loads(doubled.command("held", "list", "--json").stdout)
    refused = doubled.command("held", "resolve", "hubspot:call/501", "--create")

    assert shown["reason"] == "ambiguous_record"
    assert f"contact/{YOUNGER}" in shown["candidates"]
    assert shown["options"] == []
    assert refused.returncode == 2
    assert "Merge or deactivate all but one" in " ".join(refused.stderr.split())


def test_an_activity_that_hangs_on_an_ambiguous_record_besides_is_not_written_without_it(doubled: Bridge) -> None:
    doubled.configure(HOLD)
    associate(doubled, "call", "501", "1002")

    assert carry(doubled)["held"] == 1
    assert doubled.dynamics("phonecall") == {}


def test_a_linked_activity_to_which_one_is_added_goes_on_and_the_record_waits(doubled: Bridge) -> None:
    doubled.configure(HOLD)
    doubled.seed({"hubspot": hubspot_activities("call", [ago(minutes=30)], first_id=601, contact="1002")})
    carry(doubled)
    assert about(doubled) == {CONTACT_IDS[1]}

    associate(doubled, "call", "601", "1001")
    doubled.people.edit_hubspot("calls", "601", {"hs_call_title": "Renamed"})
    counts = carry(doubled)

    assert counts["updated"] == 1
    assert [row["subject"] for row in doubled.dynamics("phonecall").values()] == ["Renamed"]
    assert [row.source_id for row in held(doubled)] == ["501"]
