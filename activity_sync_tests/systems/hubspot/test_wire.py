from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activity_sync.errors import MalformedResponse
from activity_sync.http.message import ApiResponse
from activity_sync.systems.hubspot.wire import (
    batch_read_body,
    ceil_millis,
    filter_on,
    fits_search,
    from_millis,
    millis,
    read_hits,
    read_record,
    read_results,
    read_time,
    search_body,
    split_batches,
    split_list,
    within,
)
from activity_sync.systems.records import Window

moments = st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(moments)
def test_a_filter_s_millisecond_is_at_or_after_the_bound_that_it_stands_for(moment):
    assert from_millis(int(millis(moment))) <= moment <= from_millis(int(ceil_millis(moment)))
    assert int(ceil_millis(moment)) - int(millis(moment)) <= 1


def test_a_window_between_two_milliseconds_asks_for_whole_ones():
    start = datetime(1970, 1, 1, 0, 0, 1, 500, tzinfo=UTC)

    assert within(Window(start, start + timedelta(seconds=1))) == [
        {"propertyName": "hs_lastmodifieddate", "operator": "GTE", "value": "1001"},
        {"propertyName": "hs_lastmodifieddate", "operator": "LT", "value": "2001"},
    ]


@pytest.mark.parametrize(
    "text",
    ["2026-03-12T07:34:48.168Z", "2026-03-12T08:34:48.168+01:00", "1773300888168", 1773300888168],
)
def test_times_come_in_several_forms(text):
    assert read_time(text) == datetime(2026, 3, 12, 7, 34, 48, 168_000, tzinfo=UTC)
    assert read_time(text).tzinfo is UTC


def test_zero_milliseconds_may_be_left_out():
    assert read_time("2024-12-31T23:59:59Z") == datetime(2024, 12, 31, 23, 59, 59, tzinfo=UTC)
    assert read_time("2024-12-31T23:59:59") == datetime(2024, 12, 31, 23, 59, 59, tzinfo=UTC)


def test_a_time_before_1970_is_a_negative_number_of_milliseconds():
    moment = datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC)

    assert millis(moment) == "-1000"
    assert read_time("-1000") == moment


def test_a_record_is_kept_as_it_came_without_its_associations():
    record = {
        "id": 5,
        "properties": {"hs_note_body": "x", "hs_lastmodifieddate": "2026-03-01T00:00:00Z"},
        "createdAt": "2026-02-01T00:00:00Z",
        "updatedAt": "2026-03-01T00:00:00.500Z",
        "archived": False,
        "associations": {"contacts": {"results": []}},
        "url": "https://app.example/5",
    }

    read = read_record(record, associations={"contact": []})

    assert (read.id, read.gone, read.associations) == ("5", False, {"contact": []})
    assert read.modified_at == datetime(2026, 3, 1, tzinfo=UTC)
    assert read.version == "1772323200000"
    assert "associations" not in read.payload
    assert read.payload["url"] == "https://app.example/5"


def test_the_time_of_a_record_may_stand_outside_its_properties_but_must_stand_somewhere():
    outside = read_record({"id": "1", "properties": {}, "updatedAt": "2026-03-01T00:00:00Z"})

    assert outside.modified_at == datetime(2026, 3, 1, tzinfo=UTC)
    with pytest.raises(MalformedResponse):
        read_record({"id": "1", "properties": {}})


def test_a_page_without_results_is_malformed_and_one_without_paging_the_last():
    assert read_hits(ApiResponse(200, {}, b'{"results": [], "total": 0}')).after is None
    assert read_hits(ApiResponse(200, {}, b'{"results": [], "paging": {"next": {"after": 200}}}')).after == "200"
    for body in (b"{}", b"[]", b'{"results": null}', b"not json"):
        with pytest.raises(MalformedResponse):
            read_hits(ApiResponse(200, {}, body))


def test_a_batch_answer_without_a_body_has_no_results():
    assert read_results(ApiResponse(204, {}, b"")) == ()
    assert read_results(ApiResponse(200, {}, b'{"status": "COMPLETE"}')) == ()


def test_bodies_are_those_of_the_documentation():
    assert search_body([[filter_on("a", "EQ", "1")], [filter_on("b", "IN", ["x"])]], properties=["p"], sort="a") == {
        "filterGroups": [
            {"filters": [{"propertyName": "a", "operator": "EQ", "value": "1"}]},
            {"filters": [{"propertyName": "b", "operator": "IN", "values": ["x"]}]},
        ],
        "properties": ["p"],
        "limit": 200,
        "sorts": [{"propertyName": "a", "direction": "ASCENDING"}],
    }
    assert batch_read_body(["1"], properties=["p"], id_property="email", history=["h"]) == {
        "inputs": [{"id": "1"}],
        "properties": ["p"],
        "idProperty": "email",
        "propertiesWithHistory": ["h"],
    }


@given(st.integers(min_value=0, max_value=400), st.integers(min_value=1, max_value=40))
def test_what_fits_is_below_three_thousand_characters_and_a_hundred_values(count, size):
    body = search_body([[filter_on("hs_object_id", "NOT_IN", ["7" * size for _ in range(count)])]], properties=["ä"])

    assert fits_search(body) == (len(json.dumps(body)) < 3000 and count <= 100)


def test_joined_values_and_batches():
    assert split_list(" a ; ;b") == ("a", "b")
    assert split_list(None) == ()
    assert split_batches(range(5), 2) == [[0, 1], [2, 3], [4]]
    assert split_batches([], 2) == []
