"""Staging as the rest of the project sees it: write a step's rows, read them, trace one record, open it in SQL."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Any
from uuid import uuid4

import duckdb
import pandas as pd
import pyarrow as pa

from activity_sync.activities.kinds import ActivityType, Step
from activity_sync.staging import comparing, files, removing
from activity_sync.staging.columns import columns_of
from activity_sync.staging.comparing import Comparison, NewestRun, Rows
from activity_sync.staging.files import VIEWS, StagedFile
from activity_sync.staging.frames import to_frame
from activity_sync.staging.places import place_at
from activity_sync.staging.queries import bounds, literal, name, newest, rows_of, view
from activity_sync.staging.writer import StagedWriter


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Staging:
    """The staged rows of all runs under one root: a folder, or an object-store URL. Safe for many processes."""

    def __init__(self, root: str | Path, *, clock: Callable[[], datetime] = _utc_now) -> None:
        self._place = place_at(root)
        self._clock = clock
        self._engine: duckdb.DuckDBPyConnection | None = None
        self._opening = Lock()

    def close(self) -> None:
        """Nothing is held open; used again, it opens again."""
        with self._opening:
            if self._engine is not None:
                self._engine.close()
                self._engine = None

    def write(
        self,
        flow: str,
        activity_type: ActivityType,
        step: Step,
        run_id: str,
        partitions: tuple[str, str],
    ) -> StagedWriter:
        """A writer for the rows of one run's step; `partitions` are the first and last partition of the run."""
        first, last = partitions
        file = StagedFile(flow, step, activity_type, first, last, run_id)
        return StagedWriter(
            self._place, file, connect=self._connection, clock=self._clock, on_first_file=self.rebuild_views
        )

    def read(
        self,
        flow: str,
        activity_type: ActivityType,
        step: Step,
        *,
        run_id: str | None = None,
        partitions: tuple[str, str] | None = None,
        batch_rows: int = 2000,
    ) -> Iterator[pd.DataFrame]:
        """The step's rows, one per source id: the run's, or without `run_id` the newest of all runs.

        `partitions` (first and last, inclusive) bounds both. By partition and source id, at most `batch_rows` at a
        time; every cell a Python value or None. Yields nothing where nothing was staged.
        """
        found = files.listed(self._place, flow, activity_type, step, run_id=run_id, partitions=partitions)
        if not found:
            return
        where, values = bounds(run_id, partitions)
        query = rows_of(step, "$files") + where
        if len(found) > 1:
            query = f"{newest(step, query)} ORDER BY partition, source_id"
        with self._connected() as connection:
            yield from _batches(connection, query, self._urls(found) | values, batch_rows)

    def source_ids(
        self,
        flow: str,
        activity_type: ActivityType,
        step: Step,
        *,
        run_id: str | None = None,
        partitions: tuple[str, str] | None = None,
    ) -> dict[str, str]:
        """The source ids that `read` would give, with their partitions."""
        found = files.listed(self._place, flow, activity_type, step, run_id=run_id, partitions=partitions)
        if not found:
            return {}
        where, values = bounds(run_id, partitions)
        query = newest(step, rows_of(step, "$files") + where)
        with self._connected() as connection:
            rows = connection.execute(
                f"SELECT source_id, partition FROM ({query})",  # noqa: S608 our own column names
                self._urls(found) | values,
            )
            return dict(rows.fetchall())

    def compare(
        self, flow: str, activity_type: ActivityType, steps: Mapping[Step, Rows], *, examples: int = 20
    ) -> Comparison:
        """Which source ids not all of these steps have: see `comparing.compare`."""
        with self._connected() as connection:
            return comparing.compare(self._place, connection, flow, activity_type, steps, examples=examples)

    def newest_run(
        self, flow: str, activity_type: ActivityType, *, partitions: tuple[str, str] | None = None
    ) -> NewestRun | None:
        """The run that loaded last: see `comparing.newest_run`."""
        with self._connected() as connection:
            return comparing.newest_run(self._place, connection, flow, activity_type, partitions=partitions)

    def tally(
        self,
        flow: str,
        activity_type: ActivityType,
        step: Step,
        *,
        by: tuple[str, ...],
        run_id: str | None = None,
        partitions: tuple[str, str] | None = None,
    ) -> Counter[tuple[Any, ...]]:
        """How many of the rows that `read` would give have which values in the columns `by`."""
        found = files.listed(self._place, flow, activity_type, step, run_id=run_id, partitions=partitions)
        if not found:
            return Counter()
        where, values = bounds(run_id, partitions)
        columns = ", ".join(name(one) for one in by)
        rows = newest(step, rows_of(step, "$files") + where)
        with self._connected() as connection:
            counted = connection.execute(
                f"SELECT {columns}, count(*) FROM ({rows}) GROUP BY ALL",  # noqa: S608 our own column names
                self._urls(found) | values,
            )
            return Counter({row[:-1]: row[-1] for row in counted.fetchall()})

    def newest_versions(
        self,
        flow: str,
        activity_type: ActivityType,
        source_ids: Collection[str],
        *,
        not_before: str | None = None,
    ) -> dict[str, tuple[datetime, str | None]]:
        """Per source id the newest extracted (modified_at, version) over all runs; absent where none was staged.

        `not_before`: a partition; rows of earlier ones are not looked at. A row newer than one of partition P never
        lies before P, so that P is enough to ask whether there is a newer one.
        """
        within = None if not_before is None else (not_before, "9999-12-31")
        found = files.listed(self._place, flow, activity_type, Step.EXTRACTED, partitions=within)
        if not (found and source_ids):
            return {}
        columns = ("source_id", "modified_at", "version", "staged_at", "run_id")
        query = rows_of(Step.EXTRACTED, "$files", *columns)
        query += " WHERE source_id IN (SELECT id FROM wanted)"
        with self._connected() as connection:
            connection.register("wanted", pa.table({"id": pa.array(sorted(set(source_ids)), pa.string())}))
            rows = connection.execute(newest(Step.EXTRACTED, query), self._urls(found)).fetchall()
        return {source_id: (modified_at, version) for source_id, modified_at, version, *_ in rows}

    def newest_outcomes(
        self, flow: str, activity_type: ActivityType, source_ids: Collection[str]
    ) -> dict[str, tuple[str, str, str]]:
        """Per source id the newest (outcome, rule, reason) over all runs; absent where none was staged."""
        found = files.listed(self._place, flow, activity_type, Step.LOADED)
        if not (found and source_ids):
            return {}
        columns = ("source_id", "outcome", "rule", "reason", "staged_at", "run_id")
        query = rows_of(Step.LOADED, "$files", *columns)
        query += " WHERE source_id IN (SELECT id FROM wanted)"
        with self._connected() as connection:
            connection.register("wanted", pa.table({"id": pa.array(sorted(set(source_ids)), pa.string())}))
            rows = connection.execute(newest(Step.LOADED, query), self._urls(found)).fetchall()
        return {source_id: (outcome, rule or "", reason or "") for source_id, outcome, rule, reason, *_ in rows}

    def trace(self, flow: str, activity_type: ActivityType, source_id: str) -> list[dict[str, Any]]:
        """Every row of one record, over all steps and runs, in the order in which they were staged.

        The columns of the row's step, and `step` itself; empty cells are None.
        """
        rows: list[dict[str, Any]] = []
        with self._connected() as connection:
            for step in Step:
                found = files.listed(self._place, flow, activity_type, step)
                if not found:
                    continue
                query = rows_of(step, "$files") + " WHERE source_id = $source_id"
                values = self._urls(found) | {"source_id": source_id}
                names = [column.name for column in columns_of(step)]
                told = connection.execute(query, values).fetchall()
                rows += [{"step": step.value} | dict(zip(names, row, strict=True)) for row in told]
        order = [step.value for step in Step]
        return sorted(rows, key=lambda row: (row["staged_at"], order.index(row["step"]), row["run_id"]))

    def mentions(
        self, flow: str, activity_type: ActivityType, *, patterns: Sequence[str], texts: Sequence[str]
    ) -> set[str]:
        """The source ids of which any staged row holds one of these: see `removing.find`."""
        with self._connected() as connection:
            return removing.find(self._place, connection, flow, activity_type, patterns=patterns, texts=texts)

    def remove(self, flow: str, activity_type: ActivityType, source_ids: Collection[str]) -> Counter[Step]:
        """Takes out all rows of these records; how many, by step: see `removing.remove`."""
        with self._connected() as connection:
            return removing.remove(self._place, connection, flow, activity_type, source_ids)

    def age_out(self, flow: str, activity_type: ActivityType, *, before: datetime) -> int:
        """Removes the files of which nothing was staged since `before`; how many: see `removing.age_out`."""
        with self._connected() as connection:
            return removing.age_out(self._place, connection, flow, activity_type, before=before)

    def without_a_result(self, flow: str, activity_type: ActivityType, source_ids: Collection[str]) -> set[str]:
        """Those of the records that a run has extracted and has not loaded."""
        with self._connected() as connection:
            return removing.without_a_result(self._place, connection, flow, activity_type, source_ids)

    def rebuild_views(self) -> None:
        """`staging.duckdb` in the root holds a view per flow and step, and one of the newest row per record.

        Views only: whoever has it open stops no run, and sees new rows at once. Needed again only when a step stages
        its first file ever, which the writer sees to.
        """
        with self._place.scratch() as scratch, self._connected() as connection:
            made = scratch / VIEWS
            views = name(f"views_{uuid4().hex}")  # what is attached, all of an engine's connections see
            connection.execute(f"ATTACH {literal(str(made))} AS {views}")
            try:
                connection.execute(f"USE {views}")
                for flow in files.flows(self._place):
                    for step in Step:
                        pattern = files.pattern(flow, step)
                        some = self._place.url(pattern) if self._place.has(pattern) else None
                        for statement in view(flow, step, some):
                            connection.execute(statement)
                # Else the views may stay in a log beside the file while another cursor is inside a transaction.
                connection.execute(f"CHECKPOINT {views}")
            finally:
                connection.execute("USE memory")
                connection.execute(f"DETACH {views}")
            self._place.publish(made, VIEWS)

    @contextmanager
    def _connected(self) -> Iterator[duckdb.DuckDBPyConnection]:
        connection = self._connection()
        try:
            yield connection
        finally:
            connection.close()

    def _connection(self) -> duckdb.DuckDBPyConnection:
        """A connection of its own, with temporary tables of its own, to the one engine: an engine costs 20 ms."""
        with self._opening:
            if self._engine is None:
                self._engine = self._place.connect()
            return self._engine.cursor()

    def _urls(self, paths: list[str]) -> dict[str, Any]:
        return {"files": [self._place.url(path) for path in paths]}


def _batches(
    connection: duckdb.DuckDBPyConnection, query: str, values: dict[str, Any], batch_rows: int
) -> Iterator[pd.DataFrame]:
    for batch in connection.sql(query, params=values).to_arrow_reader(batch_rows):
        if batch.num_rows:
            yield to_frame(batch)
