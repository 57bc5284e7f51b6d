"""Runs that sensors and schedules ask Dagster for, and what they must know of the runs there are."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import dagster as dg

from activity_sync.activities.identity import Flow
from activity_sync.configuration import Configuration
from activity_sync.defs.jobs import job_name
from activity_sync.defs.keys import (
    COMPLETE_TAG,
    FLOW_TAG,
    HISTORY_TAG,
    MODE_TAG,
    PRIORITY_TAG,
    RANGE_END_TAG,
    RANGE_START_TAG,
    keys_of,
)
from activity_sync.defs.orphans import end_orphans
from activity_sync.defs.pools import limit_pools
from activity_sync.defs.tasks import Task
from activity_sync.pipeline.scope import Mode

_NOT_ENDED = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]
INCREMENTAL_PRIORITY = 10
"""Above what people start from the UI (0), and their backfills."""
HISTORY_PRIORITY = -1
BETWEEN_LOOKS_SECONDS = 0.5
_EARLY = timedelta(seconds=30)
"""A tick that comes so much before the interval is over does not wait for the next one."""


def request_of(
    configuration: Configuration, flow: Flow, task: Task, *, run_key: str | None, tags: Mapping[str, str] | None = None
) -> dg.RunRequest:
    """The task as a run of the flow's job, in the queue's order: what is new goes before history."""
    incremental = task.mode is Mode.INCREMENTAL
    complete = incremental and set(task.types) == set(configuration.enabled(flow))
    return dg.RunRequest(
        run_key=run_key,
        job_name=job_name(flow),
        asset_selection=keys_of(configuration, flow, task.types),
        tags={
            FLOW_TAG: flow.name,
            RANGE_START_TAG: task.first,
            RANGE_END_TAG: task.last,
            MODE_TAG: task.mode.value,
            PRIORITY_TAG: str(INCREMENTAL_PRIORITY if incremental else HISTORY_PRIORITY),
            **({HISTORY_TAG: "true"} if incremental else {}),
            **({COMPLETE_TAG: "true"} if complete else {}),
            **(tags or {}),
        },
    )


def pass_under_way(instance: dg.DagsterInstance, flow: Flow) -> str | None:
    """The id of an incremental run of the flow that is queued or has not ended yet; what is only left over is ended."""
    end_orphans(instance)
    limit_pools(instance)
    return _not_ended(instance, flow)


def wait_for_the_end(
    instance: dg.DagsterInstance, flow: Flow, *, looks: int, sleep: Callable[[float], None] = time.sleep
) -> None:
    """Returns as soon as no incremental run of the flow is under way, or after so many looks, half a second apart."""
    for _ in range(looks):
        if not _not_ended(instance, flow):
            return
        sleep(BETWEEN_LOOKS_SECONDS)


def _not_ended(instance: dg.DagsterInstance, flow: Flow) -> str | None:
    runs = instance.get_runs(
        dg.RunsFilter(tags={FLOW_TAG: flow.name, MODE_TAG: Mode.INCREMENTAL.value}, statuses=_NOT_ENDED),
        limit=1,
    )
    return runs[0].run_id if runs else None


def last_pass(instance: dg.DagsterInstance, flow: Flow) -> datetime | None:
    """When the newest incremental run of all types of the flow was created, whatever became of it; aware."""
    records = instance.get_run_records(dg.RunsFilter(tags={FLOW_TAG: flow.name, COMPLETE_TAG: "true"}), limit=1)
    return records[0].create_timestamp if records else None


def pass_due(
    instance: dg.DagsterInstance, configuration: Configuration, flow: Flow, *, now: datetime
) -> tuple[bool, datetime | None]:
    """Whether every type of the flow is to be passed over again, changed or not; and when that was done last."""
    interval = timedelta(minutes=configuration.automation.pass_minutes)
    before = last_pass(instance, flow)
    return before is None or now - before >= interval - _EARLY, before
