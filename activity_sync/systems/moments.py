"""Stretches of time around given moments, as a search takes them. Pure, and the same for every system."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

Stretch = tuple[datetime, datetime]
"""From the first to the second, both included."""


def merge_moments(moments: Iterable[datetime], *, within: timedelta) -> list[Stretch]:
    """The fewest stretches that cover all that is no further than `within` from any of the moments, in their order.

    None touches another.
    """
    merged: list[Stretch] = []
    for moment in sorted(set(moments)):
        start, end = moment - within, moment + within
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], end)
        else:
            merged.append((start, end))
    return merged
