"""What a run shows of its steps: figures that Dagster plots, a summary, and the records that need a look."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dagster as dg

from activity_sync.activities.kinds import Step
from activity_sync.pipeline.report import COUNTS, PROPOSED, StepReport
from activity_sync.pipeline.scope import Mode
from activity_sync.staging.columns import columns_of

RECORDS_COLUMNS = ("record", "outcome", "case", "reason")


def column_schema(step: Step) -> dg.TableSchema:
    """The columns of the step's staged rows."""
    return dg.TableSchema([dg.TableColumn(one.name, type=one.kind.sql) for one in columns_of(step)])


def latency(seconds: Mapping[int, int], share: float) -> int:
    """The seconds within which so large a share of the written records arrived; there is at least one."""
    left = share * sum(seconds.values())
    for second, number in sorted(seconds.items()):
        left -= number
        if left <= 0:
            return second
    return max(seconds)


def of_newest(report: StepReport) -> dict[str, Any]:
    """What a load tells of the whole run, on its newest partition: the summary, the open records, the latency."""
    scope = report.scope
    flow, kind = scope.flow, scope.activity_type
    totals = {name: sum(counts[name] for counts in report.counts.values()) for name in COUNTS}
    told: dict[str, Any] = {
        "waiting_overdue": report.overdue,
        "summary": dg.MetadataValue.md(summary(totals)),
        "rows": dg.MetadataValue.md(
            f"```sql\nFROM {flow.name}.load_results WHERE run_id = '{scope.run_id}' AND type = '{kind}'\n```"
        ),
    }
    if report.latencies and scope.mode is Mode.INCREMENTAL:
        told["latency_p50_seconds"] = latency(report.latencies, 0.5)
        told["latency_p95_seconds"] = latency(report.latencies, 0.95)
    if report.open:
        told["open_records"] = dg.MetadataValue.table(
            [
                dg.TableRecord(
                    {
                        "record": f"{flow.source}:{kind}/{one.source_id}",
                        "outcome": one.outcome,
                        "case": one.case,
                        "reason": one.reason,
                    }
                )
                for one in report.open
            ],
            schema=dg.TableSchema([dg.TableColumn(name) for name in RECORDS_COLUMNS]),
        )
    return told


def summary(totals: Mapping[str, int]) -> str:
    """The counts in a line, those that are not zero."""
    told = ", ".join(f"{number:,} {name}" for name, number in totals.items() if number and name != "extracted")
    return f"**{totals['extracted']:,}** extracted: {told}" if told else "nothing to carry"


def names_of(step: Step) -> tuple[str, ...]:
    """What a step counts."""
    return PROPOSED if step is Step.TRANSFORMED else COUNTS
