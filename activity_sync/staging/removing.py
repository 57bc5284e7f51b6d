"""Taking rows out of staging: those of some records, and old files. A file is replaced, never edited."""

from __future__ import annotations

# ruff: noqa: S608 what is put together here are our own names; values are parameters
from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime

import duckdb

from activity_sync.activities.kinds import ActivityType, Step
from activity_sync.staging import files
from activity_sync.staging.columns import COMMON, Kind, columns_of
from activity_sync.staging.places import Place
from activity_sync.staging.queries import name, rows_of


def find(
    place: Place,
    connection: duckdb.DuckDBPyConnection,
    flow: str,
    activity_type: ActivityType,
    *,
    patterns: Sequence[str],
    texts: Sequence[str],
) -> set[str]:
    """The source ids of which any row, of any step and run, holds one of these in what it says of the record.

    `patterns` are regular expressions (RE2), letter case aside; `texts` are looked for as they stand.
    """
    found: set[str] = set()
    if not (patterns or texts):
        return found
    for step in Step:
        staged = files.listed(place, flow, activity_type, step)
        if not staged:
            continue
        told = [one.name for one in columns_of(step) if one.kind is Kind.TEXT and one not in COMMON]
        everything = f"concat_ws(chr(10), {', '.join(map(name, told))})"
        meets = [f"regexp_matches({everything}, $pattern_{n}, 'i')" for n in range(len(patterns))]
        meets += [f"contains({everything}, $text_{n})" for n in range(len(texts))]
        values = {f"pattern_{n}": one for n, one in enumerate(patterns)}
        values |= {f"text_{n}": one for n, one in enumerate(texts)}
        rows = connection.execute(
            f"SELECT DISTINCT source_id FROM ({rows_of(step, '$files')}) WHERE {' OR '.join(meets)}",
            {"files": [place.url(one) for one in staged], **values},
        )
        found |= {row[0] for row in rows.fetchall()}
    return found


def remove(
    place: Place,
    connection: duckdb.DuckDBPyConnection,
    flow: str,
    activity_type: ActivityType,
    source_ids: Collection[str],
) -> Counter[Step]:
    """No file holds a row of these records any more; how many rows were taken out of each step.

    A file is written anew without them and takes the old one's place at once, or is removed when nothing is left.
    Stopped half-way, some files still hold the rows: doing it again finishes it.
    """
    removed: Counter[Step] = Counter()
    if not source_ids:
        return removed
    for step in Step:
        for path in files.listed(place, flow, activity_type, step):
            removed[step] += _without(place, connection, path, sorted(set(source_ids)))
    return +removed


def _without(place: Place, connection: duckdb.DuckDBPyConnection, path: str, ids: list[str]) -> int:
    """The file again without the rows of these records; how many there were."""
    rows = "SELECT * FROM read_parquet($file, hive_partitioning = false)"
    unwanted = "source_id IN (SELECT unnest($ids::VARCHAR[]))"
    values = {"file": place.url(path), "ids": ids}
    [(gone, of)] = connection.execute(
        f"SELECT count(*) FILTER (here), count(*) FROM (SELECT {unwanted} AS here FROM ({rows}))", values
    ).fetchall()
    if gone == of:
        place.remove(path)
    elif gone:
        with place.scratch() as scratch:
            made = scratch / "rows.tmp"
            connection.execute(
                f"COPY ({rows} WHERE NOT {unwanted}) "  # in the order of the file, which DuckDB keeps
                "TO $made (FORMAT parquet, COMPRESSION zstd)",
                {**values, "made": str(made)},
            ).fetchall()
            place.publish(made, path)
    return int(gone)


def age_out(
    place: Place, connection: duckdb.DuckDBPyConnection, flow: str, activity_type: ActivityType, *, before: datetime
) -> int:
    """Files whose last row was staged before this moment are removed; how many.

    By when they were staged, not by the days that they hold: a backfill of long ago is as young as its run.
    """
    removed = 0
    for path in [one for step in Step for one in files.listed(place, flow, activity_type, step)]:
        [(youngest,)] = connection.execute(
            "SELECT max(staged_at) FROM read_parquet($file, hive_partitioning = false)", {"file": place.url(path)}
        ).fetchall()
        if youngest is not None and youngest < before:
            place.remove(path)
            removed += 1
    return removed


def without_a_result(
    place: Place,
    connection: duckdb.DuckDBPyConnection,
    flow: str,
    activity_type: ActivityType,
    source_ids: Collection[str],
) -> set[str]:
    """Those of the records that a run has extracted, and the same run has not loaded."""
    extracted = files.listed(place, flow, activity_type, Step.EXTRACTED)
    loaded = files.listed(place, flow, activity_type, Step.LOADED)
    if not (extracted and source_ids):
        return set()
    query = rows_of(Step.EXTRACTED, "$extracted", "source_id", "run_id")
    query += " WHERE source_id IN (SELECT unnest($ids::VARCHAR[]))"
    values = {"extracted": [place.url(one) for one in extracted], "ids": sorted(set(source_ids))}
    if loaded:
        query += f" EXCEPT {rows_of(Step.LOADED, '$loaded', 'source_id', 'run_id')}"
        values["loaded"] = [place.url(one) for one in loaded]
    return {row[0] for row in connection.execute(query, values).fetchall()}
