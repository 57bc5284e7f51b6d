"""An activity in HubSpot that hangs on something is never left on nothing, where nobody would see it."""

from __future__ import annotations

import json

import pytest

from activity_sync.activities.identity import Flow
from activity_sync.ledger.outstanding import Outstanding
from activity_sync.pipeline.scope import Mode
from activity_sync.sandbox.controls import Fault
from activity_sync_tests.end_to_end.bridge import ACCOUNT_ID, CONTACT_IDS, Bridge, dynamics_people, hubspot_people
from activity_sync_tests.end_to_end.merging import associate, set_about
from activity_sync_tests.end_to_end.missing import dynamics_calls
from activity_sync_tests.end_to_end.passes import carry

CALL = "f0000000-0000-4000-8000-000000000001"
TO_HUBSPOT = (Flow("dynamics", "hubspot"),)
SKIP = "flows: {dynamics_to_hubspot: {call: {unresolved: skip}}}"
LOAD = "flows: {dynamics_to_hubspot: {call: {unresolved: load_unassociated}}}"


@pytest.fixture
def about_one(bridge: Bridge) -> Bridge:
    """A call about one contact in Dynamics, carried. HubSpot has the first of the three contacts, and the company."""
    bridge.seed({"hubspot": hubspot_people(1), "dynamics": dynamics_people(3)})
    bridge.seed({"dynamics": dynamics_calls(CONTACT_IDS[0])})
    assert pass_on(bridge)["created"] == 1
    assert hangs_on(bridge) == {("contacts", "1001")}
    return bridge


def pass_on(bridge: Bridge, mode: Mode = Mode.WHOLE) -> dict[str, int]:
    return carry(bridge, mode, flows=TO_HUBSPOT)


def hangs_on(bridge: Bridge) -> set[tuple[str, str]]:
    copy = bridge.counterpart("dynamics", "call", CALL)
    assert copy is not None
    return bridge.associations("calls", copy)


def open_row(bridge: Bridge) -> Outstanding | None:
    with bridge.ledger() as ledger:
        rows = ledger.list_outstanding()
    assert len(rows) <= 1
    return rows[0] if rows else None


def subject(bridge: Bridge) -> str:
    (call,) = bridge.hubspot("calls").values()
    return str(call["properties"]["hs_call_title"])


def test_last_association_removed_in_dynamics_is_kept_and_people_are_told(about_one: Bridge) -> None:
    set_about(about_one, CALL, None)
    about_one.people.edit_dynamics("phonecalls", CALL, {"subject": "Renamed"})

    assert pass_on(about_one) == {"extracted": 1, "held": 1}

    assert subject(about_one) == "Renamed"
    assert hangs_on(about_one) == {("contacts", "1001")}
    row = open_row(about_one)
    assert row is not None
    assert (row.state, row.reason) == ("held", "last_association")
    (shown,) = json.loads(about_one.command("held", "list", "--json").stdout)
    assert (shown["reason"], shown["options"]) == ("last_association", [])
    about_one.forget()
    assert pass_on(about_one) == {"extracted": 1, "held": 1}
    assert about_one.writes() == 0

    set_about(about_one, CALL, ("account", ACCOUNT_ID))
    assert pass_on(about_one) == {"extracted": 1, "updated": 1}
    assert hangs_on(about_one) == {("companies", "2001")}
    assert open_row(about_one) is None


def test_last_association_is_removed_where_the_configuration_says_so(about_one: Bridge) -> None:
    about_one.configure(LOAD)
    set_about(about_one, CALL, None)

    assert pass_on(about_one) == {"extracted": 1, "updated": 1}
    assert hangs_on(about_one) == set()


def test_what_was_held_is_removed_once_the_configuration_says_so(about_one: Bridge) -> None:
    set_about(about_one, CALL, None)
    assert pass_on(about_one)["held"] == 1

    about_one.configure(LOAD)
    assert pass_on(about_one, Mode.INCREMENTAL)["updated"] == 1
    assert hangs_on(about_one) == set()
    assert open_row(about_one) is None


def test_removal_is_carried_where_people_in_hubspot_added_another_record(about_one: Bridge) -> None:
    copy = about_one.counterpart("dynamics", "call", CALL)
    assert copy is not None
    about_one.seed({"hubspot": hubspot_people(2)})
    associate(about_one, "call", copy, "1002")
    set_about(about_one, CALL, None)

    assert pass_on(about_one) == {"extracted": 1, "updated": 1}
    assert hangs_on(about_one) == {("contacts", "1002")}


@pytest.mark.parametrize("settings", ["{}", SKIP], ids=["defer", "skip"])
def test_replacement_that_is_missing_is_waited_for_with_the_old_one_in_its_place(
    about_one: Bridge, settings: str
) -> None:
    about_one.configure(settings)
    set_about(about_one, CALL, ("contact", CONTACT_IDS[1]))

    assert pass_on(about_one) == {"extracted": 1, "deferred": 1}
    assert hangs_on(about_one) == {("contacts", "1001")}
    row = open_row(about_one)
    assert row is not None
    assert [one.id for one in row.waits_for] == [CONTACT_IDS[1]]

    about_one.seed({"hubspot": hubspot_people(2)})
    assert pass_on(about_one, Mode.INCREMENTAL)["updated"] == 1
    assert hangs_on(about_one) == {("contacts", "1002")}
    assert open_row(about_one) is None


def test_edit_is_carried_under_skip_while_the_replacement_is_missing(about_one: Bridge) -> None:
    about_one.configure(SKIP)
    set_about(about_one, CALL, ("contact", CONTACT_IDS[1]))
    about_one.people.edit_dynamics("phonecalls", CALL, {"subject": "Renamed"})

    assert pass_on(about_one) == {"extracted": 1, "deferred": 1}
    assert subject(about_one) == "Renamed"
    assert hangs_on(about_one) == {("contacts", "1001")}

    about_one.seed({"hubspot": hubspot_people(2)})
    assert pass_on(about_one, Mode.INCREMENTAL)["updated"] == 1
    assert hangs_on(about_one) == {("contacts", "1002")}


def test_replacement_that_hubspot_refuses_leaves_the_old_one_in_place(about_one: Bridge) -> None:
    about_one.seed({"hubspot": hubspot_people(2)})
    set_about(about_one, CALL, ("contact", CONTACT_IDS[1]))
    refusal = Fault(kind="status", status=400, route="associations_create")
    about_one.sandboxes.hubspot.controls.faults.add(refusal)

    assert pass_on(about_one) == {"extracted": 1, "failed": 1}
    assert hangs_on(about_one) == {("contacts", "1001")}
    row = open_row(about_one)
    assert row is not None
    assert (row.state, row.waits_for) == ("failed", ())
    assert row.code or row.message

    about_one.sandboxes.hubspot.controls.faults.clear()
    assert pass_on(about_one) == {"extracted": 1, "updated": 1}
    assert hangs_on(about_one) == {("contacts", "1002")}
    assert open_row(about_one) is None
