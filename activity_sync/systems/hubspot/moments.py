"""Spans of time around given moments, as a search takes them. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

Span = tuple[datetime, datetime]
"""From the first to the second, both included."""


def merge_spans(moments: Iterable[datetime], *, within: timedelta) -> list[Span]:
    """The fewest spans that cover all that is no further than `within` from any of the moments, in their order."""
    spans: list[Span] = []
    for moment in sorted(set(moments)):
        start, end = moment - within, moment + within
        if spans and start <= spans[-1][1]:
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((start, end))
    return spans
