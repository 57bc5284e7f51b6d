"""Columns that the configuration names: what a column may hold for a kind of field to be written to it.

Source: Microsoft Learn, "AttributeTypeCode", read 2026-11.
"""

from __future__ import annotations

from activity_sync.activities.kinds import ActivityType
from activity_sync.mapping.fit import Definitions
from activity_sync.mapping.rules import Kind
from activity_sync.systems.dynamics.columns import DAY, TIME, UNTOLD_TIME, Columns

_TEXTS = frozenset({"String", "Memo"})
_WHOLE = frozenset({"Integer", "BigInt", "Decimal", "Double", "Money"})

_WRITABLE = {
    Kind.TEXT: _TEXTS,
    Kind.HTML: _TEXTS,
    Kind.PLAIN: _TEXTS,
    Kind.RICH: _TEXTS,
    Kind.NUMBER: frozenset({"Decimal", "Double", "Money"}),
    Kind.INTEGER: _WHOLE,
    Kind.DURATION: _WHOLE,
    Kind.BOOL: frozenset({"Boolean"}),
    Kind.MOMENT: frozenset({TIME}),
    Kind.DATE: frozenset({DAY}),
    Kind.CHOICE: frozenset({"Picklist", "Boolean", "Integer", "String"}),
}


async def definitions(columns: Columns, kind: ActivityType) -> Definitions:
    """The columns of a type's table, by what they hold. One call, the first time."""
    types = (await columns.types([kind]))[kind]
    lookups = frozenset({"Lookup", "Customer", "Owner"})
    return Definitions(types, _WRITABLE, await columns.fixed(kind), lookups=lookups, untold=UNTOLD_TIME)
