from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activity_sync.mapping import FieldRule, load_mapping
from activity_sync.mapping.values import (
    find_choice,
    is_empty,
    one_line,
    pick_option,
    read_bool,
    read_choice,
    read_moment,
    read_text,
    read_whole_number,
    to_unit,
    write_moment,
    write_scalar,
)

_HUBSPOT = load_mapping("hubspot").types["note"].notation
_DYNAMICS = load_mapping("dynamics").types["note"].notation
_CALL = FieldRule.model_validate(
    {
        "kind": "choice",
        "property": "p",
        "choices": [
            {"value": "received", "native": "SENT", "when": {"direction": "incoming"}},
            {"value": "sent", "native": "SENT"},
            {"value": "bounced", "native": "SENT", "loss": True},
        ],
    }
)


@pytest.mark.parametrize(
    "raw",
    [
        "2026-03-12T07:34:48.168Z",
        "2026-03-12T07:34:48.168+00:00",
        "2026-03-12T08:34:48.168+01:00",
        "2026-03-12T07:34:48.168",
        "2026-03-12T07:34:48.1680000Z",
        "1773300888168",
        1773300888168,
    ],
)
def test_moment_is_read_from_every_observed_form(raw):
    assert read_moment(raw) == datetime(2026, 3, 12, 7, 34, 48, 168000, tzinfo=UTC)


def test_moment_without_fraction_and_before_the_epoch_is_read():
    assert read_moment("2024-12-31T23:59:59Z") == datetime(2024, 12, 31, 23, 59, 59, tzinfo=UTC)
    assert read_moment("-1000") == datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC)
    assert read_moment("2026-03-15") == datetime(2026, 3, 15, tzinfo=UTC)


@pytest.mark.parametrize("raw", ["yesterday", "2026-13-01T00:00:00Z", "999999999999999", True, {}, []])
def test_broken_moment_is_refused_without_its_content(raw):
    with pytest.raises(ValueError, match=r"^is not a date and time$"):
        read_moment(raw)


def test_moment_is_written_in_the_precision_of_the_system():
    moment = datetime(2026, 3, 12, 8, 34, 48, 168999, tzinfo=timezone(timedelta(hours=1)))

    assert write_moment(moment, _HUBSPOT) == "2026-03-12T07:34:48.168Z"
    assert write_moment(moment, _DYNAMICS) == "2026-03-12T07:34:48Z"


@given(st.datetimes(timezones=st.just(UTC)))
def test_moment_survives_hubspot_to_the_millisecond(moment):
    assert read_moment(write_moment(moment, _HUBSPOT)) == moment.replace(microsecond=moment.microsecond // 1000 * 1000)


@pytest.mark.parametrize(("raw", "number"), [("0", 0), ("61500", 61500), (7, 7), (7.0, 7), ("7.0", 7), (" -3 ", -3)])
def test_whole_number_is_read_from_number_or_digits(raw, number):
    assert read_whole_number(raw) == number


@pytest.mark.parametrize("raw", [True, "seven", "7.5", 7.5, [], {}, "1e3"])
def test_broken_number_is_refused_without_its_content(raw):
    with pytest.raises(ValueError, match=r"^is not a whole number$"):
        read_whole_number(raw)


@pytest.mark.parametrize(
    ("raw", "truth"), [("true", True), ("False", False), (True, True), (False, False), (1, True), ("0", False)]
)
def test_truth_value_is_read_from_every_form(raw, truth):
    assert read_bool(raw) is truth


@pytest.mark.parametrize("raw", ["yes", 2, None, []])
def test_broken_truth_value_is_refused(raw):
    with pytest.raises(ValueError, match=r"^is not true or false$"):
        read_bool(raw)


@pytest.mark.parametrize("raw", [None, "", " ", "\n"])
def test_nothing_shown_is_empty(raw):
    assert is_empty(raw)


@pytest.mark.parametrize("raw", [0, False, "0", "x"])
def test_zero_and_false_are_not_empty(raw):
    assert not is_empty(raw)


def test_text_loses_what_no_system_takes_and_keeps_the_rest():
    assert read_text("a\x00b\x0b\ud83d c\t\n ") == "ab c\t\n "
    assert read_text(5) == "5"


@pytest.mark.parametrize("raw", [{}, [], True])
def test_text_is_no_structure(raw):
    with pytest.raises(ValueError, match=r"^is not a text$"):
        read_text(raw)


def test_single_line_stays_on_one_line():
    assert one_line("a\r\n b\tc\u2028d ") == "a b c d "


@pytest.mark.parametrize(("ms", "minutes"), [(0, 0), (29_999, 0), (30_000, 1), (60_000, 1), (89_999, 1), (90_000, 2)])
def test_half_a_minute_is_rounded_up(ms, minutes):
    assert to_unit(ms, 60_000) == minutes


def test_scalar_is_a_string_only_where_the_system_says_so():
    assert [write_scalar(value, _HUBSPOT) for value in (True, 5, "X")] == ["true", "5", "X"]
    assert [write_scalar(value, _DYNAMICS) for value in (True, 5, "X")] == [True, 5, "X"]


def test_choice_hangs_on_another_field():
    assert read_choice(_CALL, "sent", {"direction": "incoming"}) == "received"
    assert read_choice(_CALL, "SENT", {"direction": "outgoing"}) == "sent"
    assert read_choice(_CALL, "SENT", {}) == "sent"


def test_unknown_option_is_kept_by_its_name():
    assert read_choice(_CALL, " WAITING ", {}) == "other:waiting"


def test_neighbour_is_written_and_never_read():
    choice = find_choice(_CALL, "bounced", {})

    assert choice is not None
    assert choice.native == ("SENT",)
    assert read_choice(_CALL, "SENT", {}) != "bounced"


def test_line_for_reading_is_never_written():
    rule = _CALL.model_copy(update={"choices": (_CALL.choices[1].model_copy(update={"write": False}),)})

    assert find_choice(rule, "sent", {}) is None


@pytest.mark.parametrize(
    ("offered", "picked"),
    [
        ([], "CANCELED"),
        (["CANCELED", "CANCELLED"], "CANCELED"),
        (["SCHEDULED", "CANCELLED"], "CANCELLED"),
        (["cancelled"], "cancelled"),
        (["SCHEDULED"], None),
    ],
)
def test_option_is_spelled_as_the_portal_does(offered, picked):
    assert pick_option(("CANCELED", "CANCELLED"), offered) == picked
