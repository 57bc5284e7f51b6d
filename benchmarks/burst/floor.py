"""The floor: how fast the published limits allow a burst to go, with the fewest calls that can carry it. Pure.

Sizes: HubSpot searches give 200 rows, its batches read, create and update 100 records, its association reads take
1,000 records for each type at the other end; Dynamics pages have 5,000 rows, its batches 1,000 operations
(facts/hubspot.md and facts/dataverse.md name the pages of the documentation that say so).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.burst.mailing import Burst

HUBSPOT_A_SECOND = 19.0
SEARCHES_A_SECOND = 5.0
DYNAMICS_A_SECOND = 20.0
DYNAMICS_SECONDS_A_SECOND = 4.0
_ENDS = 4
"""Contacts, companies, deals, tickets: whoever does not ask for a type does not know that there is nothing."""
_IN_ONE_FILTER = 50
"""So many values a filter of Dynamics compares with, well below what a query's address can hold."""


@dataclass(frozen=True)
class Floor:
    """The fewest calls, and what else bounds the time. `dynamics_seconds`: for which Dynamics worked, as measured.

    `in_a_row`: calls of which each needs the answer of the one before. `latency`: seconds for one of these.
    """

    searches: int
    hubspot_calls: int
    dynamics_calls: int
    dynamics_seconds: float
    in_a_row: int
    latency: float

    def bounds(self) -> dict[str, float]:
        """Seconds that each limit alone demands."""
        return {
            "hubspot_calls": self.hubspot_calls / HUBSPOT_A_SECOND,
            "searches": self.searches / SEARCHES_A_SECOND,
            "dynamics_calls": self.dynamics_calls / DYNAMICS_A_SECOND,
            "dynamics_work": self.dynamics_seconds / DYNAMICS_SECONDS_A_SECOND,
            "in_a_row": self.in_a_row * self.latency,
        }

    @property
    def seconds(self) -> float:
        """The largest of the bounds."""
        return max(self.bounds().values())


def from_hubspot(work: Burst, *, known: bool, dynamics_seconds: float, latency: float) -> Floor:
    """HubSpot to Dynamics: search, associations, details of records that nobody knows yet; look up, create, close."""
    searches = ceil(work.emails / 200)
    associations = _ENDS * ceil(work.emails / 1000)
    details = 0 if known else sum(ceil(many / 100) for many in (work.contacts, work.companies, work.deals))
    looked_up = 0 if known else ceil(sum((work.contacts, work.companies, work.deals)) / _IN_ONE_FILTER)
    return Floor(
        searches=searches,
        hubspot_calls=searches + associations + details,
        dynamics_calls=ceil(looked_up / 1000) + ceil(2 * work.emails / 1000),
        dynamics_seconds=dynamics_seconds,
        in_a_row=6,
        latency=latency,
    )


def from_dynamics(work: Burst, *, known: bool, dynamics_seconds: float, latency: float) -> Floor:
    """Dynamics to HubSpot: pages; look up by address and by domain, read deals by id; create with associations."""
    searches = 0 if known else ceil(work.companies / 100)
    looked_up = 0 if known else ceil(work.contacts / 100) + ceil(work.deals / 100)
    details = 0 if known else ceil(sum((work.contacts, work.companies, work.deals)) / _IN_ONE_FILTER / 1000)
    pages = ceil(work.emails / 5000)
    return Floor(
        searches=searches,
        hubspot_calls=searches + looked_up + ceil(work.emails / 100),
        dynamics_calls=pages + details,
        dynamics_seconds=dynamics_seconds,
        in_a_row=pages + 3,
        latency=latency,
    )
