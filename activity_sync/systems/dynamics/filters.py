"""OData as text: literals, conditions and query strings. Pure.

Source: Microsoft Learn, "Filter rows using OData" and "Query data using the Web API", read 2026-11.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

# What a query string may show as it is. `+ & # %`, the double quote and everything beyond ASCII are encoded.
_AS_THEY_ARE = "$,()'=:/@*!;"

CONDITION_CHARS = 12_000
"""Longest list condition, counted encoded: far below the 65,536 characters that a URL inside a batch may have."""


def text_literal(value: str) -> str:
    """A string literal: quoted, an apostrophe doubled."""
    return "'" + value.replace("'", "''") + "'"


def moment_literal(moment: datetime) -> str:
    """A time, unquoted, UTC. Columns hold whole seconds, so a fraction is rounded up: `ge` and `lt` stay exact."""
    whole = moment.astimezone(UTC)
    if whole.microsecond:
        whole = whole.replace(microsecond=0) + timedelta(seconds=1)
    return whole.strftime("%Y-%m-%dT%H:%M:%SZ")


def is_one_of(column: str, values: Iterable[str]) -> str:
    """A condition that holds where the column is one of the values (at least one). Case does not count.

    Values with an apostrophe make the list double-quoted; one that no list can quote is compared on its own.
    """
    listed: list[str] = []
    alone: list[str] = []
    for value in values:
        (alone if '"' in value or "\\" in value else listed).append(value)
    conditions = [f"{column} eq {text_literal(value)}" for value in alone]
    if listed:
        mark = '"' if any("'" in value for value in listed) else "'"
        quoted = ",".join(f"{mark}{value}{mark}" for value in listed)
        conditions.insert(0, f"Microsoft.Dynamics.CRM.In(PropertyName='{column}',PropertyValues=[{quoted}])")
    return any_of(conditions)


def contains(column: str, value: str) -> str:
    """A condition that holds where the column contains the value, or more: `%` and `_` in it are wildcards."""
    return f"contains({column},{text_literal(value)})"


def begins_with(column: str, value: str) -> str:
    """A condition that holds where the column begins with the value; wildcards as in `contains`."""
    return f"startswith({column},{text_literal(value)})"


def any_of(conditions: Iterable[str]) -> str:
    """At least one of the conditions, in brackets where there are several."""
    given = list(conditions)
    return given[0] if len(given) == 1 else "(" + " or ".join(given) + ")"


def query(options: Mapping[str, str]) -> str:
    """A percent-encoded query string, options in the order given."""
    return "&".join(f"{name}={quote(value, safe=_AS_THEY_ARE)}" for name, value in options.items() if value)


def chunks(
    values: Iterable[str], *, at_most: int = 500, chars: int = CONDITION_CHARS, overhead_chars: int = 7
) -> Iterator[list[str]]:
    """The values in runs that make conditions of bounded length. `overhead_chars`: what each one adds beside itself."""
    run: list[str] = []
    used = 0
    for value in values:
        cost = len(quote(value, safe=_AS_THEY_ARE)) + overhead_chars
        if run and (len(run) >= at_most or used + cost > chars):
            yield run
            run, used = [], 0
        run.append(value)
        used += cost
    if run:
        yield run
