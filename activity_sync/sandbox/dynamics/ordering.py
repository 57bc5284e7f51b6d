"""Sorting rows, and finding one's place again on the next page."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from activity_sync.sandbox.dynamics.comparing import comparable, guid_order
from activity_sync.sandbox.dynamics.filtering import read_path
from activity_sync.sandbox.dynamics.schema import Table

if TYPE_CHECKING:
    from activity_sync.sandbox.dynamics.store import Store

Row = dict[str, Any]
Order = Sequence[tuple[str, bool]]
Values = list[Any]


def order_values(store: "Store", table: Table, order: Order) -> Callable[[Row], Values]:
    """How to read from a row the comparable values it is sorted by."""
    readers = [read_path(store, table, path) for path, _ in order]
    return lambda row: [comparable(column, read(row)) for read, column in readers]


def sorted_rows(store: "Store", table: Table, rows: Sequence[Row], order: Order) -> list[Row]:
    """The rows in order; empty values come first when ascending, as in SQL. Without an order: by key."""
    if not order:
        key = table.key
        return sorted(rows, key=lambda row: guid_order(row[key]))
    out = list(rows)
    for path, descending in reversed(order):
        read, column = read_path(store, table, path)

        def sort_key(row: Row, read: Any = read, column: Any = column) -> tuple[bool, Any]:
            value = comparable(column, read(row))
            return (value is not None, value if value is not None else 0)

        out.sort(key=sort_key, reverse=descending)
    return out


def comes_after(values: Values, last: Values, order: Order) -> bool:
    """Whether a row with these values comes after the last one of a page."""
    for (_, descending), value, before in zip(order, values, last, strict=True):
        if value == before:
            continue
        later = before is None if value is None or before is None else value > before
        return later != descending
    return False
