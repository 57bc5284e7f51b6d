"""Which records some steps have staged and others have not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import duckdb

from activity_sync.activities.kinds import ActivityType, Step
from activity_sync.staging import files
from activity_sync.staging.files import StagedFile
from activity_sync.staging.places import Place
from activity_sync.staging.queries import bounds, literal, rows_of

# ruff: noqa: S608 what is put together here are our own names and quoted literals


@dataclass(frozen=True, slots=True)
class Rows:
    """Which rows of a step: a run's, or those of all runs in some partitions (first and last, inclusive)."""

    run_id: str | None = None
    partitions: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """`records`: source ids in any of the steps; `lacking`: those not in all; `examples`: some, with what they lack."""

    records: int
    lacking: int
    examples: dict[str, tuple[Step, ...]]


@dataclass(frozen=True, slots=True)
class NewestRun:
    """The run that loaded last, the first of the steps that it staged, and its first and last partition."""

    run_id: str
    first_step: Step
    partitions: tuple[str, str]


def compare(
    place: Place,
    connection: duckdb.DuckDBPyConnection,
    flow: str,
    activity_type: ActivityType,
    steps: Mapping[Step, Rows],
    *,
    examples: int,
) -> Comparison:
    """The source ids of several steps side by side; at most `examples` of the incomplete ones are named.

    The sets stay in DuckDB, which puts on disk what memory does not hold.
    """
    parts: list[str] = []
    values: dict[str, Any] = {}
    for step, rows in steps.items():
        found = files.listed(place, flow, activity_type, step, run_id=rows.run_id, partitions=rows.partitions)
        if not found:
            continue
        where, bound = bounds(rows.run_id, rows.partitions, suffix=f"_{step}")
        values |= bound | {f"files_{step}": [place.url(path) for path in found]}
        source = rows_of(step, f"$files_{step}", "source_id", "run_id", "partition")
        parts.append(f"SELECT DISTINCT source_id, {literal(step)} AS step FROM ({source}){where}")
    if not parts:
        return Comparison(0, 0, {})
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE compared AS SELECT source_id, list(step) AS has "
        f"FROM ({' UNION ALL '.join(parts)}) GROUP BY source_id",
        values,
    )
    lack = f"FROM compared WHERE len(has) < {len(steps)}"
    ((records, lacking),) = connection.execute(f"SELECT (SELECT count(*) FROM compared), count(*) {lack}").fetchall()
    named = connection.execute(
        f"SELECT source_id, has {lack} ORDER BY source_id LIMIT $examples", {"examples": examples}
    ).fetchall()
    return Comparison(
        records, lacking, {one: tuple(step for step in steps if step.value not in has) for one, has in named}
    )


def newest_run(
    place: Place,
    connection: duckdb.DuckDBPyConnection,
    flow: str,
    activity_type: ActivityType,
    *,
    partitions: tuple[str, str] | None,
) -> NewestRun | None:
    """The run that loaded last; None: none did. `partitions` bounds the search to files that may hold such rows.

    Previews stage no results, and are passed over.
    """
    found = files.listed(place, flow, activity_type, Step.LOADED, partitions=partitions)
    if not found:
        return None
    last = connection.execute(
        f"SELECT run_id FROM ({rows_of(Step.LOADED, '$files', 'run_id', 'staged_at')}) "
        "ORDER BY staged_at DESC, run_id DESC LIMIT 1",
        {"files": [place.url(path) for path in found]},
    ).fetchone()
    if last is None:
        return None
    (run_id,) = last
    its = [
        StagedFile.parse(path)
        for step in Step
        for path in files.listed(place, flow, activity_type, step, run_id=run_id)
    ]
    return NewestRun(run_id, its[0].step, (min(one.first for one in its), max(one.last for one in its)))
