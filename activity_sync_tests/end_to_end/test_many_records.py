"""An activity on four contacts, three companies, a deal and a ticket: all that has a place is on both sides."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from activity_sync.systems.hubspot.associations import find_type_id
from activity_sync_tests.end_to_end.bridge import CONTACT_IDS, DYNAMICS_TABLES, HUBSPOT_TYPES, Bridge, ago, iso
from activity_sync_tests.end_to_end.merging import associate, part, set_row_parties
from activity_sync_tests.end_to_end.passes import carry, decisions

DEAL, TICKET = "00000000-0000-4000-8000-000000003001", "00000000-0000-4000-8000-000000004001"
ACCOUNTS = [f"00000000-0000-4000-8000-0000000020{n:02d}" for n in (1, 2, 3)]
PARTIED = ("call", "email", "meeting")
CONTACTS_OF = ("1001", "1002", "1003", "1004")
COMPANIES_OF = ("2001", "2002", "2003")

_OPEN = {
    "note": {"hs_note_body": "<p>Plan</p>"},
    "task": {"hs_task_subject": "Plan", "hs_task_status": "NOT_STARTED"},
    "call": {"hs_call_title": "Plan", "hs_call_status": "QUEUED", "hs_call_direction": "OUTBOUND"},
    "email": {
        "hs_email_subject": "Plan",
        "hs_email_direction": "EMAIL",
        "hs_email_status": "SCHEDULED",
        "hs_email_html": "<p>Plan</p>",
    },
    "meeting": {"hs_meeting_title": "Plan", "hs_meeting_outcome": "SCHEDULED"},
}
_SET_OF = {"call": "phonecalls", "email": "emails", "meeting": "appointments"}
_ROLE = {"call": 2, "email": 3, "meeting": 5}


@pytest.fixture
def company(bridge: Bridge) -> Bridge:
    """Six contacts, three companies, a deal and a ticket, the same on both sides."""
    made, seconds = iso(ago(days=40)), ago(days=40).replace(microsecond=0).isoformat().replace("+00:00", "Z")

    def there(record_id: str, **properties: str) -> dict[str, Any]:
        return {"id": record_id, "properties": properties, "createdAt": made, "updatedAt": made}

    def text(name: str, group: str) -> dict[str, str]:
        return {"name": name, "label": name, "groupName": group, "type": "string", "fieldType": "text"}

    bridge.seed(
        {
            "hubspot": {
                "properties": {
                    "deals": [text("dynamics_opportunity_id", "dealinformation")],
                    "tickets": [text("dynamics_incident_id", "ticketinformation")],
                },
                "objects": {
                    "contacts": [there(str(1001 + n), email=f"p{n}@six.example") for n in range(6)],
                    "companies": [there(str(2001 + n), name=f"Firm {n}", domain=f"firm{n}.example") for n in range(3)],
                    "deals": [there("3001", dealname="Fair", dynamics_opportunity_id=DEAL)],
                    "tickets": [there("4001", subject="Broken", dynamics_incident_id=TICKET)],
                },
            },
            "dynamics": {
                "records": {
                    "contact": [
                        {"contactid": CONTACT_IDS[n], "lastname": f"P{n}", "emailaddress1": f"p{n}@six.example"}
                        | {"createdon": seconds}
                        for n in range(6)
                    ],
                    "account": [
                        {"accountid": one, "name": f"Firm {n} GmbH", "websiteurl": f"https://www.firm{n}.example/"}
                        for n, one in enumerate(ACCOUNTS)
                    ],
                    "opportunity": [{"opportunityid": DEAL, "name": "Fair"}],
                    "incident": [{"incidentid": TICKET, "title": "Broken"}],
                }
            },
        }
    )
    return bridge


def in_hubspot(bridge: Bridge, kind: str, record_id: str) -> set[str]:
    return {one for _, one in bridge.associations(HUBSPOT_TYPES[kind], record_id)}


def in_dynamics(bridge: Bridge, kind: str, row_id: str) -> tuple[str | None, set[str]]:
    """Whom the row is about, and who else is a party in a role that clients give."""
    row = bridge.dynamics(DYNAMICS_TABLES[kind])[row_id]
    about = row.get("objectid") or row.get("regardingobjectid")
    parties = {
        one["partyid"]["id"]
        for one in row.get("parties", ())
        if one.get("partyid") and one["participationtypemask"] not in {8, 9}
    }
    return (about["id"] if about else None), parties


def made_in_hubspot(bridge: Bridge, kind: str, **properties: str) -> str:
    """The row that stands for an activity on all nine records, after a pass of both flows."""
    moment = iso(ago(minutes=30))
    times = {"hs_meeting_start_time": moment, "hs_meeting_end_time": moment} if kind == "meeting" else {}
    ends = [("contact", one) for one in CONTACTS_OF] + [("company", one) for one in COMPANIES_OF]
    ends += [("deal", "3001"), ("ticket", "4001")]
    plural = {"contact": "contacts", "company": "companies", "deal": "deals", "ticket": "tickets"}
    bridge.seed(
        {
            "hubspot": {
                "objects": {
                    HUBSPOT_TYPES[kind]: [
                        {
                            "id": "501",
                            "properties": {"hs_timestamp": moment, **times, **_OPEN[kind], **properties},
                            "createdAt": moment,
                            "updatedAt": moment,
                        }
                    ]
                },
                "associations": [
                    {
                        "from": [HUBSPOT_TYPES[kind], "501"],
                        "to": [plural[of_kind], one],
                        "types": [find_type_id(kind, of_kind)],
                    }
                    for of_kind, one in ends
                ],
            }
        }
    )
    assert carry(bridge)["created"] == 1
    row_id = bridge.counterpart("hubspot", kind, "501")
    assert row_id is not None
    return row_id


ALL_IN_HUBSPOT = {*CONTACTS_OF, *COMPANIES_OF, "3001", "4001"}


@pytest.mark.parametrize("kind", PARTIED)
def test_a_type_with_parties_keeps_all_but_the_ticket_and_is_about_the_deal(company: Bridge, kind: str) -> None:
    row_id = made_in_hubspot(company, kind)

    about, parties = in_dynamics(company, kind, row_id)
    (made, *_) = decisions(company, "hubspot", kind, "501")
    again = carry(company)

    assert about == DEAL
    assert parties == {*CONTACT_IDS[:4], *ACCOUNTS}
    assert [one for one in made["losses"] if one["field"] == "associations"] == [
        {"field": "associations", "what": "no_counterpart", "detail": f"ticket/{TICKET}"}
    ]
    assert in_hubspot(company, kind, "501") == ALL_IN_HUBSPOT
    assert not {"created", "updated"} & again.keys()


@pytest.mark.parametrize("kind", ["note", "task"])
def test_a_type_without_parties_is_about_the_deal_and_records_the_others_as_lost(company: Bridge, kind: str) -> None:
    row_id = made_in_hubspot(company, kind)

    (made, *_) = decisions(company, "hubspot", kind, "501")
    again = carry(company)

    assert in_dynamics(company, kind, row_id) == (DEAL, set())
    assert sum(one["field"] == "associations" for one in made["losses"]) == len(ALL_IN_HUBSPOT) - 1
    assert in_hubspot(company, kind, "501") == ALL_IN_HUBSPOT
    assert not {"created", "updated"} & again.keys()


@pytest.mark.parametrize("kind", PARTIED)
def test_a_contact_added_and_one_taken_away_on_each_side_are_carried_one_by_one(company: Bridge, kind: str) -> None:
    row_id = made_in_hubspot(company, kind)
    # In HubSpot the first goes and the fifth comes; in Dynamics the second goes and the sixth comes.
    part(company, kind, "501", "1001")
    associate(company, kind, "501", "1005")
    touch(company, kind)
    kept = [CONTACT_IDS[n] for n in (0, 2, 3, 5)]
    set_row_parties(
        company,
        DYNAMICS_TABLES[kind],
        row_id,
        [*(("contact", one, _ROLE[kind]) for one in kept), *(("account", one, _ROLE[kind]) for one in ACCOUNTS)],
    )

    carry(company)
    carry(company)
    about, parties = in_dynamics(company, kind, row_id)
    company.forget()
    carry(company)

    assert in_hubspot(company, kind, "501") == {"1003", "1004", "1005", "1006", *COMPANIES_OF, "3001", "4001"}
    assert about == DEAL
    assert parties == {*(CONTACT_IDS[n] for n in (2, 3, 4, 5)), *ACCOUNTS}
    assert company.writes() == 0


@pytest.mark.parametrize("kind", PARTIED)
def test_an_activity_of_dynamics_is_on_all_its_parties_and_what_it_is_about(company: Bridge, kind: str) -> None:
    row_id = "f0000000-0000-4000-8000-000000000501"
    moment = ago(minutes=30).replace(microsecond=0).isoformat().replace("+00:00", "Z")
    row = {
        "activityid": row_id,
        "subject": "Plan",
        "createdon": moment,
        "modifiedon": moment,
        "regardingobjectid": {"type": "incident", "id": TICKET},
        "parties": [
            {"participationtypemask": _ROLE[kind], "party": {"type": of_type, "id": one}}
            for of_type, ids in (("contact", CONTACT_IDS[:4]), ("account", ACCOUNTS))
            for one in ids
        ],
    }
    times = {"scheduledstart": moment, "scheduledend": moment} if kind == "meeting" else {}
    company.seed({"dynamics": {"records": {DYNAMICS_TABLES[kind]: [row | times]}}})

    carry(company)
    again = carry(company)
    record_id = company.counterpart("dynamics", kind, row_id)

    assert record_id is not None
    assert in_hubspot(company, kind, record_id) == {*CONTACTS_OF, *COMPANIES_OF, "4001"}
    assert in_dynamics(company, kind, row_id) == (TICKET, {*CONTACT_IDS[:4], *ACCOUNTS})
    assert not {"created", "updated"} & again.keys()


@pytest.mark.parametrize("kind", ["note", "task", "call"])
def test_when_what_it_is_about_is_taken_away_the_next_kind_of_the_rule_takes_its_place(
    company: Bridge, kind: str
) -> None:
    row_id = made_in_hubspot(company, kind)

    part(company, kind, "501", "3001", of_kind="deal")
    touch(company, kind)
    carry(company)
    about, _ = in_dynamics(company, kind, row_id)
    after = carry(company)

    assert about == TICKET
    assert in_hubspot(company, kind, "501") == ALL_IN_HUBSPOT - {"3001"}
    assert not {"created", "updated"} & after.keys()


def test_labels_that_people_gave_a_pair_survive_our_updates(company: Bridge) -> None:
    row_id = made_in_hubspot(company, "call")
    label = _label(company, "calls", "contacts", "501", "1002")
    set_row_parties(
        company,
        "phonecall",
        row_id,
        [("contact", CONTACT_IDS[n], 2) for n in (0, 1, 2, 3, 4)] + [("account", one, 2) for one in ACCOUNTS],
    )
    company.people.edit_dynamics("phonecalls", row_id, {"subject": "Renamed"})

    carry(company)

    assert company.hubspot("calls")["501"]["properties"]["hs_call_title"] == "Renamed"
    assert in_hubspot(company, "call", "501") == {*ALL_IN_HUBSPOT, "1005"}
    assert _types(company, "calls", "contacts", "501", "1002") == {194, label}
    assert _types(company, "calls", "contacts", "501", "1005") == {194}


def touch(bridge: Bridge, kind: str) -> None:
    """Somebody edits the HubSpot record, so that its new associations are read."""
    name = {"note": "hs_note_body", "email": "hs_email_subject"}.get(kind, f"hs_{kind}_title")
    bridge.people.edit_hubspot(
        HUBSPOT_TYPES[kind], "501", {"hs_task_subject" if kind == "task" else name: "Plan, changed"}
    )


def _label(bridge: Bridge, from_type: str, to_type: str, record_id: str, other: str) -> int:
    """A label of the portal's own, made and given to the pair besides its default type; its type id."""
    base = f"{bridge.environ['HUBSPOT_BASE_URL']}/crm/associations/2026-09/{from_type}/{to_type}"
    headers = {"Authorization": f"Bearer {bridge.environ['HUBSPOT_ACCESS_TOKEN']}"}
    made = httpx.post(f"{base}/labels", json={"label": "Decision maker", "name": "decision_maker"}, headers=headers)
    made.raise_for_status()
    type_id = int(made.json()["results"][0]["typeId"])
    types = [
        {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 194},
        {"associationCategory": "USER_DEFINED", "associationTypeId": type_id},
    ]
    body = {"inputs": [{"from": {"id": record_id}, "to": {"id": other}, "types": types}]}
    httpx.post(f"{base}/batch/create", json=body, headers=headers).raise_for_status()
    return type_id


def _types(bridge: Bridge, from_type: str, to_type: str, record_id: str, other: str) -> set[int]:
    for one in bridge.sandboxes.hubspot.store.dump()["associations"]:
        if (tuple(one["from"]), tuple(one["to"])) == ((from_type, record_id), (to_type, other)):
            return set(one["types"])
    return set()
