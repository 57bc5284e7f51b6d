"""The limits of one account, kept together by every process that talks to it."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal, TypeVar

from activity_sync.errors import RateLimited
from activity_sync.http.plans import LimitPlan, WindowLimit
from activity_sync.http.ticket_office import Denied, TicketOffice, Usage

Priority = Literal["incremental", "backfill"]
T = TypeVar("T")

BACKFILL_SHARE = 0.9
"""A backfill takes at most this share of every limit, and leaves the rest to the incremental sync."""

_SLACK_SHARE, _LEAST_SLACK_SECONDS, _MOST_SLACK_SECONDS = 0.05, 0.25, 1.0


@dataclass(frozen=True, slots=True)
class InUse:
    """The limits of an account that are ours, and what is in use of them.

    `windows`: by bucket. `concurrency`: requests under way at a time, None where the API has no such limit. `day_used`
    and `day_share`: of the daily quota, used by whomever, and after which nothing more is sent; 0 to 1.
    """

    usage: Usage
    windows: Mapping[str, WindowLimit]
    concurrency: int | None
    day_used: float
    day_share: float


class SharedLimits:
    """`Limits` of one client, which all clients of the account share that open the same office.

    `open_office`: called in the thread that will ask it. `burst_share`, `day_share`: how much of the windows, and of
    the daily quota, is ours; the rest is left to whatever else uses the account. Use within one event loop.
    """

    def __init__(
        self,
        open_office: Callable[[], TicketOffice],
        plan: LimitPlan,
        *,
        priority: Priority = "incremental",
        backfill_share: float = BACKFILL_SHARE,
        burst_share: float = 1.0,
        day_share: float = 1.0,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._open_office = open_office
        self._plan = plan
        self._is_backfill = priority == "backfill"
        self._backfill_share = backfill_share
        self._burst_share = burst_share
        self._day_share = day_share
        self._day_used = 0.0
        self._sleep = sleep
        self._windows = dict(plan.windows)
        self._concurrency = self._share_of(plan.concurrency)
        self._places: list[int] = []
        # Within a process the first that waits is the first that goes, and only one asks at a time.
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._thread: ThreadPoolExecutor | None = None
        self._office: TicketOffice | None = None

    async def acquire(self, lane: str) -> None:
        """Return when one request of this lane may be sent. RateLimited when the day's share is spent."""
        async with self._turns[lane]:
            while True:
                if self._day_used >= self._day_share:
                    raise RateLimited(
                        f"{self._plan.name}: {self._day_used:.0%} of the day's calls are used, "
                        f"{self._day_share:.0%} are allowed: wait for tomorrow, or have the account's limit raised.",
                        system=self._plan.name,
                    )
                answer = await self._ask(lambda office: office.take(self._buckets(lane), concurrency=self._concurrency))
                if not isinstance(answer, Denied):
                    if answer.place is not None:
                        self._places.append(answer.place)
                    return
                await self._sleep(answer.wait_ms / 1000)

    async def release(self) -> None:
        """One request is over: its place among those under way is free."""
        if self._places:
            place = self._places.pop()
            await self._ask(lambda office: office.give_back(place))

    async def learn(self, headers: Mapping[str, str]) -> None:
        """Take the windows, the parallelism and the day's use from an answer's headers."""
        learnt = self._plan.read_limits(headers)
        if learnt.day_used is not None:
            self._day_used = learnt.day_used
        if learnt.concurrency is not None:
            self._concurrency = self._share_of(learnt.concurrency)
        for bucket, window in learnt.windows.items():
            if self._windows.get(bucket) != window:
                self._windows[bucket] = window
                await self._ask(self._set_windows)

    async def hold(self, lane: str, seconds: float) -> None:
        """The API refused for its limits: no process sends in this lane for so long."""
        bucket = self._plan.buckets(lane)[0]
        await self._ask(lambda office: office.hold(bucket, round(seconds * 1000)))

    def in_force(self, lane: str) -> Mapping[str, WindowLimit]:
        """The API's own windows, without our slack; a backfill's share of them where it is one."""
        share = self._burst_share * (self._backfill_share if self._is_backfill else 1.0)
        return {name: _part(self._windows[name], share) for name in self._plan.buckets(lane)}

    async def in_use(self) -> InUse:
        """What all processes of the account use of the limits at this moment, as far as an answer has told them."""
        usage = await self._ask(lambda office: office.usage())
        ours = {name: _part(window, self._burst_share) for name, window in self._windows.items()}
        return InUse(usage, ours, self._concurrency, self._day_used, self._day_share)

    async def close(self) -> None:
        """Close the office. A later call opens it again."""
        if self._thread is not None:
            if self._office is not None:
                await self._ask(lambda office: office.close())
            self._thread.shutdown()
        self._thread = self._office = None

    def _buckets(self, lane: str) -> tuple[str, ...]:
        buckets = self._plan.buckets(lane)
        return buckets + tuple(map(_reserved, buckets)) if self._is_backfill else buckets

    def _kept_windows(self) -> dict[str, WindowLimit]:
        """The windows to keep: with slack, and those of a backfill beside the whole."""
        ours = {name: _with_slack(_part(window, self._burst_share)) for name, window in self._windows.items()}
        return ours | {_reserved(name): _part(kept, self._backfill_share) for name, kept in ours.items()}

    def _set_windows(self, office: TicketOffice) -> None:
        for name, window in self._kept_windows().items():
            office.set_window(name, window)

    def _share_of(self, concurrency: int | None) -> int | None:
        if concurrency is None:
            return None
        share = self._burst_share * (self._backfill_share if self._is_backfill else 1.0)
        return max(int(concurrency * share), 1)

    async def _ask(self, question: Callable[[TicketOffice], T]) -> T:
        """Ask the office in its own thread: it may wait for another process."""
        if self._thread is None:
            self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="limits")
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._answer, question)

    def _answer(self, question: Callable[[TicketOffice], T]) -> T:
        if self._office is None:
            office = self._open_office()
            self._set_windows(office)
            self._office = office
        return question(self._office)


def _reserved(bucket: str) -> str:
    """Where a backfill's requests are counted besides."""
    return f"{bucket}_backfill"


def _part(window: WindowLimit, share: float) -> WindowLimit:
    return WindowLimit(max(int(window.requests * share), 1), window.seconds)


def _with_slack(window: WindowLimit) -> WindowLimit:
    """The window as kept here: a little longer than the API's.

    The API counts arrivals, we count departures: of two requests a window apart, the first may be late on its way and
    meet the second in the API's window.
    """
    slack = min(max(window.seconds * _SLACK_SHARE, _LEAST_SLACK_SECONDS), _MOST_SLACK_SECONDS)
    return WindowLimit(window.requests, window.seconds + slack)
