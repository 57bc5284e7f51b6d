"""One pool per flow, of one run: the queue lets no two runs of a flow into it at the same time.

This saves waiting runs their process. The lease covers runs that bypass the queue, and correctness rests on neither.
"""

from __future__ import annotations

import dagster as dg

from activity_sync.activities.identity import Flow
from activity_sync.configuration import FLOWS


def pool_of(flow: Flow) -> str:
    """The pool that every step of a flow belongs to."""
    return f"carry_{flow.name}"


def limit_pools(instance: dg.DagsterInstance) -> None:
    """Every flow's pool holds one run, unless somebody has set another limit.

    Said explicitly, since Dagster's default limit is not known to the first look of a new instance's queue.
    """
    storage = instance.event_log_storage
    if not storage.supports_global_concurrency_limits:
        return
    known = {one.name for one in storage.get_pool_limits()}
    for flow in FLOWS:
        if pool_of(flow) not in known:
            storage.set_concurrency_slots(pool_of(flow), 1)
