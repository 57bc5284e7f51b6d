"""One job per flow: all steps of all its types, for one partition or a range of them in one run; one that compares."""

from __future__ import annotations

import dagster as dg

from activity_sync.activities.identity import Flow
from activity_sync.configuration import FLOWS, Configuration
from activity_sync.defs.keys import FLOW_TAG, RECONCILIATION
from activity_sync.defs.partitions import partitions_definition

# One process for all steps: a process per step costs 15 s where the work takes 0.5 s (docs/architecture.md).
EXECUTOR = dg.in_process_executor
RECONCILE_JOB = "reconcile"


def sync_jobs(configuration: Configuration) -> list[dg.UnresolvedAssetJobDefinition]:
    """The jobs of every flow that has a type switched on."""
    return [
        dg.define_asset_job(
            job_name(flow),
            selection=dg.AssetSelection.groups(flow.name),
            partitions_def=partitions_definition(configuration),
            executor_def=EXECUTOR,
            description=f"Carries activities from {flow.source.title()} to {flow.target.title()}.",
            tags={FLOW_TAG: flow.name},
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


def job_name(flow: Flow) -> str:
    """The flow's job."""
    return f"sync_{flow.name}"
