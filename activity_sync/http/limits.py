"""What a client asks before it sends, so that the API need not refuse."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol


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

    async def close(self) -> None:
        """Nothing to close."""
