"""Filters: which activities start to sync, which go on, what is said of those that do not, and when that changes."""

from __future__ import annotations

import pytest

from activity_sync.activities.identity import Flow
from activity_sync.errors import ConfigurationError
from activity_sync.ledger.outstanding import OutstandingState
from activity_sync.pipeline.scope import Mode
from activity_sync_tests.end_to_end.bridge import CONTACT_IDS, Bridge
from activity_sync_tests.end_to_end.missing import dynamics_calls, hubspot_calls
from activity_sync_tests.end_to_end.passes import carry, decisions

TO_DYNAMICS, TO_HUBSPOT = Flow("hubspot", "dynamics"), Flow("dynamics", "hubspot")
MQL, CUSTOMER = "marketingqualifiedlead", "customer"


def on_leads(scope: str = "initial") -> str:
    """Calls on marketing qualified leads only."""
    return f"""
flows:
  hubspot_to_dynamics:
    call:
      scope: {scope}
      filter: {{field: contact.lifecyclestage, operator: is, value: {MQL}}}
"""


def edit_contact(bridge: Bridge, contact: str, stage: str) -> None:
    bridge.people.edit_hubspot("contacts", contact, {"lifecyclestage": stage})


def edit_call(bridge: Bridge, call: str, title: str) -> None:
    bridge.people.edit_hubspot("calls", call, {"hs_call_title": title})


def decided(bridge: Bridge, call: str, system: str = "hubspot") -> list[tuple[str, int, str]]:
    return [(row["action"], row["case_number"], row["reason"]) for row in decisions(bridge, system, "call", call)]


def kept_back(bridge: Bridge) -> list[str]:
    """The activities that the ledger lists because a record of theirs may change."""
    with bridge.ledger() as ledger:
        return [row.source_id for row in ledger.list_outstanding(OutstandingState.FILTERED)]


@pytest.fixture
def leads(peopled: Bridge) -> Bridge:
    """One call on each of two contacts, of which the first is a marketing qualified lead."""
    peopled.configure(on_leads())
    peopled.seed({"hubspot": hubspot_calls("1001", first_id=501)})
    peopled.seed({"hubspot": hubspot_calls("1002", first_id=502)})
    edit_contact(peopled, "1001", MQL)
    return peopled


def test_only_calls_of_qualified_leads_start_and_those_go_on_after_the_status_changed(leads: Bridge) -> None:
    first = carry(leads, flows=[TO_DYNAMICS])
    edit_contact(leads, "1001", CUSTOMER)
    edit_call(leads, "501", "After the deal")
    edit_call(leads, "502", "Still not")

    second = carry(leads, flows=[TO_DYNAMICS])

    (row,) = leads.dynamics("phonecall").values()
    assert first == {"extracted": 2, "created": 1, "filtered": 1}
    assert second == {"extracted": 2, "updated": 1, "filtered": 1}
    assert row["subject"] == "After the deal"
    assert decided(leads, "502")[0] == ("filtered", 32, "filter: contact.lifecyclestage (is)")


def test_with_scope_always_a_linked_call_stops_while_it_does_not_match_and_catches_up_when_it_does(
    leads: Bridge,
) -> None:
    leads.configure(on_leads("always"))
    carry(leads, Mode.INCREMENTAL, flows=[TO_DYNAMICS])
    edit_contact(leads, "1001", CUSTOMER)
    edit_call(leads, "501", "After the deal")

    stopped = carry(leads, Mode.INCREMENTAL, flows=[TO_DYNAMICS])
    edit_contact(leads, "1001", MQL)
    goes_on = carry(leads, Mode.INCREMENTAL, flows=[TO_DYNAMICS])

    assert stopped == {"extracted": 1, "filtered": 1}
    assert goes_on["updated"] == 1
    assert [row["subject"] for row in leads.dynamics("phonecall").values()] == ["After the deal"]


def test_a_contact_that_matches_later_lets_its_calls_through_at_the_next_pass_though_they_were_not_touched(
    leads: Bridge,
) -> None:
    leads.configure(on_leads() + "limits: {overlap_seconds: 60}")
    carry(leads, Mode.INCREMENTAL, flows=[TO_DYNAMICS])
    assert kept_back(leads) == ["502"]

    edit_contact(leads, "1002", MQL)
    counts = carry(leads, Mode.INCREMENTAL, flows=[TO_DYNAMICS])

    assert counts == {"extracted": 1, "created": 1}
    assert kept_back(leads) == []


def test_a_filter_that_is_widened_lets_in_what_it_kept_back_at_the_next_whole_pass(leads: Bridge) -> None:
    leads.configure(on_leads() + "limits: {overlap_seconds: 60}")
    carry(leads, Mode.INCREMENTAL, flows=[TO_DYNAMICS])
    leads.configure("limits: {overlap_seconds: 60}")

    by_itself = carry(leads, Mode.INCREMENTAL, flows=[TO_DYNAMICS])
    whole = carry(leads, flows=[TO_DYNAMICS])

    assert "created" not in by_itself
    assert whole == {"extracted": 2, "created": 1, "unchanged": 1}
    assert kept_back(leads) == []


def test_a_filter_that_is_narrowed_keeps_out_new_calls_and_lets_linked_ones_go_on(leads: Bridge) -> None:
    leads.configure("")
    carry(leads, flows=[TO_DYNAMICS])
    leads.configure(on_leads())
    edit_call(leads, "502", "Linked before")
    leads.seed({"hubspot": hubspot_calls("1002", first_id=503)})

    counts = carry(leads, flows=[TO_DYNAMICS])

    assert counts == {"extracted": 3, "updated": 1, "filtered": 1, "unchanged": 1}
    assert "Linked before" in {row["subject"] for row in leads.dynamics("phonecall").values()}


def test_a_contact_of_dynamics_that_matches_later_is_noticed_as_well(peopled: Bridge) -> None:
    peopled.configure(
        """
flows:
  dynamics_to_hubspot:
    call:
      filter: {field: contact.jobtitle, operator: contains, value: buyer}
"""
    )
    peopled.seed({"dynamics": dynamics_calls(CONTACT_IDS[0])})
    assert carry(peopled, Mode.INCREMENTAL, flows=[TO_HUBSPOT]) == {"extracted": 1, "filtered": 1}

    peopled.people.edit_dynamics("contacts", CONTACT_IDS[0], {"jobtitle": "Chief Buyer"})

    assert carry(peopled, Mode.INCREMENTAL, flows=[TO_HUBSPOT])["created"] == 1
    assert kept_back(peopled) == []


def test_what_a_filter_asks_of_contacts_costs_no_call_for_a_record(peopled: Bridge) -> None:
    peopled.seed({"hubspot": hubspot_calls("1001", 250)})
    without = carry_and_count(peopled)
    peopled.configure(on_leads())

    with_filter = carry_and_count(peopled)

    # One call more: the definitions of the contact's properties.
    assert with_filter["hubspot"] - without["hubspot"] <= 1


def carry_and_count(bridge: Bridge) -> dict[str, int]:
    """The calls of a preview: the first three steps of a pass."""
    bridge.forget()
    bridge.sync("hubspot_to_dynamics", "call", preview=True)
    return {name: bridge.asked(name)["total"] for name in ("hubspot", "dynamics")}


def test_the_filter_of_the_other_flow_speaks_of_dynamics_columns(peopled: Bridge) -> None:
    peopled.configure(
        """
flows:
  dynamics_to_hubspot:
    call:
      filter:
        all:
          - {field: activity.statecode, operator: is, value: 0}
          - not: {field: contact.lastname, operator: one_of, value: ["1", "2"]}
"""
    )
    peopled.seed({"dynamics": dynamics_calls(CONTACT_IDS[0])})
    peopled.seed({"dynamics": dynamics_calls(CONTACT_IDS[1], first=2)})

    assert carry(peopled, flows=[TO_HUBSPOT]) == {"extracted": 2, "created": 1, "filtered": 1}
    (reason,) = decided(peopled, "f0000000-0000-4000-8000-000000000002", "dynamics")
    assert reason == ("filtered", 32, "filter: not contact.lastname (one_of)")


def test_fields_of_our_own_are_compared_whatever_the_system_calls_them(peopled: Bridge) -> None:
    peopled.configure(
        "flows: {hubspot_to_dynamics: {call: {filter: {field: subject, operator: begins_with, value: call 501}}}}"
    )
    peopled.seed({"hubspot": hubspot_calls("1001", 3)})

    counts = carry(peopled, flows=[TO_DYNAMICS])

    titles = [row["subject"] for row in peopled.dynamics("phonecall").values()]
    assert counts["extracted"] == 3 == counts["created"] + counts["filtered"]
    assert all(title.startswith("Call 501") for title in titles)


@pytest.mark.parametrize(
    ("flow", "field", "named"),
    [
        ("hubspot_to_dynamics", "contact.leadstatus", "contact.leadstatus"),
        ("dynamics_to_hubspot", "activity.new_colour", "activity.new_colour"),
    ],
)
def test_a_property_that_the_system_lacks_is_named_before_anything_is_read(
    peopled: Bridge, flow: str, field: str, named: str
) -> None:
    peopled.configure(f"flows: {{{flow}: {{call: {{filter: {{field: {field}, operator: known}}}}}}}}")
    peopled.seed({"hubspot": hubspot_calls("1001"), "dynamics": dynamics_calls(CONTACT_IDS[0])})

    with pytest.raises(ConfigurationError, match=named) as caught:
        carry(peopled, flows=[Flow.parse(flow)])

    assert caught.value.setting == f"flows.{flow}.call.filter"
    assert peopled.writes() == 0
