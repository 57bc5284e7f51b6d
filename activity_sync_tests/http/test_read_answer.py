"""Statuses and Retry-After, in all their forms."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from activity_sync.http.read_answer import Meaning, read_meaning, read_retry_after

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
        (Meaning.LATER, [423, 429, 477, 503, 521, 522, 523, 525, 526]),
        (Meaning.UNCERTAIN, [408, 500, 502, 504, 520, 524, 599]),
        (Meaning.UNAUTHENTICATED, [401]),
        (Meaning.FORBIDDEN, [403]),
        (Meaning.REDIRECT, [301, 302, 303, 307, 308]),
    ],
)
def test_every_status_has_its_consequence(meaning, statuses):
    assert {read_meaning(status) for status in statuses} == {meaning}
