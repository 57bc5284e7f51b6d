"""Everything that governs one sandbox server: settings, clock, faults, request log."""

import random
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from starlette.middleware import Middleware
from starlette.routing import Route

from activity_sync.sandbox.admin import admin_routes
from activity_sync.sandbox.clock import Clock
from activity_sync.sandbox.faults import Fault, FaultPlan
from activity_sync.sandbox.middleware import Dialect, SandboxMiddleware
from activity_sync.sandbox.request_log import RequestLog, Write, WriteAction
from activity_sync.sandbox.settings import Settings

__all__ = ["Clock", "Controls", "Dialect", "Fault", "SandboxStore", "Settings"]


class SandboxStore(Protocol):
    """What the admin endpoints need of a server's store."""

    def dump(self) -> dict[str, Any]:
        """The whole content as JSON-ready values."""

    def reset(self) -> None:
        """Empties the store, but for what every account has from its first day."""

    def load(self, seed: Mapping[str, Any]) -> dict[str, Any]:
        """Adds records as given, ids and times included, outside limits and rules; returns counts."""


class Controls:
    """The controls of one server. `random` is the seeded generator for everything left to chance.

    Use: `Starlette(routes=[*controls.routes(store), ...], middleware=[controls.middleware(dialect)])`.
    """

    def __init__(self, settings: Settings | None = None, *, clock: Clock | None = None, seed: int = 0) -> None:
        self.settings = settings or Settings()
        self.clock = clock or Clock()
        self.faults = FaultPlan(seed=seed)
        self.requests = RequestLog(size=self.settings.log_size)
        self.random = random.Random(seed)

    def middleware(self, dialect: Dialect) -> Middleware:
        """Latency, faults and the request log, for a Starlette application's middleware list."""
        return Middleware(SandboxMiddleware, controls=self, dialect=dialect)

    def routes(self, store: SandboxStore, *, on_reset: Callable[[], None] | None = None) -> list[Route]:
        """The admin endpoints under `/_sandbox/`.

        `on_reset` empties what the store does not hold, such as limit counters.
        """
        return admin_routes(self, store, on_reset=on_reset)

    def wrote(self, object_type: str, action: WriteAction, record_id: str) -> None:
        """Reports one record written for good."""
        self.requests.wrote(Write(self.clock.seconds(), object_type, action, record_id))
