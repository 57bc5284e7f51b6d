"""Field and value rules between a system's properties and canonical fields. Pure; the shipped rules are YAML.

One mapping per system, never per pair: `decode_fields` reads a record of any system, `encode_fields` writes it to any
other. docs/mapping.md shows all rules at a glance.
"""

from activity_sync.mapping.decode import decode_fields
from activity_sync.mapping.encode import Encoded, encode_fields
from activity_sync.mapping.load import load_mapping, parse_mapping
from activity_sync.mapping.rules import (
    FieldRule,
    Kind,
    SystemMapping,
    TypeMapping,
    columns_to_read,
    columns_to_write,
    comparable_fields,
)

__all__ = [
    "Encoded",
    "FieldRule",
    "Kind",
    "SystemMapping",
    "TypeMapping",
    "columns_to_read",
    "columns_to_write",
    "comparable_fields",
    "decode_fields",
    "encode_fields",
    "load_mapping",
    "parse_mapping",
]
