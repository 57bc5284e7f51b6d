"""Finding the row that a URL means: by id, or by an alternate key."""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from activity_sync.sandbox.dynamics.errors import DataverseError, bad_query, unknown_segment
from activity_sync.sandbox.dynamics.schema import Column, Reference, Table
from activity_sync.sandbox.dynamics.values import GUID

if TYPE_CHECKING:
    from activity_sync.sandbox.dynamics.store import Store

_ADDRESS = re.compile(r"^(?:https?://[^/]+)?(?:/?api/data/v9\.\d+/|/)?(\w+)\((.*)\)$", re.DOTALL)
_PAIR = re.compile(r"\s*(\w+)\s*=\s*('(?:[^']|'')*'|[^,]*)\s*(?:,|$)")


def table_of_set(store: "Store", set_name: str) -> Table:
    """The table of an entity set. Names are case-sensitive. Raises DataverseError 404."""
    for table in store.tables.values():
        if table.set_name == set_name:
            return table
    raise unknown_segment(set_name)


def key_values(text: str) -> dict[str, str]:
    """The pairs between the brackets of a URL, as written, without quotes: `name='x',other=5`."""
    pairs: dict[str, str] = {}
    position = 0
    while position < len(text):
        match = _PAIR.match(text, position)
        if match is None:
            raise bad_query(f"Syntax error in the key '{text}'.")
        name, value = match.groups()
        pairs[name] = value[1:-1].replace("''", "'") if value.startswith("'") else value.strip()
        position = match.end()
    return pairs


def resolve_key(store: "Store", table: Table, text: str) -> tuple[str | None, dict[str, Any]]:
    """What stands in the brackets: the row's id, and the key columns that were given.

    The id is None when an alternate key is used that no row has. Raises DataverseError 400 for a key that is not
    defined, 409 when several rows have it.
    """
    text = unquote(text)
    if GUID.fullmatch(text.strip()):
        return text.strip().lower(), {}
    pairs = key_values(text)
    if set(pairs) == {table.key} and GUID.fullmatch(pairs[table.key]):
        return pairs[table.key].lower(), {}
    names = tuple(sorted(_column_name(table, name) for name in pairs))
    if names not in [tuple(sorted(key)) for key in table.keys]:
        raise DataverseError(
            400, "0x80060890", f"The key property names {', '.join(pairs)} are not a key of {table.name}."
        )
    given: dict[str, Any] = {}
    for name, value in pairs.items():
        column = table.columns[_column_name(table, name)]
        if column.kind == "lookup":
            given[column.name] = next(
                (Reference(target, value.lower()) for target in column.targets), Reference("", value)
            )
        else:
            given[column.name] = _literal(column, value)
    found = rows_with(store, table, given)
    if len(found) > 1:
        raise DataverseError(400, "0x8006089d", "Multiple records match the given key.")
    return (found[0] if found else None), given


def rows_with(store: "Store", table: Table, given: Mapping[str, Any]) -> list[str]:
    """Ids of the rows whose columns, those of a defined key, hold these values; text is compared without case."""
    key = next(each for each in table.keys if set(each) == set(given))
    return sorted(store.key_index.get((table.name, key), {}).get(key_of(key, given), ()))


def key_of(key: tuple[str, ...], row: Mapping[str, Any]) -> tuple[Any, ...]:
    """A row's values in the columns of a key, as they are compared."""
    return tuple(_folded(row.get(name)) for name in key)


def resolve_address(store: "Store", address: str) -> Reference | None:
    """The row an `@odata.bind` or `@odata.id` value means, or None when it is not an address.

    Accepts `/tasks(id)`, `tasks(id)` and a full URL. Raises DataverseError 404 for an unknown set.
    """
    match = _ADDRESS.match(address.strip())
    if match is None:
        return None
    table = table_of_set(store, match.group(1))
    row_id, _ = resolve_key(store, table, match.group(2))
    if row_id is None:
        raise DataverseError(
            404, "0x80060891", f"A record with the specified key values does not exist in {table.name}"
        )
    return Reference(table.name, row_id)


def _column_name(table: Table, name: str) -> str:
    column = table.by_wire.get(name) or table.columns.get(name)
    if column is None:
        raise DataverseError(400, "0x80060890", f"'{name}' is not a key column of {table.name}.")
    return column.name


def _literal(column: Column, text: str) -> Any:
    if column.kind not in ("integer", "choice"):
        return text
    try:
        return int(text)
    except ValueError as wrong:
        raise bad_query(f"'{text}' is not a value of the key column '{column.name}'.") from wrong


def _folded(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value
