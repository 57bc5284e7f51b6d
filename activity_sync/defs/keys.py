"""How assets and runs are called: asset keys, the tags of a run, and what a run covers by them."""

from __future__ import annotations

from collections.abc import Collection

import dagster as dg

from activity_sync.activities.identity import Flow
from activity_sync.activities.kinds import ActivityType, Step
from activity_sync.configuration import Configuration

RECONCILIATION = dg.AssetKey(["reconciliation"])
"""The comparison of both systems: the one asset that belongs to no flow."""
FLOW_TAG = "activity_sync/flow"
PREVIEW_TAG = "activity_sync/preview"
"""The flow of a run that decides on a copy of the ledger and has no loads."""
MODE_TAG = "activity_sync/mode"
COMPLETE_TAG = "activity_sync/all_types"
"""Set on an incremental run of every type of its flow: what leaves no sign of change is taken in by these."""
# Set on the last run of a sync without a watermark: together with the runs before it, it covers all of history.
HISTORY_TAG = "activity_sync/covers_history"
PRIORITY_TAG = "dagster/priority"
"""Of a run in the queue, and of a step among those that are ready: the highest number goes first."""
PARTITION_TAG = "dagster/partition"
RANGE_START_TAG = "dagster/asset_partition_range_start"
RANGE_END_TAG = "dagster/asset_partition_range_end"


def asset_key(flow: Flow, activity_type: ActivityType, step: Step) -> dg.AssetKey:
    """The key `[flow, activity_type, step]`."""
    return dg.AssetKey([flow.name, activity_type.value, step.value])


def keys_of(
    configuration: Configuration, flow: Flow, types: Collection[ActivityType], steps: Collection[Step] = tuple(Step)
) -> list[dg.AssetKey]:
    """The asset keys of some types of one flow."""
    return [
        asset_key(flow, kind, step)
        for kind in configuration.enabled(flow)
        if kind in types
        for step in Step
        if step in steps
    ]


def executes(run: dg.DagsterRun, key: dg.AssetKey) -> bool:
    """Whether a run executes an asset's step: all do, but for a chosen selection and a rerun from a failure.

    Checks that are asked for alone, in the UI, come with an empty selection of assets.
    """
    everything = not run.asset_selection and not run.asset_check_selection
    selected = everything or key in (run.asset_selection or ())
    step_key = "__".join(key.path)
    return selected and (run.step_keys_to_execute is None or step_key in run.step_keys_to_execute)


def span_of(run: dg.DagsterRun) -> tuple[str, str]:
    """The first and the last partition of a run, which may be one."""
    one = run.tags.get(PARTITION_TAG, "")
    return run.tags.get(RANGE_START_TAG, one), run.tags.get(RANGE_END_TAG, one)
