"""The time as a sandbox tells it: the real one, moved or held still by whoever tests with it."""

from datetime import UTC, datetime, timedelta


class Clock:
    """A clock that can be moved and held. Every time is aware and in UTC."""

    def __init__(self) -> None:
        self._offset = timedelta()
        self._held: datetime | None = None

    def now(self) -> datetime:
        """The sandbox's present."""
        return self._held if self._held is not None else datetime.now(UTC) + self._offset

    def seconds(self) -> float:
        """The present as seconds since 1970, for windows and expiries."""
        return self.now().timestamp()

    def hold(self, at: datetime | None = None) -> None:
        """Stops the clock, at the given time or at the present."""
        self._held = at if at is not None else self.now()

    def advance(self, seconds: float) -> None:
        """Moves the clock on by so many seconds; a held clock stays held."""
        if self._held is not None:
            self._held += timedelta(seconds=seconds)
        else:
            self._offset += timedelta(seconds=seconds)

    def release(self) -> None:
        """Returns to the real time."""
        self._held = None
        self._offset = timedelta()
