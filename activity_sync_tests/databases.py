"""The databases that a ledger is tested on: a SQLite file, and PostgreSQL where a server is named."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import create_engine, func, inspect, select, text

from activity_sync.ledger.schema import links, metadata
from activity_sync_tests.conftest import POSTGRES_VARIABLE

SERVER = os.environ.get(POSTGRES_VARIABLE)
DATABASES = ["sqlite", *(["postgresql"] if SERVER else [])]

Content = dict[str, Sequence[dict[str, Any]]]
"""The rows of a ledger, by table."""


def content_of(url: str) -> Content:
    """All rows of a ledger; nothing where there is none yet."""
    engine = create_engine(url)
    with engine.connect() as connection:
        there = set(inspect(connection).get_table_names())
        found = {
            table.name: [dict(row) for row in connection.execute(select(table)).mappings()]
            for table in metadata.sorted_tables
            if table.name in there
        }
    engine.dispose()
    return found


def put_back(url: str, content: Content) -> None:
    """A PostgreSQL ledger that exists holds these rows and no others, and numbers new links as it would have then."""
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text(f"TRUNCATE {', '.join(table.name for table in metadata.sorted_tables)}"))
        for table in metadata.sorted_tables:
            if content.get(table.name):
                connection.execute(table.insert(), list(content[table.name]))
        newest = max((row["id"] for row in content.get(links.name, ())), default=0)
        connection.execute(select(func.setval(func.pg_get_serial_sequence(links.name, "id"), newest + 1, False)))  # noqa: FBT003 - SQL's
    engine.dispose()


@contextmanager
def postgres_schema() -> Iterator[str]:
    """The URL of an empty schema of the server, which goes with all that is in it."""
    schema = f"test_{uuid.uuid4().hex}"
    server = create_engine(str(SERVER), isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f"CREATE SCHEMA {schema}"))
    yield f"{SERVER}{'&' if '?' in str(SERVER) else '?'}options=-csearch_path%3D{schema}"
    with server.connect() as connection:
        connection.execute(text(f"DROP SCHEMA {schema} CASCADE"))
    server.dispose()
