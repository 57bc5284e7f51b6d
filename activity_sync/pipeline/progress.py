"""How far a run has come with each type and when that will be done, read from what it writes into the ledger.

The run itself, `status` and anybody else read the same rows, and so tell the same.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from activity_sync.activities.kinds import ActivityType, Step
from activity_sync.ledger.progress import Rate, StepProgress, StepState
from activity_sync.rules.eta import Work, error_of, estimate

_NEAR = timedelta(minutes=10)
_ORDER = {step: number for number, step in enumerate(Step)}


@dataclass(frozen=True, slots=True)
class Course:
    """Where a run is with one type. `step`: the one it is at; `done` of its `known` rows, None if nobody can tell.

    `rate`: rows a second in this step, None before the first ones. `left`: rows that have not come through the last
    step. `ends_at`: when that will have happened, `not_before` by the APIs' limits alone; None where nobody can tell.
    `traffic`: by system, what this step has asked of it.
    """

    run_id: str
    activity_type: ActivityType
    step: Step
    done: int
    known: int | None
    rate: float | None
    left: int
    began_at: datetime
    ends_at: datetime | None
    not_before: datetime | None
    traffic: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What a run's first estimate said, in seconds from the run's beginning, and what it came to."""

    estimated: float
    took: float

    @property
    def error(self) -> float:
        """By which share of what it took the estimate was too long, or, negative, too short."""
        return error_of(estimated=self.estimated, actual=self.took)


def courses_of(rows: Iterable[StepProgress], now: datetime) -> dict[ActivityType, Course]:
    """By type, what the living runs of a flow are about. Of two runs of one type, the one that wrote last."""
    runs: defaultdict[str, list[StepProgress]] = defaultdict(list)
    for row in rows:
        if row.is_alive(now):
            runs[row.run_id].append(row)
    found: dict[ActivityType, Course] = {}
    for run in sorted(runs.values(), key=lambda run: max(row.updated_at for row in run)):
        steps = in_order(run)
        found |= {kind: _course(kind, steps, now) for kind in {one.activity_type for one in steps}}
    return found


def end_of(backlog: int, rates: Mapping[Step, Rate], now: datetime) -> datetime | None:
    """When so many rows would be through all steps if a run began now; None where earlier runs do not tell."""
    if len(rates) < len(Step):
        return None
    found = estimate([Work(backlog, expected=rates[step].seconds_a_row) for step in Step])
    return None if found is None else now + timedelta(seconds=found.seconds)


def foreseen(steps: Sequence[StepProgress], ended: datetime) -> Foreseen | None:
    """What became of the first estimate for one type of a run; None where nobody made one."""
    made = [one for one in steps if one.estimated_at is not None and one.estimated_end is not None]
    if not made:
        return None
    began = min(one.began_at for one in steps)
    first = min(made, key=lambda one: one.estimated_at or ended)
    estimated, took = ((end - began).total_seconds() for end in (first.estimated_end or ended, ended))
    return Foreseen(estimated, took) if took > 0 else None


def told(course: Course, now: datetime) -> str:
    """A course in a line, for people. Times are UTC."""
    parts = [f"{course.step.replace('_', ' ')}: {told_rows(course.done, course.known)}"]
    if course.rate is not None:
        parts.append(f"{course.rate:,.0f}/s" if course.rate >= 10 else f"{course.rate:.1f}/s")
    if course.ends_at is not None:
        parts.append(f"done about {told_time(course.ends_at, now)}")
    line = ", ".join(parts)
    if course.not_before is not None and course.not_before > now:
        line += f"; not before {told_time(course.not_before, now)} at the APIs' limits"
    return line


def told_rows(done: int, known: int | None) -> str:
    """How many of how many, for people."""
    return f"{done:,} rows" if known is None else f"{done:,} of {max(known, done):,} rows"


def told_time(moment: datetime, now: datetime) -> str:
    """A time in UTC, for people: with its day where that is not today, to the second where it is near."""
    there, here = moment.astimezone(UTC), now.astimezone(UTC)
    if there.date() != here.date():
        return f"{there:%Y-%m-%d %H:%M} UTC"
    return f"{there:%H:%M:%S} UTC" if abs(there - here) < _NEAR else f"{there:%H:%M} UTC"


def in_order(run: Iterable[StepProgress]) -> list[StepProgress]:
    """The steps of one run as they are done: all of one type, by name, before those of the next one."""
    return sorted(run, key=lambda row: (row.activity_type.value, _ORDER[row.step]))


def rows_of(steps: Sequence[StepProgress], number: int) -> int | None:
    """The rows of one of these steps: its own, or as many as come from the step before it."""
    one = steps[number]
    if one.known is not None or one.state is StepState.ENDED:
        return max(one.known or 0, one.done)
    before = [at for at in range(number) if steps[at].activity_type is one.activity_type]
    return rows_of(steps, before[-1]) if before else None


def _course(kind: ActivityType, steps: Sequence[StepProgress], now: datetime) -> Course:
    mine = [number for number, one in enumerate(steps) if one.activity_type is kind]
    # What comes after this type's last step is not waited for.
    works = [_work(steps, number, now) for number in range(mine[-1] + 1)]
    found = estimate(works)
    at = next((number for number in mine if steps[number].state is not StepState.ENDED), mine[-1])
    one = steps[at]
    last = works[mine[-1]]
    return Course(
        run_id=one.run_id,
        activity_type=kind,
        step=one.step,
        done=one.done,
        known=works[at].rows,
        rate=one.done / one.seconds if one.done and one.seconds > 0 else None,
        left=last.left,
        began_at=min(steps[number].began_at for number in mine),
        ends_at=None if found is None else now + timedelta(seconds=found.seconds),
        not_before=None if found is None else now + timedelta(seconds=found.at_least),
        traffic=one.traffic,
    )


def _work(steps: Sequence[StepProgress], number: int, now: datetime) -> Work:
    one = steps[number]
    waited = (now - one.updated_at).total_seconds() if one.state is StepState.UNDER_WAY else 0.0
    return Work(
        rows=one.done if one.state is StepState.ENDED else rows_of(steps, number),
        done=one.done,
        seconds=one.seconds,
        waited=max(waited, 0.0),
        expected=one.expected,
        trust=one.trust,
        floor=one.floor,
    )
