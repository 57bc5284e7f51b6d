"""What the columns of a table are called and hold, read where somebody asks for columns of the organization's own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from activity_sync.activities.kinds import ActivityType
from activity_sync.systems.dynamics.batch import Answer, Operation
from activity_sync.systems.dynamics.filters import text_literal
from activity_sync.systems.dynamics.metadata import BASE_TABLE
from activity_sync.systems.dynamics.operations import Operations
from activity_sync.systems.dynamics.paths import ACTIVITY_TABLES, RECORD_TABLES

TIME, DAY, UNTOLD_TIME = "DateTime", "a day (DateOnly)", "DateTime (its behavior is not told)"
"""What a column of the type DateTime holds."""


class Columns:
    """The columns of the organization's tables; each table is read once."""

    def __init__(self, operations: Operations) -> None:
        self._operations = operations
        self._types: dict[str, Mapping[str, str]] = {}
        self._fixed: dict[str, frozenset[str]] = {}

    async def types(self, kinds: Iterable[str]) -> dict[str, Mapping[str, str]]:
        """By activity type or kind of record, what its table's columns hold, by logical name. One call, or none.

        Empty for a table that does not exist, or whose definitions are not for us to read.
        """
        tables = {kind: _tables_of(kind) for kind in kinds}
        unknown = sorted({one for some in tables.values() for one in some} - self._types.keys())
        reads = [read for one in unknown for read in _column_reads(one)]
        answers = await self._operations.read_answers(reads) if reads else []
        for table, answer, times in zip(unknown, answers[::2], answers[1::2], strict=True):
            listed = answer.json().get("value") or () if answer.status < 300 else ()
            held = {str(one["LogicalName"]): str(one.get("AttributeType") or "") for one in listed}
            self._types[table] = held | _time_types(held, times)
            self._fixed[table] = frozenset(
                str(one["LogicalName"]) for one in listed if one.get("IsValidForUpdate") is False
            )
        return {
            kind: {name: held for one in reversed(some) for name, held in self._types[one].items()}
            for kind, some in tables.items()
        }

    async def fixed(self, kind: str) -> frozenset[str]:
        """The columns of a kind's table that no update may change."""
        await self.types([kind])
        own, *inherited = _tables_of(kind)
        return self._fixed[own].union(*(self._fixed[one] - self._types[own].keys() for one in inherited))


def _column_reads(table: str) -> tuple[Operation, Operation]:
    """The reads of a table's columns, and of what those that hold times make of them."""
    path = f"EntityDefinitions(LogicalName={text_literal(table)})/Attributes"
    return (
        Operation("GET", f"{path}?$select=LogicalName,AttributeType,IsValidForUpdate"),
        Operation(
            "GET", f"{path}/Microsoft.Dynamics.CRM.DateTimeAttributeMetadata?$select=LogicalName,DateTimeBehavior"
        ),
    )


def _time_types(held: Mapping[str, str], answer: Answer) -> dict[str, str]:
    """What columns of times hold: a time, or by their behaviour a day alone.

    Source: Microsoft Learn, "Configure the behavior and format of the date and time column using code", read 2026-11.
    """
    if answer.status >= 300:
        return {name: UNTOLD_TIME for name, word in held.items() if word == TIME}
    listed = answer.json().get("value") or ()
    behaviours = {str(one["LogicalName"]): (one.get("DateTimeBehavior") or {}).get("Value") for one in listed}
    return {name: DAY for name, behaviour in behaviours.items() if behaviour == "DateOnly" and name in held}


def logical(column: str) -> str:
    """A column as metadata names it: what is read of a look-up has a name of its own."""
    return column.removeprefix("_").removesuffix("_value") if column.startswith("_") else column


def _tables_of(kind: str) -> tuple[str, ...]:
    """The table of a kind, and the one that it inherits columns from."""
    if kind in RECORD_TABLES:
        return (RECORD_TABLES[kind].name,)
    own = ACTIVITY_TABLES[ActivityType(kind)].name
    return (own,) if kind == ActivityType.NOTE else (own, BASE_TABLE)
