"""The walk through a window, against a search that is a list of records and changes as it is told to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from activity_sync.errors import MalformedResponse
from activity_sync.systems.hubspot.windows import is_list_cheaper, walk_window
from activity_sync.systems.hubspot.wire import Hits, from_millis
from activity_sync.systems.records import Window

END = 1000
WINDOW = Window(from_millis(0), from_millis(END))
PAGE = 4


class Search:
    """Records by id with their modification in milliseconds; answers pages of four."""

    def __init__(self, records: dict[int, int], *, then: Callable[[dict[int, int]], None] = lambda _: None) -> None:
        self.records = records
        self.then = then
        self.asked = 0

    async def ask(self, filters: Sequence[Any], sort: str) -> Hits:
        self.asked += 1
        found = [one for one in self.records.items() if all(_passes(one, given) for given in filters)]
        found.sort(key=lambda one: one[0] if sort == "hs_object_id" else (one[1], hash((one[0], self.asked))))
        page = [{"id": str(number), "properties": {"hs_lastmodifieddate": str(at)}} for number, at in found[:PAGE]]
        hits = Hits(page, len(found), "4" if len(found) > PAGE else None)
        self.then(self.records)
        return hits


def _passes(record: tuple[int, int], given: Any) -> bool:
    number, at = record
    value = at if given["propertyName"] == "hs_lastmodifieddate" else number
    match given["operator"]:
        case "GTE":
            return value >= int(given["value"])
        case "LTE":
            return value <= int(given["value"])
        case "LT":
            return value < int(given["value"])
        case "GT":
            return value > int(given["value"])
        case "NOT_IN":
            return str(value) not in given["values"]
    raise AssertionError(given)


def walk(search: Search, *, names_that_fit: int = 6) -> list[str]:
    async def collect() -> list[str]:
        first = await search.ask(
            [
                {"propertyName": "hs_lastmodifieddate", "operator": "GTE", "value": "0"},
                {"propertyName": "hs_lastmodifieddate", "operator": "LT", "value": str(END)},
            ],
            "hs_lastmodifieddate",
        )

        def fits(filters: Sequence[Any]) -> bool:
            return all(len(one.get("values", ())) <= names_that_fit for one in filters)

        return [one["id"] async for page in walk_window(search.ask, fits, WINDOW, first=first) for one in page]

    return asyncio.run(collect())


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.integers(1, 60), st.integers(0, 8), max_size=60), st.integers(0, 9))
def test_every_record_comes_once_however_times_are_shared(records, names_that_fit):
    search = Search(dict(records))

    found = walk(search, names_that_fit=names_that_fit)

    assert sorted(found) == sorted(str(number) for number in records)


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.integers(1, 60), st.integers(0, 8), max_size=60), st.randoms(use_true_random=False))
def test_records_edited_while_we_read_hide_no_other(records, random):
    moved: set[int] = set()

    def edit(living: dict[int, int]) -> None:
        for number in random.sample(sorted(living), k=min(2, len(living))):
            living[number] = END + 5
            moved.add(number)

    found = walk(Search(dict(records), then=edit))

    assert {str(number) for number in records} <= set(found) | {str(number) for number in moved}
    assert len(found) == len(set(found))


def test_a_window_of_distinct_times_takes_one_query_per_full_page():
    search = Search({number: number for number in range(1, 41)})

    walk(search)

    assert search.asked == 10


def test_ties_at_the_last_millisecond_of_the_window_end_the_walk():
    search = Search(dict.fromkeys(range(1, 30), END - 1))

    assert len(walk(search, names_that_fit=0)) == 29


def test_a_search_that_repeats_itself_is_no_endless_loop():
    class Stuck(Search):
        async def ask(self, _filters: Sequence[Any], _sort: str) -> Hits:
            return Hits([{"id": "1", "properties": {"hs_lastmodifieddate": "5"}}], 9, "1")

    with pytest.raises(MalformedResponse):
        walk(Stuck({}))


@pytest.mark.parametrize(
    ("in_window", "in_all", "cheaper"),
    [
        (2_000, 2_000, False),  # 9 searches and 8 association reads against 20 pages
        (2_000, 1_600, True),  # impossible in truth; the border lies between
        (100, 100, True),  # 4 association reads against 1 page
        (100, 399, False),
        (10_000, 10_000, False),
        (20_000, 20_000, True),  # beyond the cap of a query a search weighs double
        (20_000, 40_000, False),
        (0, 0, False),
    ],
)
def test_the_list_is_taken_where_it_costs_less(in_window, in_all, cheaper):
    assert is_list_cheaper(in_window=in_window, in_all=in_all, kinds=4) is cheaper


def test_times_are_aware():
    assert from_millis(0) == datetime(1970, 1, 1, tzinfo=UTC)
