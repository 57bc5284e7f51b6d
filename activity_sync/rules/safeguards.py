"""What makes a whole run look like an accident: pure checks over its counts, before its first write.

Each has a name under which it can be overridden, and a message that says what to do. The caller raises.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From when on a run is suspicious. Both must be exceeded; the defaults are those of sync-rules.md."""

    links: int = 100
    delete_share: float = 0.20


@dataclass(frozen=True, slots=True)
class RunCounts:
    """What a run saw and means to do, of one flow and type.

    `links`: living links. `listed`: records of a listing that is complete, None when there was none. `deletes`: links
    whose source is gone. `compared`: linked records seen present in this run; `changed`: those of them with an edit.
    """

    links: int = 0
    listed: int | None = None
    deletes: int = 0
    compared: int = 0
    changed: int = 0


@dataclass(frozen=True, slots=True)
class Trip:
    """A safeguard that stops the run. `name` is its override."""

    name: str
    message: str


EMPTY_LISTING = "empty_listing"
MASS_DELETE = "mass_delete"
EVERYTHING_CHANGED = "everything_changed"
OTHER_ACCOUNT = "other_account"
NAMES = (EMPTY_LISTING, MASS_DELETE, EVERYTHING_CHANGED, OTHER_ACCOUNT)


def check_counts(
    counts: RunCounts, *, overridden: Collection[str] = (), thresholds: Thresholds | None = None
) -> tuple[Trip, ...]:
    """The safeguards that these counts trip, less the overridden ones; empty when the run may write."""
    tripped = _tripped(counts, thresholds or Thresholds())
    return tuple(trip for trip in tripped if trip.name not in overridden)


def check_account(*, system: str, expected: str | None, actual: str, overridden: Collection[str] = ()) -> Trip | None:
    """Whether the credentials open the account that the ledger belongs to. `expected` None: a new ledger."""
    if expected is None or expected == actual or OTHER_ACCOUNT in overridden:
        return None
    return Trip(
        OTHER_ACCOUNT,
        f"The ledger belongs to {system} account {expected}, the credentials open {actual}. Use the credentials of "
        f"{expected}, or a new ACTIVITY_SYNC_HOME for {actual}.",
    )


def _tripped(counts: RunCounts, thresholds: Thresholds) -> Iterator[Trip]:
    if counts.listed == 0 and counts.links:
        yield Trip(
            EMPTY_LISTING,
            f"A complete listing came back empty although {counts.links} links exist. Check the rights of the "
            f"credentials; if all records were really deleted, override safeguards.{EMPTY_LISTING}.",
        )
    if counts.deletes > thresholds.links and counts.deletes > thresholds.delete_share * counts.links:
        yield Trip(
            MASS_DELETE,
            f"{counts.deletes} of {counts.links} linked records are gone, more than {thresholds.delete_share:.0%}. "
            f"If they were deleted on purpose, override safeguards.{MASS_DELETE}.",
        )
    if counts.compared > thresholds.links and counts.changed >= counts.compared:
        yield Trip(
            EVERYTHING_CHANGED,
            f"All {counts.compared} linked records of this run changed; usually a clock, a time zone or a mapping did. "
            f"Look at a preview; if the changes are real, override safeguards.{EVERYTHING_CHANGED}.",
        )
