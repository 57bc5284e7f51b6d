from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activity_sync.rules.eta import Estimate, Work, error_of, estimate, least_seconds, share_used

SECONDS = st.floats(0.0, 10_000.0)
RATES = st.floats(0.0, 5.0)
ROWS = st.integers(0, 100_000)


@st.composite
def works(draw: st.DrawFn) -> Work:
    rows = draw(ROWS)
    return Work(
        rows,
        done=draw(st.integers(0, rows)),
        seconds=draw(SECONDS),
        waited=draw(SECONDS),
        expected=draw(RATES),
        trust=draw(st.floats(0.0, 100.0)),
        floor=draw(SECONDS),
    )


def known(some: list[Work]) -> Estimate:
    found = estimate(some)
    assert found is not None
    return found


@given(st.lists(works(), max_size=8))
def test_an_estimate_is_never_negative_nor_below_what_the_limits_demand(some: list[Work]) -> None:
    found = known(some)

    assert found.at_least >= 0
    assert found.seconds >= found.at_least


def test_next_to_nothing_expected_is_no_pace() -> None:
    assert known([Work(rows=2, done=1, seconds=2.0, trust=1e-308)]).seconds == pytest.approx(2.0 / 201)


@given(st.lists(works(), min_size=1, max_size=8), st.data(), st.integers(1, 50_000))
def test_more_rows_never_take_less(some: list[Work], data: st.DataObject, more: int) -> None:
    at = data.draw(st.integers(0, len(some) - 1))

    grown = [*some]
    grown[at] = replace(some[at], rows=(some[at].rows or 0) + more)

    assert known(grown).seconds >= known(some).seconds


@given(st.lists(works(), max_size=8), st.data())
def test_without_the_rows_of_every_step_nothing_is_said(some: list[Work], data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(some)))

    assert estimate([*some[:at], Work(None, expected=1.0), *some[at:]]) is None


@given(st.lists(works(), max_size=8))
def test_what_is_done_takes_no_more_time(some: list[Work]) -> None:
    assert known([replace(one, done=one.rows or 0) for one in some]) == Estimate(0.0, 0.0)


@given(rate=st.floats(0.001, 2.0), expected=st.floats(0.001, 2.0), rows=st.integers(20_000, 100_000))
def test_the_rate_seen_outweighs_what_was_expected(rate: float, expected: float, rows: int) -> None:
    def error(done: int) -> float:
        return abs(
            error_of(
                estimated=known([Work(rows, done=done, seconds=done * rate, expected=expected)]).seconds,
                actual=(rows - done) * rate,
            )
        )

    errors = [error(share * rows // 100) for share in (0, 1, 10, 50, 90)]

    assert errors == sorted(errors, reverse=True) or max(errors) < 1e-6
    assert errors[-1] <= 0.02 * max(errors[0], 1.0)


def test_a_run_twice_as_slow_as_expected_is_expected_to_stay_so() -> None:
    read = Work(20_000, done=20_000, seconds=400.0, expected=0.01)
    to_write = Work(20_000, expected=0.02)

    assert known([read, to_write]).seconds == pytest.approx(800.0, rel=0.05)


def test_the_slower_run_is_believed_later_where_what_was_expected_is_trusted() -> None:
    def left(trust: float) -> float:
        read = Work(2_000, done=2_000, seconds=40.0, expected=0.01, trust=trust)
        return known([read, Work(2_000, expected=0.02, trust=trust)]).seconds

    assert 40.0 < left(60.0) < 55.0
    assert 75.0 < left(2.0) < 80.0


def test_the_time_under_way_is_taken_off_and_never_more_than_there_is() -> None:
    work = Work(4_000, done=2_000, seconds=20.0, expected=0.01)

    assert known([work]).seconds == pytest.approx(20.0)
    assert known([replace(work, waited=5.0)]).seconds == pytest.approx(15.0)
    assert known([replace(work, waited=50.0)]).seconds == 0.0


@pytest.mark.parametrize(("calls", "least"), [(0, 0.0), (1, 0.0), (100, 0.0), (101, 10.0), (1_000, 90.0)])
def test_calls_beyond_one_window_wait_for_the_next(calls: int, least: float) -> None:
    assert least_seconds(calls, requests=100, seconds=10.0) == least


@given(calls=st.integers(0, 10_000), requests=st.integers(1, 6_000), seconds=st.floats(0.1, 300.0))
def test_so_many_calls_cannot_be_made_sooner(calls: int, requests: int, seconds: float) -> None:
    """A window that is always full, from its first moment on, is the fastest that there is."""
    last_sent = max((calls - 1) // requests, 0) * seconds

    assert least_seconds(calls, requests=requests, seconds=seconds) == pytest.approx(last_sent)


def test_the_share_of_a_limit_is_of_what_it_would_have_let_through() -> None:
    assert share_used(100, 20.0, requests=100, seconds=10.0) == 0.5
    assert share_used(50, 0.2, requests=100, seconds=10.0) == 0.5
    assert share_used(6_000, 300.0, requests=6_000, seconds=300.0) == 1.0
