"""Searches for many values at once, within what one search may carry."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence

from activity_sync.systems.hubspot.operations import Operations
from activity_sync.systems.hubspot.wire import Json, filter_on, fits_search, search_body, split_batches

_GROUPS = 5
"""Filter groups of one search."""


async def search_values(
    operations: Operations, kind: str, name: str, values: Iterable[str], *, properties: Sequence[str]
) -> list[Json]:
    """All records of which the text property `name` is one of the values, in any letter case."""
    # IN compares with the lower-cased value, and so finds nothing for a value in capitals.
    lowered = list(dict.fromkeys(value.lower() for value in values if value.strip()))
    bodies = list(_bodies(name, lowered, properties))
    pages = await asyncio.gather(*(_search_all(operations, kind, body) for body in bodies))
    return [one for page in pages for one in page]


async def search_tokens(
    operations: Operations, kind: str, name: str, values: Iterable[str], *, properties: Sequence[str]
) -> list[Json]:
    """All records whose property `name`, a joined list, contains one of the values, and some merely like it."""
    bodies = [
        search_body([[filter_on(name, "CONTAINS_TOKEN", value)] for value in some], properties=properties)
        for some in split_batches(dict.fromkeys(values), _GROUPS)
    ]
    pages = await asyncio.gather(*(_search_all(operations, kind, body) for body in bodies))
    return [one for page in pages for one in page]


async def _search_all(operations: Operations, kind: str, body: Json) -> list[Json]:
    page = await operations.search(kind, body)
    found = list(page.results)
    while page.after is not None and page.results:
        page = await operations.search(kind, {**body, "after": page.after})
        found.extend(page.results)
    return found


def _bodies(name: str, values: Sequence[str], properties: Sequence[str]) -> Iterator[Json]:
    """As few searches as the length of a body allows."""
    some: list[str] = []
    for value in values:
        if not fits_search(_body(name, [value], properties)):
            # Longer than any search: no domain, name or id that a person gave a record.
            continue
        if some and not fits_search(_body(name, [*some, value], properties)):
            yield _body(name, some, properties)
            some = []
        some.append(value)
    if some:
        yield _body(name, some, properties)


def _body(name: str, values: Sequence[str], properties: Sequence[str]) -> Json:
    return search_body([[filter_on(name, "IN", values)]], properties=properties)
