"""Points in time as HubSpot writes them: ISO text in UTC, or milliseconds since 1970.

Milliseconds of zero are left out (`2024-12-31T23:59:59Z`), as recorded answers show.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

_ISO = re.compile(r"(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?(?:Z|\+00:00)")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_DAY_MS = 86_400_000


def to_iso(ms: int) -> str:
    """Write milliseconds since 1970 as ISO text."""
    second, fraction = divmod(ms, 1000)
    text = datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{fraction:03d}Z" if fraction else f"{text}Z"


def from_iso(text: str) -> int | None:
    """Read ISO text in UTC as milliseconds since 1970, finer digits cut; None when it is not that."""
    found = _ISO.fullmatch(text)
    if found is None:
        return None
    try:
        whole = datetime.fromisoformat(found[1]).replace(tzinfo=UTC)
    except ValueError:
        return None
    return int(whole.timestamp()) * 1000 + int(((found[2] or "") + "000")[:3])


def read_ms(text: str) -> int | None:
    """Read ISO text or a number of milliseconds; None when it is neither, or beyond what a date can be."""
    if re.fullmatch(r"-?\d{1,14}", text):
        return int(text)
    return from_iso(text)


def read_day(text: str) -> str | None:
    """Read a calendar day, given as such or as milliseconds at midnight UTC; None when it is neither."""
    if re.fullmatch(r"-?\d{1,14}", text):
        ms = int(text)
        return to_iso(ms)[:10] if ms % _DAY_MS == 0 else None
    if not _DAY.fullmatch(text):
        return None
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).date().isoformat()
    except ValueError:
        return None
