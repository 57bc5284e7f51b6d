"""Contacts and companies that an activity hangs on and the target lacks: made on demand, once, where that is on."""

from __future__ import annotations

import json
import re

import pytest
import yaml

from activity_sync.activities.identity import Flow
from activity_sync.activities.kinds import ActivityType
from activity_sync.bootstrap import open_staging
from activity_sync.configuration import parse_configuration
from activity_sync.errors import ConfigurationError
from activity_sync.ledger.outstanding import Outstanding, OutstandingState
from activity_sync.pipeline.scope import Mode
from activity_sync.sandbox.controls import Fault
from activity_sync_tests.end_to_end.bridge import CONTACT_IDS, Bridge, ago, iso
from activity_sync_tests.end_to_end.merging import associate
from activity_sync_tests.end_to_end.missing import (
    BOTH,
    NEW_ACCOUNT,
    NEW_CONTACT,
    dynamics_account,
    dynamics_calls,
    dynamics_contact,
    hubspot_calls,
    hubspot_company,
    hubspot_contact,
)
from activity_sync_tests.end_to_end.passes import carry, decisions

TO_DYNAMICS, TO_HUBSPOT = Flow("hubspot", "dynamics"), Flow("dynamics", "hubspot")
MAYA = {
    "email": "maya@new.example",
    "firstname": "Maya",
    "lastname": "Moss",
    "phone": "+49 30 1234",
    "mobilephone": "+49 171 1",
    "jobtitle": "Head of Things",
}


@pytest.fixture
def making(peopled: Bridge) -> Bridge:
    """Missing records are made in both flows."""
    peopled.configure(BOTH)
    return peopled


def deferred(bridge: Bridge) -> list[Outstanding]:
    with bridge.ledger() as ledger:
        return ledger.list_outstanding(OutstandingState.DEFERRED)


def rules(bridge: Bridge, flow: Flow, record_id: str) -> list[str]:
    """The rule of every reference that was staged for a call, oldest first."""
    rows = open_staging(bridge.settings).trace(flow.name, ActivityType.CALL, record_id)
    return [ref["rule"] for row in rows if row["step"] == "resolved_associations" for ref in json.loads(row["refs"])]


# --- off by default


def test_off_by_default_the_activity_waits_and_nothing_is_made(peopled: Bridge) -> None:
    peopled.seed({"hubspot": hubspot_contact("1900", **MAYA)})
    peopled.seed({"hubspot": hubspot_calls("1900"), "dynamics": dynamics_contact(emailaddress1="nils@new.example")})
    peopled.seed({"dynamics": dynamics_calls(NEW_CONTACT)})

    assert carry(peopled) == {"extracted": 2, "deferred": 2}
    assert (len(peopled.dynamics("contact")), len(peopled.hubspot("contacts"))) == (4, 4)


# --- towards Dynamics


def test_five_hundred_calls_that_need_the_same_contact_make_it_once_with_what_is_known_of_it(making: Bridge) -> None:
    making.seed({"hubspot": hubspot_contact("1900", **MAYA, hs_additional_emails="m.moss@new.example;mm@old.example")})
    making.seed({"hubspot": hubspot_calls("1900", 500)})

    counts = carry(making, flows=[TO_DYNAMICS])

    (made,) = [row for row in making.dynamics("contact").values() if row["lastname"] == "Moss"]
    assert counts == {"extracted": 500, "created": 500}
    assert {name: made[name] for name in ("firstname", "telephone1", "mobilephone", "jobtitle")} == {
        "firstname": "Maya",
        "telephone1": "+49 30 1234",
        "mobilephone": "+49 171 1",
        "jobtitle": "Head of Things",
    }
    assert [made[f"emailaddress{n}"] for n in (1, 2, 3)] == ["maya@new.example", "m.moss@new.example", "mm@old.example"]
    assert {row["regardingobjectid"]["id"] for row in making.dynamics("phonecall").values()} == {made["contactid"]}


def test_a_second_pass_of_both_flows_writes_nothing_and_finds_the_record_in_the_ledger(making: Bridge) -> None:
    making.seed({"hubspot": hubspot_contact("1900", **MAYA)})
    making.seed({"hubspot": hubspot_calls("1900")})
    carry(making)
    making.forget()

    again = carry(making)

    assert (making.writes(), set(again)) == (0, {"extracted", "unchanged"})
    assert rules(making, TO_DYNAMICS, "501") == ["to_be_created", "ledger"]


def test_a_company_is_made_with_its_name_website_and_phone_and_is_found_by_the_ledger_after_it_was_renamed(
    making: Bridge,
) -> None:
    making.seed({"hubspot": hubspot_company("2900", name="Nova", domain="nova.example", phone="+49 40 9")})
    calls = hubspot_calls("2900")
    calls["associations"] = [{"from": ["calls", "501"], "to": ["companies", "2900"], "types": [182]}]
    making.seed({"hubspot": calls})

    assert carry(making, flows=[TO_DYNAMICS])["created"] == 1
    (made,) = [row for row in making.dynamics("account").values() if row["name"] == "Nova"]
    assert (made["websiteurl"], made["telephone1"]) == ("nova.example", "+49 40 9")

    making.seed(
        {"dynamics": dynamics_account(made["accountid"], name="Something else", websiteurl="https://x.example")}
    )
    more = hubspot_calls("2900", first_id=601)
    more["associations"] = [{"from": ["calls", "601"], "to": ["companies", "2900"], "types": [182]}]
    making.seed({"hubspot": more})

    assert carry(making, flows=[TO_DYNAMICS])["created"] == 1
    assert len(making.dynamics("account")) == 2
    assert rules(making, TO_DYNAMICS, "601") == ["ledger"]


def test_a_record_that_we_made_and_people_deleted_is_not_made_again(making: Bridge) -> None:
    making.seed({"hubspot": hubspot_contact("1900", **MAYA)})
    making.seed({"hubspot": hubspot_calls("1900")})
    carry(making, flows=[TO_DYNAMICS])
    (made,) = [row["contactid"] for row in making.dynamics("contact").values() if row["lastname"] == "Moss"]
    making.people.delete_dynamics("contacts", made)
    making.seed({"hubspot": hubspot_calls("1900", first_id=601)})

    counts = carry(making, flows=[TO_DYNAMICS])

    assert counts["deferred"] == 1
    assert rules(making, TO_DYNAMICS, "601") == ["made_before"]
    assert len(making.dynamics("contact")) == 3


def test_names_that_are_too_long_are_cut_and_a_number_that_is_too_long_is_left_out(making: Bridge) -> None:
    making.seed({"hubspot": hubspot_contact("1900", email="l@new.example", lastname="ö" * 60, phone="1" * 51)})
    making.seed({"hubspot": hubspot_calls("1900")})

    assert carry(making, flows=[TO_DYNAMICS])["created"] == 1

    (made,) = [row for row in making.dynamics("contact").values() if row["emailaddress1"] == "l@new.example"]
    assert (made["lastname"], made["telephone1"]) == ("ö" * 50, None)


def test_without_the_right_to_make_contacts_only_what_hangs_on_them_waits_and_says_why(making: Bridge) -> None:
    making.sandboxes.dynamics.controls.settings.change({"dynamics_missing_privileges": ["prvCreateContact"]})
    making.seed({"hubspot": hubspot_contact("1900", **MAYA)})
    making.seed({"hubspot": hubspot_calls("1900", 2)})
    making.seed({"hubspot": hubspot_calls("1001", first_id=701)})

    counts = carry(making, flows=[TO_DYNAMICS])

    assert counts == {"extracted": 3, "created": 1, "deferred": 2}
    for row in deferred(making):
        assert (row.code, row.waits_for[0].id) == ("0x80040220", "1900")
        assert "prvCreateContact" in row.message
        assert row.reason == "a record that it hangs on was refused by the target"

    making.sandboxes.dynamics.controls.settings.change({"dynamics_missing_privileges": []})
    assert carry(making, Mode.INCREMENTAL, flows=[TO_DYNAMICS])["created"] == 2
    assert deferred(making) == []


def test_a_contact_of_whom_nothing_is_known_is_not_made(making: Bridge) -> None:
    making.seed({"hubspot": hubspot_contact("1900", phone="+49 30 1")})
    making.seed({"hubspot": hubspot_calls("1900")})

    assert carry(making, flows=[TO_DYNAMICS]) == {"extracted": 1, "deferred": 1}
    assert rules(making, TO_DYNAMICS, "501") == ["no_counterpart"]


def test_a_deal_is_never_made(making: Bridge) -> None:
    making.seed(
        {
            "hubspot": {
                "objects": {
                    "deals": [
                        {
                            "id": "3900",
                            "properties": {
                                "dealname": "New",
                                "dealstage": "appointmentscheduled",
                                "pipeline": "default",
                            },
                        }
                    ]
                }
            }
        }
    )
    calls = hubspot_calls("3900")
    calls["associations"] = [{"from": ["calls", "501"], "to": ["deals", "3900"], "types": [206]}]
    making.seed({"hubspot": calls})

    assert carry(making, flows=[TO_DYNAMICS]) == {"extracted": 1, "deferred": 1}


def test_a_contact_added_to_a_linked_call_is_made_too(making: Bridge) -> None:
    making.seed({"hubspot": hubspot_calls("1001")})
    carry(making, flows=[TO_DYNAMICS])
    making.seed({"hubspot": hubspot_contact("1900", **MAYA)})
    associate(making, "call", "501", "1900")

    counts = carry(making, flows=[TO_DYNAMICS])

    assert counts["updated"] == 1
    assert [row["lastname"] for row in making.dynamics("contact").values()].count("Moss") == 1


# --- towards HubSpot


def test_a_contact_is_made_in_hubspot_once_for_many_calls(making: Bridge) -> None:
    columns = {"firstname": "Nils", "lastname": "Nord", "emailaddress1": "Nils@new.example", "jobtitle": "Buyer"}
    making.seed({"dynamics": dynamics_contact(**columns, telephone1="030 5", mobilephone="0171 5")})
    making.seed({"dynamics": dynamics_calls(NEW_CONTACT, 120)})

    counts = carry(making, flows=[TO_HUBSPOT])

    (made,) = [one for one in making.hubspot("contacts").values() if one["properties"].get("lastname") == "Nord"]
    assert counts == {"extracted": 120, "created": 120}
    expected = {"firstname": "Nils", "jobtitle": "Buyer", "phone": "030 5", "mobilephone": "0171 5"}
    assert {name: made["properties"][name] for name in expected} == expected
    assert made["properties"]["email"].lower() == "nils@new.example"
    for call in making.hubspot("calls"):
        assert making.associations("calls", call) == {("contacts", made["id"])}


def test_a_company_is_made_in_hubspot_with_its_domain_and_is_never_made_twice_while_the_search_lags(
    making: Bridge,
) -> None:
    making.sandboxes.hubspot.controls.settings.change({"search_lag_seconds": 3600.0})
    making.seed({"dynamics": dynamics_account(name="Nova GmbH", websiteurl="https://www.nova.example/en")})
    making.seed({"dynamics": dynamics_calls(NEW_ACCOUNT, table="account")})
    carry(making, flows=[TO_HUBSPOT])
    making.seed({"dynamics": dynamics_calls(NEW_ACCOUNT, table="account", first=2, kind="task")})

    counts = carry(making, flows=[TO_HUBSPOT])

    (made,) = [one for one in making.hubspot("companies").values() if one["properties"].get("name") == "Nova GmbH"]
    assert counts["created"] == 1
    assert (made["properties"]["domain"], made["properties"]["website"]) == (
        "nova.example",
        "https://www.nova.example/en",
    )


def test_two_accounts_of_one_company_become_one_in_hubspot(making: Bridge) -> None:
    second = NEW_ACCOUNT.replace("0a", "0b")
    making.seed({"dynamics": dynamics_account(name="Nova", websiteurl="https://nova.example")})
    making.seed({"dynamics": dynamics_account(second, name="Nova", websiteurl="http://www.nova.example/shop")})
    making.seed({"dynamics": dynamics_calls(NEW_ACCOUNT, table="account")})
    making.seed({"dynamics": dynamics_calls(second, table="account", first=2)})

    assert carry(making, flows=[TO_HUBSPOT])["created"] == 2
    assert [one["properties"]["name"] for one in making.hubspot("companies").values()] == ["Acme", "Nova"]


def test_an_address_that_hubspot_refuses_fails_alone_and_its_message_is_listed_without_the_address(
    making: Bridge,
) -> None:
    good = NEW_CONTACT.replace("0a", "0b")
    making.seed({"dynamics": dynamics_contact(lastname="Bad", emailaddress1="not an address")})
    making.seed({"dynamics": dynamics_contact(good, lastname="Good", emailaddress1="good@new.example")})
    making.seed({"dynamics": dynamics_calls(NEW_CONTACT)})
    making.seed({"dynamics": dynamics_calls(good, first=2)})

    assert carry(making, flows=[TO_HUBSPOT]) == {"extracted": 2, "created": 1, "deferred": 1}

    (row,) = deferred(making)
    assert (row.code, row.waits_for[0].id) == ("INVALID_EMAIL", NEW_CONTACT)
    assert "not an address" not in row.message
    assert row.message


def test_a_contact_that_somebody_made_meanwhile_is_adopted_by_a_secondary_address_too(making: Bridge) -> None:
    # The look-up of further addresses goes through an index, which does not show this one yet.
    making.sandboxes.hubspot.controls.settings.change({"search_lag_seconds": 3600.0})
    there = hubspot_contact("1950", email="other@new.example", hs_additional_emails="nils@new.example")
    (record,) = there["objects"]["contacts"]
    record["updatedAt"] = record["createdAt"] = iso(ago(minutes=1))
    making.seed({"hubspot": there})
    making.seed({"dynamics": dynamics_contact(lastname="Nord", emailaddress1="NILS@new.example")})
    making.seed({"dynamics": dynamics_calls(NEW_CONTACT)})

    assert carry(making, flows=[TO_HUBSPOT])["created"] == 1

    (call,) = making.hubspot("calls")
    assert making.associations("calls", call) == {("contacts", "1950")}
    assert len(making.hubspot("contacts")) == 4


@pytest.mark.parametrize("unique", [True, False], ids=["unique properties", "plain properties"])
def test_a_lost_answer_makes_no_second_contact(making: Bridge, *, unique: bool) -> None:
    making.sandboxes.hubspot.controls.settings.change({"allow_unique_properties": unique})
    making.sandboxes.hubspot.controls.faults.add(Fault("drop_after", path="/objects/.*/contacts/batch/create", times=1))
    making.seed({"dynamics": dynamics_contact(lastname="Nord", emailaddress1="nils@new.example")})
    making.seed({"dynamics": dynamics_calls(NEW_CONTACT)})

    assert carry(making, flows=[TO_HUBSPOT])["created"] == 1
    assert len(making.hubspot("contacts")) == 4


def test_where_no_key_is_possible_a_company_whose_create_was_not_answered_is_not_made_again(making: Bridge) -> None:
    settings = {"allow_unique_properties": False, "allow_custom_properties": False, "search_lag_seconds": 3600.0}
    making.sandboxes.hubspot.controls.settings.change(settings)
    making.sandboxes.hubspot.controls.faults.add(
        Fault("drop_after", path="/objects/.*/companies/batch/create", times=1)
    )
    making.seed({"dynamics": dynamics_account(name="Nova", websiteurl="https://nova.example")})
    making.seed({"dynamics": dynamics_calls(NEW_ACCOUNT, table="account")})

    first = carry(making, Mode.INCREMENTAL, flows=[TO_HUBSPOT])
    second = carry(making, Mode.INCREMENTAL, flows=[TO_HUBSPOT])

    assert (first["deferred"], second["deferred"], len(making.hubspot("companies"))) == (1, 1, 2)
    assert "not created a second time" in deferred(making)[0].reason
    making.sandboxes.hubspot.controls.clock.advance(3700)
    assert carry(making, Mode.INCREMENTAL, flows=[TO_HUBSPOT])["created"] == 1
    assert len(making.hubspot("companies")) == 2


@pytest.mark.parametrize("marketing", [True, False])
def test_a_portal_that_makes_marketing_contacts_is_reported_where_non_marketing_ones_are_wanted(
    peopled: Bridge, *, marketing: bool
) -> None:
    peopled.configure("create_missing: {dynamics_to_hubspot: {contact: {marketing: false}}}")
    peopled.sandboxes.hubspot.controls.settings.change({"hubspot_app_makes_marketing_contacts": marketing})
    peopled.seed({"dynamics": dynamics_contact(lastname="Nord", emailaddress1="nils@new.example")})
    peopled.seed({"dynamics": dynamics_calls(NEW_CONTACT)})

    assert carry(peopled, flows=[TO_HUBSPOT])["created"] == 1

    rows = open_staging(peopled.settings).trace(
        TO_HUBSPOT.name, ActivityType.CALL, "f0000000-0000-4000-8000-000000000001"
    )
    assert [row["code"] or "" for row in rows if row["step"] == "load_results"] == [
        "made_as_marketing" if marketing else ""
    ]


def test_without_the_scope_for_companies_what_hangs_on_a_contact_is_carried_all_the_same(making: Bridge) -> None:
    scopes = [
        "crm.objects.contacts.read",
        "crm.objects.contacts.write",
        "crm.objects.companies.read",
        "crm.objects.deals.read",
        "crm.objects.owners.read",
        "crm.schemas.contacts.write",
        "tickets",
    ]
    making.sandboxes.hubspot.controls.settings.change({"hubspot_scopes": scopes})
    making.seed({"dynamics": dynamics_account(name="Nova", websiteurl="https://nova.example")})
    making.seed({"dynamics": dynamics_contact(lastname="Nord", emailaddress1="nils@new.example")})
    making.seed({"dynamics": dynamics_calls(NEW_ACCOUNT, table="account")})
    making.seed({"dynamics": dynamics_calls(NEW_CONTACT, first=2)})

    assert carry(making, flows=[TO_HUBSPOT]) == {"extracted": 2, "created": 1, "deferred": 1}

    (row,) = deferred(making)
    assert (row.code, row.waits_for[0].kind) == ("MISSING_SCOPES", "company")


def test_an_activity_written_with_another_record_does_not_wait_for_one_that_was_refused(making: Bridge) -> None:
    making.seed({"dynamics": dynamics_contact(lastname="Bad", emailaddress1="not an address")})
    call = dynamics_calls(CONTACT_IDS[0])
    call["records"]["phonecall"][0]["phonecall_activity_parties"] = [
        {"participationtypemask": 2, "partyid_contact@odata.bind": f"/contacts({NEW_CONTACT})"}
    ]
    making.seed({"dynamics": call})

    assert carry(making, flows=[TO_HUBSPOT])["created"] == 1

    (written,) = making.hubspot("calls")
    assert making.associations("calls", written) == {("contacts", "1001")}
    rows = open_staging(making.settings).trace(
        TO_HUBSPOT.name, ActivityType.CALL, "f0000000-0000-4000-8000-000000000001"
    )
    assert "not_created" in next(row["rule"] for row in rows if row["step"] == "load_results")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("create_missing: {hubspot_to_dynamics: {deal: true}}", "create_missing.hubspot_to_dynamics.deal"),
        ("create_missing: {contact: true}", "create_missing.contact"),
        ("create_missing: {hubspot_to_dynamics: {contact: {marketing: false}}}", "hubspot_to_dynamics.contact"),
        ("create_missing: {dynamics_to_hubspot: {contact: {marketing: true}}}", "dynamics_to_hubspot.contact"),
        ("create_missing: {dynamics_to_hubspot: {contact: {}}}", "dynamics_to_hubspot.contact"),
    ],
)
def test_a_setting_that_nothing_acts_on_is_an_error_that_names_its_place(text: str, named: str) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(named)):
        parse_configuration(yaml.safe_load(text), name="sync.yaml")


# --- preview


def test_a_preview_names_what_would_be_made_and_writes_nothing(making: Bridge) -> None:
    making.seed({"hubspot": hubspot_contact("1900", **MAYA)})
    making.seed({"hubspot": hubspot_calls("1900", 3)})

    run = making.sync("hubspot_to_dynamics", preview=True)["hubspot_to_dynamics"]

    told = making.command("sync", "--flow", "hubspot_to_dynamics", "--preview", "--json")

    assert run.counts["call"]["create"] == 3
    assert json.loads(told.stdout)["to_create"] == {"hubspot_to_dynamics": ["hubspot:contact/1900"]}
    assert [str(one) for one in run.to_create] == ["hubspot:contact/1900"]
    assert making.writes() == 0
    (made,) = {
        tuple(one["fields"].items()) for row in decisions(making, "hubspot", "call", "501") for one in row["creates"]
    }
    assert ("lastname", "Moss") in made
