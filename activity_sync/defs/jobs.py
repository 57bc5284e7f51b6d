"""One job per flow: all steps of all its types, for one partition or a range of them in one run; one that compares."""

from __future__ import annotations

import dagster as dg

from activity_sync.activities.identity import Flow
from activity_sync.activities.kinds import ActivityType, Step
from activity_sync.configuration import FLOWS, Configuration
from activity_sync.defs.keys import FLOW_TAG, PREVIEW_TAG, RECONCILIATION, keys_of
from activity_sync.defs.partitions import partitions_definition
from activity_sync.systems.registry import SYSTEMS

# One process for all steps: a process per step costs 15 s where the work takes 0.5 s (docs/decisions, 5).
EXECUTOR = dg.in_process_executor
RECONCILE_JOB = "reconcile"
_DECIDING = tuple(step for step in Step if step is not Step.LOADED)


def sync_jobs(configuration: Configuration) -> list[dg.UnresolvedAssetJobDefinition]:
    """The jobs of every flow that has a type switched on."""
    return [
        dg.define_asset_job(
            job_name(flow),
            selection=dg.AssetSelection.groups(flow.name),
            partitions_def=partitions_definition(configuration),
            executor_def=EXECUTOR,
            description=f"Carries activities from {SYSTEMS[flow.source].label} to {SYSTEMS[flow.target].label}.",
            tags={FLOW_TAG: flow.name},
        )
        for flow in FLOWS
        if configuration.enabled(flow)
    ]


def preview_jobs(configuration: Configuration) -> list[dg.UnresolvedAssetJobDefinition]:
    """The same without the loads, on a copy of the ledger: what a sync of these partitions would do."""
    return [
        dg.define_asset_job(
            preview_job_name(flow),
            selection=dg.AssetSelection.assets(*keys_of(configuration, flow, tuple(ActivityType), _DECIDING)),
            partitions_def=partitions_definition(configuration),
            executor_def=EXECUTOR,
            description=(
                f"Shows what a sync from {SYSTEMS[flow.source].label} to {SYSTEMS[flow.target].label} would do, and "
                "writes nothing: see the table `preview` of the runs' transformed_payloads."
            ),
            # Not the tag of the flow: what looks for its runs must take no preview for a pass.
            tags={PREVIEW_TAG: flow.name},
        )
        for flow in FLOWS
        if configuration.enabled(flow)
    ]


def reconciliation_jobs(configuration: Configuration) -> list[dg.UnresolvedAssetJobDefinition]:
    """The job that compares both systems."""
    if not any(configuration.enabled(flow) for flow in FLOWS):
        return []
    return [
        dg.define_asset_job(
            RECONCILE_JOB,
            selection=dg.AssetSelection.assets(RECONCILIATION),
            executor_def=EXECUTOR,
            description="Counts the activities of both systems, and gives a reason for every difference.",
        )
    ]


def preview_job_name(flow: Flow) -> str:
    """The flow's preview."""
    return f"preview_{flow.name}"


def job_name(flow: Flow) -> str:
    """The flow's job."""
    return f"sync_{flow.name}"
