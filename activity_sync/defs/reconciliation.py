"""The asset that compares both systems, its check, and the schedule that makes it every night."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import dagster as dg

from activity_sync.activities.kinds import ActivityType
from activity_sync.configuration import FLOWS, Configuration
from activity_sync.defs.failures import failure_of
from activity_sync.defs.jobs import RECONCILE_JOB
from activity_sync.defs.keys import RECONCILIATION
from activity_sync.defs.plots import plot_of_days
from activity_sync.defs.resources import Crm
from activity_sync.errors import ActivitySyncError
from activity_sync.pipeline.reconcile import Reconciled, reconcile
from activity_sync.pipeline.scope import midnight
from activity_sync.pipeline.session import Session
from activity_sync.rules.difference import Reason
from activity_sync.systems.records import Window
from activity_sync.systems.registry import SYSTEMS

_LISTED = 200
_SYSTEMS = sorted(SYSTEMS)
"""All of them, always: one that holds nothing is what a person has to see."""
_WRONG = frozenset({Reason.UNLINKED, Reason.DUPLICATE})
"""The reasons that should not be: all others say what a rule, a person or the next pass does about it."""


def reconciliation(configuration: Configuration) -> list[dg.AssetsDefinition]:
    """The asset over all types that are on in either flow; its check is part of it."""
    types = [kind for kind in ActivityType if any(kind in configuration.enabled(flow) for flow in FLOWS)]
    if not types:
        return []
    days = configuration.automation.reconcile_days

    @dg.asset(
        key=RECONCILIATION,
        description=(
            f"Counts the activities of both systems by type and day, for the last {days} days and what lies ahead, and "
            "gives a reason for every difference. Reads both systems, writes to neither."
        ),
        group_name=RECONCILIATION.path[0],
        kinds={"python"},
        check_specs=[
            dg.AssetCheckSpec(
                "every_difference_is_explained",
                asset=RECONCILIATION,
                description="Fails on records that nothing explains (unlinked) and on duplicates.",
            ),
            dg.AssetCheckSpec(
                "ledger_is_unique",
                asset=RECONCILIATION,
                description="Fails on records that have two counterparts in the ledger.",
            ),
        ],
    )
    def compare(context: dg.AssetExecutionContext, crm: Crm) -> dg.MaterializeResult:  # type: ignore[type-arg]  # Dagster takes only the bare name
        try:
            found, first, today = crm.run(_compare, types, days)
            twice = crm.run(_linked_twice)
        except ActivitySyncError as error:
            raise failure_of(error) from error
        context.log.info("%d differences", len(found.differences))
        wrong = [one for one in found.differences if one.reason in _WRONG]
        return dg.MaterializeResult(
            metadata=metadata_of(found, first, today),
            check_results=[
                dg.AssetCheckResult(
                    check_name="every_difference_is_explained",
                    passed=not wrong,
                    severity=dg.AssetCheckSeverity.ERROR,
                    description=f"{len(wrong)} of {len(found.differences)} differences are unlinked or duplicates",
                    metadata={
                        "examples": dg.MetadataValue.json([f"{one.system}:{one.type}/{one.id}" for one in wrong[:20]])
                    },
                ),
                dg.AssetCheckResult(
                    check_name="ledger_is_unique",
                    passed=not twice,
                    severity=dg.AssetCheckSeverity.ERROR,
                    description=f"{len(twice)} records have two counterparts in the ledger",
                    metadata={"examples": dg.MetadataValue.json(twice[:20])},
                ),
            ],
        )

    return [compare]


def reconciliation_schedules(configuration: Configuration) -> list[dg.ScheduleDefinition]:
    """Every night, by UTC."""
    if not any(configuration.enabled(flow) for flow in FLOWS):
        return []
    at = configuration.automation.reconcile_at
    on = configuration.automation.enabled
    return [
        dg.ScheduleDefinition(
            name="nightly_reconciliation",
            job_name=RECONCILE_JOB,
            cron_schedule=f"{at.minute} {at.hour} * * *",
            execution_timezone="UTC",
            default_status=dg.DefaultScheduleStatus.RUNNING if on else dg.DefaultScheduleStatus.STOPPED,
            description=f"Compares both systems at {at:%H:%M} UTC.",
        )
    ]


def metadata_of(found: Reconciled, first: date, today: date) -> dict[str, Any]:
    """What is looked at first: a picture of the days, the totals, the first differences; then figures to plot."""
    days = [first + timedelta(days=n) for n in range((today - first).days + 1)]
    reasons = found.of_reason()
    by_day = {
        name: [sum(found.counts.get((kind, day), Counter())[name] for kind in ActivityType) for day in days]
        for name in _SYSTEMS
    }
    return {
        "plot": plot_of_days("activities by day", days, by_day),
        "totals": dg.MetadataValue.md(_totals(found)),
        "records": dg.MetadataValue.table(
            [
                dg.TableRecord(
                    {
                        "day": one.day.isoformat(),
                        "record": f"{one.system}:{one.type}/{one.id}",
                        "reason": one.reason.value,
                        "detail": one.detail,
                    }
                )
                for one in found.differences[:_LISTED]
            ],
            schema=dg.TableSchema([dg.TableColumn(name) for name in ("day", "record", "reason", "detail")]),
        ),
        "differences": len(found.differences),
        **{reason.value: reasons.get(reason, 0) for reason in Reason},
        **{f"activities_{name}": sum(counts[name] for counts in found.counts.values()) for name in _SYSTEMS},
    }


def _totals(found: Reconciled) -> str:
    lines = [f"| type | {' | '.join(_SYSTEMS)} | differences |", "| --- |" + " ---: |" * (len(_SYSTEMS) + 1)]
    for kind in sorted({kind for kind, _ in found.counts}):
        numbers = [sum(one[name] for (each, _), one in found.counts.items() if each == kind) for name in _SYSTEMS]
        differences = sum(one.type == kind for one in found.differences)
        lines.append(f"| {kind} | {' | '.join(f'{number:,}' for number in (*numbers, differences))} |")
    return "\n".join(lines)


async def _linked_twice(session: Session) -> list[str]:
    return [f"{system}:{kind}/{record_id}" for system, kind, record_id in session.ledger.linked_twice()]


async def _compare(session: Session, types: Sequence[ActivityType], days: int) -> tuple[Reconciled, date, date]:
    """What was found, from the first day on, and today by our clock. Meetings and due dates may lie years ahead."""
    today = session.clock().date()
    first = today - timedelta(days=days)
    window = Window(midnight(first), midnight(date(today.year + 50, 1, 1)))
    return await reconcile(session, types, window), first, today
