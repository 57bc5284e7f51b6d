"""How many API calls the usual amount of work takes, counted where they arrive. A number that grows is a regression."""

from __future__ import annotations

import json

import pytest

from activity_sync_tests.end_to_end.bridge import Bridge, totals
from activity_sync_tests.end_to_end.mailing import Mailing, account_id, contact_id, opportunity_id

TO_DYNAMICS = "hubspot_to_dynamics"
TO_HUBSPOT = "dynamics_to_hubspot"


def calls(bridge: Bridge) -> dict[str, int]:
    """API requests so far by system, token requests excepted."""
    return {system: bridge.asked(system)["total"] for system in ("hubspot", "dynamics")}


def explain(bridge: Bridge) -> dict[str, dict[str, int]]:
    """The same by kind of request, for a message that shows where calls went."""
    return {system: bridge.asked(system)["by_kind"] for system in ("hubspot", "dynamics")}


def first_pass(bridge: Bridge, flow: str) -> dict[str, int]:
    """The counts of the e-mails, from the real command in a process of its own; every type is on."""
    done = bridge.command("sync", "--flow", flow, "--json")
    assert done.returncode == 0, done.stderr
    counts: dict[str, dict[str, int]] = json.loads(done.stdout)["flows"][flow]
    assert counts.keys() == {"note", "task", "call", "email", "meeting"}
    return {name: number for name, number in counts["email"].items() if number}


@pytest.mark.slow
def test_the_first_pass_to_dynamics_takes_forty_and_fifty_calls_at_most(bridge: Bridge) -> None:
    mailing = Mailing(stored_in=["dynamics"])  # the dearer side, here as below
    bridge.seed(mailing.seed("hubspot"))
    bridge.forget()

    counts = first_pass(bridge, TO_DYNAMICS)

    assert counts == {"extracted": mailing.emails, "created": mailing.emails}
    assert calls(bridge)["hubspot"] <= 40, explain(bridge)
    assert calls(bridge)["dynamics"] <= 50, explain(bridge)
    assert_all_hang_in_dynamics(bridge, mailing)


@pytest.mark.slow
def test_the_first_pass_to_hubspot_takes_forty_five_calls_at_most(bridge: Bridge) -> None:
    mailing = Mailing(stored_in=["hubspot"])
    bridge.seed(mailing.seed("dynamics"))
    bridge.forget()

    counts = first_pass(bridge, TO_HUBSPOT)

    assert counts == {"extracted": mailing.emails, "created": mailing.emails}
    assert sum(calls(bridge).values()) <= 45, explain(bridge)
    assert_all_hang_in_hubspot(bridge, mailing)


def test_deals_are_found_by_the_ids_that_hubspot_stores(bridge: Bridge) -> None:
    mailing = Mailing(emails=60, contacts=20, companies=10, deals=30, stored_in=["hubspot"])
    bridge.seed(mailing.seed("hubspot"))
    bridge.forget()

    counts = totals(bridge.sync(TO_DYNAMICS, "email"))

    assert counts == {"extracted": 60, "created": 60}
    assert_all_hang_in_dynamics(bridge, mailing)
    # One call each: account, oldest change, window, e-mails with four kinds of records, three kinds described, owners.
    assert calls(bridge)["hubspot"] <= 11, explain(bridge)
    assert calls(bridge)["dynamics"] <= 4, explain(bridge)  # account and schema, look-ups, users, creates


@pytest.mark.parametrize("stored_in", [["dynamics"], ["hubspot", "dynamics"]], ids=["in Dynamics", "in both"])
def test_opportunities_are_found_wherever_their_ids_are_stored(bridge: Bridge, stored_in: list[str]) -> None:
    mailing = Mailing(emails=60, contacts=20, companies=10, deals=30, stored_in=stored_in)
    bridge.seed(mailing.seed("dynamics"))
    bridge.forget()

    counts = totals(bridge.sync(TO_HUBSPOT, "email"))

    assert counts == {"extracted": 60, "created": 60}
    assert_all_hang_in_hubspot(bridge, mailing)
    # Account, e-mail properties read and made, contacts, deals, companies by domain and by name, owners, creates.
    assert calls(bridge)["hubspot"] <= 9, explain(bridge)
    # Account and schema, oldest change, window, files of the e-mails, all records described, users.
    assert calls(bridge)["dynamics"] <= 6, explain(bridge)


def assert_all_hang_in_dynamics(bridge: Bridge, mailing: Mailing) -> None:
    """Each e-mail is there once, about its deal, its people and company among the parties, closed as it was sent."""
    rows = {row["subject"]: row for row in bridge.dynamics("email").values()}
    assert len(rows) == len(bridge.dynamics("email")) == mailing.emails
    for number in range(mailing.emails):
        row = rows[f"Offer {number}"]
        assert row["regardingobjectid"]["id"] == opportunity_id(number % mailing.deals)
        parties = {party["partyid"]["id"] for party in row["parties"] if party.get("partyid")}
        contacts = {contact_id(one) for one in mailing.partners(number)}
        assert parties >= {*contacts, account_id(number % mailing.companies)}
        assert (row["statecode"], row["statuscode"]) == ((1, 4) if number % 2 else (1, 3))


def assert_all_hang_in_hubspot(bridge: Bridge, mailing: Mailing) -> None:
    """Each e-mail is there once, associated with its people, its company and its deal, and is its owner's."""
    properties = {record_id: one["properties"] for record_id, one in bridge.hubspot("emails").items()}
    ids = {one["hs_email_subject"]: record_id for record_id, one in properties.items()}
    assert len(ids) == len(properties) == mailing.emails
    assert {one["hubspot_owner_id"] for one in properties.values()} == {"7001"}
    hangs_on = associated(bridge, "emails")
    for number in range(mailing.emails):
        first, second = mailing.partners(number)
        assert hangs_on[ids[f"Offer {number}"]] == {
            ("contacts", str(1001 + first)),
            ("contacts", str(1001 + second)),
            ("companies", str(3001 + number % mailing.companies)),
            ("deals", str(4001 + number % mailing.deals)),
        }


def associated(bridge: Bridge, object_type: str) -> dict[str, set[tuple[str, str]]]:
    """By id, the (object type, id) of every record that each HubSpot record of a type is associated with."""
    found: dict[str, set[tuple[str, str]]] = {}
    for one in bridge.sandboxes.hubspot.store.dump()["associations"]:
        for here, there in ((one["from"], one["to"]), (one["to"], one["from"])):
            if here[0] == object_type:
                found.setdefault(here[1], set()).add(tuple(there))
    return found
