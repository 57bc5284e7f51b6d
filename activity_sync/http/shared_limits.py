"""The limits of one account, kept together by every process of this machine that talks to it."""

from __future__ import annotations

import asyncio
import hashlib
import sqlite3
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal, TypeVar

from activity_sync.errors import ConfigurationError, RateLimited
from activity_sync.http.plans import LimitPlan, WindowLimit
from activity_sync.http.ticket_office import Denied, TicketOffice

Priority = Literal["incremental", "backfill"]
T = TypeVar("T")

BACKFILL_SHARE = 0.75
"""A backfill takes at most this share of every limit, and leaves the rest to the incremental sync."""

_SLACK_SHARE, _LEAST_SLACK_SECONDS, _MOST_SLACK_SECONDS = 0.05, 0.25, 1.0


class SharedLimits:
    """`Limits` of one client over a file in `folder`, which all clients of the same `account` share.

    `account`: whatever tells the API whom to count (address and token, address and client id); only its hash is
    stored. `day_share`: the share of the daily quota after which no more is sent. `now` is the wall clock in seconds:
    it must be the same for all processes. Use within one event loop.
    """

    def __init__(
        self,
        folder: Path,
        account: str,
        plan: LimitPlan,
        *,
        priority: Priority = "incremental",
        backfill_share: float = BACKFILL_SHARE,
        day_share: float = 1.0,
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        digest = hashlib.sha256(account.encode()).hexdigest()[:16]
        self._path = folder / f"limits-{plan.name}-{digest}.sqlite"
        self._plan = plan
        self._is_backfill = priority == "backfill"
        self._backfill_share = backfill_share
        self._day_share = day_share
        self._day_used = 0.0
        self._now = now
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
        share = self._backfill_share if self._is_backfill else 1.0
        return {
            name: WindowLimit(max(int(self._windows[name].requests * share), 1), self._windows[name].seconds)
            for name in self._plan.buckets(lane)
        }

    async def close(self) -> None:
        """Close the file. A later call opens it again."""
        if self._thread is not None:
            await self._ask(TicketOffice.close)
            self._thread.shutdown()
        self._thread = self._office = None

    def _buckets(self, lane: str) -> tuple[str, ...]:
        buckets = self._plan.buckets(lane)
        return buckets + tuple(map(_reserved, buckets)) if self._is_backfill else buckets

    def _kept_windows(self) -> dict[str, WindowLimit]:
        """The windows to keep: with slack, and those of a backfill beside the whole."""
        whole = {name: _with_slack(window) for name, window in self._windows.items()}
        shares = {
            _reserved(name): WindowLimit(max(int(kept.requests * self._backfill_share), 1), kept.seconds)
            for name, kept in whole.items()
        }
        return whole | shares

    def _set_windows(self, office: TicketOffice) -> None:
        for name, window in self._kept_windows().items():
            office.set_window(name, window)

    def _share_of(self, concurrency: int | None) -> int | None:
        if concurrency is None or not self._is_backfill:
            return concurrency
        return max(int(concurrency * self._backfill_share), 1)

    async def _ask(self, question: Callable[[TicketOffice], T]) -> T:
        """Ask the office in its own thread: it may wait for another process."""
        if self._thread is None:
            self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="limits")
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, self._answer, question)
        except (sqlite3.Error, OSError) as error:
            raise ConfigurationError(
                f"The limits' file {self._path} cannot be used ({error}): make ACTIVITY_SYNC_HOME writable, "
                "or remove the file.",
                setting="ACTIVITY_SYNC_HOME",
            ) from error

    def _answer(self, question: Callable[[TicketOffice], T]) -> T:
        if self._office is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._office = TicketOffice(self._path, self._kept_windows(), now_ms=lambda: int(self._now() * 1000))
        return question(self._office)


def _reserved(bucket: str) -> str:
    """Where a backfill's requests are counted besides."""
    return f"{bucket}_backfill"


def _with_slack(window: WindowLimit) -> WindowLimit:
    """The window as kept here: a little longer than the API's.

    The API counts arrivals, we count departures: of two requests a window apart, the first may be late on its way and
    meet the second in the API's window.
    """
    slack = min(max(window.seconds * _SLACK_SHARE, _LEAST_SLACK_SECONDS), _MOST_SLACK_SECONDS)
    return WindowLimit(window.requests, window.seconds + slack)
