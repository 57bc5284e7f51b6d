"""What the organization is made of: tables that exist, columns, text limits. Read once per connection, in one call.

Opportunity and incident exist only where the Dynamics apps are; an administrator can raise the limit of a text column;
the columns that carry a counterpart's id are the organization's own. Columns of the activity tables are inherited from
`activitypointer`, and may be listed there alone.
Source: Microsoft Learn, "Query schema definitions", read 2026-11.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from activity_sync.activities.kinds import ActivityType
from activity_sync.systems.dynamics.batch import Answer, Operation
from activity_sync.systems.dynamics.filters import any_of, query, text_literal
from activity_sync.systems.dynamics.operations import Operations
from activity_sync.systems.dynamics.paths import ACTIVITY_TABLES, RECORD_TABLES
from activity_sync.systems.dynamics.refusals import explain_failed_read

BASE_TABLE = "activitypointer"
_TEXTS = ("StringAttributeMetadata", "MemoAttributeMetadata")


@dataclass(frozen=True, slots=True)
class TableFacts:
    """One table. `limits`: its text columns with their lengths in UTF-16 code units."""

    change_tracking: bool = False
    limits: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Schema:
    """The tables of the organization that matter here, by logical name."""

    tables: Mapping[str, TableFacts]

    def has(self, table: str) -> bool:
        """Whether the table exists."""
        return table in self.tables

    def has_text(self, table: str, column: str) -> bool:
        """Whether the table has this text column."""
        return self.has(table) and column in self.tables[table].limits

    def limits(self, activity_type: ActivityType) -> Mapping[str, int]:
        """The text limits of an activity's columns."""
        facts = self.tables.get(ACTIVITY_TABLES[activity_type].name)
        return facts.limits if facts else {}

    def tracks_changes(self, activity_type: ActivityType) -> bool:
        """Whether the activity's table tells what was deleted."""
        facts = self.tables.get(ACTIVITY_TABLES[activity_type].name)
        return facts is not None and facts.change_tracking


def schema_reads() -> list[Operation]:
    """The reads that `read_schema` takes the answers of, in order."""
    names = _table_names()
    wanted = any_of(f"LogicalName eq {text_literal(name)}" for name in names)
    options = {"$select": "LogicalName,ChangeTrackingEnabled", "$filter": wanted}
    return [
        Operation("GET", f"EntityDefinitions?{query(options)}"),
        *(
            Operation(
                "GET",
                f"EntityDefinitions(LogicalName={text_literal(name)})/Attributes/Microsoft.Dynamics.CRM.{texts}"
                "?$select=LogicalName,MaxLength",
            )
            for name in names
            for texts in _TEXTS
        ),
    ]


def read_schema(answers: Sequence[Answer]) -> Schema:
    """The schema that these answers tell. A table that does not exist answers 404; other refusals are raised."""
    for answer in answers:
        if answer.status >= 300 and answer.status != 404:
            raise explain_failed_read(answer)
    tracking = {row["LogicalName"]: bool(row.get("ChangeTrackingEnabled")) for row in _rows(answers[0])}
    listed = iter(answers[1:])
    lengths = {
        name: {
            str(row["LogicalName"]): int(row["MaxLength"])
            for answer in (next(listed), next(listed))
            for row in _rows(answer)
            if isinstance(row.get("MaxLength"), int)
        }
        for name in _table_names()
    }
    inherited = lengths[BASE_TABLE]
    return Schema(
        {
            name: TableFacts(tracks, {**(inherited if name in _INHERITING else {}), **lengths.get(name, {})})
            for name, tracks in tracking.items()
        }
    )


class Metadata:
    """The schema, read when it is first asked for."""

    def __init__(self, operations: Operations) -> None:
        self._operations = operations
        self._schema: Schema | None = None
        self._lock = asyncio.Lock()

    @property
    def known(self) -> Schema | None:
        """The schema, if it has been read."""
        return self._schema

    def learn(self, schema: Schema) -> None:
        """Take a schema that was read along with something else."""
        self._schema = schema

    async def read(self) -> Schema:
        """The schema: one call, the first time."""
        async with self._lock:
            if self._schema is None:
                self._schema = read_schema(await self._operations.read_answers(schema_reads()))
            return self._schema


def _table_names() -> tuple[str, ...]:
    activities = (table.name for table in ACTIVITY_TABLES.values())
    return (*activities, *(table.name for table in RECORD_TABLES.values()), BASE_TABLE)


_INHERITING = frozenset(table.name for table in ACTIVITY_TABLES.values()) - {"annotation"}


def _rows(answer: Answer) -> Iterable[Mapping[str, Any]]:
    return answer.json().get("value") or () if answer.status < 300 else ()
