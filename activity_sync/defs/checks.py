"""The balance: every record that was extracted is accounted for in every later step, none twice, none invented."""

import dagster as dg

from activity_sync.activities.identity import Flow
from activity_sync.activities.kinds import ActivityType, Step
from activity_sync.configuration import FLOWS, Configuration
from activity_sync.defs.keys import asset_key, executes, span_of
from activity_sync.defs.resources import Crm
from activity_sync.pipeline.balance import Balance, balance
from activity_sync.pipeline.session import Session


def balance_checks(configuration: Configuration) -> list[dg.AssetChecksDefinition]:
    """One check per `load_results`."""
    return [_check(flow, kind) for flow in FLOWS for kind in configuration.enabled(flow)]


def _check(flow: Flow, activity_type: ActivityType) -> dg.AssetChecksDefinition:
    @dg.asset_check(
        asset=asset_key(flow, activity_type, Step.LOADED),
        name="balance",
        description="Compares the sets of source ids that the four steps staged. Fails on any record unaccounted for.",
    )
    def check(context: dg.AssetCheckExecutionContext, crm: Crm) -> dg.AssetCheckResult:
        found = crm.run(_balance, flow, activity_type, context.run)
        return dg.AssetCheckResult(
            passed=found.holds,
            severity=dg.AssetCheckSeverity.ERROR,
            description=found.explain(),
            metadata={
                "records": found.records,
                "unaccounted": len(found.unaccounted),
                "examples": dg.MetadataValue.json(sorted(found.unaccounted)[:20]),
            },
        )

    return check


async def _balance(session: Session, flow: Flow, activity_type: ActivityType, run: dg.DagsterRun) -> Balance:
    return balance(
        session.staging,
        flow,
        activity_type,
        run_id=run.run_id,
        ran=[step for step in Step if executes(run, asset_key(flow, activity_type, step))],
        span=span_of(run),
    )
