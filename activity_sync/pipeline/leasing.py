"""Runs of one flow and type do not overlap, wherever they were started. This saves work; the claim is what protects."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace

from activity_sync.errors import RetriableError
from activity_sync.ledger.processes import Holder
from activity_sync.pipeline.report import StepReport
from activity_sync.pipeline.scope import Scope
from activity_sync.pipeline.session import Session

_BEAT_SECONDS = 15.0
_LOOK_SECONDS = 1.0
_PATIENCE_SECONDS = 3600.0


async def leased(session: Session, scope: Scope, step: Callable[[Session, Scope], Awaitable[StepReport]]) -> StepReport:
    """The step's report; it ran while this run held the lease of its flow and type.

    RetriableError when another run has kept the lease for an hour.
    """
    holder = session.holder or holder_of(scope.run_id)
    held = session.ledger.lease_holder(scope.flow.name, scope.activity_type)
    ours_before = held is not None and held.token == holder.token  # taken for the whole run by who started it
    waited = 0.0
    while (
        lease := session.ledger.acquire_lease(scope.flow.name, scope.activity_type, holder=holder, now=session.clock())
    ) is None:
        if waited >= _PATIENCE_SECONDS:
            raise RetriableError(
                f"another run has been carrying {scope.flow.name}/{scope.activity_type} for an hour; cancel it in the "
                "Dagster UI if it hangs, then start this one again"
            )
        await asyncio.sleep(_LOOK_SECONDS)
        waited += _LOOK_SECONDS

    async def beat() -> None:
        while True:
            await asyncio.sleep(_BEAT_SECONDS)
            lease.heartbeat(session.clock())

    heart = asyncio.create_task(beat())
    try:
        return await step(session, scope)
    finally:
        heart.cancel()
        with suppress(asyncio.CancelledError):
            await heart
        if not ours_before:
            lease.release()


def holder_of(run_id: str) -> Holder:
    """The process that asks, holding leases in the name of a run."""
    return replace(Holder.here(), token=run_id)
