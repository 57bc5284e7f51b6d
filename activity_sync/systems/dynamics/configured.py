"""Columns that the configuration names: what a column may hold for a kind of field to be written to it. Pure.

Source: Microsoft Learn, "AttributeTypeCode", read 2026-11.
"""

from __future__ import annotations

from collections.abc import Mapping

from activity_sync.mapping.fit import Definitions
from activity_sync.mapping.rules import Kind

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
    Kind.MOMENT: frozenset({"DateTime"}),
    Kind.DATE: frozenset({"DateTime"}),
    Kind.CHOICE: frozenset({"Picklist", "Boolean", "Integer", "String"}),
}


def definitions(types: Mapping[str, str]) -> Definitions:
    """The columns of a table, by what they hold."""
    return Definitions(types, _WRITABLE, lookups=frozenset({"Lookup", "Customer", "Owner"}))
