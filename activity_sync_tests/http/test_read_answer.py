"""Statuses and Retry-After, in all their forms."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from activity_sync.http.read_answer import Meaning, read_clock_ahead, read_meaning, read_retry_after

NOW = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("stated", "seconds"),
    [
        ("7", 7.0),
        ("0.5", 0.5),
        ("-3", 0.0),
        ("Sun, 22 Nov 2026 12:00:30 GMT", 30.0),
        ("Sun, 22 Nov 2026 13:00:30 +0100", 30.0),
        ("Sun, 22 Nov 2026 12:00:30 -0000", 30.0),
        ("Sun, 22 Nov 2026 11:00:00 GMT", 0.0),
        ("soon", None),
        ("nan", None),
        ("inf", None),
        ("", None),
    ],
)
def test_retry_after(stated, seconds):
    assert read_retry_after({"retry-after": stated}, NOW) == seconds


def test_no_retry_after_says_nothing():
    assert read_retry_after({}, NOW) is None


@pytest.mark.parametrize(
    ("meaning", "statuses"),
    [
        (Meaning.RETURN, [200, 201, 204, 207, 300, 304, 400, 404, 405, 409, 410, 412, 413, 414, 422, 501]),
        (Meaning.LATER, [423, 429, 477, 521, 523, 525, 526]),
        (Meaning.UNCERTAIN, [408, 500, 502, 503, 504, 520, 522, 524, 599]),
        (Meaning.UNAUTHENTICATED, [401]),
        (Meaning.FORBIDDEN, [403]),
        (Meaning.REDIRECT, [301, 302, 303, 307, 308]),
    ],
)
def test_every_status_has_its_consequence(meaning, statuses):
    assert {read_meaning(status) for status in statuses} == {meaning}


NOON = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
DATE = {"date": "Sun, 01 Mar 2026 12:00:00 GMT"}


@pytest.mark.parametrize(
    ("sent", "received", "ahead"),
    [
        (0.2, 0.4, 0.0),  # the second that `Date` was cut to
        (-0.5, 0.1, 0.0),
        (-9.0, 0.3, 0.0),  # a slow server
        (0.9, 7.0, 0.0),  # an answer that lay unread while the process did not get its turn
        (-60.0, -59.5, 59.5),
        (61.0, 61.5, -60.0),
    ],
)
def test_a_clock_differs_by_what_no_delay_explains(sent, received, ahead):
    stated = read_clock_ahead(DATE, sent=NOON + timedelta(seconds=sent), received=NOON + timedelta(seconds=received))

    assert stated == timedelta(seconds=ahead)


@pytest.mark.parametrize("headers", [{}, {"date": "yesterday"}, {"date": "Sun, 01 Mar 2026 12:00:00 -0000"}])
def test_a_date_that_cannot_be_read_says_nothing_of_the_clock(headers):
    assert read_clock_ahead(headers, sent=NOON, received=NOON) is None
