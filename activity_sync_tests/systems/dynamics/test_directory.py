"""The records that activities hang on, and the users, over real HTTP."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from activity_sync.errors import AuthenticationFailed
from activity_sync.systems.records import Lookup
from activity_sync_tests.systems.dynamics.organizations import Organization, guid

ADA, BEN, ACME, BIG_DEAL, CASE = guid(1), guid(2), guid(1, kind="b"), guid(1, kind="c"), guid(2, kind="c")


def contact(number, *emails, **columns):
    addresses = {f"emailaddress{place}": email for place, email in enumerate(emails, start=1)}
    return {"contactid": guid(number), "firstname": f"Contact {number}", **addresses, **columns}


def account(number, **columns):
    return {"accountid": guid(number, kind="b"), **columns}


def find(organization, *lookups):
    async def found(system):
        return await system.directory.find(lookups)

    return organization.run(found)


def describe(organization, kind, *ids):
    async def described(system):
        return (await system.directory.describe({kind: ids}))[kind]

    return organization.run(described)


def test_contact_is_found_by_any_of_its_addresses_whatever_the_case(organization: Organization):
    organization.seed(
        {"contact": [contact(1, "ada@x.example", "ada@y.example", "ADA@Z.example"), contact(2, "b@x.example")]}
    )

    for email in ("Ada@X.example", "ada@y.example", "ada@z.example"):
        (one,) = find(organization, Lookup("contact", emails=(email,)))["contact"]
        assert one.id == ADA
    assert one.emails == ("ada@x.example", "ada@y.example", "ADA@Z.example")


def test_all_contacts_with_an_address_are_found(organization: Organization):
    organization.seed({"contact": [contact(1, "ada@x.example"), contact(2, "ada@x.example", statecode=1)]})

    found = find(organization, Lookup("contact", emails=("ada@x.example",)))["contact"]

    assert {(one.id, one.active) for one in found} == {(ADA, True), (BEN, False)}


@pytest.mark.parametrize(
    "email",
    [
        "o'brien@x.example",
        "a+b@x.example",
        "a&b@x.example",
        "100%@x.example",
        "ü@x.example",
        'a"b@x.example',
        "a#b@x.example",
    ],
)
def test_addresses_with_special_characters_are_found(organization: Organization, email):
    organization.seed({"contact": [contact(1, email), contact(2, "plain@x.example")]})

    found = find(organization, Lookup("contact", emails=(email, "plain@x.example")))["contact"]

    assert {one.id for one in found} == {ADA, BEN}


def test_account_is_found_by_its_own_domain_and_by_no_other(organization: Organization):
    organization.seed(
        {
            "account": [
                account(1, name="Acme", websiteurl="https://www.Acme.example/about"),
                account(2, name="Not Acme", websiteurl="https://notacme.example"),
                account(3, name="Shop", websiteurl="shop.acme.example"),
                account(4, name="Wild", websiteurl="acmeXexample.example"),
            ]
        }
    )

    (one,) = find(organization, Lookup("company", domains=("acme.example",)))["company"]

    assert (one.id, one.name, one.domains) == (ACME, "Acme", ("acme.example",))


def test_account_is_found_by_name(organization: Organization):
    organization.seed(
        {"account": [account(1, name="O'Neill & Söhne"), account(2, name='The "Best"'), account(3, name="Else")]}
    )

    found = find(organization, Lookup("company", names=("o'neill & söhne", 'The "Best"')))["company"]

    assert {one.id for one in found} == {ACME, guid(2, kind="b")}


def test_opportunities_and_incidents_are_found_by_stored_id_and_by_id(organization: Organization):
    organization.stored_ids = {"deal": "hubspot_deal_id", "ticket": "hubspot_ticket_id"}
    organization.seed(
        {
            "opportunity": [{"opportunityid": BIG_DEAL, "name": "Big", "hubspot_deal_id": "77"}],
            "incident": [{"incidentid": CASE, "title": "Broken"}],
        },
        columns={
            "opportunity": [{"name": "hubspot_deal_id", "type": "string"}],
            "incident": [{"name": "hubspot_ticket_id", "type": "string"}],
        },
    )

    found = find(
        organization, Lookup("deal", stored_ids=("77", "78")), Lookup("ticket", ids=(CASE,), stored_ids=("5",))
    )

    assert [(one.id, one.stored_id, one.name) for one in found["deal"]] == [(BIG_DEAL, "77", "Big")]
    assert [(one.id, one.name) for one in found["ticket"]] == [(CASE, "Broken")]


def test_column_that_the_organization_lacks_is_done_without(organization: Organization):
    organization.stored_ids = {"deal": "hubspot_deal_id"}
    organization.seed({"opportunity": [{"opportunityid": BIG_DEAL, "name": "Big"}]})

    assert find(organization, Lookup("deal", stored_ids=("77",))) == {"deal": []}
    assert describe(organization, "deal", BIG_DEAL)[BIG_DEAL].name == "Big"


def test_tables_that_are_not_installed_have_no_records(organization: Organization):
    organization.controls.settings.change({"dynamics_tables": ()})

    assert describe(organization, "deal", BIG_DEAL) == {}
    assert find(organization, Lookup("deal", ids=(BIG_DEAL,)), Lookup("contact", emails=("a@b.example",))) == {
        "deal": [],
        "contact": [],
    }


def test_won_opportunity_is_no_dead_record(organization: Organization):
    organization.seed({"opportunity": [{"opportunityid": BIG_DEAL, "name": "Big", "statecode": 1}]})

    assert describe(organization, "deal", BIG_DEAL)[BIG_DEAL].active


def test_described_records_carry_what_identifies_them(organization: Organization):
    organization.seed(
        {
            "contact": [contact(1, "ada@x.example", lastname="L", createdon="2026-01-01T00:00:00Z")],
            "account": [account(1, name=" Acme ", websiteurl="acme.example:8080/x")],
        }
    )

    ada = describe(organization, "contact", ADA, guid(99))[ADA]
    acme = describe(organization, "company", ACME.upper())[ACME.upper()]

    assert (ada.name, ada.emails, ada.active) == ("Contact 1 L", ("ada@x.example",), True)
    assert ada.created_at.isoformat() == "2026-01-01T00:00:00+00:00"
    assert (acme.name, acme.domains) == ("Acme", ("acme.example",))
    assert describe(organization, "contact", guid(99)) == {}


def test_merged_contact_is_followed_to_the_last_survivor(organization: Organization):
    gone = {"statecode": 1, "statuscode": 2, "merged": True}
    organization.seed(
        {
            "contact": [
                contact(1, "old@x.example", masterid={"type": "contact", "id": guid(2)}, **gone),
                contact(2, "newer@x.example", masterid={"type": "contact", "id": guid(3)}, **gone),
                contact(3, "final@x.example"),
            ]
        }
    )

    (found,) = find(organization, Lookup("contact", emails=("old@x.example", "final@x.example")))["contact"]
    described = describe(organization, "contact", ADA)[ADA]

    assert (found.id, found.active) == (described.id, described.active) == (guid(3), True)
    assert found.emails == described.emails == ("final@x.example", "old@x.example", "newer@x.example")
    assert found.former_ids == described.former_ids == (ADA, BEN)


def test_survivor_is_described_with_what_was_merged_into_it_and_into_that(organization: Organization):
    organization.stored_ids = {"contact": "hubspot_contact_id"}
    gone = {"statecode": 1, "statuscode": 2, "merged": True}
    organization.seed(
        {
            "contact": [
                contact(1, "a@x.example", hubspot_contact_id="51", masterid={"type": "contact", "id": BEN}, **gone),
                contact(2, "b@x.example", masterid={"type": "contact", "id": guid(3)}, **gone),
                contact(3, "c@x.example", hubspot_contact_id="53"),
                contact(4, "d@x.example"),
            ]
        },
        columns={"contact": [{"name": "hubspot_contact_id", "type": "string"}]},
    )

    described = describe(organization, "contact", guid(3), guid(4))

    survivor = described[guid(3)]
    assert survivor.emails == ("c@x.example", "a@x.example", "b@x.example")
    assert survivor.former_ids == (ADA, BEN)
    assert (survivor.stored_id, survivor.former_stored_ids) == ("53", ("51",))
    assert described[guid(4)].former_ids == ()


def test_survivor_is_found_by_the_id_of_a_merged_record(organization: Organization):
    organization.seed(
        {
            "account": [
                account(1, name="Old", statecode=1, merged=True, masterid={"type": "account", "id": guid(2, kind="b")}),
                account(2, name="New"),
            ]
        }
    )

    (found,) = find(organization, Lookup("company", ids=(ACME,)))["company"]

    assert (found.id, found.name, found.active, found.former_ids) == (guid(2, kind="b"), "New", True, (ACME,))


def test_what_was_merged_into_a_record_that_is_no_more_is_not_found(organization: Organization):
    gone = {"statecode": 1, "statuscode": 2, "merged": True}
    organization.seed(
        {
            "contact": [
                contact(1, "a@x.example", masterid={"type": "contact", "id": guid(9)}, **gone),
                contact(2, "b@x.example", masterid={"type": "contact", "id": guid(3)}, **gone),
                contact(3, "c@x.example", masterid={"type": "contact", "id": BEN}, **gone),
            ]
        }
    )

    assert find(organization, Lookup("contact", emails=("a@x.example", "b@x.example")))["contact"] == []


def test_merges_cost_no_call_where_there_are_none(organization: Organization):
    organization.seed({"contact": [contact(1, "a@x.example"), contact(2, "b@x.example")], "account": [account(1)]})

    async def both(system):
        before = system.calls
        await system.directory.describe({"contact": [ADA, BEN], "company": [ACME]})
        await system.directory.find([Lookup("contact", emails=("a@x.example",))])
        return system.calls - before

    assert organization.run(both) == 3  # the schema, and one each


def test_merged_contact_whose_survivor_is_gone_is_inactive(organization: Organization):
    organization.seed(
        {"contact": [contact(1, "a@x.example", merged=True, statecode=1, masterid={"type": "contact", "id": guid(9)})]}
    )

    described = describe(organization, "contact", ADA)[ADA]

    assert (described.id, described.active) == (ADA, False)


def test_owners_are_all_users_and_only_people_are_active(organization: Organization):
    organization.seed(
        {
            "systemuser": [
                {"systemuserid": guid(1, kind="d"), "fullname": "Ann", "internalemailaddress": "ann@ours.example"},
                {"systemuserid": guid(2, kind="d"), "fullname": "Old", "isdisabled": True},
            ]
        }
    )

    async def owners(system):
        return await system.directory.owners()

    found = organization.run(owners)

    ann = found[guid(1, kind="d")]
    assert (ann.email, ann.name, ann.active) == ("ann@ours.example", "Ann", True)
    assert not found[guid(2, kind="d")].active
    assert [one.id for one in found.values() if one.active] == [ann.id]


def test_users_are_read_once_however_many_ask(organization: Organization):
    organization.seed({"systemuser": [{"systemuserid": guid(1, kind="d"), "fullname": "Ann"}]})

    async def owners(system):
        before = organization.controls.requests.by_kind["$batch"]
        found = [*await asyncio.gather(system.directory.owners(), system.directory.owners())]
        found.append(await system.directory.owners())
        return found, organization.controls.requests.by_kind["$batch"] - before

    found, calls = organization.run(owners)

    assert all(guid(1, kind="d") in one for one in found)
    assert calls == 1


def test_user_who_was_disabled_meanwhile_is_known_to_be_after_ten_minutes(organization: Organization):
    user = {"systemuserid": guid(1, kind="d"), "fullname": "Ann", "internalemailaddress": "ann@ours.example"}
    organization.seed({"systemuser": [user]})

    async def owners(system):
        active = []
        for minutes in (0, 9, 2):
            organization.now += timedelta(minutes=minutes)
            active.append((await system.directory.owners())[guid(1, kind="d")].active)
            organization.seed({"systemuser": [user | {"isdisabled": True}]})
        return active

    assert organization.run(owners) == [True, True, False]


def test_missing_read_right_is_a_failed_authentication(organization: Organization):
    organization.controls.settings.change({"dynamics_missing_privileges": ("prvReadContact",)})

    with pytest.raises(AuthenticationFailed):
        describe(organization, "contact", ADA)
