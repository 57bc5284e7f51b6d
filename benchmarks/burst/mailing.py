"""One campaign's e-mails: each to a contact of its own, on a company and a deal, sent within the last minutes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from activity_sync_tests.end_to_end.bridge import USER_ID, ago
from activity_sync_tests.end_to_end.mailing import OWNER, Mailing, account_id, contact_id
from benchmarks.campaign import body


@dataclass(frozen=True)
class Burst(Mailing):
    """So many outgoing e-mails, 2 KiB of HTML each."""

    @cached_property
    def sent_at(self) -> list[datetime]:
        """Evenly over the minute before the first time that somebody asks."""
        start, every = ago(seconds=70), timedelta(minutes=1) / self.emails
        return [start + every * n for n in range(self.emails)]

    def _hubspot_ends(self, number: int) -> list[tuple[str, str]]:
        _, *others = super()._hubspot_ends(number)
        return [("contacts", str(1001 + number % self.contacts)), *others[1:]]

    def _hubspot_email(self, number: int) -> Mapping[str, Any]:
        email = super()._hubspot_email(number)
        to = {"email": f"person-{number % self.contacts}@acme.example", "firstName": f"Person {number}"}
        sent = {
            "hs_email_direction": "EMAIL",
            "hs_email_html": body(number),
            "hs_email_headers": json.dumps({"from": OWNER, "to": [to], "cc": [], "bcc": []}),
        }
        return {**email, "properties": {**email["properties"], **sent}}

    def _dynamics_email(self, number: int) -> Mapping[str, Any]:
        parties = (
            (1, "systemuser", USER_ID),
            (2, "contact", contact_id(number % self.contacts)),
            (3, "account", account_id(number % self.companies)),
        )
        return {
            **super()._dynamics_email(number),
            "description": body(number),
            "directioncode": True,
            "statuscode": 3,
            "parties": [
                {"participationtypemask": mask, "party": {"type": kind, "id": one}} for mask, kind, one in parties
            ],
        }
