"""The columns of each step's rows. To add one, add a line: older files simply show it empty.

Every cell may be empty but those of `COMMON`. JSON stands as text, for DuckDB's `->>` and for Python's `json` alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import pyarrow as pa

from activity_sync.activities.kinds import Step


class Kind(Enum):
    """What a column holds: DuckDB's name, and Arrow's type on the way there."""

    TEXT = ("VARCHAR", pa.string())
    INTEGER = ("BIGINT", pa.int64())
    BOOLEAN = ("BOOLEAN", pa.bool_())
    MOMENT = ("TIMESTAMPTZ", pa.timestamp("us", tz="UTC"))

    def __init__(self, sql: str, arrow: pa.DataType) -> None:
        self.sql = sql
        self.arrow = arrow


@dataclass(frozen=True, slots=True)
class Column:
    """One column."""

    name: str
    kind: Kind = Kind.TEXT


# `partition`: the day whose materialisation took the row in; `source_day`: the day of its last modification, another
# one for rows that fell due. `trigger`: why it was read. `staged_at`: when the row was appended; it orders rows.
COMMON = (
    Column("run_id"),
    Column("partition"),
    Column("source_day"),
    Column("source_id"),
    Column("trigger"),
    Column("staged_at", Kind.MOMENT),
)

_STEPS: dict[Step, tuple[Column, ...]] = {
    Step.EXTRACTED: (
        Column("modified_at", Kind.MOMENT),
        Column("version"),
        Column("gone", Kind.BOOLEAN),
        Column("erased", Kind.BOOLEAN),
        Column("payload"),
        Column("associations"),
        Column("extracted_at", Kind.MOMENT),
    ),
    Step.RESOLVED: (
        Column("refs"),
        Column("resolved", Kind.INTEGER),
        Column("missing", Kind.INTEGER),
        Column("owner_id"),
        Column("owner_rule"),
    ),
    Step.TRANSFORMED: (
        Column("action"),
        Column("case_number", Kind.INTEGER),
        Column("reason"),
        Column("rule"),
        Column("link_id", Kind.INTEGER),
        Column("revision", Kind.INTEGER),
        Column("key"),
        Column("generation", Kind.INTEGER),
        Column("target_id"),
        Column("target_version"),
        Column("source_version"),
        Column("body"),
        Column("source_prints"),
        Column("target_prints"),
        Column("moves"),
        Column("fields"),
        Column("losses"),
        Column("waits_for"),
        Column("hangs_on"),
        Column("discarded"),
        Column("elements"),
        Column("creates"),
        Column("changes"),
        Column("counterpart"),
        Column("modified_at", Kind.MOMENT),
        Column("decided_at", Kind.MOMENT),
    ),
    Step.LOADED: (
        Column("outcome"),
        Column("detail"),
        Column("case_number", Kind.INTEGER),
        Column("rule"),
        Column("reason"),
        Column("target_id"),
        Column("status", Kind.INTEGER),
        Column("code"),
        Column("message"),
        Column("correlation_id"),
        Column("attempts", Kind.INTEGER),
        Column("loaded_at", Kind.MOMENT),
    ),
}


def columns_of(step: Step) -> tuple[Column, ...]:
    """All columns of the step's rows, the common ones first."""
    return (*COMMON, *_STEPS[step])


def newest_first(step: Step) -> str:
    """The order in which a record's rows are newer than others, as SQL.

    What was extracted is as new as the source says, since a search may answer late; all else as it was staged.
    """
    by_source = "modified_at DESC NULLS LAST, " if step is Step.EXTRACTED else ""
    return f"{by_source}staged_at DESC, run_id DESC"
