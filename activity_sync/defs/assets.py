"""The assets `[flow, activity_type, step]`: four per type and flow, each the pipeline's function of its step."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import lru_cache, partial
from typing import Any

import dagster as dg

from activity_sync.activities.identity import Flow
from activity_sync.activities.kinds import ActivityType, Step
from activity_sync.configuration import FLOWS, Configuration
from activity_sync.defs.failures import failure_of
from activity_sync.defs.keys import FLOW_TAG, HISTORY_TAG, MODE_TAG, PREVIEW_TAG, PRIORITY_TAG, asset_key, executes
from activity_sync.defs.metadata import (
    WOULD_STOP,
    Asked,
    column_schema,
    names_of,
    of_newest,
    preview_metadata,
    traffic_metadata,
)
from activity_sync.defs.partitions import partitions_definition, partitions_of
from activity_sync.defs.pools import pool_of
from activity_sync.defs.resources import Crm
from activity_sync.defs.telling import aloud
from activity_sync.errors import ActivitySyncError
from activity_sync.pipeline.extract import extract
from activity_sync.pipeline.foresight import would_stop
from activity_sync.pipeline.leasing import leased
from activity_sync.pipeline.load import load
from activity_sync.pipeline.preview import lines_of
from activity_sync.pipeline.report import RECORDS, StepReport
from activity_sync.pipeline.resolve import resolve
from activity_sync.pipeline.scope import Mode, Scope
from activity_sync.pipeline.session import Session
from activity_sync.pipeline.transform import transform
from activity_sync.systems.registry import SYSTEMS

_DO: dict[Step, Callable[[Session, Scope], Awaitable[StepReport]]] = {
    Step.EXTRACTED: extract,
    Step.RESOLVED: resolve,
    Step.TRANSFORMED: transform,
    Step.LOADED: load,
}
_SAYS = {
    Step.EXTRACTED: "What changed in {source} in this window, as its API gave it, with its associations.",
    Step.RESOLVED: "For every record an activity hangs on: the record in {target}, and the rule that found it.",
    Step.TRANSFORMED: "The decision for each activity, and the exact body that would be sent to {target}.",
    Step.LOADED: "The writes to {target}: one row per activity with its outcome, both ids, and the API's answer.",
}


@lru_cache(maxsize=1)
def activity_assets(configuration: Configuration) -> tuple[dg.AssetsDefinition, ...]:
    """The assets of every flow and type that is on.

    Kept: a command makes definitions for every run of it, and these are most of their time.
    """
    return tuple(
        _asset(configuration, flow, activity_type, step)
        for flow in FLOWS
        for activity_type in configuration.enabled(flow)
        for step in Step
    )


def _asset(configuration: Configuration, flow: Flow, activity_type: ActivityType, step: Step) -> dg.AssetsDefinition:
    steps = list(Step)
    before = steps[steps.index(step) - 1] if step is not Step.EXTRACTED else None
    key = asset_key(flow, activity_type, step)

    @dg.asset(
        key=key,
        deps=[asset_key(flow, activity_type, before)] if before else [],
        partitions_def=partitions_definition(configuration),
        backfill_policy=dg.BackfillPolicy.multi_run(configuration.limits.max_partitions_per_run),
        group_name=flow.name,
        pool=pool_of(flow),
        op_tags={PRIORITY_TAG: str(priority_of(activity_type, step))},
        description=_SAYS[step].format(source=SYSTEMS[flow.source].label, target=SYSTEMS[flow.target].label),
        # Dagster's graph names an asset by its last part: without the kind, five boxes would look the same.
        kinds={activity_type.value, "duckdb", "parquet"},
        owners=["team:revops"],
        metadata={"dagster/column_schema": column_schema(step)},
        tags={FLOW_TAG: flow.name, "activity_sync/type": activity_type.value},
        freshness_policy=freshness_of(configuration) if step is Step.LOADED else None,
    )
    def step_asset(context: dg.AssetExecutionContext, crm: Crm) -> None:
        scope = scope_of(context, configuration, flow, activity_type, before)
        if before is not None and not scope.own_input:
            refuse_without_input(context, configuration, asset_key(flow, activity_type, before))
        report = StepReport(scope)
        try:
            do = partial(load, report=report) if step is Step.LOADED else _DO[step]
            report = crm.run(leased, scope, partial(aloud, context.log.info, do))
        except ActivitySyncError as error:
            # What a fault leaves undone is marked as failed by Dagster, and only that.
            told = metadata_of(report, step, crm.run(asked_so_far, scope)) if report.finished else {}
            for partition in report.finished:
                context.log_event(dg.AssetMaterialization(key, partition=partition, metadata=told[partition]))
            raise failure_of(error) from error
        told = metadata_of(report, step, crm.run(asked_so_far, scope))
        if step is Step.TRANSFORMED and PREVIEW_TAG in context.run.tags:
            told[scope.partitions.last] |= crm.run(previewed, scope)
        for partition, metadata in told.items():
            context.add_asset_metadata(metadata, partition_key=partition)

    return step_asset


def priority_of(activity_type: ActivityType, step: Step) -> int:
    """Of the steps that are ready, Dagster takes the one with the highest: types go by name, each to its end.

    So what was read waits for its own type's steps alone. The checks, which have none, come last.
    """
    types = sorted(ActivityType, reverse=True)
    return (list(Step).index(step) + 1) * len(types) + types.index(activity_type)


def freshness_of(configuration: Configuration) -> dg.FreshnessPolicy | None:
    """Where Dagster starts the passes itself, what three of them left out is late, and ten of them is stale.

    None where somebody else starts them, in their own time.
    """
    if not configuration.automation.enabled:
        return None
    between = timedelta(minutes=configuration.automation.pass_minutes)
    return dg.FreshnessPolicy.time_window(warn_window=3 * between, fail_window=10 * between)


def scope_of(
    context: dg.AssetExecutionContext,
    configuration: Configuration,
    flow: Flow,
    activity_type: ActivityType,
    before: Step | None,
) -> Scope:
    """What this execution covers. A step that runs without the one before it takes the newest rows of each record."""
    if not context.partition_keys:
        raise dg.Failure(
            "the run's partition range is empty: its first partition lies after its last", allow_retries=False
        )
    read = sorted(
        kind for kind in configuration.enabled(flow) if executes(context.run, asset_key(flow, kind, Step.EXTRACTED))
    )
    return Scope(
        flow=flow,
        activity_type=activity_type,
        run_id=context.run.run_id,
        partitions=partitions_of(
            sorted(context.partition_keys), context.partition_time_window, configuration.start_date
        ),
        mode=Mode(context.run.tags.get(MODE_TAG, Mode.WHOLE.value)),
        covers_history=HISTORY_TAG in context.run.tags,
        own_input=before is None or executes(context.run, asset_key(flow, activity_type, before)),
        steps=tuple(
            step
            for step in Step
            if executes(context.run, asset_key(flow, activity_type, step))
            and not (step is Step.LOADED and PREVIEW_TAG in context.run.tags)
        ),
        ahead=tuple(read[1:]) if read and read[0] is activity_type else (),
    )


def refuse_without_input(context: dg.AssetExecutionContext, configuration: Configuration, before: dg.AssetKey) -> None:
    """A step that runs alone has what to work on: the step before has succeeded in each partition.

    Else it would find no rows, do nothing, and turn green a partition whose activities nobody has carried. Raises
    dg.Failure.
    """
    keys = sorted(context.partition_keys)
    status = context.instance.get_status_by_partition(before, keys, partitions_definition(configuration)) or {}
    without = [key for key in keys if status.get(key) in {None, dg.AssetPartitionStatus.FAILED}]
    if without:
        raise dg.Failure(
            f"{before.path[-1]} has not succeeded in {len(without)} of the {len(keys)} partitions, the first of them "
            f"{without[0]}: there is nothing to work on. Materialize all four steps of the type there, or re-execute "
            "the failed run from its failure.",
            allow_retries=False,
        )


async def previewed(session: Session, scope: Scope) -> dict[str, Any]:
    """What the newest partition of a preview tells of the whole run."""
    return preview_metadata(lines_of(session.staging, scope.flow, scope.activity_type, scope.run_id)) | (
        {WOULD_STOP: stop} if (stop := would_stop(session, scope)) else {}
    )


async def asked_so_far(session: Session, scope: Scope) -> Asked:
    """The run's API calls for the flow and type, by system, and what they were of the limits."""
    spent = session.spent[scope.run_id, scope.flow.name, scope.activity_type]
    return Asked(
        session.ledger.calls(scope.run_id, scope.flow.name, scope.activity_type),
        dict(spent.traffic),
        {name: session.systems[name].share_used(one.calls, spent.seconds) for name, one in spent.traffic.items()},
    )


def metadata_of(report: StepReport, step: Step, asked: Asked) -> dict[str, dict[str, Any]]:
    """Per partition: the rows; of a transform the proposals by action; of a load the counts of the contract.

    A transform tells how many contacts and companies would be made first, if any.

    A load tells the calls on the newest partition too (0 on the others).
    """
    found = {}
    for partition, counts in report.by_partition(names_of(step)).items():
        to_create = report.counts[partition][RECORDS]
        newest = partition == report.scope.partitions.last
        shown: dict[str, Any] = {"dagster/row_count": counts["extracted"]}
        if step is Step.TRANSFORMED:
            shown |= counts | ({RECORDS: to_create} if to_create else {})
        if step is Step.LOADED:
            shown = counts | {
                f"api_calls_{system}": asked.calls.get(system, 0) if newest else 0
                for system in (report.scope.flow.source, report.scope.flow.target)
            }
            shown = of_newest(report, shown | traffic_metadata(asked)) if newest else shown
        found[partition] = shown
    return found
