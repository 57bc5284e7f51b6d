"""A configuration becomes Dagster definitions."""

from __future__ import annotations

import dagster as dg

from activity_sync.configuration import Configuration
from activity_sync.defs.assets import activity_assets
from activity_sync.defs.checks import balance_checks
from activity_sync.defs.jobs import EXECUTOR, sync_jobs
from activity_sync.defs.resources import Crm, OpenCrm


def build_definitions(configuration: Configuration, *, crm: Crm | OpenCrm | None = None) -> dg.Definitions:
    """Assets, checks and jobs of every flow and type that is switched on; `crm` where it is open already."""
    return dg.Definitions(
        assets=activity_assets(configuration),
        asset_checks=balance_checks(configuration),
        jobs=sync_jobs(configuration),
        resources={"crm": crm or Crm()},
        executor=EXECUTOR,
    )
