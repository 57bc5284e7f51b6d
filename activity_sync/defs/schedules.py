"""The schedules: a pass of each flow at least every so many minutes, whatever the sensors saw."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import dagster as dg

from activity_sync.activities.identity import Flow
from activity_sync.activities.kinds import ActivityType
from activity_sync.configuration import FLOWS, Configuration
from activity_sync.defs.failures import failure_of
from activity_sync.defs.jobs import job_name
from activity_sync.defs.requests import pass_due, pass_under_way, request_of
from activity_sync.defs.standby import Standby
from activity_sync.defs.tasks import tasks_for_news
from activity_sync.errors import ActivitySyncError
from activity_sync.pipeline.plan import find_news
from activity_sync.pipeline.session import Session

EVERY_MINUTE = "* * * * *"


def pass_schedules(configuration: Configuration, standby: Standby) -> list[dg.ScheduleDefinition]:
    """One schedule per flow that has a type switched on."""
    return [_schedule(configuration, flow, standby) for flow in FLOWS if configuration.enabled(flow)]


def _schedule(configuration: Configuration, flow: Flow, standby: Standby) -> dg.ScheduleDefinition:
    automation = configuration.automation

    @dg.schedule(
        name=f"pass_{flow.name}",
        job_name=job_name(flow),
        cron_schedule=EVERY_MINUTE,
        default_status=dg.DefaultScheduleStatus.RUNNING if automation.enabled else dg.DefaultScheduleStatus.STOPPED,
        description=(
            f"Starts an incremental run of all types where the last one began {automation.pass_minutes} minutes ago. "
            "Deletes, waiting records and retries leave no sign that the sensor could see."
        ),
    )
    def begin(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        try:
            return due(context.instance, configuration, flow, standby, now=datetime.now(tz=UTC))
        except ActivitySyncError as error:
            raise failure_of(error) from error

    return begin


def due(
    instance: dg.DagsterInstance, configuration: Configuration, flow: Flow, standby: Standby, *, now: datetime
) -> dg.RunRequest | dg.SkipReason:
    """A pass, or why none is due. It costs no API call."""
    if running := pass_under_way(instance, flow):
        return dg.SkipReason(f"a pass is under way (run {running})")
    is_due, before = pass_due(instance, configuration, flow, now=now)
    if before is not None and not is_due:
        return dg.SkipReason(f"the last pass began at {before.astimezone(UTC):%H:%M:%S} UTC")
    types = configuration.enabled(flow)
    if not standby.ask(_has_history, flow, types):
        return dg.SkipReason(
            "no pass has covered the history yet: run `activity-sync sync` once, or switch on the sensor "
            f"changes_{flow.name}, which begins with it"
        )
    [task] = tasks_for_news(configuration, types, standby.ask(find_news, flow, types))
    return request_of(configuration, flow, task, run_key=None)


async def _has_history(session: Session, flow: Flow, types: Sequence[ActivityType]) -> bool:
    return all(session.ledger.watermark(flow.name, kind) is not None for kind in types)
