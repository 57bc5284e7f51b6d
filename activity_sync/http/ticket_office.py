"""Where the calls of one account and API are counted, over all processes that make them.

An office is blocking; `shared_limits.py` asks it from a thread of its own. Which office there is depends on where the
processes are: `http/file_office.py` counts for one machine, `ledger/office.py` for all that share a PostgreSQL ledger.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from activity_sync.http.plans import WindowLimit

IN_FLIGHT_MS = 150_000
"""A request under way is forgotten after this long: a killed process gives its places back."""

POLL_MS = 25
"""How soon to ask again for a place that another process must free."""

LONGEST_HOLD_MS = 600_000
"""No hold is longer: the client gives up before."""

CLOCK_JUMP_MS = 5_000
"""What lies further ahead than any limit explains was written before the clock was set back."""

LEAK_EVERY = 64
"""Permissions between two removals of outdated rows."""


@dataclass(frozen=True, slots=True)
class Granted:
    """One request may be sent. `place`: to give back afterwards, where requests under way are counted."""

    place: int | None


@dataclass(frozen=True, slots=True)
class Denied:
    """Nothing was counted. Ask again after `wait_ms`."""

    wait_ms: int


@dataclass(frozen=True, slots=True)
class Usage:
    """What is in use of an account's limits at this moment, by whichever processes.

    `used`: by bucket, the requests within its window. `under_way`: requests now on their way, where they are counted.
    `held_ms`: by bucket, for how long nobody sends because the API refused; absent where it did not.
    """

    used: Mapping[str, int]
    under_way: int
    held_ms: Mapping[str, int] = field(default_factory=dict)


class TicketOffice(Protocol):
    """Grants permissions to send, within rolling windows and a number of requests under way.

    A permission is one transaction over every bucket it counts in: it is counted everywhere or nowhere, and no two
    processes count at once. Every method raises ConfigurationError or LedgerUnusable when the counts cannot be kept.
    """

    def set_window(self, bucket: str, window: WindowLimit) -> None:
        """From now on this process counts `bucket` within this window."""
        ...

    def take(self, buckets: Sequence[str], *, concurrency: int | None) -> Granted | Denied:
        """Count one request in every bucket, and as under way where `concurrency` is given; or count nothing."""
        ...

    def give_back(self, place: int) -> None:
        """The request that held this place is over."""
        ...

    def hold(self, bucket: str, milliseconds: int) -> None:
        """Nobody gets a permission in this bucket for so long. A longer hold stands."""
        ...

    def usage(self) -> Usage:
        """What is in use of the windows that are set."""
        ...

    def close(self) -> None:
        """Nothing is held open."""
        ...


def office_name(api: str, account: str) -> str:
    """What an account's counts are kept under. `account`: whatever tells the API whom to count; only its hash stays."""
    return f"{api}-{hashlib.sha256(account.encode()).hexdigest()[:16]}"
