"""Searches for many values at once, within what one search may carry."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence

from activity_sync.errors import MalformedResponse
from activity_sync.systems.hubspot.operations import Operations
from activity_sync.systems.hubspot.wire import (
    RECORD_ID,
    SEARCH_CAP,
    SEARCH_PAGE,
    Hits,
    Json,
    filter_on,
    fits_search,
    search_body,
    split_batches,
)

_GROUPS = 5
"""Filter groups of one search."""
_WORDS = 3
"""Words of one value that are searched for: a search takes 18 filters, and 6 in a group."""
_LONGEST_ID = 2**63 - 1


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
    words = [(value,) for value in dict.fromkeys(values)]
    return await search_words_of(operations, kind, name, words, properties=properties)


async def search_words_of(
    operations: Operations, kind: str, name: str, values: Iterable[Sequence[str]], *, properties: Sequence[str]
) -> list[Json]:
    """All records whose property `name` contains all the words of one of the values (at most three of each count).

    Of words that more records contain than a query gives, the records that were created first.
    """
    groups = [
        [filter_on(name, "CONTAINS_TOKEN", word) for word in words]
        for words in dict.fromkeys(tuple(words[:_WORDS]) for words in values)
        if words
    ]
    pages = await asyncio.gather(
        *(_search_groups(operations, kind, some, properties) for some in _grouped(groups, properties))
    )
    return [one for page in pages for one in page]


async def _search_groups(
    operations: Operations, kind: str, groups: Sequence[Sequence[Json]], properties: Sequence[str]
) -> list[Json]:
    """All records that answer any of the groups, up to the cap of one query for each group."""
    body = search_body(groups, properties=properties)
    page = await operations.search(kind, body)
    if page.total > SEARCH_CAP and len(groups) > 1:
        # One common word must not crowd out the others' records.
        alone = await asyncio.gather(*(_search_groups(operations, kind, [one], properties) for one in groups))
        return [one for some in alone for one in some]
    return await _rest_of(operations, kind, body, page)


async def search_whole(
    operations: Operations, kind: str, groups: Sequence[Sequence[Json]], *, properties: Sequence[str]
) -> dict[str, Json]:
    """By id, all records that answer all filters of any of the groups, however many they are.

    Each page is a query of its own, for the ids behind the last one seen: so no query meets the cap of 10,000 hits,
    and none is lost where somebody edits between two pages. MalformedResponse when the search repeats itself.
    """
    answers = await asyncio.gather(
        *(_walk_ids(operations, kind, some, properties) for some in _fitting(list(groups), properties))
    )
    return {record_id: one for answer in answers for record_id, one in answer.items()}


async def _walk_ids(
    operations: Operations, kind: str, groups: Sequence[Sequence[Json]], properties: Sequence[str]
) -> dict[str, Json]:
    found: dict[str, Json] = {}
    last = 0
    while True:
        page = await operations.search(kind, _body_behind(last, groups, properties))
        found |= {str(one["id"]): one for one in page.results}
        if page.after is None or not page.results:
            return found
        highest = max(int(one["id"]) for one in page.results)
        if highest <= last:
            raise MalformedResponse("hubspot's search gives the same page again.", system="hubspot")
        last = highest


def _fitting(groups: Sequence[Sequence[Json]], properties: Sequence[str]) -> Iterator[Sequence[Sequence[Json]]]:
    """The groups, as many to a search as it takes whatever id it begins behind."""
    for some in split_batches(groups, _GROUPS):
        if len(some) == 1 or fits_search(_body_behind(_LONGEST_ID, some, properties)):
            yield some
        else:
            middle = len(some) // 2
            yield from _fitting(some[:middle], properties)
            yield from _fitting(some[middle:], properties)


def _body_behind(last: int, groups: Sequence[Sequence[Json]], properties: Sequence[str]) -> Json:
    behind = filter_on(RECORD_ID, "GT", str(last))
    return search_body([[*group, behind] for group in groups], properties=properties, sort=RECORD_ID)


async def _search_all(operations: Operations, kind: str, body: Json) -> list[Json]:
    return await _rest_of(operations, kind, body, await operations.search(kind, body))


async def _rest_of(operations: Operations, kind: str, body: Json, page: Hits) -> list[Json]:
    found = list(page.results)
    while page.after is not None and page.results and int(page.after) + SEARCH_PAGE <= SEARCH_CAP:
        page = await operations.search(kind, {**body, "after": page.after})
        found.extend(page.results)
    return found


def _grouped(groups: Sequence[Sequence[Json]], properties: Sequence[str]) -> Iterator[Sequence[Sequence[Json]]]:
    """The groups, in as few searches as their number and length allow. What no search can carry is left out."""
    some: list[Sequence[Json]] = []
    for group in groups:
        if not fits_search(search_body([group], properties=properties)):
            continue
        if len(some) == _GROUPS or not fits_search(search_body([*some, group], properties=properties)):
            yield some
            some = []
        some.append(group)
    if some:
        yield some


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
