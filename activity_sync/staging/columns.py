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
    """One column. `says`: what it holds, for people who look at the rows."""

    name: str
    says: str
    kind: Kind = Kind.TEXT


COMMON = (
    Column("run_id", "the Dagster run that staged the row"),
    Column("partition", "the partition whose materialisation took the row in"),
    Column("source_day", "the UTC day of the record's last modification: not the partition's for what fell due"),
    Column("source_id", "the record's id in the source"),
    Column("trigger", "why it was read: its window, or what fell due"),
    Column("staged_at", "when the row was appended; it orders rows", Kind.MOMENT),
)

_STEPS: dict[Step, tuple[Column, ...]] = {
    Step.EXTRACTED: (
        Column("modified_at", "last modified, by the source", Kind.MOMENT),
        Column("version", "the source's own version of the record, which guards writes"),
        Column("gone", "it was deleted or archived", Kind.BOOLEAN),
        Column("erased", "because a person whom it concerns was erased", Kind.BOOLEAN),
        Column("payload", "the record as the API gave it (JSON)"),
        Column("associations", "its associations as the API gave them (JSON)"),
        Column("extracted_at", "when it was read", Kind.MOMENT),
    ),
    Step.RESOLVED: (
        Column("refs", "the records it hangs on, what they are in the target, and the rule that found each (JSON)"),
        Column("resolved", "how many of them have a counterpart in the target", Kind.INTEGER),
        Column("missing", "how many have none", Kind.INTEGER),
        Column("owner_id", "the owner in the target"),
        Column("owner_rule", "how the owner was found"),
    ),
    Step.TRANSFORMED: (
        Column("action", "what is to be done"),
        Column("case_number", "the case of the decision", Kind.INTEGER),
        Column("reason", "why it is as it is"),
        Column("rule", "the rule that decided, or found the counterpart"),
        Column("link_id", "the ledger's link", Kind.INTEGER),
        Column("revision", "the link's revision when this was decided", Kind.INTEGER),
        Column("key", "our key of a create, by which it happens once"),
        Column("generation", "how often the record has been created anew", Kind.INTEGER),
        Column("target_id", "the counterpart's id in the target"),
        Column("target_version", "the target's version that an update expects"),
        Column("source_version", "the source's version that was decided on"),
        Column("body", "the exact body that would be sent (JSON)"),
        Column("source_prints", "keyed hashes of the source's fields (JSON)"),
        Column("target_prints", "keyed hashes of the target's fields after a create (JSON)"),
        Column("moves", "what the ledger stores of both sides afterwards (JSON)"),
        Column("fields", "the fields that an update writes (JSON)"),
        Column("losses", "what is lost on the way, by field (JSON)"),
        Column("waits_for", "the records whose absence keeps it back (JSON)"),
        Column("hangs_on", "the source's records that it hangs on (JSON)"),
        Column("discarded", "what lost a conflict (JSON)"),
        Column("elements", "the associations as they will be held in step (JSON)"),
        Column("creates", "contacts and companies that are made first (JSON)"),
        Column("changes", "by field of an update: what the target shows, and what it would (JSON)"),
        Column("counterpart", "the counterpart's id that the source record shows"),
        Column("files", "the files to carry with it, where files are carried (JSON)"),
        Column("modified_at", "last modified, by the source", Kind.MOMENT),
        Column("decided_at", "when this was decided", Kind.MOMENT),
    ),
    Step.LOADED: (
        Column("outcome", "what became of the record, one of the counts of a run"),
        Column("detail", "what was done in particular"),
        Column("case_number", "the case of the decision", Kind.INTEGER),
        Column("rule", "the rule that decided, or found the counterpart"),
        Column("reason", "why it is as it is"),
        Column("target_id", "the counterpart's id in the target"),
        Column("status", "the HTTP status of the write", Kind.INTEGER),
        Column("code", "the API's code of a refusal"),
        Column("message", "the API's own message"),
        Column("correlation_id", "the API's id of the request"),
        Column("attempts", "how often it was sent", Kind.INTEGER),
        Column("loaded_at", "when this was known", Kind.MOMENT),
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
