"""Launches one run of a flow through Dagster, in this process and its instance."""

from __future__ import annotations

import threading
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime

import dagster as dg
from rich.console import Console

from activity_sync import errors
from activity_sync.activities.identity import Flow
from activity_sync.activities.kinds import ActivityType, Step
from activity_sync.bootstrap import open_ledger
from activity_sync.cli.instance import dagster_instance
from activity_sync.configuration import Configuration
from activity_sync.defs.assets import MODE_TAG, keys_of
from activity_sync.defs.build import build_definitions
from activity_sync.defs.jobs import job_name
from activity_sync.defs.partitions import covering, partitions_definition
from activity_sync.defs.resources import open_crm
from activity_sync.errors import ActivitySyncError, ConfigurationError, FatalError, RetriableError
from activity_sync.ledger.ledger import Ledger
from activity_sync.pipeline.leasing import holder_of
from activity_sync.pipeline.plan import days_to_read
from activity_sync.pipeline.report import COUNTS
from activity_sync.pipeline.scope import Mode
from activity_sync.pipeline.session import Session
from activity_sync.settings import Settings

_BEAT_SECONDS = 15.0
_LOOK_SECONDS = 0.5
_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


@dataclass(frozen=True, slots=True)
class FlowRun:
    """One finished run. `counts`: the nine counts per type, zeros included. `calls`: API calls by system."""

    flow: Flow
    run_id: str
    counts: dict[str, dict[str, int]]
    calls: dict[str, int]

    def total(self, name: str) -> int:
        """A count over all types."""
        return sum(counts[name] for counts in self.counts.values())


def launch(
    settings: Settings,
    configuration: Configuration,
    flow: Flow,
    types: Sequence[ActivityType],
    *,
    days: tuple[date, date] | None,
    wait: bool,
    console: Console,
) -> FlowRun:
    """One run of the flow's job over the days, or over what is new. FatalError and RetriableError when it failed."""
    run_id = str(uuid.uuid4())
    mode = Mode.INCREMENTAL if days is None else Mode.WHOLE
    with ExitStack() as stack:
        ledger = stack.enter_context(open_ledger(settings))
        stack.enter_context(_holding_leases(ledger, flow, types, run_id, wait=wait, console=console))
        crm = stack.enter_context(open_crm(settings))
        first, last = days or crm.run(_incremental_days, flow, types)
        keys = covering(partitions_definition(configuration), first, last)
        if keys is None:
            raise ConfigurationError(
                f"no partition holds {first} to {last}; partitions begin on {configuration.start_date}",
                setting="start_date",
            )
        instance = stack.enter_context(dagster_instance(settings))
        stack.enter_context(console.status(f"{flow.name}: {keys.start} to {keys.end}, run {run_id}"))
        result = (
            build_definitions(configuration, crm=crm)
            .resolve_job_def(job_name(flow))
            .execute_in_process(
                instance=instance,
                run_id=run_id,
                run_config=_QUIET,
                raise_on_error=False,
                asset_selection=None
                if set(types) == set(configuration.enabled(flow))
                else keys_of(configuration, flow, types),
                tags={
                    "dagster/asset_partition_range_start": keys.start,
                    "dagster/asset_partition_range_end": keys.end,
                    MODE_TAG: mode.value,
                },
            )
        )
        if not result.success:
            raise _systemic(flow, run_id, result)
        calls = Counter[str]()
        for kind in types:
            calls.update(ledger.calls(run_id, flow.name, kind))
    return FlowRun(flow, run_id, _counts(types, result), dict(sorted(calls.items())))


async def _incremental_days(session: Session, flow: Flow, types: Sequence[ActivityType]) -> tuple[date, date]:
    await session.identify()
    return await days_to_read(session, flow, types)


def _counts(types: Sequence[ActivityType], result: dg.ExecuteInProcessResult) -> dict[str, dict[str, int]]:
    """The nine counts per type, summed over the partitions that the run materialised."""
    counts = {kind.value: dict.fromkeys(COUNTS, 0) for kind in types}
    for event in result.all_events:
        if not event.is_step_materialization:
            continue
        materialization = event.step_materialization_data.materialization
        _, kind, step = materialization.asset_key.path
        if step == Step.LOADED.value:
            for name in COUNTS:
                counts[kind][name] += int(materialization.metadata[name].value or 0)  # type: ignore[arg-type]
    return counts


def _systemic(flow: Flow, run_id: str, result: dg.ExecuteInProcessResult) -> ActivitySyncError:
    """What stopped the run, as the error it was: the step, and the first cause's own message."""
    for event in result.all_events:
        if event.is_step_failure or event.is_failure:
            data = event.event_specific_data
            info = getattr(data, "error", None)
            while info is not None and info.cause is not None:
                info = info.cause
            if info is None:
                continue
            kind = getattr(errors, info.cls_name or "", FatalError)
            message = (info.message or "").strip().removeprefix(f"activity_sync.errors.{info.cls_name}: ")
            where = event.step_key or job_name(flow)
            return kind(f"{message} [{where}, run {run_id}]")
    return FatalError(f"run {run_id} of {flow.name} failed; open it in the Dagster UI")


@contextmanager
def _holding_leases(
    ledger: Ledger,
    flow: Flow,
    types: Sequence[ActivityType],
    run_id: str,
    *,
    wait: bool,
    console: Console,
) -> Iterator[None]:
    """The run's flow and types are ours until the block ends; a thread keeps the leases alive meanwhile."""
    holder = holder_of(run_id)
    stop = threading.Event()
    with ExitStack() as stack:
        leases = []
        for kind in types:  # always in one order, so that two commands never wait for each other
            said = False
            while (lease := ledger.acquire_lease(flow.name, kind, holder=holder, now=datetime.now(tz=UTC))) is None:
                if not wait:
                    raise RetriableError(
                        f"another run is carrying {flow.name}/{kind.value}; wait for it, or leave out --no-wait"
                    )
                if not said:
                    console.print(f"waiting for the run that is carrying {flow.name}/{kind.value}")
                    said = True
                stop.wait(_LOOK_SECONDS)
            stack.callback(lease.release)
            leases.append(lease)

        def beat() -> None:
            while not stop.wait(_BEAT_SECONDS):
                for lease in leases:
                    lease.heartbeat(datetime.now(tz=UTC))

        heart = threading.Thread(target=beat, daemon=True, name="lease-heartbeat")
        heart.start()
        stack.callback(heart.join)
        stack.callback(stop.set)
        yield
