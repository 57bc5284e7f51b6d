"""Staging holds what people wrote, and does not hold it for ever: files grow old, and go."""

from __future__ import annotations

from datetime import timedelta

from activity_sync.pipeline.scope import Mode, Scope
from activity_sync.pipeline.session import Session

_EVERY = timedelta(days=1)


def age_out(session: Session, scope: Scope) -> int:
    """Once a day, in an incremental run: the flow's and type's files of before `retention.staging_days`; how many.

    The run that does it holds the lease of its flow and type, so that no other run reads what it removes.
    """
    kept = timedelta(days=session.configuration.retention.staging_days)
    flow, kind, now = scope.flow.name, scope.activity_type, session.clock()
    if scope.mode is not Mode.INCREMENTAL or not session.ledger.take_turn(
        "aged_out", flow, kind, now=now, every=_EVERY
    ):
        return 0
    return session.staging.age_out(flow, kind, before=now - kept)
