"""The checks of `load_results`: nothing unaccounted for, nothing failed, nothing waiting for too long.

One step evaluates all three: a step of its own costs Dagster more than the questions do.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import dagster as dg

from activity_sync.activities.identity import Flow
from activity_sync.activities.kinds import ActivityType, Step
from activity_sync.configuration import FLOWS, Configuration
from activity_sync.defs.keys import asset_key, executes, span_of
from activity_sync.defs.resources import Crm
from activity_sync.ledger.outstanding import OutstandingState
from activity_sync.pipeline.balance import Balance, balance
from activity_sync.pipeline.session import Session
from activity_sync.pipeline.waiting_room import count_overdue

BALANCE = "balance"
FAILURES = "failures"
WAITING = "waiting"


@dataclass(frozen=True, slots=True)
class Open:
    """What is open of a flow and type, by the ledger."""

    failed: int
    waiting: int
    overdue: int


@lru_cache(maxsize=1)
def load_checks(configuration: Configuration) -> tuple[dg.AssetChecksDefinition, ...]:
    """The checks of every `load_results`; kept as the assets are."""
    return tuple(_checks(configuration, flow, kind) for flow in FLOWS for kind in configuration.enabled(flow))


def _checks(configuration: Configuration, flow: Flow, activity_type: ActivityType) -> dg.AssetChecksDefinition:
    key = asset_key(flow, activity_type, Step.LOADED)
    most, days = configuration.limits.failed_records, configuration.limits.waiting_days

    @dg.multi_asset_check(
        name=f"{'__'.join(key.path)}__checks",
        specs=[
            dg.AssetCheckSpec(
                BALANCE,
                asset=key,
                description="Compares the sets of source ids that the four steps staged. Fails on any record "
                "unaccounted for.",
            ),
            dg.AssetCheckSpec(
                FAILURES,
                asset=key,
                description=f"Fails when more than {most} records have failed and are not resolved "
                "(`limits.failed_records`).",
            ),
            dg.AssetCheckSpec(
                WAITING,
                asset=key,
                description=f"Fails when records have waited for more than {days} days (`limits.waiting_days`).",
            ),
        ],
    )
    def check(context: dg.AssetCheckExecutionContext, crm: Crm) -> Iterator[dg.AssetCheckResult]:
        found = crm.run(_balance, flow, activity_type, context.run)
        yield dg.AssetCheckResult(
            asset_key=key,
            check_name=BALANCE,
            passed=found.holds,
            severity=dg.AssetCheckSeverity.ERROR,
            description=found.explain(),
            metadata={
                "records": found.records,
                "unaccounted": found.unaccounted,
                "examples": dg.MetadataValue.json(sorted(found.examples)),
            },
        )
        left = crm.run(_open, flow, activity_type)
        where = f"--flow {flow.name} --type {activity_type}"
        yield dg.AssetCheckResult(
            asset_key=key,
            check_name=FAILURES,
            passed=left.failed <= most,
            severity=dg.AssetCheckSeverity.ERROR,
            description=f"{_records(left.failed)} failed: `activity-sync failures list {where}`"
            if left.failed
            else "nothing failed",
            metadata={"failed": left.failed},
        )
        yield dg.AssetCheckResult(
            asset_key=key,
            check_name=WAITING,
            passed=not left.overdue,
            severity=dg.AssetCheckSeverity.WARN,
            description=f"{_records(left.overdue)} waiting for more than {days} days: `activity-sync waiting {where}`"
            if left.overdue
            else f"{_records(left.waiting)} waiting, none for more than {days} days",
            metadata={"waiting": left.waiting, "overdue": left.overdue},
        )

    return check


async def _balance(session: Session, flow: Flow, activity_type: ActivityType, run: dg.DagsterRun) -> Balance:
    span = span_of(run)
    return balance(
        session.staging,
        flow,
        activity_type,
        run_id=run.run_id,
        ran=[step for step in Step if executes(run, asset_key(flow, activity_type, step))],
        span=span if all(span) else None,
    )


async def _open(session: Session, flow: Flow, activity_type: ActivityType) -> Open:
    counted = session.ledger.count_outstanding()
    return Open(
        failed=counted.get((flow.name, activity_type, OutstandingState.FAILED), 0),
        waiting=counted.get((flow.name, activity_type, OutstandingState.DEFERRED), 0),
        overdue=count_overdue(session, flow, activity_type),
    )


def _records(number: int) -> str:
    return f"{number:,} record{'' if number == 1 else 's'}"
