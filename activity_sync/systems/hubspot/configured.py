"""Properties that the configuration names: what one may hold for a kind of field to be written to it. Pure.

Source: HubSpot developer documentation, "Property type and fieldType values", read 2026-11.
"""

from __future__ import annotations

from activity_sync.mapping.fit import Definitions
from activity_sync.mapping.rules import Kind
from activity_sync.systems.hubspot.metadata import Schema

_TEXTS = frozenset({"string", "enumeration", "phone_number", "bool"})
_NUMBERS = frozenset({"number", "string"})

_WRITABLE = {
    Kind.TEXT: _TEXTS,
    Kind.HTML: frozenset({"string"}),
    Kind.PLAIN: frozenset({"string"}),
    Kind.RICH: frozenset({"string"}),
    Kind.NUMBER: _NUMBERS,
    Kind.INTEGER: _NUMBERS,
    Kind.DURATION: _NUMBERS,
    Kind.BOOL: frozenset({"bool", "enumeration", "string"}),
    Kind.MOMENT: frozenset({"datetime", "string"}),
    Kind.DATE: frozenset({"date", "string"}),
    Kind.CHOICE: frozenset({"enumeration", "string", "bool", "number"}),
}


def definitions(schema: Schema) -> Definitions:
    """The properties of an object type, by what they hold."""
    return Definitions(schema.types, _WRITABLE, schema.fixed)
