"""What a step tells of itself while it runs: its rows and its pace, written into the ledger at a bounded rate.

So `status`, the UI's log and the terminal can say how far a run is and when it will be done. A step of few rows that
takes only seconds is not worth a write, and makes none.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import datetime
from math import ceil
from typing import Any, Final

from activity_sync.activities.kinds import Step
from activity_sync.errors import LedgerUnusable
from activity_sync.ledger.processes import Holder
from activity_sync.ledger.progress import StepProgress, StepState
from activity_sync.pipeline.progress import Foreseen, courses_of, foreseen, in_order, rows_of
from activity_sync.pipeline.scope import Scope
from activity_sync.pipeline.session import Session
from activity_sync.systems.records import Expected

WRITTEN_EVERY_SECONDS = 2.0
"""A step writes its progress at most so often, its beginning and its end aside."""

FEW_ROWS = 100
SOON_SECONDS = 10.0
"""Few rows are told of only when they take longer than this."""

_BEAT_SECONDS = 15.0

LEARNT_FROM_ROWS = 500
"""Of fewer rows, what a step takes besides them would be learnt as theirs."""

UNSEEN_SECONDS_A_ROW: Final[Mapping[Step, float]] = {
    Step.EXTRACTED: 0.0028,
    Step.RESOLVED: 0.0014,
    Step.TRANSFORMED: 0.0047,
    Step.LOADED: 0.0062,
}
"""How the steps compare, until an installation has seen its own: measured with 4,000 e-mails.

The estimate scales them by the pace of the run, so it is their relation to each other that counts.
"""


def unheard(rows: int) -> None:
    """Nobody counts what is written."""


UNSEEN_TRUST_SECONDS = 2.0
LEARNT_TRUST_SECONDS = 60.0
"""For how long a run believes what was expected of it: where steps were compared elsewhere, and where they were seen.

That a step which waits for an API is slow today says little of one that works by itself, where its own rate is known.
"""


class Watch:
    """One step under way. `clock` gives seconds that only grow."""

    def __init__(
        self, session: Session, scope: Scope, step: Step, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._session = session
        self._scope = scope
        self._clock = clock
        self._began = clock()
        self._written: float | None = None
        self._calls: Mapping[str, int] = {}
        self._calls_for = 0
        self._rates = session.ledger.rates(scope.flow.name, scope.activity_type)
        self._steps = {one.step: one for one in in_order(self._of_this_run())}
        self._is_told = bool(self._steps)
        now = session.clock()
        if step is Step.EXTRACTED:  # what was said of the steps before they began is said anew
            self._steps = {}
        own = self._steps.get(step) or self._fresh(step, now)
        self._own = replace(own, state=StepState.UNDER_WAY, done=0, seconds=0.0, began_at=now, updated_at=now)
        self._foreseen: dict[Step, int] = {}
        self._traffic_before = session.traffic()
        self.foreseen: Foreseen | None = None

    @property
    def rows(self) -> int | None:
        """The step's rows in all, as far as anybody knows; its own, or those of the step before it."""
        steps = in_order({**self._steps, self._own.step: self._own}.values())
        return rows_of(steps, next(number for number, one in enumerate(steps) if one.step is self._own.step))

    def expect(self, rows: int) -> None:
        """The step has so many rows."""
        self._own = replace(self._own, known=rows)
        self._tell(at_once=rows >= FEW_ROWS)

    def expect_read(self, expected: Expected) -> None:
        """The step reads what the source says a window holds, at the price of these calls."""
        self._calls, self._calls_for = expected.calls, expected.records
        self.expect((self._own.known or 0) + expected.records)

    def announce(self, expected: Expected) -> None:
        """The step will read so much once the run gets to it; few rows are not worth the words.

        Nothing is said where another run of the type is under way: this one does not have the lease yet.
        """
        if expected.records < FEW_ROWS or self._is_told_of_another():
            return
        self._calls, self._calls_for = expected.calls, expected.records
        self._own = replace(self._own, state=StepState.AHEAD, known=expected.records)
        self._write()

    def _is_told_of_another(self) -> bool:
        now = self._session.clock()
        return any(one.run_id != self._scope.run_id and one.is_alive(now) for one in self._of_this_type())

    def advance(self, rows: int) -> None:
        """So many more rows are done."""
        if not rows:
            return
        self._own = replace(
            self._own,
            done=self._own.done + rows,
            seconds=self._clock() - self._began,
            updated_at=self._session.clock(),
        )
        self._tell()

    def foresee(self, step: Step, rows: int) -> None:
        """A later step will have so many rows, as it looks by now."""
        self._foreseen[step] = rows

    def end(self) -> None:
        """The step is done. What its rows took is remembered, and the run is, if this was its last step."""
        own = self._own
        self._own = replace(own, state=StepState.ENDED, known=own.done, floor=0.0, updated_at=self._session.clock())
        self.foreseen = foreseen([*self._steps.values(), own], self._own.updated_at)
        flow, kind, ledger = self._scope.flow.name, self._scope.activity_type, self._session.ledger
        if own.done >= LEARNT_FROM_ROWS:
            ledger.learn_rate(flow, kind, own.step, rows=own.done, seconds=own.seconds)
        if not self._is_told:
            return
        if own.step is self._scope.steps[-1]:
            ledger.forget_progress(flow, kind)
        else:
            self._tell(at_once=True)

    def beat(self) -> None:
        """The run lives, whatever its present rows take."""
        if self._is_told:
            self._session.ledger.beat(self._scope.run_id, self._session.clock())

    def drop(self) -> None:
        """The step has failed: nobody is to wait for the run's end."""
        if self._is_told:
            self._session.ledger.forget_progress(self._scope.flow.name, self._scope.activity_type)

    def _tell(self, *, at_once: bool = False) -> None:
        now = self._clock()
        if self._written is None:
            # Few rows are told of when they take their time; many at once.
            few = max(self._own.known or 0, self._own.done) < FEW_ROWS
            if few and not self._is_told and now - self._began < SOON_SECONDS:
                return
        elif not at_once and now - self._written < WRITTEN_EVERY_SECONDS:
            return
        self._written = now
        self._write()
        self._say()

    def _write(self) -> None:
        session, scope = self._session, self._scope
        now = session.clock()
        if not self._is_told:
            # Whatever else is written of the flow and type is of a run that died: this one has the lease, or looked.
            session.ledger.forget_progress(scope.flow.name, scope.activity_type)
        self._is_told = True
        ahead = scope.steps[scope.steps.index(self._own.step) + 1 :] if self._own.step in scope.steps else ()
        self._steps |= {step: self._fresh(step, now) for step in ahead if step not in self._steps}
        self._steps |= {
            step: replace(self._steps[step], known=rows) for step, rows in self._foreseen.items() if step in self._steps
        }
        self._own = self._steps[self._own.step] = replace(self._own, beat_at=now, traffic=self._traffic())
        steps = in_order(self._steps.values())
        told = [
            replace(one, floor=self._floor(one, rows_of(steps, number)))
            for number, one in enumerate(steps)
            if one.step is self._own.step or one.state is StepState.AHEAD
        ]
        session.ledger.note_progress(told)

    def _say(self) -> None:
        session, scope = self._session, self._scope
        now = session.clock()
        course = courses_of(session.ledger.progress(scope.flow.name), now).get(scope.activity_type)
        if course is None:
            return
        if course.ends_at is not None and all(one.estimated_at is None for one in self._steps.values()):
            self._own = replace(self._own, estimated_at=now, estimated_end=course.ends_at)
            session.ledger.note_progress([replace(self._own, floor=self._floor(self._own, course.known))])
        for listener in session.listeners:
            listener(course)

    def _traffic(self) -> dict[str, Any]:
        """What this step has asked of each system, and how much of its limits that was."""
        over = self._clock() - self._began
        told = {}
        for name, system in self._session.systems.items():
            made = system.traffic - self._traffic_before[name]
            told[name] = {
                "calls": sum(made.calls.values()),
                "share_of_limit": system.share_used(made.calls, over),
                "throttled": made.throttled,
            }
        return told

    def _floor(self, one: StepProgress, rows: int | None) -> float:
        """The seconds that the limits demand for what is left of a step; what nobody has planned costs no calls."""
        left = max((rows or 0) - one.done, 0)
        if one.step is Step.EXTRACTED and self._calls_for:
            share = min(left / self._calls_for, 1.0)
            calls = {lane: ceil(number * share) for lane, number in self._calls.items()}
            return self._session.source(self._scope).least_seconds(calls)
        if one.step is Step.LOADED:
            target = self._session.target(self._scope)
            return target.least_seconds({"default": ceil(left / target.writer.batch_size)})
        return 0.0

    def _fresh(self, step: Step, now: datetime) -> StepProgress:
        scope = self._scope
        rate = self._rates.get(step)
        return StepProgress(
            run_id=scope.run_id,
            flow=scope.flow.name,
            activity_type=scope.activity_type,
            step=step,
            state=StepState.AHEAD,
            holder=replace(Holder.here(), token=scope.run_id),
            began_at=now,
            updated_at=now,
            beat_at=now,
            expected=UNSEEN_SECONDS_A_ROW[step] if rate is None else rate.seconds_a_row,
            trust=UNSEEN_TRUST_SECONDS if rate is None else LEARNT_TRUST_SECONDS,
        )

    def _of_this_run(self) -> list[StepProgress]:
        return [one for one in self._of_this_type() if one.run_id == self._scope.run_id]

    def _of_this_type(self) -> list[StepProgress]:
        scope = self._scope
        written = self._session.ledger.progress(scope.flow.name)
        return [one for one in written if one.activity_type is scope.activity_type]


@asynccontextmanager
async def watching(session: Session, scope: Scope, step: Step) -> AsyncIterator[Watch]:
    """The step's progress is known while the block runs, and its API calls are booked to the run's flow and type."""
    async with session.counting(scope, step):
        watch = Watch(session, scope, step)
        heart = asyncio.create_task(_beating(watch))
        try:
            session.advance = watch.advance if step is Step.LOADED else unheard
            yield watch
        except BaseException:
            with suppress(LedgerUnusable):  # what broke the ledger is being told already
                watch.drop()
            raise
        finally:
            session.advance = unheard
            heart.cancel()
            with suppress(asyncio.CancelledError):
                await heart
        watch.end()


async def _beating(watch: Watch) -> None:
    while True:
        await asyncio.sleep(_BEAT_SECONDS)
        watch.beat()
