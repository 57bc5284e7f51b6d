"""The portal's request limits: a rolling ten seconds, a day, and searches by the second.

Answers carry the state of the first two in headers, except those of searches. A refused request gets no
`Retry-After`. Source: HubSpot developer documentation, "API usage guidelines" and "Search the CRM", read 2026-11.
"""

from __future__ import annotations

import uuid
from typing import Any

from activity_sync.sandbox.clock import Clock
from activity_sync.sandbox.limits import SlidingWindow
from activity_sync.sandbox.settings import Settings

_WINDOW_SECONDS = 10.0
_MESSAGES = {
    "DAILY": "You have reached your daily limit.",
    "TEN_SECONDLY_ROLLING": "You have reached your ten_secondly_rolling limit.",
    "SECONDLY": "You have reached your secondly limit.",
}


class RateLimits:
    """Counts requests against the limits that the settings name."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self.reset()

    def reset(self) -> None:
        """Forget what was counted."""
        self._window = SlidingWindow()
        self._searches = SlidingWindow()
        self._day = ""
        self._today = 0

    def take(self, *, is_search: bool) -> str | None:
        """Count a request; gives the name of the limit it breaks, in which case it counts against no other."""
        if not self._settings.limits_enabled:
            return None
        self._turn_day()
        now = self._clock.seconds()
        if self._today >= self._settings.hubspot_requests_per_day:
            return "DAILY"
        per_second = self._settings.hubspot_search_per_second
        if is_search and self._searches.used(now, seconds=1.0) >= per_second:
            return "SECONDLY"
        limit = self._settings.hubspot_requests_per_10_seconds
        if self._window.try_take(now, seconds=_WINDOW_SECONDS, limit=limit) is not None:
            return "TEN_SECONDLY_ROLLING"
        if is_search:
            self._searches.take(now)
        self._today += 1
        return None

    def headers(self, *, is_search: bool) -> dict[str, str]:
        """Give the headers that tell the state; none on a search."""
        if is_search:
            return {}
        limit, daily = self._settings.hubspot_requests_per_10_seconds, self._settings.hubspot_requests_per_day
        used = int(self._window.used(self._clock.seconds(), seconds=_WINDOW_SECONDS))
        return {
            "X-HubSpot-RateLimit-Max": str(limit),
            "X-HubSpot-RateLimit-Remaining": str(max(limit - used, 0)),
            "X-HubSpot-RateLimit-Interval-Milliseconds": "10000",
            "X-HubSpot-RateLimit-Daily": str(daily),
            "X-HubSpot-RateLimit-Daily-Remaining": str(max(daily - self._today, 0)),
        }

    def _turn_day(self) -> None:
        today = self._clock.now().date().isoformat()
        if today != self._day:
            self._day, self._today = today, 0


def refusal(policy: str) -> dict[str, Any]:
    """Give the body of an answer 429; it has `errorType` and `policyName` where others have `category`."""
    return {
        "status": "error",
        "message": _MESSAGES[policy],
        "errorType": "RATE_LIMIT",
        "correlationId": str(uuid.uuid4()),
        "policyName": policy,
        "requestId": str(uuid.uuid4()),
    }
