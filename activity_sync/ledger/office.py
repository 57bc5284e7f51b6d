"""The counts of an account's calls, shared by all hosts: in the ledger's database, where that is a PostgreSQL.

Time is the database's, so that hosts whose clocks differ still keep one window. Beside an SQLite ledger the counts
stand in files (`http/file_office.py`): the ledger's one write lock is not for twenty permissions a second.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, ScalarSelect, delete, func, insert, literal, select, text

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
from activity_sync.ledger.engine import connect, insert_or, writing
from activity_sync.ledger.migrate import migrate
from activity_sync.ledger.schema import limit_holds, limit_places, limit_uses

# Any number, but always this one: the first half of an advisory lock, of which the account is the second.
_LOCK = 7_240_512
_CLOCK = text("SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000 AS bigint)")


class LedgerOffice:
    """See TicketOffice. `url` of a PostgreSQL ledger, made or migrated as needed; `name`: see `office_name`.

    `now` gives seconds in place of the database's clock. LedgerUnusable where the database does not answer.
    """

    def __init__(self, url: str, name: str, *, now: Callable[[], float] | None = None) -> None:
        self._name = name
        self._now = now
        self._granted = 0
        self._windows: dict[str, WindowLimit] = {}
        self._engine = connect(url)
        migrate(self._engine)

    def close(self) -> None:
        """See TicketOffice."""
        self._engine.dispose()

    def set_window(self, bucket: str, window: WindowLimit) -> None:
        """See TicketOffice."""
        self._windows[bucket] = window

    def take(self, buckets: Sequence[str], *, concurrency: int | None) -> Granted | Denied:
        """See TicketOffice."""
        with self._alone() as (connection, now_ms):
            columns = [self._held_until(buckets, now_ms), self._under_way(now_ms)]
            held_until, under_way, *full_since = connection.execute(
                select(*columns, *(self._full_since(name) for name in buckets))
            ).one()
            if held_until is not None:
                return Denied(held_until - now_ms)
            if concurrency is not None and under_way >= concurrency:
                return Denied(POLL_MS)
            for name, since in zip(buckets, full_since, strict=True):
                wait_ms = 0 if since is None else since + _length(self._windows[name]) - now_ms
                if wait_ms > 0:
                    return Denied(self._credible(connection, name, wait_ms, now_ms))
            uses = [{"account": self._name, "bucket": name, "at_ms": now_ms} for name in buckets]
            connection.execute(insert(limit_uses), uses)
            self._granted += 1
            if self._granted % LEAK_EVERY == 0:
                self._leak(connection, now_ms)
            if concurrency is None:
                return Granted(None)
            place = insert(limit_places).values(account=self._name, expires_ms=now_ms + IN_FLIGHT_MS)
            return Granted(connection.execute(place.returning(limit_places.c.id)).scalar_one())

    def give_back(self, place: int) -> None:
        """See TicketOffice."""
        with writing(self._engine) as connection:
            connection.execute(delete(limit_places).where(limit_places.c.id == place))

    def hold(self, bucket: str, milliseconds: int) -> None:
        """See TicketOffice."""
        with self._alone() as (connection, now_ms):
            until_ms = now_ms + min(milliseconds, LONGEST_HOLD_MS)
            held = insert_or(connection, limit_holds).values(account=self._name, bucket=bucket, until_ms=until_ms)
            later = func.greatest(limit_holds.c.until_ms, held.excluded.until_ms)
            connection.execute(
                held.on_conflict_do_update(index_elements=["account", "bucket"], set_={"until_ms": later})
            )

    def usage(self) -> Usage:
        """See TicketOffice."""
        with self._alone() as (connection, now_ms):
            counts = [
                select(func.count())
                .where(*self._of(limit_uses, name), limit_uses.c.at_ms > now_ms - _length(window))
                .scalar_subquery()
                for name, window in self._windows.items()
            ]
            holds = [self._held_until([name], now_ms) for name in self._windows]
            under_way, *numbers = connection.execute(select(self._under_way(now_ms), *counts, *holds)).one()
        used, until = numbers[: len(counts)], numbers[len(counts) :]
        held = {name: one - now_ms for name, one in zip(self._windows, until, strict=True) if one is not None}
        return Usage(dict(zip(self._windows, used, strict=True)), under_way, held)

    @contextmanager
    def _alone(self) -> Iterator[tuple[Connection, int]]:
        """No other process counts for this account until the end; the time in ms, read when it had its turn."""
        with writing(self._engine) as connection:
            account = int.from_bytes(hashlib.sha256(self._name.encode()).digest()[:4], "big", signed=True)
            connection.execute(select(func.pg_advisory_xact_lock(literal(_LOCK), literal(account))))
            # A statement of its own: one that began before the lock was free would see the past.
            now_ms = connection.execute(_CLOCK).scalar_one() if self._now is None else int(self._now() * 1000)
            yield connection, now_ms

    def _held_until(self, buckets: Sequence[str], now_ms: int) -> ScalarSelect[Any]:
        """When the last hold on any of these buckets ends; null without one."""
        latest_ms = now_ms + LONGEST_HOLD_MS + CLOCK_JUMP_MS
        return (
            select(func.max(limit_holds.c.until_ms))
            .where(limit_holds.c.account == self._name, limit_holds.c.bucket.in_(buckets))
            .where(limit_holds.c.until_ms > now_ms, limit_holds.c.until_ms <= latest_ms)
            .scalar_subquery()
        )

    def _under_way(self, now_ms: int) -> ScalarSelect[Any]:
        latest_ms = now_ms + IN_FLIGHT_MS + CLOCK_JUMP_MS
        return (
            select(func.count())
            .where(limit_places.c.account == self._name)
            .where(limit_places.c.expires_ms > now_ms, limit_places.c.expires_ms <= latest_ms)
            .scalar_subquery()
        )

    def _full_since(self, bucket: str) -> ScalarSelect[Any]:
        """The time of the request which, as long as it lies within the window, makes it full; null without one."""
        return (
            select(limit_uses.c.at_ms)
            .where(*self._of(limit_uses, bucket))
            .order_by(limit_uses.c.at_ms.desc())
            .offset(self._windows[bucket].requests - 1)
            .limit(1)
            .scalar_subquery()
        )

    def _credible(self, connection: Connection, bucket: str, wait_ms: int, now_ms: int) -> int:
        """The wait, or next to none where the clock was set back since: what lies ahead then goes."""
        if wait_ms <= _length(self._windows[bucket]) + CLOCK_JUMP_MS:
            return wait_ms
        connection.execute(delete(limit_uses).where(*self._of(limit_uses, bucket), limit_uses.c.at_ms > now_ms))
        return 1

    def _leak(self, connection: Connection, now_ms: int) -> None:
        for name, window in self._windows.items():
            outdated = limit_uses.c.at_ms <= now_ms - _length(window)
            connection.execute(delete(limit_uses).where(*self._of(limit_uses, name), outdated))
        outdated = limit_places.c.expires_ms <= now_ms
        connection.execute(delete(limit_places).where(limit_places.c.account == self._name, outdated))

    def _of(self, table: Any, bucket: str) -> tuple[Any, Any]:
        return table.c.account == self._name, table.c.bucket == bucket


def _length(window: WindowLimit) -> int:
    return round(window.seconds * 1000)
