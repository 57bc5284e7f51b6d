"""How many API calls the usual amounts of work take. A number that grows is a regression."""

from __future__ import annotations

from activity_sync.activities.kinds import ActivityType
from activity_sync.systems.records import CreateRequest, Lookup, TargetLink
from activity_sync_tests.systems.dynamics.activities import activity
from activity_sync_tests.systems.dynamics.organizations import ALL_TIME, Organization, guid

CONTACTS, ACCOUNTS, DEALS, EMAILS = 500, 100, 50, 2000


def seed_records(organization: Organization) -> None:
    organization.stored_ids = {"deal": "hubspot_deal_id"}
    organization.seed(
        {
            "contact": [
                {"contactid": guid(n), "firstname": f"C{n}", "emailaddress1": f"someone.number.{n}@customers.example"}
                for n in range(CONTACTS)
            ],
            "account": [
                {
                    "accountid": guid(n, kind="b"),
                    "name": f"Company {n}",
                    "websiteurl": f"https://www.company{n}.example",
                }
                for n in range(ACCOUNTS)
            ],
            "opportunity": [
                {"opportunityid": guid(n, kind="c"), "name": f"Deal {n}", "hubspot_deal_id": str(n)}
                for n in range(DEALS)
            ],
        },
        columns={"opportunity": [{"name": "hubspot_deal_id", "type": "string"}]},
    )


def test_identifying_and_learning_take_one_call(organization: Organization):
    async def use(system):
        await system.identify()
        await system.learn(tuple(ActivityType))
        return system.calls

    assert organization.run(use) == 1


def test_describing_all_records_takes_one_call(organization: Organization):
    seed_records(organization)

    async def use(system):
        await system.identify()
        before = system.calls
        described = await system.directory.describe(
            {
                "contact": [guid(n) for n in range(CONTACTS)],
                "company": [guid(n, kind="b") for n in range(ACCOUNTS)],
                "deal": [guid(n, kind="c") for n in range(DEALS)],
            }
        )
        return described, system.calls - before

    described, calls = organization.run(use)

    assert {kind: len(one) for kind, one in described.items()} == {
        "contact": CONTACTS,
        "company": ACCOUNTS,
        "deal": DEALS,
    }
    assert calls == 1


def test_finding_all_records_takes_one_call(organization: Organization):
    seed_records(organization)

    async def use(system):
        await system.identify()
        before = system.calls
        found = await system.directory.find(
            [
                Lookup("contact", emails=tuple(f"someone.number.{n}@customers.example" for n in range(CONTACTS))),
                Lookup(
                    "company",
                    domains=tuple(f"company{n}.example" for n in range(ACCOUNTS)),
                    names=tuple(f"Company {n}" for n in range(ACCOUNTS)),
                ),
                Lookup("deal", stored_ids=tuple(str(n) for n in range(DEALS))),
            ]
        )
        return found, system.calls - before

    found, calls = organization.run(use)

    assert {kind: len(some) for kind, some in found.items()} == {
        "contact": CONTACTS,
        "company": ACCOUNTS,
        "deal": DEALS,
    }
    assert calls == 1


def test_writing_and_reading_closed_emails_with_parties(organization: Organization):
    seed_records(organization)

    async def use(system):
        await system.identify()
        requests = []
        for n in range(EMAILS):
            address = f"someone.number.{n % CONTACTS}@customers.example"
            links = [
                TargetLink("contact", guid(n % CONTACTS), "associated", address=address),
                TargetLink("deal", guid(n % DEALS, kind="c"), "associated", regarding=True),
            ]
            key = guid(n, kind="e")
            requests.append(
                CreateRequest(key, system.translator.encode(activity(ActivityType.EMAIL), links, key=key).body)
            )
        before = system.calls
        results = await system.writer.create(ActivityType.EMAIL, requests)
        written = system.calls - before
        pages = [page async for page in system.reader.changes(ActivityType.EMAIL, ALL_TIME)]
        return results, written, pages, system.calls - before - written

    results, written, pages, read = organization.run(use)

    assert {one.outcome for one in results} == {"done"}
    assert written <= 25
    assert [len(page) for page in pages] == [EMAILS]
    assert all(len(one.payload["email_activity_parties"]) == 5 for one in pages[0])
    assert read == 1
    assert organization.controls.requests.writes["email", "create"] == EMAILS
