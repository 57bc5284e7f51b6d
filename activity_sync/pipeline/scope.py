"""What one execution of a step covers: flow, type, run and partitions."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum

from activity_sync.activities.identity import Flow
from activity_sync.activities.kinds import ActivityType, Step
from activity_sync.systems.records import Window


class Mode(StrEnum):
    """How much a run reads: the full window of its partitions, or what is new since the watermark."""

    WHOLE = "whole"
    INCREMENTAL = "incremental"


@dataclass(frozen=True, slots=True)
class Partitions:
    """A contiguous, non-empty range of partitions, oldest first.

    `keys` are the UTC days on which the partitions begin, `YYYY-MM-DD`; `window` is the time they cover together.
    """

    keys: tuple[str, ...]
    window: Window

    @property
    def first(self) -> str:
        """The oldest partition's key."""
        return self.keys[0]

    @property
    def last(self) -> str:
        """The newest partition's key: where what fell due is staged."""
        return self.keys[-1]

    def of(self, moment: datetime) -> str | None:
        """The partition a modification time falls into; None outside the window."""
        if not self.window.start <= moment < self.window.end:
            return None
        return self.keys[bisect_right(self.keys, moment.astimezone(UTC).date().isoformat()) - 1]


@dataclass(frozen=True, slots=True)
class Scope:
    """One step's share of a run.

    `own_input`: the step before ran in this run too, so read only its rows. `covers_history`: an incremental run
    without a watermark begins at the source's oldest change, so that nothing older is left out. `steps`: those that
    the run does for this flow and type, in their order. `ahead`: of the first type that a run reads, those that it
    carries after it.
    """

    flow: Flow
    activity_type: ActivityType
    run_id: str
    partitions: Partitions
    mode: Mode = Mode.WHOLE
    own_input: bool = True
    covers_history: bool = True
    steps: tuple[Step, ...] = tuple(Step)
    ahead: tuple[ActivityType, ...] = ()

    @property
    def input_run(self) -> str | None:
        """The run whose rows to read; None for the newest of each record."""
        return self.run_id if self.own_input else None


def day_of(moment: datetime) -> str:
    """The UTC day of a moment, `YYYY-MM-DD`."""
    return moment.astimezone(UTC).date().isoformat()


def midnight(day: date) -> datetime:
    """The UTC moment at which a day begins."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
