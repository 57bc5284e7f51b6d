"""What the columns of a table are called and hold, read where somebody asks for columns of the organization's own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from activity_sync.activities.kinds import ActivityType
from activity_sync.systems.dynamics.batch import Operation
from activity_sync.systems.dynamics.filters import text_literal
from activity_sync.systems.dynamics.metadata import BASE_TABLE
from activity_sync.systems.dynamics.operations import Operations
from activity_sync.systems.dynamics.paths import ACTIVITY_TABLES, RECORD_TABLES


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
        reads = [
            Operation(
                "GET",
                f"EntityDefinitions(LogicalName={text_literal(one)})/Attributes"
                "?$select=LogicalName,AttributeType,IsValidForUpdate",
            )
            for one in unknown
        ]
        answers = await self._operations.read_answers(reads) if reads else []
        for table, answer in zip(unknown, answers, strict=True):
            listed = answer.json().get("value") or () if answer.status < 300 else ()
            self._types[table] = {str(one["LogicalName"]): str(one.get("AttributeType") or "") for one in listed}
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


def logical(column: str) -> str:
    """A column as metadata names it: what is read of a look-up has a name of its own."""
    return column.removeprefix("_").removesuffix("_value") if column.startswith("_") else column


def _tables_of(kind: str) -> tuple[str, ...]:
    """The table of a kind, and the one that it inherits columns from."""
    if kind in RECORD_TABLES:
        return (RECORD_TABLES[kind].name,)
    own = ACTIVITY_TABLES[ActivityType(kind)].name
    return (own,) if kind == ActivityType.NOTE else (own, BASE_TABLE)
