"""The work of the CPU and memory measurements: one day's e-mails, each of 2 KiB of HTML, on three records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

from activity_sync_tests.end_to_end.mailing import Mailing

BODY_BYTES = 2048
_PARAGRAPH = (
    "<p>Thank you for the talk about the offer; the figures are <b>attached</b> &amp; agreed, as of line {}.</p>"
)


@dataclass(frozen=True)
class Campaign(Mailing):
    """E-mails of yesterday, evenly over the day, so that they lie in one partition.

    In HubSpot each hangs on two contacts and a deal; in Dynamics, on two contacts and the opportunity that it is about.
    """

    @cached_property
    def day(self) -> datetime:
        """The UTC midnight with which the day begins."""
        return datetime.now(tz=UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=1)

    @cached_property
    def sent_at(self) -> list[datetime]:
        """When each was sent, and last modified."""
        every = timedelta(days=1) / (self.emails + 1)
        return [self.day + every * n for n in range(self.emails)]

    def _hubspot_ends(self, number: int) -> list[tuple[str, str]]:
        return [end for end in super()._hubspot_ends(number) if end[0] != "companies"]

    def _hubspot_email(self, number: int) -> Mapping[str, Any]:
        email = super()._hubspot_email(number)
        return {**email, "properties": {**email["properties"], "hs_email_html": body(number)}}

    def _dynamics_email(self, number: int) -> Mapping[str, Any]:
        email = super()._dynamics_email(number)
        parties = [one for one in email["parties"] if one["party"]["type"] != "account"]
        return {**email, "description": body(number), "parties": parties}


def body(number: int) -> str:
    """2 KiB of HTML, another for each e-mail."""
    text = f"<p>Offer {number:08d}</p>" + "".join(
        _PARAGRAPH.format(n) for n in range(BODY_BYTES // len(_PARAGRAPH) - 1)
    )
    return text + f"<p>{'.' * (BODY_BYTES - len(text) - len('<p></p>'))}</p>"
