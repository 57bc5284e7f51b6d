"""The counts that all processes of one machine share: an SQLite file for each account and API."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pyrate_limiter import Rate, RateItem, SQLiteBucket, SQLiteQueries

from activity_sync.errors import ConfigurationError
from activity_sync.http.plans import WindowLimit
from activity_sync.http.ticket_office import (
    CLOCK_JUMP_MS,
    IN_FLIGHT_MS,
    LEAK_EVERY,
    LONGEST_HOLD_MS,
    POLL_MS,
    Denied,
    Granted,
    Usage,
)


class FileOffice:
    """See TicketOffice. `name` of the file in `folder`: see `office_name`.

    `now` is the wall clock in seconds, read inside each transaction: the machine's own, the same for all processes.
    """

    def __init__(self, folder: Path, name: str, *, now: Callable[[], float] = time.time) -> None:
        self._path = folder / f"limits-{name}.sqlite"
        self._now = now
        self._granted = 0
        self._buckets: dict[str, SQLiteBucket] = {}
        with self._usable():
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(self._path, timeout=30.0, isolation_level=None, factory=_OneTransaction)
            self._execute("PRAGMA journal_mode=WAL")
            self._execute("PRAGMA synchronous=NORMAL")
        with self._transaction():
            self._execute("CREATE TABLE IF NOT EXISTS held (bucket TEXT PRIMARY KEY, until_ms INTEGER NOT NULL)")
            self._execute("CREATE TABLE IF NOT EXISTS in_flight (id INTEGER PRIMARY KEY, expires_ms INTEGER NOT NULL)")

    def close(self) -> None:
        """See TicketOffice."""
        self._connection.close()

    def set_window(self, bucket: str, window: WindowLimit) -> None:
        """See TicketOffice."""
        if bucket in self._buckets:
            self._buckets[bucket].rates = [_rate(window)]
            return
        with self._transaction():
            self._buckets[bucket] = self._open_bucket(bucket, window)

    def take(self, buckets: Sequence[str], *, concurrency: int | None) -> Granted | Denied:
        """See TicketOffice."""
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
        """See TicketOffice."""
        with self._transaction():
            self._execute("DELETE FROM in_flight WHERE id = ?", place)

    def hold(self, bucket: str, milliseconds: int) -> None:
        """See TicketOffice."""
        with self._transaction():
            until_ms = self._now_ms() + min(milliseconds, LONGEST_HOLD_MS)
            self._execute(
                "INSERT INTO held VALUES (?, ?) "
                "ON CONFLICT (bucket) DO UPDATE SET until_ms = max(until_ms, excluded.until_ms)",
                bucket,
                until_ms,
            )

    def usage(self) -> Usage:
        """See TicketOffice."""
        with self._transaction():
            now_ms = self._now_ms()
            used = {
                name: self._execute(
                    f'SELECT count(*) FROM "{name}" WHERE item_timestamp > ?',  # noqa: S608 - our names
                    now_ms - bucket.rates[-1].interval,
                ).fetchone()[0]
                for name, bucket in self._buckets.items()
            }
            (under_way,) = self._execute("SELECT count(*) FROM in_flight WHERE expires_ms > ?", now_ms).fetchone()
            held = {name: self._find_hold([name], now_ms) for name in self._buckets}
        return Usage(used, under_way, {name: left for name, left in held.items() if left})

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

    def _now_ms(self) -> int:
        return int(self._now() * 1000)

    def _execute(self, statement: str, *values: int | str) -> sqlite3.Cursor:
        return self._connection.execute(statement, values)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """Hold the file for writing from the first look on: what is counted cannot change before it is written."""
        with self._usable():
            self._execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                if self._connection.in_transaction:
                    self._execute("ROLLBACK")
                raise
            if self._connection.in_transaction:
                self._execute("COMMIT")

    @contextmanager
    def _usable(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise ConfigurationError(
                f"The limits' file {self._path} cannot be used ({error}): make ACTIVITY_SYNC_HOME writable, "
                "or remove the file.",
                setting="ACTIVITY_SYNC_HOME",
            ) from error


class _OneTransaction(sqlite3.Connection):
    """A connection whose transactions end only where the office ends them, not inside a bucket."""

    def commit(self) -> None:
        """Left to the office."""


def _rate(window: WindowLimit) -> Rate:
    return Rate(window.requests, round(window.seconds * 1000))
