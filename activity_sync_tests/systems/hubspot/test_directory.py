"""Contacts, companies, deals and owners, looked up in a portal over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from activity_sync.http.message import ApiRequest
from activity_sync.systems.hubspot.directory import open_names
from activity_sync.systems.records import Lookup, NaturalKey


def people(count: int) -> list[dict[str, Any]]:
    return [
        {
            "id": str(n),
            "properties": {"email": f"p{n}@example.com", "firstname": "Ada", "lastname": f"No{n}"},
            "createdAt": "2026-01-01T00:00:00Z",
        }
        for n in range(1, count + 1)
    ]


def companies(count: int) -> list[dict[str, Any]]:
    return [
        {"id": str(n), "properties": {"name": f"Company {n} GmbH", "domain": f"company-{n}.example"}}
        for n in range(1, count + 1)
    ]


def test_describing_takes_one_call_for_a_hundred(any_portal):
    any_portal.seed(
        {
            "contacts": people(500),
            "companies": companies(100),
            "deals": [
                {"id": str(n), "properties": {"dealname": f"Deal {n}", "dealstage": "appointmentscheduled"}}
                for n in range(1, 51)
            ],
        }
    )

    async def describe(hubspot):
        return await hubspot.directory.describe(
            {
                "contact": [str(n) for n in range(1, 501)],
                "company": [str(n) for n in range(1, 101)],
                "deal": [str(n) for n in range(1, 51)],
            }
        )

    contacts, firms, deals = any_portal.run(describe).values()

    assert any_portal.calls == {"batch_read": 7}
    assert len(contacts) == 500
    assert contacts["7"].emails == ("p7@example.com",)
    assert contacts["7"].name == "Ada No7"
    assert contacts["7"].created_at is not None
    assert firms["3"].domains == ("company-3.example",)
    assert deals["50"].name == "Deal 50"


def test_contacts_are_found_by_primary_address_in_one_call_for_a_hundred(portal):
    portal.seed({"contacts": people(500)})
    emails = tuple(f"P{n}@Example.com" for n in range(1, 501))

    found = portal.run(lambda hubspot: hubspot.directory.find([Lookup("contact", emails=emails)]))

    assert {one.id for one in found["contact"]} == {str(n) for n in range(1, 501)}
    assert portal.calls == {"batch_read": 5}


def test_secondary_addresses_are_searched_for_what_is_nobodys_primary_one(any_portal):
    owner = {
        "id": "900",
        "properties": {"email": "main@example.com", "hs_additional_emails": "old@example.com;older@example.com"},
    }
    lookalike = {
        "id": "901",
        "properties": {"email": "x@example.com", "hs_additional_emails": "not.old@example.com"},
    }
    any_portal.seed({"contacts": [*people(3), owner, lookalike]})
    emails = ("p1@example.com", "OLD@example.com", "nobody@example.com", "not an address")

    found = any_portal.run(lambda hubspot: hubspot.directory.find([Lookup("contact", emails=emails)]))

    assert {one.id for one in found["contact"]} == {"1", "900"}
    [several] = [one for one in found["contact"] if one.id == "900"]
    assert several.emails == ("main@example.com", "old@example.com", "older@example.com")
    assert any_portal.calls["batch_read"] == 1


def test_companies_are_found_by_domain_and_only_then_by_name(portal):
    portal.seed({"companies": companies(100)})
    domains = tuple(f"Company-{n}.example" for n in range(1, 101))
    names = tuple(f"Company {n}" for n in range(1, 101))

    found = portal.run(lambda hubspot: hubspot.directory.find([Lookup("company", domains=domains, names=names)]))

    assert len(found["company"]) == 100
    assert portal.calls == {"search": 1}


def test_a_company_without_a_known_domain_is_found_by_name_in_any_letter_case(any_portal):
    any_portal.seed({"companies": companies(5)})
    lookup = Lookup("company", domains=("company-1.example", "unknown.example"), names=("COMPANY 4 gmbh", "Nobody"))

    found = any_portal.run(lambda hubspot: hubspot.directory.find([lookup]))

    assert {one.id for one in found["company"]} == {"1", "4"}


def test_names_are_the_last_resort_of_a_look_up():
    found = [NaturalKey("1", "company", name="Acme", domains=("acme.example",))]

    settled = Lookup("company", domains=("ACME.example",), names=("Acme Inc",))
    partly = Lookup("company", domains=("acme.example", "b.example"), names=("ACME", "B"))
    nameless = Lookup("company", names=("C",))

    assert open_names([settled], found) == []
    assert open_names([partly, nameless], found) == ["B", "C"]


def test_deals_are_found_by_the_id_stored_on_them(portal):
    portal.stored_ids = {"deal": "dynamics_opportunity_id"}
    stored = {"name": "dynamics_opportunity_id", "label": "Opportunity", "type": "string", "fieldType": "text"}
    portal.seed(
        {"deals": [{"id": "5", "properties": {"dealname": "Big", "dynamics_opportunity_id": "ABC-1"}}]},
        properties={"deals": [{**stored, "groupName": "dealinformation"}]},
    )

    async def look_up(hubspot):
        found = await hubspot.directory.find([Lookup("deal", stored_ids=("abc-1", "abc-2"))])
        return found, (await hubspot.directory.describe({"deal": ["5"]}))["deal"]

    found, described = portal.run(look_up)

    assert [(one.id, one.stored_id) for one in found["deal"]] == [("5", "ABC-1")]
    assert described["5"].stored_id == "ABC-1"


def test_a_stored_id_property_that_the_portal_lacks_finds_nothing(any_portal):
    any_portal.stored_ids = {"deal": "dynamics_opportunity_id"}
    any_portal.seed({"deals": [{"id": "5", "properties": {"dealname": "Big"}}]})

    async def look_up(hubspot):
        found = await hubspot.directory.find([Lookup("deal", ids=("5", "junk"), stored_ids=("abc",))])
        return found, (await hubspot.directory.describe({"deal": ["5"]}))["deal"]

    found, described = any_portal.run(look_up)

    assert [one.id for one in found["deal"]] == ["5"]
    assert described["5"].stored_id == ""


def test_deals_that_are_all_named_by_their_counterparts_are_not_searched_for(portal):
    portal.stored_ids = {"deal": "dynamics_opportunity_id"}
    portal.seed({"deals": [{"id": str(n), "properties": {"dealname": "Big"}} for n in (5, 6)]})

    async def look_up(hubspot):
        return await hubspot.directory.find([Lookup("deal", ids=("5", "6"), stored_ids=("abc", "def"))])

    found = portal.run(look_up)

    assert {one.id for one in found["deal"]} == {"5", "6"}
    assert portal.calls == {"batch_read": 1}


def test_a_merged_contact_is_described_as_its_survivor(any_portal):
    any_portal.seed({"contacts": people(3)})

    async def merge_and_describe(hubspot):
        await merge(hubspot, "contact", "1", "2")
        return (await hubspot.directory.describe({"contact": ["1", "2", "404"]}))["contact"]

    described = any_portal.run(merge_and_describe)

    assert {asked: key.id for asked, key in described.items()} == {"1": "1", "2": "1"}
    assert described["1"].emails == ("p1@example.com", "p2@example.com")
    assert described["1"].former_ids == ("2",)


def test_a_merged_contact_is_known_by_its_survivor_without_a_call_of_its_own(portal):
    portal.seed({"contacts": people(4)})

    async def merge_and_describe(hubspot):
        await merge(hubspot, "contact", "1", "2")
        await merge(hubspot, "contact", "3", "1")
        before = dict(portal.calls)
        described = (await hubspot.directory.describe({"contact": ["1", "2", "3", "4"]}))["contact"]
        return described, {name: count - before.get(name, 0) for name, count in portal.calls.items()}

    described, asked = portal.run(merge_and_describe)

    assert {one: key.id for one, key in described.items()} == {"1": "3", "2": "3", "3": "3", "4": "4"}
    assert set(described["3"].former_ids) == {"1", "2"}
    assert described["4"].former_ids == ()
    assert {name: count for name, count in asked.items() if count} == {"batch_read": 1}


@pytest.mark.parametrize("makes_new", [False, True], ids=["into one of them", "into a new record"])
def test_the_survivor_is_found_by_the_ids_that_a_merge_has_ended(any_portal, makes_new):
    any_portal.controls.settings.change({"hubspot_merge_makes_new_record": makes_new})
    any_portal.seed({"contacts": people(3)})

    async def merge_and_find(hubspot):
        survivor = await merge(hubspot, "contact", "1", "2")
        return survivor, await hubspot.directory.find([Lookup("contact", ids=("1", "2", "404"))])

    survivor, found = any_portal.run(merge_and_find)

    assert (survivor == "1") is not makes_new
    assert [one.id for one in found["contact"]] == [survivor]
    assert set(found["contact"][0].former_ids) == {"1", "2"} - {survivor}


async def merge(hubspot, kind: str, into: str, other: str) -> str:
    """The id of the record that stands for both."""
    path = hubspot._operations.paths.list_records(kind) + "/merge"
    body = {"primaryObjectId": into, "objectIdToMerge": other}
    answer = await hubspot._client.send(ApiRequest("POST", path, json=body, repeatable=False))
    return str(answer.json()["id"])


def test_owners_are_read_once_and_the_deactivated_ones_only_where_needed(any_portal):
    any_portal.seed(
        {},
        owners=[
            {"id": "1", "email": "ann@example.com", "firstName": "Ann", "lastName": "Lee", "userId": 11},
            {"id": "2", "email": "bob@example.com", "archived": True},
        ],
    )

    async def several_times(hubspot):
        return [await hubspot.directory.owners(ids) for ids in ((), ("1",), ("1", "2"), ("2", "3"))]

    active, same, everyone, again = any_portal.run(several_times)

    ann = active["1"]
    assert (ann.email, ann.name, ann.active) == ("ann@example.com", "Ann Lee", True)
    assert active.keys() == same.keys() == {"1"}
    assert everyone == again
    assert [(one.email, one.active) for one in everyone.values() if one.id != "1"] == [("bob@example.com", False)]
    assert any_portal.calls == {"owners": 2}


def test_values_that_no_search_can_carry_are_nobodys(portal):
    portal.seed({"companies": companies(2), "contacts": people(1)})
    endless = "x" * 5000
    lookups = [
        Lookup("company", domains=(endless, "company-2.example"), names=(endless + "y",)),
        Lookup("contact", emails=(f"{endless}@example.com", "p1@example.com")),
    ]

    found = portal.run(lambda hubspot: hubspot.directory.find(lookups))

    assert [one.id for one in found["company"]] == ["2"]
    assert [one.id for one in found["contact"]] == ["1"]


def test_many_names_and_domains_are_searched_in_as_few_calls_as_their_length_allows(portal):
    portal.seed({"companies": companies(350)})
    domains = tuple(f"company-{n}.example" for n in range(1, 351))

    found = portal.run(lambda hubspot: hubspot.directory.find([Lookup("company", domains=domains)]))

    assert len(found["company"]) == 350
    assert portal.calls == {"search": 4}


def test_a_company_is_found_whatever_its_legal_form_where_none_has_the_very_name(any_portal):
    names = ("Acme GmbH", "Acme Holding GmbH", "Beta, Inc.", "The Gamma", "Delta")
    any_portal.seed({"companies": [{"id": str(n), "properties": {"name": name}} for n, name in enumerate(names, 1)]})
    lookup = Lookup("company", names=("ACME Ltd", "beta", "The Gamma Co. KG", "Delta"))

    found = any_portal.run(lambda hubspot: hubspot.directory.find([lookup]))

    assert {one.name for one in found["company"]} == {"Acme GmbH", "Beta, Inc.", "The Gamma", "Delta"}
    assert any_portal.calls["search"] == 2


def test_a_word_that_more_companies_have_than_a_search_gives_hides_no_other_company(portal):
    crowd = [{"id": str(n), "properties": {"name": f"Common {n}"}} for n in range(1, 10_102)]
    portal.seed({"companies": [*crowd, {"id": "20001", "properties": {"name": "Rare Oy"}}]})
    lookup = Lookup("company", names=("Common AG", "Rare AG"))

    found = portal.run(lambda hubspot: hubspot.directory.find([lookup]))

    assert [one.id for one in found["company"]] == ["20001"]
