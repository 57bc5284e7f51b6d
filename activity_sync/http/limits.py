"""What a client asks before it sends, so that the API need not refuse."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from activity_sync.http.plans import WindowLimit


class Limits(Protocol):
    """The limits of one account, as far as its clients can keep them.

    Every `acquire` that returns is followed by one `release`. None of these blocks the event loop.
    """

    async def acquire(self, lane: str) -> None:
        """Return when one request of this lane may be sent. RateLimited when no wait of minutes will do."""
        ...

    async def release(self) -> None:
        """One request is over: its place among those under way is free."""
        ...

    async def learn(self, headers: Mapping[str, str]) -> None:
        """Take note of what an answer tells about the limits."""
        ...

    async def hold(self, lane: str, seconds: float) -> None:
        """The API refused for its limits: nobody sends in this lane for so long."""
        ...

    def in_force(self, lane: str) -> Mapping[str, WindowLimit]:
        """The windows in which a request of this lane counts, by bucket: as published, set or learnt by now."""
        ...

    async def close(self) -> None:
        """Nothing more is asked."""
        ...


class NoLimits:
    """Lets everything through."""

    async def acquire(self, lane: str) -> None:
        """At once."""

    async def release(self) -> None:
        """Nothing to free."""

    async def learn(self, headers: Mapping[str, str]) -> None:
        """Nothing to learn."""

    async def hold(self, lane: str, seconds: float) -> None:
        """Nobody to hold."""

    def in_force(self, lane: str) -> Mapping[str, WindowLimit]:  # noqa: ARG002 - the same for all
        """None."""
        return {}

    async def close(self) -> None:
        """Nothing to close."""
