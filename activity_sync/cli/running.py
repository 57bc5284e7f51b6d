"""One run of a flow's job, in this process, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import dagster as dg
from rich.console import Console

from activity_sync.activities.identity import Flow
from activity_sync.activities.kinds import ActivityType, Step
from activity_sync.cli.progress import progress
from activity_sync.configuration import Configuration
from activity_sync.defs.build import build_definitions
from activity_sync.defs.checks import BALANCE
from activity_sync.defs.failures import error_of
from activity_sync.defs.jobs import job_name, preview_job_name
from activity_sync.defs.keys import COMPLETE_TAG, HISTORY_TAG, MODE_TAG, RANGE_END_TAG, RANGE_START_TAG, keys_of
from activity_sync.defs.metadata import WOULD_STOP
from activity_sync.defs.orphans import process_tag
from activity_sync.defs.resources import OpenCrm
from activity_sync.defs.tasks import Task
from activity_sync.errors import ActivitySyncError, FatalError
from activity_sync.ledger.processes import Holder
from activity_sync.pipeline.report import COUNTS, PROPOSED
from activity_sync.pipeline.scope import Mode

# Dagster's own console log would bury our messages; the UI shows all of it.
_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


@dataclass(frozen=True, slots=True)
class Outcome:
    """One finished run. `counts`: per type, zeros included. `errors`: per type that failed, the first one.

    `stops`: per type of a preview, why a sync would stop before its first write.
    """

    run_id: str
    counts: dict[str, dict[str, int]]
    errors: dict[ActivityType, ActivitySyncError]
    stops: dict[ActivityType, str] = field(default_factory=dict)


def carry_out(
    task: Task,
    *,
    run_id: str,
    flow: Flow,
    configuration: Configuration,
    crm: OpenCrm,
    instance: dg.DagsterInstance,
    preview: bool,
    console: Console,
) -> Outcome:
    """The task as one run of the flow's job; a preview leaves out the loads. FatalError when no type is to blame."""
    steps = [step for step in Step if not (preview and step is Step.LOADED)]
    everything = set(task.types) == set(configuration.enabled(flow))
    title = f"{flow.name} {task.first}" + (f" to {task.last}" if task.last != task.first else "")
    checks = 0 if preview else len(task.types)
    with (
        progress(console, title, steps=len(task.types) * len(steps) + checks) as watch,
        crm.session.heard_by(watch.course),
    ):
        instance.add_event_listener(run_id, watch.event)
        result = (
            build_definitions(configuration, crm=crm)
            .resolve_job_def(preview_job_name(flow) if preview else job_name(flow))
            .execute_in_process(
                instance=instance,
                run_id=run_id,
                run_config=_QUIET,
                raise_on_error=False,
                asset_selection=None if everything else keys_of(configuration, flow, task.types, steps),
                tags={
                    RANGE_START_TAG: task.first,
                    RANGE_END_TAG: task.last,
                    MODE_TAG: task.mode.value,
                    **process_tag(Holder.here()),
                    **({HISTORY_TAG: "true"} if task.mode is Mode.INCREMENTAL else {}),
                    **({COMPLETE_TAG: "true"} if task.mode is Mode.INCREMENTAL and everything and not preview else {}),
                },
            )
        )
    errors = _errors(result) | _unbalanced(result)
    if not result.success and not errors:
        raise FatalError(f"run {run_id} of {flow.name} failed; open it in the Dagster UI")
    return Outcome(run_id, counted(task.types, result, preview=preview), errors, _stops(result))


def counted(
    types: Sequence[ActivityType], result: dg.ExecuteInProcessResult, *, preview: bool
) -> dict[str, dict[str, int]]:
    """Per type what its last step counted, summed over the partitions that the run materialised."""
    last, names = (Step.TRANSFORMED, PROPOSED) if preview else (Step.LOADED, COUNTS)
    counts = {kind.value: dict.fromkeys(names, 0) for kind in types}
    for event in result.all_events:
        if not event.is_step_materialization:
            continue
        materialization = event.step_materialization_data.materialization
        _, kind, step = materialization.asset_key.path
        if step == last.value:
            for name in names:
                counts[kind][name] += int(materialization.metadata[name].value or 0)  # type: ignore[arg-type]
    return counts


def _stops(result: dg.ExecuteInProcessResult) -> dict[ActivityType, str]:
    found = {}
    for event in result.all_events:
        if event.is_step_materialization:
            materialization = event.step_materialization_data.materialization
            if WOULD_STOP in materialization.metadata:
                found[ActivityType(materialization.asset_key.path[1])] = str(materialization.metadata[WOULD_STOP].value)
    return found


def _errors(result: dg.ExecuteInProcessResult) -> dict[ActivityType, ActivitySyncError]:
    """Per type the first step's failure."""
    found: dict[ActivityType, ActivitySyncError] = {}
    for event in result.all_events:
        error = error_of(event, result.run_id)
        if error is not None and event.step_key is not None:
            found.setdefault(ActivityType(event.step_key.split("__")[1]), error)
    return found


def _unbalanced(result: dg.ExecuteInProcessResult) -> dict[ActivityType, ActivitySyncError]:
    """Per type the balance that does not hold."""
    return {
        ActivityType(one.asset_key.path[1]): FatalError(
            f"{one.description} [{one.asset_key.to_user_string()}, run {result.run_id}]"
        )
        for one in result.get_asset_check_evaluations()
        if one.check_name == BALANCE and not one.passed  # what failed and waits, the counts say
    }
