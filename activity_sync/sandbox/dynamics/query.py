"""The query options of a read request, parsed and checked against the table."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote_plus

from activity_sync.sandbox.dynamics.errors import bad_query, unknown_in_query
from activity_sync.sandbox.dynamics.schema import Column, Table

_KNOWN = frozenset(
    {"$select", "$filter", "$orderby", "$top", "$expand", "$count", "$skiptoken", "$deltatoken", "$apply"}
)
_MAX_EXPANDS = 15


@dataclass(frozen=True)
class Query:
    """What stands behind the question mark, percent-decoded once. `select` None means all columns."""

    select: tuple[str, ...] | None = None
    filter: str | None = None
    orderby: tuple[tuple[str, bool], ...] = ()
    top: int | None = None
    expand: tuple[tuple[str, "Query"], ...] = ()
    count: bool = False
    skiptoken: str | None = None
    deltatoken: str | None = None
    apply: str | None = None
    aliases: Mapping[str, str] = field(default_factory=dict)
    raw: Mapping[str, str] = field(default_factory=dict)


def parse_query(text: str) -> Query:
    """Parses a raw query string. `$skip` and unknown `$` options are refused; other names are ignored."""
    pairs: dict[str, str] = {}
    for piece in text.split("&"):
        name, _, value = piece.partition("=")
        if name:
            pairs[unquote_plus(name)] = unquote_plus(value)
    return query_from(pairs)


def query_from(pairs: Mapping[str, str]) -> Query:
    """Parses decoded options."""
    if "$skip" in pairs:
        raise bad_query("Skip Clause is not supported in CRM")
    for name in pairs:
        if name.startswith("$") and name not in _KNOWN:
            raise bad_query(f"The query parameter '{name}' is not supported.")
    if "fetchXml" in pairs or "sql" in pairs:
        raise bad_query("The sandbox answers OData queries only.")
    return Query(
        select=_names(pairs["$select"]) if "$select" in pairs else None,
        filter=pairs.get("$filter"),
        orderby=_order(pairs.get("$orderby", "")),
        top=_top(pairs.get("$top")),
        expand=_expand(pairs.get("$expand", "")),
        count=pairs.get("$count", "").lower() == "true",
        skiptoken=pairs.get("$skiptoken"),
        deltatoken=pairs.get("$deltatoken"),
        apply=pairs.get("$apply"),
        aliases={name: value for name, value in pairs.items() if name.startswith("@")},
        raw=dict(pairs),
    )


def selected_columns(table: Table, select: tuple[str, ...] | None) -> list[Column]:
    """The columns to show; the key is always among them. Raises DataverseError for an unknown name."""
    if select is None or select == ("*",):
        return list(table.columns.values())
    columns: dict[str, Column] = {}
    for name in select:
        column = table.by_wire.get(name)
        if column is None:
            raise unknown_in_query(name, table.name)
        columns[column.name] = column
    columns.setdefault(table.key, table.columns[table.key])
    return list(columns.values())


def _names(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(","))
    if not all(names):
        raise bad_query("Syntax error in the $select query option.")
    return names


def _order(text: str) -> tuple[tuple[str, bool], ...]:
    """Pairs of a path and whether it descends."""
    order: list[tuple[str, bool]] = []
    for piece in filter(None, (part.strip() for part in text.split(","))):
        match = re.fullmatch(r"(\S+)(?:\s+(asc|desc))?", piece)
        if match is None:
            raise bad_query(f"Syntax error in the $orderby query option: '{piece}'.")
        order.append((match.group(1), match.group(2) == "desc"))
    return tuple(order)


def _top(text: str | None) -> int | None:
    if text is None:
        return None
    if not text.isdigit() or int(text) == 0:
        raise bad_query(f"Invalid value '{text}' for $top query option found.")
    return int(text)


def _expand(text: str) -> tuple[tuple[str, Query], ...]:
    expands: list[tuple[str, Query]] = []
    for piece in split_outside(text, ","):
        match = re.fullmatch(r"(\w+)(?:\((.*)\))?", piece, re.DOTALL)
        if match is None:
            raise bad_query(f"Syntax error in the $expand query option: '{piece}'.")
        options = dict(_option(each) for each in split_outside(match.group(2) or "", ";"))
        expands.append((match.group(1), query_from(options)))
    if len(expands) > _MAX_EXPANDS:
        raise bad_query(f"The number of $expand options exceeds the limit of {_MAX_EXPANDS}.")
    return tuple(expands)


def _option(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return name.strip(), value


def split_outside(text: str, separator: str) -> list[str]:
    """Splits where the separator stands outside brackets and quotes; empty pieces are left out."""
    pieces: list[str] = []
    depth, quoted, start = 0, False, 0
    for position, character in enumerate(text):
        if character == "'":
            quoted = not quoted
        elif quoted:
            continue
        elif character in "([":
            depth += 1
        elif character in ")]":
            depth -= 1
        elif character == separator and depth == 0:
            pieces.append(text[start:position])
            start = position + 1
    pieces.append(text[start:])
    return [piece.strip() for piece in pieces if piece.strip()]
