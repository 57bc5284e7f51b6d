"""How far a run has come, in its log: a line as soon as there is something to say of a step, then one now and then."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable

from activity_sync.pipeline.progress import Course, told
from activity_sync.pipeline.report import StepReport
from activity_sync.pipeline.scope import Scope
from activity_sync.pipeline.session import Session

SAID_EVERY_SECONDS = 30.0


async def aloud(
    say: Callable[[str], None],
    step: Callable[[Session, Scope], Awaitable[StepReport]],
    session: Session,
    scope: Scope,
    *,
    clock: Callable[[], float] = time.monotonic,
) -> StepReport:
    """The step's report; while it ran, `say` was given a line every half minute. Few rows are not worth one."""
    said: float | None = None

    def hear(course: Course) -> None:
        nonlocal said
        if said is None or clock() - said >= SAID_EVERY_SECONDS:
            said = clock()
            say(told(course, session.clock()))

    with session.heard_by(hear):
        return await step(session, scope)
