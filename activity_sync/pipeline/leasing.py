"""Runs of one flow and type do not overlap, wherever they were started. This saves work; the claim is what protects."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import timedelta

from activity_sync.activities.identity import Flow
from activity_sync.activities.kinds import ActivityType
from activity_sync.errors import RetriableError
from activity_sync.ledger.processes import Holder
from activity_sync.pipeline.report import StepReport
from activity_sync.pipeline.scope import Scope
from activity_sync.pipeline.session import Session

_BEAT_SECONDS = 15.0
_LOOK = timedelta(seconds=1)


async def leased(session: Session, scope: Scope, step: Callable[[Session, Scope], Awaitable[StepReport]]) -> StepReport:
    """The step's report; it ran while this run held the lease of its flow and type.

    RetriableError when another run has kept the lease for an hour.
    """
    async with holding(session, scope.flow, scope.activity_type, session.holder or holder_of(scope.run_id)):
        return await step(session, scope)


@asynccontextmanager
async def holding(
    session: Session, flow: Flow, kind: ActivityType, holder: Holder, *, patience: timedelta = timedelta(hours=1)
) -> AsyncIterator[None]:
    """Nobody else carries the flow and type until the block ends, which must leave the event loop free for the beat.

    A lease that was the holder's before stays so. RetriableError when another has kept it for as long as `patience`.
    """
    held = session.ledger.lease_holder(flow.name, kind)
    ours_before = held is not None and held.token == holder.token  # taken for the whole run by who started it
    waited = timedelta()
    while (lease := session.ledger.acquire_lease(flow.name, kind, holder=holder, now=session.clock())) is None:
        if waited >= patience:
            raise RetriableError(
                f"another run has been carrying {flow.name}/{kind} for {patience.total_seconds() / 60:.0f} minutes; "
                "cancel it in the Dagster UI if it hangs, then start this one again"
            )
        await asyncio.sleep(_LOOK.total_seconds())
        waited += _LOOK

    async def beat() -> None:
        while True:
            await asyncio.sleep(_BEAT_SECONDS)
            lease.heartbeat(session.clock())

    heart = asyncio.create_task(beat())
    try:
        yield
    finally:
        heart.cancel()
        with suppress(asyncio.CancelledError):
            await heart
        if not ours_before:
            lease.release()


def holder_of(run_id: str) -> Holder:
    """The process that asks, holding leases in the name of a run."""
    return replace(Holder.here(), token=run_id)
