"""A configuration becomes Dagster definitions."""

from __future__ import annotations

import dagster as dg

from activity_sync.configuration import Configuration
from activity_sync.defs.alerts import alert_sensors
from activity_sync.defs.assets import activity_assets
from activity_sync.defs.checks import load_checks
from activity_sync.defs.jobs import EXECUTOR, preview_jobs, reconciliation_jobs, sync_jobs
from activity_sync.defs.lineage import trace_job
from activity_sync.defs.reconciliation import reconciliation, reconciliation_schedules
from activity_sync.defs.resources import Crm, OpenCrm
from activity_sync.defs.retention import retention_jobs, retention_schedules
from activity_sync.defs.schedules import pass_schedules
from activity_sync.defs.sensors import change_sensors
from activity_sync.defs.standby import Standby


def build_definitions(configuration: Configuration, *, crm: Crm | OpenCrm | None = None) -> dg.Definitions:
    """Everything of every flow and type that is switched on; `crm` where it is open already."""
    standby = Standby()
    return dg.Definitions(
        assets=[*activity_assets(configuration), *reconciliation(configuration)],
        asset_checks=load_checks(configuration),
        jobs=[
            *sync_jobs(configuration),
            *preview_jobs(configuration),
            *reconciliation_jobs(configuration),
            *retention_jobs(configuration),
            trace_job,
        ],
        sensors=[*change_sensors(configuration, standby), *alert_sensors(configuration)],
        schedules=[
            *pass_schedules(configuration, standby),
            *reconciliation_schedules(configuration),
            *retention_schedules(configuration),
        ],
        resources={"crm": crm or Crm()},
        executor=EXECUTOR,
    )
