"""The counts that all processes of this machine share: one SQLite file for each account and API.

Blocking; `shared_limits.py` calls it from a thread of its own. A permission is one transaction over every bucket it
counts in: it is counted everywhere or nowhere, and no two processes count at once.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pyrate_limiter import Rate, RateItem, SQLiteBucket, SQLiteQueries

from activity_sync.http.plans import WindowLimit

IN_FLIGHT_MS = 150_000
"""A request under way is forgotten after this long: a killed process gives its places back."""

POLL_MS = 25
"""How soon to ask again for a place that another process must free."""

LONGEST_HOLD_MS = 600_000
"""No hold is longer: the client gives up before."""

CLOCK_JUMP_MS = 5_000
"""What lies further ahead than any limit explains was written before the clock was set back."""

LEAK_EVERY = 64
"""Permissions between two removals of outdated rows."""


@dataclass(frozen=True, slots=True)
class Granted:
    """One request may be sent. `place`: to give back afterwards, where requests under way are counted."""

    place: int | None


@dataclass(frozen=True, slots=True)
class Denied:
    """Nothing was counted. Ask again after `wait_ms`."""

    wait_ms: int


class TicketOffice:
    """Grants permissions to send, within rolling windows and a number of requests under way.

    `windows` are by bucket, as they are to be kept here (slack included). `now_ms`: the wall clock in milliseconds,
    read inside each transaction. Raises sqlite3.Error when the file cannot be used.
    """

    def __init__(self, path: Path, windows: Mapping[str, WindowLimit], *, now_ms: Callable[[], int]) -> None:
        self._now_ms = now_ms
        self._granted = 0
        self._connection = sqlite3.connect(path, timeout=30.0, isolation_level=None, factory=_OneTransaction)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=NORMAL")
        with self._transaction():
            self._execute("CREATE TABLE IF NOT EXISTS held (bucket TEXT PRIMARY KEY, until_ms INTEGER NOT NULL)")
            self._execute("CREATE TABLE IF NOT EXISTS in_flight (id INTEGER PRIMARY KEY, expires_ms INTEGER NOT NULL)")
            self._buckets = {name: self._open_bucket(name, window) for name, window in windows.items()}

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def set_window(self, bucket: str, window: WindowLimit) -> None:
        """From now on this process counts `bucket` within this window."""
        self._buckets[bucket].rates = [_rate(window)]

    def take(self, buckets: Sequence[str], *, concurrency: int | None) -> Granted | Denied:
        """Count one request in every bucket, and as under way where `concurrency` is given; or count nothing."""
        with self._transaction():
            now_ms = self._now_ms()
            wait_ms = self._find_hold(buckets, now_ms) or self._find_crowd(concurrency, now_ms)
            if wait_ms:
                return Denied(wait_ms)
            for name in buckets:
                item = RateItem(name, now_ms)
                if not self._buckets[name].put(item):
                    self._execute("ROLLBACK")
                    return Denied(self._find_wait(name, item))
            self._granted += 1
            if self._granted % LEAK_EVERY == 0:
                for bucket in self._buckets.values():
                    bucket.leak(now_ms)
            if concurrency is None:
                return Granted(None)
            cursor = self._execute("INSERT INTO in_flight (expires_ms) VALUES (?)", now_ms + IN_FLIGHT_MS)
            return Granted(cursor.lastrowid)

    def give_back(self, place: int) -> None:
        """The request that held this place is over."""
        with self._transaction():
            self._execute("DELETE FROM in_flight WHERE id = ?", place)

    def hold(self, bucket: str, milliseconds: int) -> None:
        """Nobody gets a permission in this bucket for so long. A longer hold stands."""
        with self._transaction():
            until_ms = self._now_ms() + min(milliseconds, LONGEST_HOLD_MS)
            self._execute(
                "INSERT INTO held VALUES (?, ?) "
                "ON CONFLICT (bucket) DO UPDATE SET until_ms = max(until_ms, excluded.until_ms)",
                bucket,
                until_ms,
            )

    def _find_hold(self, buckets: Sequence[str], now_ms: int) -> int:
        """The ms until the last hold on any of these buckets ends; 0 without one."""
        held = self._execute(
            "SELECT bucket, until_ms FROM held WHERE until_ms > ? AND until_ms <= ?",
            now_ms,
            now_ms + LONGEST_HOLD_MS + CLOCK_JUMP_MS,
        )
        return max((until_ms - now_ms for bucket, until_ms in held if bucket in buckets), default=0)

    def _find_crowd(self, concurrency: int | None, now_ms: int) -> int:
        """The ms to wait for a place among the requests under way; 0 when there is one."""
        if concurrency is None:
            return 0
        latest_ms = now_ms + IN_FLIGHT_MS + CLOCK_JUMP_MS
        self._execute("DELETE FROM in_flight WHERE expires_ms <= ? OR expires_ms > ?", now_ms, latest_ms)
        (under_way,) = self._execute("SELECT count(*) FROM in_flight").fetchone()
        return POLL_MS if under_way >= concurrency else 0

    def _find_wait(self, name: str, item: RateItem) -> int:
        """The ms until the bucket that has just refused `item` would take it."""
        bucket = self._buckets[name]
        told = bucket.waiting(item)
        wait_ms = max(told, 1) if isinstance(told, int) else POLL_MS
        if wait_ms > bucket.rates[-1].interval + CLOCK_JUMP_MS:
            self._execute(f'DELETE FROM "{name}" WHERE item_timestamp > ?', item.timestamp)  # noqa: S608 - our names
            return 1
        return wait_ms

    def _open_bucket(self, name: str, window: WindowLimit) -> SQLiteBucket:
        self._execute(SQLiteQueries.CREATE_BUCKET_TABLE.format(table=name))
        self._execute(SQLiteQueries.CREATE_INDEX_ON_TIMESTAMP.format(index_name=f"{name}_by_time", table_name=name))
        return SQLiteBucket([_rate(window)], self._connection, table=name)

    def _execute(self, statement: str, *values: int | str) -> sqlite3.Cursor:
        return self._connection.execute(statement, values)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """Hold the file for writing from the first look on: what is counted cannot change before it is written."""
        self._execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            if self._connection.in_transaction:
                self._execute("ROLLBACK")
            raise
        if self._connection.in_transaction:
            self._execute("COMMIT")


class _OneTransaction(sqlite3.Connection):
    """A connection whose transactions end only where the office ends them, not inside a bucket."""

    def commit(self) -> None:
        """Left to the office."""


def _rate(window: WindowLimit) -> Rate:
    return Rate(window.requests, round(window.seconds * 1000))
