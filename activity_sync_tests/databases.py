"""The databases that a ledger is tested on: a SQLite file, and PostgreSQL where a server is named."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import create_engine, text

from activity_sync_tests.conftest import POSTGRES_VARIABLE

SERVER = os.environ.get(POSTGRES_VARIABLE)
DATABASES = ["sqlite", *(["postgresql"] if SERVER else [])]


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
