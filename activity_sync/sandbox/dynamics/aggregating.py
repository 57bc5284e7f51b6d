"""`$apply`: counts and sums, alone or by group.

Source: learn.microsoft.com webapi/query/aggregate-data; more than 50,000 rows are refused.
"""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from activity_sync.sandbox.dynamics.comparing import comparable
from activity_sync.sandbox.dynamics.errors import DataverseError, bad_query
from activity_sync.sandbox.dynamics.filtering import compile_filter, read_path
from activity_sync.sandbox.dynamics.query import split_outside
from activity_sync.sandbox.dynamics.schema import Reference, Table

if TYPE_CHECKING:
    from activity_sync.sandbox.dynamics.store import Store

Row = dict[str, Any]
MAX_ROWS = 50_000
_CALL = re.compile(r"^(filter|groupby|aggregate)\((.*)\)$", re.DOTALL)
_GROUPS = re.compile(r"^\(([^()]*)\)(?:\s*,\s*aggregate\((.*)\))?$", re.DOTALL)
_COUNT = re.compile(r"^\$count as (\w+)$")
_WITH = re.compile(r"^([\w/]+) with (sum|min|max|average|countdistinct) as (\w+)$")


def aggregated(store: "Store", table: Table, rows: Sequence[Row], text: str) -> list[Row]:
    """The rows that an `$apply` of filters and one grouping or aggregation gives. Raises DataverseError 400."""
    found = list(rows)
    for step in split_outside(text, "/"):
        match = _CALL.match(step)
        if match is None:
            raise bad_query(f"The $apply transformation '{step}' is not supported.")
        name, inside = match.groups()
        if name == "filter":
            test = compile_filter(inside, store, table)
            found = [row for row in found if test(row)]
            continue
        if len(found) > MAX_ROWS:
            raise DataverseError(
                400, "0x8004e023", "The maximum record limit is exceeded. Reduce the number of records."
            )
        if name == "aggregate":
            return [_figures(store, table, found, inside)]
        groups = _GROUPS.match(inside)
        if groups is None:
            raise bad_query(f"Syntax error in groupby: '{inside}'.")
        return _grouped(store, table, found, columns=groups.group(1), figures=groups.group(2))
    return found


def _grouped(store: "Store", table: Table, rows: Sequence[Row], *, columns: str, figures: str | None) -> list[Row]:
    names = [name.strip() for name in columns.split(",")]
    readers = [read_path(store, table, name)[0] for name in names]
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault(tuple(read(row) for read in readers), []).append(row)
    return [
        dict(zip(names, map(_plain, values), strict=True))
        | (_figures(store, table, members, figures) if figures is not None else {})
        for values, members in groups.items()
    ]


def _figures(store: "Store", table: Table, rows: Sequence[Row], text: str) -> Row:
    figures: Row = {}
    for piece in split_outside(text, ","):
        if counted := _COUNT.match(piece):
            figures[counted.group(1)] = len(rows)
            continue
        match = _WITH.match(piece)
        if match is None:
            raise bad_query(f"Syntax error in aggregate: '{piece}'.")
        path, method, alias = match.groups()
        read, column = read_path(store, table, path)
        values = [value for row in rows if (value := read(row)) is not None]
        match method:
            case "countdistinct":
                figures[alias] = len({comparable(column, value) for value in values})
            case "min" | "max":
                figures[alias] = _plain((min if method == "min" else max)(values, default=None))
            case "sum":
                figures[alias] = sum(values)
            case _:
                figures[alias] = sum(values) / len(values) if values else None
    return figures


def _plain(value: Any) -> Any:
    return value.id if isinstance(value, Reference) else value
