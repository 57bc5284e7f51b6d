"""The usual amount of work, as seeds: e-mails that each hang on two contacts, a company and a deal."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from activity_sync_tests.end_to_end.bridge import USER_ID, ago, dynamics_people, hubspot_people, iso

HUBSPOT_STORES = "dynamics_opportunity_id"
DYNAMICS_STORES = "hubspot_deal_id"
OWNER = {"email": "olga@ourfirm.example", "firstName": "Olga", "lastName": "Owner"}
BODY = "".join(
    f"<p>Paragraph {n}: thank you for the talk about the offer; the figures are <b>attached</b> &amp; agreed.</p>"
    for n in range(8)
)


@dataclass(frozen=True)
class Mailing:
    """How much there is. `stored_in`: the systems whose deals carry their counterpart's id.

    Every fifth company is known by its name only. Odd e-mails came in, even ones went out.
    """

    emails: int = 2000
    contacts: int = 500
    companies: int = 100
    deals: int = 50
    stored_in: Sequence[str] = ("hubspot", "dynamics")

    def seed(self, emails_in: str) -> dict[str, Any]:
        """Both systems with the records, and the e-mails in one of them."""
        hubspot, dynamics = self._hubspot_records(), self._dynamics_records()
        if emails_in == "hubspot":
            hubspot["objects"]["emails"] = [self._hubspot_email(n) for n in range(self.emails)]
            hubspot["associations"] = [
                {"from": ["emails", str(50_001 + n)], "to": list(end)}
                for n in range(self.emails)
                for end in self._hubspot_ends(n)
            ]
        else:
            dynamics["records"]["email"] = [self._dynamics_email(n) for n in range(self.emails)]
        return {"hubspot": hubspot, "dynamics": dynamics}

    def partners(self, number: int) -> tuple[int, int]:
        """The two contacts of an e-mail."""
        return number % self.contacts, (number * 7 + 1) % self.contacts

    @cached_property
    def sent_at(self) -> list[datetime]:
        """When each e-mail was sent, which is when it was last modified: older than what every pass reads again."""
        start = ago(minutes=40)
        return [start + timedelta(seconds=0.5 * n) for n in range(self.emails)]

    # --- HubSpot

    def _hubspot_records(self) -> dict[str, Any]:
        made = iso(ago(days=30))
        people = hubspot_people(self.contacts)
        stored = "hubspot" in self.stored_in
        rows = {
            "companies": [
                {"name": f"Company {n}", **({} if n % 5 == 0 else {"domain": f"company-{n}.example"})}
                for n in range(self.companies)
            ],
            "deals": [
                {
                    "dealname": f"Deal {n}",
                    "pipeline": "default",
                    "dealstage": "appointmentscheduled",
                    **({HUBSPOT_STORES: opportunity_id(n)} if stored else {}),
                }
                for n in range(self.deals)
            ],
        }
        for name, first in (("companies", 3001), ("deals", 4001)):
            people["objects"][name] = [
                {"id": str(first + n), "properties": properties, "createdAt": made, "updatedAt": made}
                for n, properties in enumerate(rows[name])
            ]
        definition = {
            "name": HUBSPOT_STORES,
            "label": "Opportunity",
            "type": "string",
            "fieldType": "text",
            "groupName": "dealinformation",
        }
        return people | ({"properties": {"deals": [definition]}} if stored else {})

    def _hubspot_ends(self, number: int) -> list[tuple[str, str]]:
        first, second = self.partners(number)
        return [
            ("contacts", str(1001 + first)),
            ("contacts", str(1001 + second)),
            ("companies", str(3001 + number % self.companies)),
            ("deals", str(4001 + number % self.deals)),
        ]

    def _hubspot_email(self, number: int) -> Mapping[str, Any]:
        sent, incoming = iso(self.sent_at[number]), number % 2 == 1
        theirs = [{"email": f"person-{n}@acme.example", "firstName": f"Person {n}"} for n in self.partners(number)]
        headers = {
            "from": theirs[0] if incoming else OWNER,
            "to": [OWNER, theirs[1]] if incoming else theirs,
            "cc": [],
            "bcc": [],
        }
        return {
            "id": str(50_001 + number),
            "createdAt": sent,
            "updatedAt": sent,
            "properties": {
                "hs_timestamp": sent,
                "hubspot_owner_id": "7001",
                "hs_email_direction": "INCOMING_EMAIL" if incoming else "EMAIL",
                "hs_email_status": "SENT",
                "hs_email_subject": f"Offer {number}",
                "hs_email_html": BODY,
                "hs_email_headers": json.dumps(headers),
            },
        }

    # --- Dynamics

    def _dynamics_records(self) -> dict[str, Any]:
        stored = "dynamics" in self.stored_in
        people = dynamics_people(self.contacts)
        people["records"]["account"] = [
            {
                "accountid": account_id(n),
                "name": f"Company {n}",
                **({} if n % 5 == 0 else {"websiteurl": f"https://www.company-{n}.example/en"}),
            }
            for n in range(self.companies)
        ]
        people["records"]["opportunity"] = [
            {
                "opportunityid": opportunity_id(n),
                "name": f"Deal {n}",
                **({DYNAMICS_STORES: str(4001 + n)} if stored else {}),
            }
            for n in range(self.deals)
        ]
        schema = {"columns": {"opportunity": [{"name": DYNAMICS_STORES, "type": "string"}]}}
        return people | ({"schema": schema} if stored else {})

    def _dynamics_email(self, number: int) -> Mapping[str, Any]:
        incoming = number % 2 == 1
        sent = self.sent_at[number].replace(microsecond=0).isoformat().replace("+00:00", "Z")
        first, second = ({"type": "contact", "id": contact_id(n)} for n in self.partners(number))
        owner = {"type": "systemuser", "id": USER_ID}
        sender, receivers = (first, [owner, second]) if incoming else (owner, [first, second])
        account = {"type": "account", "id": account_id(number % self.companies)}
        return {
            "activityid": email_id(number),
            "subject": f"Offer {number}",
            "description": BODY,
            "directioncode": not incoming,
            "statecode": 1,
            "statuscode": 4 if incoming else 3,
            "actualend": sent,
            "createdon": sent,
            "modifiedon": sent,
            "ownerid": owner,
            "regardingobjectid": {"type": "opportunity", "id": opportunity_id(number % self.deals)},
            "parties": [
                {"participationtypemask": 1, "party": sender},
                *({"participationtypemask": 2, "party": one} for one in receivers),
                {"participationtypemask": 3, "party": account},
            ],
        }


def contact_id(number: int) -> str:
    """The Dynamics contact of this number, as `dynamics_people` makes it."""
    return f"00000000-0000-4000-8000-0000000{1001 + number:05d}"


def account_id(number: int) -> str:
    """The Dynamics account of this number."""
    return f"00000000-0000-4000-8000-0000000{3001 + number:05d}"


def opportunity_id(number: int) -> str:
    """The Dynamics opportunity of this number."""
    return f"00000000-0000-4000-8000-0000000{4001 + number:05d}"


def email_id(number: int) -> str:
    """The Dynamics e-mail of this number."""
    return f"00000000-0000-4000-8000-0000000{50_001 + number:05d}"
