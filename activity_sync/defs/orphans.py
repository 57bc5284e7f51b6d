"""Runs whose process is gone: Dagster watches those that its launcher started, not those of the command line."""

from __future__ import annotations

import json

import dagster as dg

from activity_sync.ledger.processes import Holder

PROCESS_TAG = "activity_sync/process"
"""The process that carries a run by itself, without a launcher."""


def process_tag(holder: Holder) -> dict[str, str]:
    """The tag of a run that this process is about to carry."""
    return {PROCESS_TAG: json.dumps({"host": holder.host, "pid": holder.pid, "started": holder.started})}


def end_orphans(instance: dg.DagsterInstance) -> list[str]:
    """Runs that the command line began on this host, and whose process is gone, have failed; their ids."""
    ended = []
    unfinished = dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.STARTING])
    for run in instance.get_runs(unfinished):
        told = run.tags.get(PROCESS_TAG)
        if told is not None and Holder(**json.loads(told)).is_gone():
            instance.report_run_failed(run, "The process that carried this run is gone; its work is taken up again.")
            ended.append(run.run_id)
    return ended
