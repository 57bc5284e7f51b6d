"""The work that every tool gets: e-mails on contacts and tickets, and what becomes of them until its second pass."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from activity_sync_tests.end_to_end.bridge import ago, iso
from activity_sync_tests.end_to_end.mailing import OWNER, Mailing, contact_id
from benchmarks.campaign import body

FIRST_EMAIL = 50_001
STORED = "dynamics_incident_id"
"""The property in which a ticket carries the id of its case in Dynamics."""
_EVERY_SECOND = 2


@dataclass(frozen=True)
class Work(Mailing):
    """Outgoing e-mails of 2 KiB HTML, each on two contacts, every second one on a ticket besides.

    `ties` more come from one import, whose rows share one modification time; the first pass is shown half of them, as
    happens when a search index lags. Before the second pass `edits` bodies are changed, `deletes` e-mails go to the
    recycling bin, `new` ones are made, modified so far apart, and the other half of the import shows.
    """

    tickets: int = 250
    ties: int = 200
    edits: int = 100
    deletes: int = 100
    new: int = 100
    new_apart_ms: float = 5

    def __post_init__(self) -> None:
        if self.edits + self.deletes > self.emails:
            raise ValueError("More e-mails are to be edited and deleted than there are.")

    def first(self) -> dict[str, Any]:
        """What both systems hold before the first pass."""
        shown = self._emails(range(self.emails + self.ties // 2))
        hubspot = self._hubspot_records()
        objects = {**hubspot["objects"], **shown["objects"]}
        return {"hubspot": {**hubspot, **shown, "objects": objects}, "dynamics": self._dynamics_records()}

    def later(self) -> dict[str, Any]:
        """What happens in HubSpot between the passes, as people and imports do it."""
        shown = self._emails(range(self.emails + self.ties // 2, self.emails + self.ties + self.new))
        edited = [
            {"id": email_id(n), "properties": {"hs_email_html": f"{body(n)}<p>Edited {n}.</p>"}}
            for n in range(self.edits)
        ]
        deleted = [
            {"id": email_id(n), "properties": {}, "archived": True}
            for n in range(self.edits, self.edits + self.deletes)
        ]
        return {**shown, "objects": {"emails": [*shown["objects"]["emails"], *edited, *deleted]}}

    @property
    def late_ties(self) -> frozenset[str]:
        """The ids of the half of the import that shows after the first pass."""
        return frozenset(email_id(n) for n in range(self.emails + self.ties // 2, self.emails + self.ties))

    @cached_property
    def sent_at(self) -> list[datetime]:
        """When each was sent, and last modified: over two hours, then the import at once, then the new ones."""
        start, imported = ago(hours=2, minutes=3), ago(minutes=2)
        every = timedelta(hours=2) / max(self.emails, 1)
        before = [start + every * n for n in range(self.emails)]
        after = [
            imported + timedelta(seconds=30) + timedelta(milliseconds=self.new_apart_ms) * n for n in range(self.new)
        ]
        return [*before, *[imported] * self.ties, *after]

    def _emails(self, numbers: range) -> dict[str, Any]:
        return {
            "objects": {"emails": [self._hubspot_email(n) for n in numbers]},
            "associations": [
                {"from": ["emails", email_id(n)], "to": list(end)} for n in numbers for end in self._hubspot_ends(n)
            ],
        }

    def _hubspot_records(self) -> dict[str, Any]:
        made = iso(ago(days=30))
        found = super()._hubspot_records()
        found["objects"]["tickets"] = [
            {
                "id": ticket_id(n),
                "properties": {"subject": f"Ticket {n}", "hs_pipeline": "0", STORED: case_id(n)},
                "createdAt": made,
                "updatedAt": made,
            }
            for n in range(self.tickets)
        ]
        definition = {
            "name": STORED,
            "label": "Case",
            "type": "string",
            "fieldType": "text",
            "groupName": "ticketinformation",
        }
        return found | {"properties": {**found.get("properties", {}), "tickets": [definition]}}

    def _dynamics_records(self) -> dict[str, Any]:
        found = super()._dynamics_records()
        found["records"]["incident"] = [
            {
                "incidentid": case_id(n),
                "title": f"Ticket {n}",
                "customerid": {"type": "contact", "id": contact_id(n % self.contacts)},
            }
            for n in range(self.tickets)
        ]
        return found

    def _hubspot_ends(self, number: int) -> list[tuple[str, str]]:
        people = [("contacts", str(1001 + n)) for n in sorted(set(self.partners(number)))]
        return [*people, *([("tickets", ticket_id(number % self.tickets))] if number % _EVERY_SECOND == 0 else [])]

    def _hubspot_email(self, number: int) -> Mapping[str, Any]:
        email = super()._hubspot_email(number)
        to = [{"email": f"person-{n}@acme.example", "firstName": f"Person {n}"} for n in self.partners(number)]
        sent = {
            "hs_email_direction": "EMAIL",
            "hs_email_html": body(number),
            "hs_email_headers": json.dumps({"from": OWNER, "to": to, "cc": [], "bcc": []}),
        }
        return {**email, "properties": {**email["properties"], **sent}}


def email_id(number: int) -> str:
    """The HubSpot e-mail of this number."""
    return str(FIRST_EMAIL + number)


def ticket_id(number: int) -> str:
    """The HubSpot ticket of this number."""
    return str(5001 + number)


def case_id(number: int) -> str:
    """The case in Dynamics that is the ticket of this number."""
    return f"00000000-0000-4000-8000-0000000{5001 + number:05d}"
