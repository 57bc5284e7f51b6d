"""What Dagster's runs printed grows old, and goes; Dagster itself keeps it for ever."""

from datetime import UTC, datetime, timedelta

import dagster as dg

from activity_sync.configuration import Configuration
from activity_sync.defs.jobs import EXECUTOR

_AT_ONCE = 500
_CRON = "30 3 * * *"
AGE_OUT_JOB = "age_out_logs"


def retention_jobs(configuration: Configuration) -> list[dg.JobDefinition]:
    """The job that removes what runs printed before `retention.log_days`. Their events stay: the UI lives on them."""
    days = configuration.retention.log_days

    @dg.op(name="remove_old_logs", description=f"Removes what runs printed more than {days} days ago.")
    def remove(context: dg.OpExecutionContext) -> None:
        removed = remove_logs(context.instance, before=datetime.now(tz=UTC) - timedelta(days=days))
        context.log.info("looked at the logs of %d runs", removed)

    @dg.job(
        name=AGE_OUT_JOB,
        executor_def=EXECUTOR,
        description=f"Removes what runs printed more than {days} days ago (`retention.log_days`).",
    )
    def age_out() -> None:
        remove()

    return [age_out]


def retention_schedules(configuration: Configuration) -> list[dg.ScheduleDefinition]:
    """Every night."""
    on = configuration.automation.enabled
    return [
        dg.ScheduleDefinition(
            name="nightly_age_out_logs",
            job_name=AGE_OUT_JOB,
            cron_schedule=_CRON,
            execution_timezone="UTC",
            default_status=dg.DefaultScheduleStatus.RUNNING if on else dg.DefaultScheduleStatus.STOPPED,
            description=f"Removes what runs printed more than {configuration.retention.log_days} days ago.",
        )
    ]


def remove_logs(instance: dg.DagsterInstance, *, before: datetime) -> int:
    """What runs printed that nothing was heard of since this moment is gone; how many runs there are."""
    filters = dg.RunsFilter(updated_before=before)
    seen, cursor = 0, None
    while some := instance.get_runs(filters, limit=_AT_ONCE, cursor=cursor):
        for run in some:
            instance.compute_log_manager.delete_logs(prefix=[run.run_id])
        seen, cursor = seen + len(some), some[-1].run_id
    return seen
