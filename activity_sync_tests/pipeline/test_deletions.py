"""How often deletions are looked for: the more calls a look takes, the rarer it is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from activity_sync.pipeline.deletions import Look

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(("calls", "seconds"), [(0, 0), (1, 0), (2, 12), (30, 180), (500, 3000)])
def test_a_look_of_many_calls_is_not_repeated_before_ten_a_minute(calls, seconds):
    look = Look("here", calls, NOON)

    assert not look.is_fresh(NOON + timedelta(seconds=seconds))
    assert look.is_fresh(NOON + timedelta(seconds=seconds - 1)) == (seconds > 0)


def test_a_look_from_the_future_says_nothing():
    assert not Look("here", 500, NOON).is_fresh(NOON - timedelta(seconds=1))


def test_what_the_ledger_keeps_is_read_back():
    look = Look('{"token": "919042%2108"}', 3, NOON)

    assert Look.from_text(look.to_text()) == look
