"""The SQL over staged files. Names are our own constants, quoted; values are parameters, or quoted in views."""

from __future__ import annotations

# ruff: noqa: S608 what is put together here are our own names and quoted literals
from typing import Any

from activity_sync.activities.kinds import Step
from activity_sync.staging.columns import Column, columns_of, newest_first

# The column that DuckDB reads from the folder's name, `type=email`.
_TYPE = Column("type", "the activity type")


def rows_of(step: Step, files: str, *columns: str) -> str:
    """The step's rows in `files` (SQL for a list of paths). A column that older files lack is empty."""
    everything = (_TYPE, *columns_of(step))
    names = columns or tuple(column.name for column in columns_of(step))
    empty = ", ".join(f"NULL::{column.kind.sql} AS {name(column.name)}" for column in everything)
    return (
        f"SELECT {', '.join(map(name, names))} FROM (SELECT {empty} WHERE false UNION ALL BY NAME "
        f"SELECT * FROM read_parquet({files}, union_by_name = true, hive_partitioning = true, "
        "hive_types = {'type': VARCHAR}))"
    )


def newest(step: Step, rows: str, *, per: str = "source_id") -> str:
    """Of `rows`, the newest of each record."""
    return f"SELECT * FROM ({rows}) QUALIFY row_number() OVER (PARTITION BY {per} ORDER BY {newest_first(step)}) = 1"


def bounds(run_id: str | None, partitions: tuple[str, str] | None, *, suffix: str = "") -> tuple[str, dict[str, Any]]:
    """The condition for a run's rows, or those of some partitions (first and last, inclusive), and its parameters.

    `suffix` sets the parameters apart from those of another step in the same statement.
    """
    parts: list[str] = []
    values: dict[str, Any] = {}
    if run_id is not None:
        parts.append(f"run_id = $run_id{suffix}")
        values[f"run_id{suffix}"] = run_id
    if partitions is not None:
        parts.append(f"partition BETWEEN $first{suffix} AND $last{suffix}")
        values[f"first{suffix}"], values[f"last{suffix}"] = partitions
    return (" WHERE " + " AND ".join(parts) if parts else ""), values


def view(flow: str, step: Step, files: str | None) -> list[str]:
    """Statements that make a flow's view of a step and its `latest_` view; `files` is a wild card, or None."""
    source = rows_of(step, literal(files), "type", *(one.name for one in columns_of(step))) if files else _nothing(step)
    here, latest = f"{name(flow)}.{name(step)}", f"{name(flow)}.{name(f'latest_{step}')}"
    return [
        f"CREATE SCHEMA IF NOT EXISTS {name(flow)}",
        f"CREATE VIEW {here} AS {source}",
        f"CREATE VIEW {latest} AS {newest(step, f'SELECT * FROM {here}', per='type, source_id')}",
    ]


def name(identifier: str) -> str:
    """A quoted identifier."""
    return '"' + identifier.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A quoted string."""
    return "'" + text.replace("'", "''") + "'"


def _nothing(step: Step) -> str:
    empty = ", ".join(f"NULL::{column.kind.sql} AS {name(column.name)}" for column in (_TYPE, *columns_of(step)))
    return f"SELECT {empty} WHERE false"
