"""What a run shows of its steps: figures that Dagster plots, a summary, and the records that need a look."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import dagster as dg

from activity_sync.activities.kinds import Step
from activity_sync.pipeline.preview import Line, Numbers
from activity_sync.pipeline.report import COUNTS, PROPOSED, StepReport
from activity_sync.pipeline.scope import Mode
from activity_sync.rules.traffic import Traffic
from activity_sync.staging.columns import columns_of

PREVIEW_COLUMNS = ("record", "outcome", "case", "reason", "fields", "cut", "waits_for", "creates")
WOULD_STOP = "would_stop"
"""Why a load of what was previewed would stop before its first write."""
_SHOWN = 200
RECORDS_COLUMNS = ("record", "outcome", "case", "reason")


def column_schema(step: Step) -> dg.TableSchema:
    """The columns of the step's staged rows."""
    return dg.TableSchema(
        [dg.TableColumn(one.name, type=one.kind.sql, description=one.says) for one in columns_of(step)]
    )


def latency(seconds: Mapping[int, int], share: float) -> int:
    """The seconds within which so large a share of the written records arrived; there is at least one."""
    left = share * sum(seconds.values())
    for second, number in sorted(seconds.items()):
        left -= number
        if left <= 0:
            return second
    return max(seconds)


def of_newest(report: StepReport, figures: Mapping[str, float]) -> dict[str, Any]:
    """What a load tells on its newest partition, in the order in which the UI shows it.

    Of the whole run the summary and the open records; the partition's own figures; of the whole run what waits for too
    long, the latency, and where its rows are.
    """
    scope = report.scope
    flow, kind = scope.flow, scope.activity_type
    totals = {name: sum(counts[name] for counts in report.counts.values()) for name in COUNTS}
    told: dict[str, Any] = {"summary": dg.MetadataValue.md(summary(totals))}
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
    told |= figures
    told["waiting_overdue"] = report.overdue
    if report.latencies and scope.mode is Mode.INCREMENTAL:
        told["latency_p50_seconds"] = latency(report.latencies, 0.5)
        told["latency_p95_seconds"] = latency(report.latencies, 0.95)
    if report.told:
        told["written_back"] = report.told["done"]
        told["write_back_refused"] = sum(report.told.values()) - report.told["done"] - report.told["stale"]
    for name, number in sorted(report.files.items()):
        told[f"files_{name}"] = number
    if report.foreseen is not None:
        told["estimated_seconds"] = round(report.foreseen.estimated)
        told["took_seconds"] = round(report.foreseen.took)
        told["estimate_error"] = round(report.foreseen.error, 3)
    # A line for each part, since the UI cuts a line where the page ends.
    told["rows"] = dg.MetadataValue.md(
        f"```sql\nFROM {flow.name}.load_results\nWHERE run_id = '{scope.run_id}'\n  AND type = '{kind}'\n```"
    )
    return told


@dataclass(frozen=True, slots=True)
class Asked:
    """What a run has asked of each system for one flow and type.

    `calls`: over all steps, whichever process made them. `traffic`, `shares`: by this process, and how much of the
    narrowest limit in force that was, None where none is known.
    """

    calls: Mapping[str, int]
    traffic: Mapping[str, Traffic]
    shares: Mapping[str, float | None]


def traffic_metadata(asked: Asked) -> dict[str, Any]:
    """By system: the share of the limit, refusals for it, and within how many ms answers came."""
    told: dict[str, Any] = {}
    for name, traffic in asked.traffic.items():
        if not traffic.calls:
            continue
        if (share := asked.shares.get(name)) is not None:
            told[f"api_limit_share_{name}"] = round(share, 4)
        told[f"api_throttled_{name}"] = traffic.throttled
        for quantile, says in ((0.5, "p50"), (0.95, "p95")):
            if (latency_ms := traffic.latency_ms(quantile)) is not None:
                told[f"api_latency_{says}_ms_{name}"] = latency_ms
    return told


def preview_metadata(lines: Iterable[Line]) -> dict[str, Any]:
    """A table of the first records that would be touched, or not and why; what would be cut, and what waits for whom.

    Ids, names of fields, reasons and numbers: nothing of what anybody wrote.
    """
    numbers = Numbers()
    shown: list[dg.TableRecord] = []
    for one in lines:
        numbers.add([one])
        if len(shown) < _SHOWN:
            shown.append(
                dg.TableRecord(
                    {
                        "record": str(one.record),
                        "outcome": one.outcome,
                        "case": one.case,
                        "reason": one.reason,
                        "fields": ", ".join(one.fields),
                        "cut": ", ".join(one.cut),
                        "waits_for": ", ".join(map(str, one.waits_for)),
                        "creates": ", ".join(map(str, one.creates)),
                    }
                )
            )
    table = dg.MetadataValue.table(shown, schema=dg.TableSchema([dg.TableColumn(name) for name in PREVIEW_COLUMNS]))
    return {"preview_numbers": dg.MetadataValue.json(numbers.to_json()), **({"preview": table} if shown else {})}


def summary(totals: Mapping[str, int]) -> str:
    """The counts in a line, those that are not zero."""
    told = ", ".join(f"{number:,} {name}" for name, number in totals.items() if number and name != "extracted")
    return f"**{totals['extracted']:,}** extracted: {told}" if told else "nothing to carry"


def names_of(step: Step) -> tuple[str, ...]:
    """What a step counts."""
    return PROPOSED if step is Step.TRANSFORMED else COUNTS
