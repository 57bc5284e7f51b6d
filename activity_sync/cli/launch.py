"""Carries one flow through Dagster, in this process and its instance: one run, or several where stretches are left out.

A first incremental sync over years of history leaves out what has no changes (`pipeline/plan.py`): its older stretches
are runs of their own, and so are the separate ranges of `--failed`. Everything else is one run.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace

import dagster as dg
from rich.console import Console

from activity_sync.activities.identity import Flow, RecordRef
from activity_sync.activities.kinds import ActivityType
from activity_sync.bootstrap import open_ledger
from activity_sync.cli.instance import dagster_instance
from activity_sync.cli.leases import holding_leases
from activity_sync.cli.running import Outcome, carry_out
from activity_sync.configuration import Configuration
from activity_sync.defs.orphans import end_orphans
from activity_sync.defs.resources import OpenCrm, open_crm
from activity_sync.defs.tasks import Days, Task, tasks_for_days, tasks_for_failed, tasks_for_news
from activity_sync.errors import ActivitySyncError, AuthenticationFailed
from activity_sync.http.shared_limits import Priority
from activity_sync.pipeline.leasing import holder_of
from activity_sync.pipeline.plan import find_news
from activity_sync.pipeline.report import COUNTS, PROPOSED
from activity_sync.pipeline.session import Session
from activity_sync.pipeline.to_create import records_to_create
from activity_sync.settings import Settings


@dataclass(frozen=True, slots=True)
class FlowRun:
    """One flow, carried. `counts`: per type, zeros included. `calls`: API calls by system.

    `error`: what stopped one or more types; the counts of the others stand. `run_ids` is empty where there was nothing
    to run. `to_create`: the source's contacts and companies of which a preview says that counterparts would be made;
    `stops`: by type, why a sync of what was previewed would stop before its first write.
    """

    flow: Flow
    run_ids: tuple[str, ...]
    counts: dict[str, dict[str, int]]
    calls: dict[str, int]
    error: ActivitySyncError | None = None
    to_create: tuple[RecordRef, ...] = ()
    stops: dict[ActivityType, str] = field(default_factory=dict)

    @property
    def types(self) -> tuple[ActivityType, ...]:
        """The types that were asked for."""
        return tuple(ActivityType(name) for name in self.counts)

    @property
    def run_id(self) -> str:
        """The last run."""
        return self.run_ids[-1]

    def total(self, name: str) -> int:
        """A count over all types."""
        return sum(counts[name] for counts in self.counts.values())


def launch(
    settings: Settings,
    configuration: Configuration,
    flow: Flow,
    types: Sequence[ActivityType],
    *,
    days: Days | None,
    wait: bool,
    console: Console,
    preview: bool = False,
    failed: bool = False,
) -> FlowRun:
    """The flow carried over the days, over what is new, or over the partitions that failed.

    A preview decides on a copy of the ledger, which goes with it. Errors before the first run are raised, with nothing
    written: ConfigurationError, AuthenticationFailed, Unreachable, LedgerUnusable, and RetriableError where another run
    holds the flow and we are not to wait. Those of a run are in the result's `error`.
    """
    with ExitStack() as stack:
        instance = stack.enter_context(dagster_instance(settings))
        end_orphans(instance)
        is_backfill = failed or days is not None
        priority: Priority = "backfill" if is_backfill else "incremental"
        crm = stack.enter_context(open_crm(settings, preview=preview, priority=priority))
        crm.run(Session.identify)
        crm.run(_confirm_fields, flow, types)
        ledger = stack.enter_context(open_ledger(settings))
        holder = crm.session.holder = holder_of(str(uuid.uuid4()))
        stack.enter_context(holding_leases(ledger, flow, types, holder=holder, wait=wait, console=console))
        outcomes: list[Outcome] = []
        tasks, broken = _tasks(instance, configuration, crm, flow, types, days=days, failed=failed)
        for task in tasks:
            # A type that failed goes no further: its watermark must not pass what was not read.
            left = tuple(kind for kind in task.types if kind not in broken)
            if not left:
                continue
            outcome = carry_out(
                replace(task, types=left),
                run_id=str(uuid.uuid4()),
                flow=flow,
                configuration=configuration,
                crm=crm,
                instance=instance,
                preview=preview,
                console=console,
            )
            broken |= outcome.errors
            outcomes.append(outcome)
        calls = Counter[str]()
        for one in outcomes:
            for kind in types:
                calls.update(crm.session.ledger.calls(one.run_id, flow.name, kind))
        run_ids = tuple(one.run_id for one in outcomes)
        to_create = records_to_create(crm.session.staging, flow, types, run_ids) if preview else ()
    return FlowRun(
        flow,
        run_ids,
        _summed(types, outcomes, preview=preview),
        dict(sorted(calls.items())),
        _error(flow, broken),
        to_create,
        {kind: why for one in outcomes for kind, why in one.stops.items()},
    )


async def _confirm_fields(session: Session, flow: Flow, types: Sequence[ActivityType]) -> None:
    for kind in types:
        try:
            await session.confirm_fields(flow, kind)
        except AuthenticationFailed:
            continue  # a type whose definitions we may not read fails by itself, and stops no other


def _tasks(
    instance: dg.DagsterInstance,
    configuration: Configuration,
    crm: OpenCrm,
    flow: Flow,
    types: Sequence[ActivityType],
    *,
    days: Days | None,
    failed: bool,
) -> tuple[list[Task], dict[ActivityType, ActivitySyncError]]:
    """What to run, and the types of which the source denies us the reading."""
    if failed:
        return tasks_for_failed(instance, configuration, flow, types, days), {}
    if days is not None:
        return tasks_for_days(configuration, types, days), {}
    news = crm.run(find_news, flow, types)
    return tasks_for_news(configuration, types, news), dict(news.denied)


def _summed(types: Sequence[ActivityType], outcomes: Sequence[Outcome], *, preview: bool) -> dict[str, dict[str, int]]:
    names = PROPOSED if preview else COUNTS
    return {
        kind.value: {name: sum(one.counts.get(kind.value, {}).get(name, 0) for one in outcomes) for name in names}
        for kind in types
    }


def _error(flow: Flow, broken: dict[ActivityType, ActivitySyncError]) -> ActivitySyncError | None:
    """The first type's error; it names all types that failed."""
    if not broken:
        return None
    error = next(iter(broken.values()))
    error.message = f"{flow.name}: {', '.join(broken)} failed, any other type was carried; {error.message}"
    return error
