"""The tables, as the newest migration leaves them. Columns hold ids, keyed hashes, times and codes only.

JSON stands in text columns and times in ISO text of fixed width, so that both databases hold and order the same.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Identity,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    text,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

# The newest migration in `migrations/versions`. Revisions are numbered, so that a newer ledger can be told from damage.
REVISION = "0011"


class Moment(TypeDecorator[datetime]):
    """An aware time, kept as UTC text `2026-11-22T01:02:03.000004Z`, which sorts as time does."""

    impl = String(27)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:  # noqa: ARG002 SQLAlchemy's signature
        """ValueError for a naive time: its zone would be a guess."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone")
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002 SQLAlchemy's signature
        """Aware, UTC."""
        return None if value is None else datetime.fromisoformat(value)


metadata = MetaData()

_LINK_ID = BigInteger().with_variant(Integer, "sqlite")

meta = Table(
    "meta",
    metadata,
    Column("name", String(200), primary_key=True),
    Column("value", Text, nullable=False),
)

links = Table(
    "links",
    metadata,
    Column("id", _LINK_ID, primary_key=True, autoincrement=True),
    Column("activity_type", String(20), nullable=False),
    Column("state", String(12), nullable=False),
    Column("origin", String(40), nullable=False),
    Column("key", String(80), nullable=False),
    Column("generation", Integer, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("intended", Text, nullable=False),
    Column("plan", Text),
    Column("tombstone", Text),
    Column("written_at", Text, nullable=False),
    Column("updated_at", Moment, nullable=False),
    # The system in which an ended link's record was deleted, until that system's own flow has acted on it.
    Column("delete_due", String(40)),
    Index("links_by_delete_due", "delete_due", "activity_type"),
    Index("links_by_state", "state", "origin", "activity_type"),
    Index("links_by_key", "key"),
    # An id is never given twice: staged rows of any age name links by id.
    sqlite_autoincrement=True,
)

link_sides = Table(
    "link_sides",
    metadata,
    Column("link_id", _LINK_ID, ForeignKey("links.id"), primary_key=True, autoincrement=False),
    Column("system", String(40), primary_key=True),
    Column("activity_type", String(20), nullable=False),
    Column("record_id", String(100)),
    Column("living", Boolean(create_constraint=False), nullable=False),
    Column("base", Text, nullable=False),
    Column("unsettled", Text, nullable=False),
    Column("version", Text),
    Index("link_sides_by_record", "system", "activity_type", "record_id"),
    Index(
        "link_sides_one_living",
        "system",
        "activity_type",
        "record_id",
        unique=True,
        sqlite_where=text("living"),
        postgresql_where=text("living"),
    ),
)

elements = Table(
    "elements",
    metadata,
    Column("link_id", _LINK_ID, ForeignKey("links.id"), primary_key=True, autoincrement=False),
    Column("kind", String(40), primary_key=True),
    Column("role", String(20), primary_key=True),
    # "" where that side has no such record (yet): both databases treat a NULL in a key differently.
    Column("origin_record_id", String(100), primary_key=True),
    Column("counterpart_record_id", String(100), primary_key=True),
    Column("state", String(10), nullable=False),
    Index("elements_by_state", "state", "kind"),
    Index("elements_by_origin_record", "kind", "origin_record_id", "link_id"),
    Index("elements_by_counterpart_record", "kind", "counterpart_record_id", "link_id"),
)

outstanding = Table(
    "outstanding",
    metadata,
    Column("flow", String(80), primary_key=True),
    Column("activity_type", String(20), primary_key=True),
    Column("source_id", String(100), primary_key=True),
    Column("state", String(10), nullable=False),
    Column("case_number", Integer, nullable=False),
    Column("rule", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("waits_for", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("correlation_id", Text, nullable=False),
    Column("transient", Boolean(create_constraint=False), nullable=False),
    Column("since", Moment, nullable=False),
    Column("last_seen", Moment, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_try", Moment),
    Column("source_version", Text),
    Column("candidates", Text, nullable=False, server_default="[]"),
    Column("mapping", String(80), nullable=False, server_default=""),
    Column("hangs_on", Text),
    Index("outstanding_due", "flow", "activity_type", "next_try"),
)

watermarks = Table(
    "watermarks",
    metadata,
    Column("flow", String(80), primary_key=True),
    Column("activity_type", String(20), primary_key=True),
    Column("at", Moment, nullable=False),
)

leases = Table(
    "leases",
    metadata,
    Column("flow", String(80), primary_key=True),
    Column("activity_type", String(20), primary_key=True),
    Column("token", String(40), nullable=False),
    Column("host", String(300), nullable=False),
    Column("pid", Integer, nullable=False),
    Column("started", String(120), nullable=False),
    Column("acquired_at", Moment, nullable=False),
    Column("heartbeat_at", Moment, nullable=False),
)

step_calls = Table(
    "step_calls",
    metadata,
    Column("run_id", String(80), primary_key=True),
    Column("flow", String(80), primary_key=True),
    Column("activity_type", String(20), primary_key=True),
    Column("step", String(40), primary_key=True),
    Column("system", String(40), primary_key=True),
    Column("calls", Integer, nullable=False),
)

progress = Table(
    "progress",
    metadata,
    Column("run_id", String(80), primary_key=True),
    Column("flow", String(80), primary_key=True),
    Column("activity_type", String(20), primary_key=True),
    Column("step", String(40), primary_key=True),
    Column("state", String(12), nullable=False),
    Column("known", Integer),
    Column("done", Integer, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("expected", Float, nullable=False),
    Column("floor", Float, nullable=False),
    Column("traffic", Text, nullable=False),
    Column("began_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Column("beat_at", Moment, nullable=False),
    Column("estimated_at", Moment),
    Column("estimated_end", Moment),
    Column("host", String(300), nullable=False),
    Column("pid", Integer, nullable=False),
    Column("started", String(120), nullable=False),
    Column("trust", Float, nullable=False, server_default="0"),
)

step_rates = Table(
    "step_rates",
    metadata,
    Column("flow", String(80), primary_key=True),
    Column("activity_type", String(20), primary_key=True),
    Column("step", String(40), primary_key=True),
    Column("rows", Float, nullable=False),
    Column("seconds", Float, nullable=False),
)

reads = Table(
    "reads",
    metadata,
    Column("run_id", String(80), primary_key=True),
    Column("flow", String(80), primary_key=True),
    Column("activity_type", String(20), primary_key=True),
    Column("begins", Moment, nullable=False),
    Column("covers", Moment),
    Column("deletions", Text),
    Column("fed", Moment),
)

deletion_cursors = Table(
    "deletion_cursors",
    metadata,
    Column("flow", String(80), primary_key=True),
    Column("activity_type", String(20), primary_key=True),
    Column("cursor", Text, nullable=False),
)

choices = Table(
    "choices",
    metadata,
    Column("system", String(40), primary_key=True),
    Column("activity_type", String(20), primary_key=True),
    Column("record_id", String(100), primary_key=True),
    Column("decision", String(20), nullable=False),
    Column("other_id", String(100), nullable=False),
    Column("made_at", Moment, nullable=False),
)

made_records = Table(
    "made_records",
    metadata,
    Column("source_system", String(40), primary_key=True),
    Column("target_system", String(40), primary_key=True),
    Column("kind", String(40), primary_key=True),
    Column("source_id", String(100), primary_key=True),
    Column("state", String(12), nullable=False),
    # "" until the answer to the create is known.
    Column("target_id", String(100), nullable=False),
    Column("announced_at", Moment, nullable=False),
    Index("made_records_by_target", "target_system", "kind", "target_id"),
)

counterparts = Table(
    "counterparts",
    metadata,
    Column("source_system", String(40), primary_key=True),
    Column("target_system", String(40), primary_key=True),
    Column("kind", String(40), primary_key=True),
    Column("source_id", String(100), primary_key=True),
    Column("target_id", String(100), nullable=False),
    Column("keys", String(40), nullable=False),
    Column("found_at", Moment, nullable=False),
)

carried_files = Table(
    "carried_files",
    metadata,
    Column("link_id", _LINK_ID, ForeignKey("links.id"), primary_key=True, autoincrement=False),
    Column("source_system", String(40), primary_key=True),
    Column("file_id", String(100), primary_key=True),
    Column("state", String(12), nullable=False),
    # "" until it is known which file in the target became of it.
    Column("target_file", String(100), nullable=False),
    Column("code", String(80), nullable=False),
    Column("correlation_id", String(80), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("since", Moment, nullable=False),
    Column("next_try", Moment),
    Index("carried_files_due", "source_system", "next_try"),
)

limit_uses = Table(
    "limit_uses",
    metadata,
    Column("account", String(80), nullable=False),
    Column("bucket", String(40), nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Index("limit_uses_by_time", "account", "bucket", "at_ms"),
)

limit_places = Table(
    "limit_places",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("account", String(80), nullable=False),
    Column("expires_ms", BigInteger, nullable=False),
)

limit_holds = Table(
    "limit_holds",
    metadata,
    Column("account", String(80), primary_key=True),
    Column("bucket", String(40), primary_key=True),
    Column("until_ms", BigInteger, nullable=False),
)

OF_THE_MOMENT = (limit_uses, limit_places, limit_holds)
"""What is true for minutes, and of no use in a copy."""
