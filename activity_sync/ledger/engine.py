"""Connections: one engine per ledger, with read and write transactions that behave alike on both databases.

SQLite: WAL, full synchronous commits, and writers that take the write lock when they begin, so that what a write
transaction has read is still true when it writes. PostgreSQL: row locks (`SELECT ... FOR UPDATE`) do the same.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, Table, create_engine, event
from sqlalchemy.dialects.sqlite import insert as insert_sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, NoSuchModuleError, ProgrammingError
from sqlalchemy.pool import StaticPool

from activity_sync.errors import LedgerUnusable

# How long a writer waits for another process's transaction. Ours last milliseconds; a laptop may be suspended.
_BUSY_SECONDS = 60.0
# Bound values of one statement; SQLite allows 32,766 and PostgreSQL 65,535.
_CHUNK = 900
_WRITES = "ledger_writes"

T = TypeVar("T")


def connect(url: str) -> Engine:
    """An engine for `url`; the folder of a SQLite file exists afterwards. LedgerUnusable with a remedy otherwise."""
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite":
            return _sqlite(parsed)
        if parsed.get_backend_name() == "postgresql":
            return create_engine(parsed, pool_pre_ping=True)
    except (ArgumentError, NoSuchModuleError) as error:
        raise LedgerUnusable(
            "The ledger's address is no SQLAlchemy URL. Use sqlite:///path/to/ledger.db or "
            "postgresql+psycopg://user:password@host/database.",
            setting="ACTIVITY_SYNC_LEDGER_URL",
        ) from error
    except ModuleNotFoundError as error:
        raise LedgerUnusable(
            f"The ledger's database needs the Python package {error.name!r}: install it, or name an installed "
            "driver in the URL (postgresql+psycopg://...).",
            setting="ACTIVITY_SYNC_LEDGER_URL",
        ) from error
    except OSError as error:
        raise LedgerUnusable(
            f"The ledger's folder cannot be made: {error.strerror}. Choose another with ACTIVITY_SYNC_HOME.",
            setting="ACTIVITY_SYNC_LEDGER_URL",
        ) from error
    raise LedgerUnusable(
        f"The ledger runs on SQLite or PostgreSQL, not on {parsed.get_backend_name()}.",
        setting="ACTIVITY_SYNC_LEDGER_URL",
    )


def may_exist(url: str) -> bool:
    """Whether a database may be there: False only for an SQLite file that is not."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        return True  # `connect` says what is wrong with it
    return parsed.get_backend_name() != "sqlite" or Path(parsed.database or "").is_file()


def is_shared(url: str) -> bool:
    """Whether processes of other hosts can use the database too."""
    try:
        return make_url(url).get_backend_name() == "postgresql"
    except ArgumentError:
        return False  # `connect` says what is wrong with it


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """One consistent snapshot. LedgerUnusable when the database fails."""
    with _answering(), engine.connect() as plain:
        # A link is read by three statements: they must see the same moment. SQLite's transactions do anyway.
        options = {"isolation_level": "REPEATABLE READ"} if engine.dialect.name == "postgresql" else {}
        connection = plain.execution_options(**options)
        with connection.begin():
            yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """One transaction that holds the write lock (SQLite) from its begin; committed at the end, or nothing is.

    LedgerUnusable when the database fails: whether an interrupted commit happened is then unknown, and a rerun asks.
    """
    with _answering(), engine.connect() as plain:
        connection = plain.execution_options(**{_WRITES: True})
        with connection.begin():
            yield connection


def insert_or(connection: Connection, table: Table) -> Any:
    """`insert into table` with the `on_conflict_*` methods of the connection's database."""
    if connection.dialect.name == "postgresql":
        # Here, since it costs every process that has no use for it a fifth of a second.
        from sqlalchemy.dialects.postgresql import insert as insert_postgresql  # noqa: PLC0415

        return insert_postgresql(table)
    return insert_sqlite(table)


def chunks(values: Iterable[T], size: int = _CHUNK) -> Iterator[Sequence[T]]:
    """`values` in order, at most `size` at a time."""
    everything = list(values)
    for start in range(0, len(everything), size):
        yield everything[start : start + size]


@contextmanager
def _answering() -> Iterator[None]:
    try:
        yield
    except (IntegrityError, ProgrammingError):
        raise  # about our statement, not about the database: the caller's to judge
    except (DBAPIError, sqlite3.Error) as error:
        cause = getattr(error, "orig", None) or error
        raise LedgerUnusable(
            f"The ledger's database does not answer ({type(cause).__name__}: {cause}). Check its address, its disk and "
            "the rights; then run again, nothing is done twice. A damaged ledger is moved aside and rebuilt with "
            "`activity-sync ledger rebuild`.",
            setting="ACTIVITY_SYNC_LEDGER_URL",
        ) from error


def _sqlite(url: URL) -> Engine:
    in_memory = url.database in (None, "", ":memory:")
    if in_memory:
        engine = create_engine(url, poolclass=StaticPool, connect_args={"check_same_thread": False})
    else:
        Path(str(url.database)).parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(url, connect_args={"timeout": _BUSY_SECONDS})

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        # We begin transactions ourselves: the driver would begin them late, and deferred.
        connection.isolation_level = None
        connection.execute("PRAGMA foreign_keys=ON")
        # A lost commit of a pending row would be a lost announcement: survive power cuts, not only kills.
        connection.execute("PRAGMA synchronous=FULL")
        if not in_memory:
            _switch_to_wal(connection)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get(_WRITES, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN DEFERRED")

    return engine


def _switch_to_wal(connection: Any) -> None:
    """The mode stays with the file. The switch itself ignores the busy timeout, so that it is tried again here."""
    deadline = time.monotonic() + _BUSY_SECONDS
    while True:
        try:
            if connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
                connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return
