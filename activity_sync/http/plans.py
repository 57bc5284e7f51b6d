"""The documented limits of the two APIs, and the headers in which they tell the real ones. Pure.

Sources: HubSpot developer documentation, "API usage guidelines and limits"; Microsoft Learn, "Service protection API
limits" and "Send parallel requests"; all read 2026-11.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class WindowLimit:
    """At most `requests` within any `seconds`."""

    requests: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Learnt:
    """What one answer tells. Empty and None where it is silent.

    `windows`: by bucket. `concurrency`: requests under way at a time. `day_used`: share of the daily quota, 0 to 1.
    """

    windows: Mapping[str, WindowLimit] = field(default_factory=dict)
    concurrency: int | None = None
    day_used: float | None = None


@dataclass(frozen=True, slots=True)
class LimitPlan:
    """The limits of one API before anything is learnt.

    `windows`: by bucket. `lanes`: the buckets that a request of a lane counts in; a lane that is not named counts in
    `default`. `concurrency`: requests under way at a time over all processes, None where the API has no such limit.
    """

    name: str
    windows: Mapping[str, WindowLimit]
    lanes: Mapping[str, tuple[str, ...]]
    concurrency: int | None
    read_limits: Callable[[Mapping[str, str]], Learnt]

    def buckets(self, lane: str) -> tuple[str, ...]:
        """The buckets that a request of this lane counts in, the narrowest first."""
        return self.lanes.get(lane, ("default",))


def read_hubspot_limits(headers: Mapping[str, str]) -> Learnt:
    """The ten-second window and the day's use. Search answers carry neither."""
    requests = _number(headers.get("x-hubspot-ratelimit-max"))
    milliseconds = _number(headers.get("x-hubspot-ratelimit-interval-milliseconds")) or 10_000
    daily = _number(headers.get("x-hubspot-ratelimit-daily"))
    remaining = _number(headers.get("x-hubspot-ratelimit-daily-remaining"))
    return Learnt(
        windows={"default": WindowLimit(requests, milliseconds / 1000)} if requests else {},
        day_used=(daily - remaining) / daily if daily and remaining is not None else None,
    )


def read_dynamics_limits(headers: Mapping[str, str]) -> Learnt:
    """The recommended parallelism. The remaining-budget headers are for debugging only, by their own documentation."""
    hint = _number(headers.get("x-ms-dop-hint"))
    return Learnt(concurrency=min(hint, DYNAMICS_CONCURRENCY) if hint else None)


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and text.isascii() and text.isdigit() else None


DYNAMICS_CONCURRENCY = 52

HUBSPOT = LimitPlan(
    name="hubspot",
    # The lowest tier; the search limit holds for the whole account and is in no header.
    windows={"default": WindowLimit(100, 10.0), "search": WindowLimit(5, 1.0)},
    lanes={"search": ("search", "default")},
    concurrency=None,
    read_limits=read_hubspot_limits,
)

DYNAMICS = LimitPlan(
    name="dynamics",
    windows={"default": WindowLimit(6000, 300.0)},
    lanes={},
    concurrency=DYNAMICS_CONCURRENCY,
    read_limits=read_dynamics_limits,
)
