"""Tables that are views: the union of activities, and the register of messages."""

from typing import TYPE_CHECKING, Any

from activity_sync.sandbox.dynamics.identity import fixed_id
from activity_sync.sandbox.dynamics.schema import Reference, Table
from activity_sync.sandbox.dynamics.tables import ACTIVITY_NAMES

if TYPE_CHECKING:
    from activity_sync.sandbox.dynamics.store import Store

Row = dict[str, Any]
_POINTER_STATUS = {0: 1, 1: 2, 2: 3, 3: 4}
_BULK_MESSAGES = ("CreateMultiple", "UpdateMultiple", "UpsertMultiple")
_MESSAGES = ("Create", "Update", "Delete", "Retrieve", "RetrieveMultiple", *_BULK_MESSAGES)


def rows_of(store: "Store", table: Table) -> list[Row]:
    """All rows of a table, kept or derived."""
    match table.name:
        case "activitypointer":
            return [as_pointer(row) for name in ACTIVITY_NAMES for row in store.rows.get(name, {}).values()]
        case "sdkmessage":
            return [_message(name) for name in _MESSAGES]
        case "sdkmessagefilter":
            return _filters(store)
    return store.all_rows(table.name)


def row_of(store: "Store", table: Table, row_id: str) -> Row | None:
    """One row of a table, kept or derived."""
    if table.name == "activitypointer":
        name = store.activity_table.get(row_id)
        row = store.get(name, row_id) if name is not None else None
        return None if row is None else as_pointer(row)
    if table.name in ("sdkmessage", "sdkmessagefilter", "activityparty"):
        return next((row for row in rows_of(store, table) if row[table.key] == row_id), None)
    return store.get(table.name, row_id)


def as_pointer(row: Row) -> Row:
    """An activity as its base table shows it: with the base table's own status codes."""
    return row | {"statuscode": _POINTER_STATUS[row["statecode"]]}


def _message(name: str) -> Row:
    return {"sdkmessageid": fixed_id(f"message {name}"), "name": name, "versionnumber": 1}


def _filters(store: "Store") -> list[Row]:
    """Which table takes which message. Bulk messages exist on few tables."""
    settings = store.controls.settings
    rows: list[Row] = []
    for table in store.tables.values():
        for message in _MESSAGES:
            if message in _BULK_MESSAGES and table.name not in settings.dynamics_bulk_tables:
                continue
            if message in ("Create", "Update", "Delete") and not table.writable:
                continue
            rows.append(
                {
                    "sdkmessagefilterid": fixed_id(f"filter {message} {table.name}"),
                    "primaryobjecttypecode": table.name,
                    "sdkmessageid": Reference("sdkmessage", fixed_id(f"message {message}")),
                    "versionnumber": 1,
                }
            )
    return rows
