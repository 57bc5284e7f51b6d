"""Sliding windows: so much in so many seconds, as both services count."""

from collections import deque


class SlidingWindow:
    """Sums what was taken within the last `seconds`."""

    def __init__(self) -> None:
        self._taken: deque[tuple[float, float]] = deque()
        self._sum = 0.0

    def used(self, now: float, *, seconds: float) -> float:
        """The sum within the window that ends now."""
        while self._taken and self._taken[0][0] <= now - seconds:
            self._sum -= self._taken.popleft()[1]
        return self._sum if self._taken else 0.0

    def take(self, now: float, amount: float = 1.0) -> None:
        """Adds to the window."""
        self._taken.append((now, amount))
        self._sum += amount

    def try_take(self, now: float, *, seconds: float, limit: float, amount: float = 1.0) -> float | None:
        """Takes and returns None when it fits; else takes nothing and returns the seconds to wait."""
        if self.used(now, seconds=seconds) + amount <= limit:
            self.take(now, amount)
            return None
        return max(self._taken[0][0] + seconds - now, 0.0) if self._taken else seconds
