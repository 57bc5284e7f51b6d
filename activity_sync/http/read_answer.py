"""What a status and its headers mean for the request that they answer. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import Enum

UNTOUCHED = frozenset({423, 429, 477, 521, 523, 525, 526})
"""Refused before it was carried out: repeating does no harm whatever the request was.

503 and 522 are not among them: a gateway says so, and it may have passed the request on.
Source: HubSpot developer documentation, "Error handling", read 2026-11; Dataverse, "Service protection API limits".
"""


class Meaning(Enum):
    """What to do with an answer."""

    RETURN = "the caller interprets it"
    LATER = "try again later; nothing was done"
    UNCERTAIN = "try again later; it may have been done"
    UNAUTHENTICATED = "the token is not accepted"
    FORBIDDEN = "the credentials lack a right"
    REDIRECT = "the address leads elsewhere"


def read_meaning(status: int) -> Meaning:
    """The consequence of a status.

    501 is a judgement on the request (Dataverse: operation not supported), not an outage. 304 and every other 4xx
    are the caller's to interpret.
    """
    if status in UNTOUCHED:
        return Meaning.LATER
    if status == 401:
        return Meaning.UNAUTHENTICATED
    if status == 403:
        return Meaning.FORBIDDEN
    if status in {301, 302, 303, 307, 308}:
        return Meaning.REDIRECT
    if status == 408 or (status >= 500 and status != 501):
        return Meaning.UNCERTAIN
    return Meaning.RETURN


def read_retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds to wait by the `Retry-After` header: a number of seconds or an HTTP date (RFC 9110, 10.2.3).

    None when there is no such header or it says neither. Never negative.
    """
    stated = headers.get("retry-after", "").strip()
    if not stated:
        return None
    try:
        seconds = float(stated)
    except ValueError:
        try:
            moment = parsedate_to_datetime(stated)
        except ValueError:
            return None
        # A date without a zone ("-0000") is UTC by RFC 5322.
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return max((aware - now).total_seconds(), 0.0)
    return max(seconds, 0.0) if seconds == seconds and seconds != float("inf") else None  # noqa: PLR0124 - nan


def read_clock_ahead(headers: Mapping[str, str], *, sent: datetime, received: datetime) -> timedelta | None:
    """The least by which the server's clock must differ from ours, ahead being positive; None where nothing is told.

    `Date` (RFC 9110) is cut to its second and was written at some time between `sent` and `received`, both by our
    clock: a slow answer, or a process that did not get its turn, is no difference.
    """
    stated = headers.get("date")
    if stated is None:
        return None
    try:
        there = parsedate_to_datetime(stated)
    except ValueError:
        return None
    if there.tzinfo is None:
        return None
    least, most = there - received, there + timedelta(seconds=1) - sent
    return min(max(timedelta(), least), most)
