"""Everything modified in a window, by search: each record once where nobody edits, none lost where somebody does.

Pages by offset lose records: one that is edited meanwhile leaves its place, and all behind it move up by one, across
the border of a page. So every page is a query of its own, for what was modified since the last time seen, without the
records seen at that time; and the cap of 10,000 hits of one query is never met. Where more records share one
millisecond than a query can leave out by name, that millisecond is walked by record id.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Final

from activity_sync.errors import MalformedResponse
from activity_sync.systems.hubspot.associations import TARGETS
from activity_sync.systems.hubspot.wire import (
    ASSOCIATION_READ,
    LIST_PAGE,
    MODIFIED,
    RECORD_ID,
    SEARCH_CAP,
    SEARCH_PAGE,
    Hits,
    Json,
    ceil_millis,
    filter_on,
    millis,
    read_modified,
)
from activity_sync.systems.records import Window

Ask = Callable[[Sequence[Json], str], Awaitable[Hits]]
"""Searches by all of the filters, ascending by the named property."""
Fits = Callable[[Sequence[Json]], bool]
"""Whether such a query is short enough to be accepted."""

_WEIGHT_OF_SEARCH: Final = 2
"""Search allows 5 requests a second for the whole account, other calls at least 10."""


@dataclass(frozen=True, slots=True)
class Position:
    """Read so far: all that was modified before `since`, and the records `seen` of those modified at it (ms)."""

    since: int
    seen: frozenset[str] = frozenset()

    def advance(self, results: Sequence[Json], *, end: int) -> Position:
        """The position after a page in ascending order of modification."""
        since = min(max(_modified(results[-1]), self.since), end - 1)
        border = frozenset(str(one["id"]) for one in results if _modified(one) >= since)
        return Position(since, border | self.seen if since == self.since else border)

    def filters(self, end: int) -> list[Json]:
        """What is left of a window that ends before `end`."""
        rest: list[Json] = [filter_on(MODIFIED, "GTE", str(self.since)), filter_on(MODIFIED, "LT", str(end))]
        return [*rest, filter_on(RECORD_ID, "NOT_IN", sorted(self.seen))] if self.seen else rest


async def walk_window(ask: Ask, fits: Fits, window: Window, *, first: Hits) -> AsyncGenerator[Sequence[Json], None]:
    """Page by page everything modified inside the window; `first` is the answer to its first query.

    MalformedResponse when the search repeats itself.
    """
    end = int(ceil_millis(window.end))
    position = Position(int(ceil_millis(window.start)))
    hits = first
    while hits.results:
        yield hits.results
        if hits.after is None:
            return
        next_position = position.advance(hits.results, end=end)
        if next_position == position:
            raise MalformedResponse("hubspot's search gives the same page again.", system="hubspot")
        position = next_position
        if not fits(position.filters(end)):
            async for page in _walk_instant(ask, position):
                yield page
            position = Position(position.since + 1)
            if position.since >= end:
                return
        hits = await ask(position.filters(end), MODIFIED)


async def _walk_instant(ask: Ask, position: Position) -> AsyncGenerator[Sequence[Json], None]:
    """What was modified in one millisecond, without what has been seen, by ascending id."""
    instant = str(position.since)
    last = "0"
    while True:
        filters = [
            filter_on(MODIFIED, "GTE", instant),
            filter_on(MODIFIED, "LTE", instant),
            filter_on(RECORD_ID, "GT", last),
        ]
        hits = await ask(filters, RECORD_ID)
        if fresh := [one for one in hits.results if str(one["id"]) not in position.seen]:
            yield fresh
        if hits.after is None or not hits.results:
            return
        highest = str(max(int(one["id"]) for one in hits.results))
        if highest == last:
            raise MalformedResponse("hubspot's search gives the same page again.", system="hubspot")
        last = highest


def calls_of_search(first: Hits) -> dict[str, int]:
    """What reading a window by search takes, by lane; `first` is the answer to its first query."""
    return {
        "search": ceil(first.total / SEARCH_PAGE),
        "default": len(TARGETS) * ceil(first.total / ASSOCIATION_READ),
    }


def calls_of_list(in_all: int) -> dict[str, int]:
    """What listing all records takes, by lane: associations come with them."""
    return {"default": ceil(in_all / LIST_PAGE)}


def is_list_cheaper(*, in_window: int, in_all: int, kinds: int) -> bool:
    """Whether listing all records costs less than searching on, one page of the window having been searched.

    `kinds`: of how many kinds the associations are read; a list brings them along. Up to the cap of a query calls
    are counted; a history beyond it is read for its duration, in which a search weighs double.
    """
    searches = ceil(max(in_window - SEARCH_PAGE, 0) / SEARCH_PAGE)
    association_reads = kinds * ceil(in_window / ASSOCIATION_READ)
    weight = _WEIGHT_OF_SEARCH if in_window > SEARCH_CAP else 1
    return weight * searches + association_reads > ceil(in_all / LIST_PAGE)


def _modified(record: Json) -> int:
    return int(millis(read_modified(record)))
