"""OData text: quoting, encoding, bounded lengths."""

from datetime import UTC, datetime, timedelta, timezone
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activity_sync.systems.dynamics.filters import (
    any_of,
    chunks,
    contains,
    is_one_of,
    moment_literal,
    query,
    text_literal,
)


def test_apostrophes_are_doubled_in_a_literal():
    assert text_literal("O'Brien & Söhne") == "'O''Brien & Söhne'"


@pytest.mark.parametrize(
    ("moment", "literal"),
    [
        (datetime(2026, 11, 21, 10, tzinfo=UTC), "2026-11-21T10:00:00Z"),
        (datetime(2026, 11, 21, 10, 0, 0, 1, tzinfo=UTC), "2026-11-21T10:00:01Z"),
        (datetime(2026, 11, 21, 0, 30, tzinfo=timezone(timedelta(hours=2))), "2026-11-20T22:30:00Z"),
    ],
)
def test_moments_are_utc_whole_seconds_rounded_up(moment, literal):
    assert moment_literal(moment) == literal


def test_list_with_an_apostrophe_is_double_quoted():
    assert is_one_of("name", ["a", "O'B"]) == (
        'Microsoft.Dynamics.CRM.In(PropertyName=\'name\',PropertyValues=["a","O\'B"])'
    )


def test_value_that_no_list_can_quote_stands_alone():
    assert is_one_of("name", ["a", '"The" O\'B']) == (
        "(Microsoft.Dynamics.CRM.In(PropertyName='name',PropertyValues=['a']) or name eq '\"The\" O''B')"
    )


def test_one_condition_needs_no_brackets():
    assert any_of(["a eq 1"]) == "a eq 1"
    assert contains("websiteurl", "x'y") == "contains(websiteurl,'x''y')"


@given(st.text(max_size=60))
def test_query_survives_decoding_and_has_no_separator_of_its_own(value):
    encoded = query({"$filter": f"name eq {text_literal(value)}", "$top": "1"})

    assert encoded.count("&") == 1
    assert encoded.isascii()
    assert not set(encoded) & set('#+" \r\n')
    assert unquote(encoded) == f"$filter=name eq {text_literal(value)}&$top=1"


def test_empty_options_are_left_out():
    assert query({"$select": "a,b", "$expand": ""}) == "$select=a,b"


@given(st.lists(st.text(min_size=1, max_size=30)), st.integers(1, 7), st.integers(20, 200))
def test_chunks_keep_all_values_in_order_and_within_bounds(values, at_most, chars):
    runs = list(chunks(values, at_most=at_most, chars=chars))

    assert [value for run in runs for value in run] == values
    assert all(1 <= len(run) <= at_most for run in runs)
