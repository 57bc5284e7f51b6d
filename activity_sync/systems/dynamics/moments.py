"""What took place around given moments: few conditions that find it, and an exact test. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from activity_sync.systems.dynamics.filters import any_of, moment_literal
from activity_sync.systems.moments import Stretch


def lies_in(columns: Sequence[str], stretch: Stretch) -> str:
    """A condition that holds where one of the columns lies in the stretch, or up to a second beyond its end."""
    start, end = (moment_literal(one) for one in stretch)
    return any_of(f"({column} ge {start} and {column} le {end})" for column in columns)


def first_moment(row: Mapping[str, Any], columns: Sequence[str]) -> str | None:
    """What the first of the columns that is not empty says."""
    return next((str(row[column]) for column in columns if row.get(column)), None)


def is_near(moment: datetime, ordered: Sequence[datetime], *, within: timedelta) -> bool:
    """Whether any of the moments, in ascending order, is no further away than `within`."""
    place = bisect_left(ordered, moment)
    return any(abs(moment - one) <= within for one in ordered[max(place - 1, 0) : place + 1])
