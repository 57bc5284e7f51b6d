"""Service protection: requests, execution time and concurrency, as the platform limits them for each user.

Source: learn.microsoft.com data-platform/api-limits (facts, section 7). One web server, as on a trial.
"""

from activity_sync.sandbox.controls import Controls
from activity_sync.sandbox.dynamics.errors import DataverseError
from activity_sync.sandbox.limits import SlidingWindow

_LONGEST_WAIT = 300.0


class Protection:
    """Counts requests and their run time in a sliding window; refuses with 429 and `Retry-After`."""

    def __init__(self, controls: Controls) -> None:
        self._controls = controls
        self.clear()

    def clear(self) -> None:
        """Forgets what was counted."""
        self._requests = SlidingWindow()
        self._execution = SlidingWindow()
        self._blocked_until = 0.0
        self._blocked_by = ("", "")

    def admit(self) -> None:
        """Counts one request. Raises DataverseError 429; asking on while blocked makes the wait longer."""
        settings, now = self._controls.settings, self._controls.clock.seconds()
        if not settings.limits_enabled:
            return
        if self._controls.requests.in_flight > settings.dynamics_concurrency:
            limit = settings.dynamics_concurrency
            raise _throttled("0x80072326", f"Number of concurrent requests exceeded the limit of {limit}.", 1.0)
        if now < self._blocked_until:
            self._blocked_until = min(self._blocked_until + 1.0, now + _LONGEST_WAIT)
            raise _throttled(*self._blocked_by, self._blocked_until - now)
        window = settings.dynamics_window_seconds
        most = settings.dynamics_requests_per_window
        wait = self._requests.try_take(now, seconds=window, limit=most)
        if wait is not None:
            self._block(
                now,
                wait,
                "0x80072322",
                f"Number of requests exceeded the limit of {most} over time window of {window:g} seconds.",
            )
        budget = settings.dynamics_execution_seconds_per_window
        if self._execution.used(now, seconds=window) > budget:
            self._block(
                now,
                window / 10,
                "0x80072321",
                f"Combined execution time of incoming requests exceeded limit of {budget * 1000:,.0f} milliseconds "
                f"over time window of {window:g} seconds. Decrease number of concurrent requests or reduce the "
                "duration of requests and try again later.",
            )

    def spent(self, seconds: float) -> None:
        """Adds a request's run time."""
        self._execution.take(self._controls.clock.seconds(), seconds)

    def headers(self) -> dict[str, str]:
        """What is left, as the debugging headers tell, and the advised number of parallel requests."""
        settings, now = self._controls.settings, self._controls.clock.seconds()
        used = self._requests.used(now, seconds=settings.dynamics_window_seconds)
        spent = self._execution.used(now, seconds=settings.dynamics_window_seconds)
        left = max(settings.dynamics_execution_seconds_per_window - spent, 0.0)
        return {
            "x-ms-dop-hint": str(settings.dynamics_dop_hint),
            "x-ms-ratelimit-burst-remaining-xrm-requests": str(
                max(int(settings.dynamics_requests_per_window - used), 0)
            ),
            "x-ms-ratelimit-time-remaining-xrm-requests": f"{left:,.2f}",
        }

    def _block(self, now: float, wait: float, code: str, text: str) -> None:
        self._blocked_until = now + max(wait, 1.0)
        self._blocked_by = (code, text)
        raise _throttled(code, text, self._blocked_until - now)


def _throttled(code: str, text: str, wait: float) -> DataverseError:
    return DataverseError(429, code, text, headers={"retry-after": str(max(int(wait + 0.999), 1))})
