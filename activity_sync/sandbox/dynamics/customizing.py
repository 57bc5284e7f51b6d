"""Making columns and alternate keys through the metadata endpoints."""

import re
from typing import TYPE_CHECKING, Any

from activity_sync.sandbox.dynamics.errors import DataverseError, bad_payload, bad_query
from activity_sync.sandbox.dynamics.identity import APPLICATION_USER_ID
from activity_sync.sandbox.dynamics.metadata import attribute_id
from activity_sync.sandbox.dynamics.schema import Column, Kind, Table

if TYPE_CHECKING:
    from activity_sync.sandbox.dynamics.store import Store

_KINDS: dict[str, Kind] = {
    "StringAttributeMetadata": "string",
    "MemoAttributeMetadata": "memo",
    "IntegerAttributeMetadata": "integer",
    "DecimalAttributeMetadata": "decimal",
    "BooleanAttributeMetadata": "boolean",
    "DateTimeAttributeMetadata": "datetime",
    "UniqueIdentifierAttributeMetadata": "guid",
}
_MOST_TEXT: dict[Kind, int] = {"string": 4000, "memo": 1_048_576}
_KEY_KINDS = frozenset({"string", "integer", "decimal", "datetime", "choice", "lookup", "guid"})
_MOST_KEYS = 10


def create_column(store: "Store", table: Table, body: Any) -> str:
    """Adds the column that an attribute definition describes; returns its metadata id. Raises DataverseError."""
    _check_allowed(store, "prvCreateAttribute")
    if not isinstance(body, dict):
        raise bad_payload(table.set_name, "Microsoft.OData.ODataException: An object was expected.")
    type_name = str(body.get("@odata.type", "")).rpartition(".")[2]
    kind = _KINDS.get(type_name)
    schema_name = body.get("SchemaName")
    if kind is None or not isinstance(schema_name, str):
        raise bad_query("An attribute needs an '@odata.type' that can be created and a 'SchemaName'.")
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9]{1,7}_\w+", schema_name):
        raise DataverseError(
            400,
            "0x80044363",
            f"The schema name '{schema_name}' is not valid: custom names begin with a publisher prefix.",
        )
    name = schema_name.lower()
    if name in table.columns:
        raise DataverseError(
            400, "0x80044196", f"An attribute with the specified name {name} already exists for entity {table.name}."
        )
    if "DisplayName" not in body:
        raise DataverseError(400, "0x80040203", "Attribute.DisplayName is missing.")
    length = body.get("MaxLength", {"string": 100, "memo": 2000}.get(kind))
    if kind in _MOST_TEXT and not (isinstance(length, int) and 1 <= length <= _MOST_TEXT[kind]):
        raise DataverseError(400, "0x80044355", f"The MaxLength {length} is outside the valid range.")
    column = Column(name, kind, max_length=length if kind in _MOST_TEXT else None, custom=True)
    store.add_columns(table.name, (column,))
    return attribute_id(table, name)


def create_key(store: "Store", table: Table, body: Any) -> str:
    """Defines an alternate key; returns its metadata id. Raises DataverseError."""
    _check_allowed(store, "prvCreateEntityKey")
    given = body.get("KeyAttributes") if isinstance(body, dict) else None
    if not isinstance(given, list) or not given or len(given) > 16:
        raise bad_query("A key needs one to sixteen 'KeyAttributes'.")
    if len(table.keys) >= _MOST_KEYS:
        raise DataverseError(400, "0x80060893", f"A table takes at most {_MOST_KEYS} keys.")
    for name in given:
        column = table.columns.get(name)
        if column is None or column.kind not in _KEY_KINDS:
            raise DataverseError(400, "0x80060894", f"The attribute '{name}' cannot be part of a key.")
    store.add_key(table.name, tuple(given))
    return attribute_id(table, "key " + ",".join(given))


def _check_allowed(store: "Store", privilege: str) -> None:
    if not store.controls.settings.dynamics_allow_custom_columns:
        raise DataverseError(
            403,
            "0x80040220",
            f"Principal user (Id={APPLICATION_USER_ID}, type=8) is missing {privilege} privilege.",
        )
