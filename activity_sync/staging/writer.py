"""Writing one staged file: rows gather in DuckDB, which spills, and stand under their name when all is well."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Self

import duckdb
import pandas as pd

from activity_sync.staging.columns import columns_of, newest_first
from activity_sync.staging.files import StagedFile, pattern
from activity_sync.staging.frames import to_arrow
from activity_sync.staging.places import Place

# Why a row is in a run when nobody says otherwise: it lies in the window that was read.
WINDOW = "window"


class StagedWriter:
    """What a step stages. A context manager: on leaving it the file is there, on an exception nothing is.

    The file holds one row per source id: the newest, where several were appended. A step that appended nothing
    writes no file, and an attempt of the same run that was there before is removed: the last attempt counts.
    """

    def __init__(
        self,
        place: Place,
        file: StagedFile,
        *,
        connect: Callable[[], duckdb.DuckDBPyConnection],
        clock: Callable[[], datetime],
        on_first_file: Callable[[], None],
    ) -> None:
        self._place = place
        self._file = file
        self._connect = connect
        self._clock = clock
        self._on_first_file = on_first_file
        self._columns = columns_of(file.step)
        self._open = ExitStack()
        self._scratch: Path | None = None
        self._connection: duckdb.DuckDBPyConnection | None = None
        self.rows_by_partition: dict[str, int] = {}

    @property
    def rows(self) -> int:
        """How many records the file holds; known after the end."""
        return sum(self.rows_by_partition.values())

    def append(self, frame: pd.DataFrame) -> None:
        """The rows are part of the file-to-be.

        Needs `partition` and `source_id`; `source_day` is the partition and `trigger` is `window` where they are
        missing; `run_id` and `staged_at` are ours. ValueError for unknown columns and cells of a wrong type.
        """
        if frame.empty:
            return
        rows = to_arrow(frame, self._columns, {"run_id": self._file.run_id, "staged_at": self._clock()})
        if rows["partition"].null_count or rows["source_id"].null_count:
            raise ValueError("a staged row has a partition and a source_id")
        connection = self._connected()
        connection.register("batch", rows)
        filled = ", ".join(
            {"source_day": "coalesce(source_day, partition)", "trigger": f"coalesce(trigger, '{WINDOW}')"}.get(
                column.name, f'"{column.name}"'
            )
            for column in self._columns
        )
        connection.execute(f"INSERT INTO staged SELECT {filled} FROM batch")  # noqa: S608 our own column names
        connection.unregister("batch")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        with self._open:
            if kind is None:
                self._finish()

    def _connected(self) -> duckdb.DuckDBPyConnection:
        if self._connection is None:
            self._scratch = self._open.enter_context(self._place.scratch())
            self._connection = self._connect()
            self._open.callback(self._connection.close)
            columns = ", ".join(f'"{column.name}" {column.kind.sql}' for column in self._columns)
            self._connection.execute(f"CREATE TEMP TABLE staged ({columns})")
        return self._connection

    def _finish(self) -> None:
        if self._connection is None or self._scratch is None:
            self._place.remove(self._file.path)
            return
        is_first = not self._place.has(pattern(self._file.flow, self._file.step))
        # A retry of the page, or an edit between two pages: the same record twice. The narrow look is the cheap one.
        order = f"{newest_first(self._file.step)}, rowid DESC"
        self._connection.execute(
            "DELETE FROM staged WHERE rowid IN (SELECT rowid FROM staged "  # noqa: S608 our own column names
            f"QUALIFY row_number() OVER (PARTITION BY source_id ORDER BY {order}) > 1)"
        )
        counted = self._connection.execute("SELECT partition, count(*) FROM staged GROUP BY partition")
        self.rows_by_partition = dict(counted.fetchall())
        made = self._scratch / "rows.tmp"
        self._connection.execute(
            "COPY (SELECT * FROM staged ORDER BY partition, source_id) TO ? (FORMAT parquet, COMPRESSION zstd)",
            [str(made)],
        )
        self._place.publish(made, self._file.path)
        if is_first:
            self._on_first_file()
