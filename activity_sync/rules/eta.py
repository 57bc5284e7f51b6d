"""How long a run still takes: what is left of it, at the pace seen so far, and never faster than the APIs let it. Pure.

A run is a list of works, one step of one activity type each. What a row of a step takes is expected from earlier runs
before any is seen, at the pace at which this run does what was expected of it so far; the rows that a step has done
outweigh that soon. What nobody knows stays unknown: there is no estimate until the rows are counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

EXPECTED_ROWS = 200
"""What was expected of a row counts as much as so many rows that were seen."""

NO_TIME = 1e-6
"""Seconds. Expecting less than this in all says nothing of a pace."""


@dataclass(frozen=True, slots=True)
class Work:
    """One step of one type. `rows`: how many there are in all; None as long as nobody knows.

    `seconds`: what the `done` ones took. `waited`: how long the next ones have been under way. `expected`: seconds a
    row, before any was seen; `trust`: that it holds for this run counts as much as so many seconds of it. `floor`:
    seconds that the APIs' limits demand for the rows that are left.
    """

    rows: int | None
    done: int = 0
    seconds: float = 0.0
    waited: float = 0.0
    expected: float = 0.0
    trust: float = 2.0
    floor: float = 0.0

    @property
    def left(self) -> int:
        """The rows still to be done, as far as they are known."""
        return max((self.rows or 0) - self.done, 0)


@dataclass(frozen=True, slots=True)
class Estimate:
    """From now to the end: `seconds` as it looks, `at_least` so many by the limits alone."""

    seconds: float
    at_least: float


def estimate(works: Sequence[Work]) -> Estimate | None:
    """From now until all of these are done; None while the rows of any of them are unknown."""
    if any(one.rows is None for one in works):
        return None
    pace = pace_of(works)
    return Estimate(
        seconds=sum(seconds_left(one, pace) for one in works), at_least=sum(_floor_left(one) for one in works)
    )


def pace_of(works: Sequence[Work]) -> float:
    """How much longer than expected the rows took that are done; 1 before any is."""
    took = sum(one.seconds for one in works if one.done)
    expected = sum(one.done * one.expected for one in works)
    trust = max((one.trust for one in works), default=0.0)
    return (took + trust) / (expected + trust) if expected + trust > NO_TIME else 1.0


def seconds_a_row(work: Work, pace: float) -> float:
    """What a further row takes: as expected, at this pace, until rows of this very step say otherwise."""
    took = work.seconds if work.done else 0.0
    return (EXPECTED_ROWS * work.expected * pace + took) / (EXPECTED_ROWS + work.done)


def seconds_left(work: Work, pace: float) -> float:
    """From now until the last row of this step is done."""
    return max(work.left * seconds_a_row(work, pace) - work.waited, _floor_left(work))


def least_seconds(calls: int, *, requests: int, seconds: float) -> float:
    """What so many calls take at least where any stretch of `seconds` takes `requests` of them.

    The first `requests` may go at once, so that few calls take no time.
    """
    return max(ceil(calls / requests) - 1, 0) * seconds


def share_used(calls: int, over: float, *, requests: int, seconds: float) -> float:
    """How much of such a limit so many calls were, `over` the seconds in which they were made."""
    return calls / (requests * max(over / seconds, 1.0))


def error_of(*, estimated: float, actual: float) -> float:
    """By which share of the truth an estimate was too long (or, negative, too short). `actual` is not zero."""
    return (estimated - actual) / actual


def _floor_left(work: Work) -> float:
    return max(work.floor - work.waited, 0.0) if work.left else 0.0
