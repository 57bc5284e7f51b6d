"""Writing one staged file: rows gather on disk, and stand under their name when all is well."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Self

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import compute

from activity_sync.staging.columns import columns_of
from activity_sync.staging.files import StagedFile, pattern
from activity_sync.staging.frames import to_arrow
from activity_sync.staging.places import Place
from activity_sync.staging.sorted_runs import SortedRuns

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
        self._runs: SortedRuns | None = None
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
        for name, otherwise in (("source_day", rows["partition"]), ("trigger", WINDOW)):
            filled = compute.coalesce(rows[name], otherwise)
            rows = rows.set_column(rows.schema.get_field_index(name), name, filled)
        self._gathering().append(rows)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        with self._open:
            if kind is None:
                self._finish()

    def _gathering(self) -> SortedRuns:
        if self._runs is None:
            self._scratch = self._open.enter_context(self._place.scratch())
            self._runs = SortedRuns(self._scratch, self._file.step)
        return self._runs

    def _finish(self) -> None:
        if self._runs is None or self._scratch is None:
            self._place.remove(self._file.path)
            return
        is_first = not self._place.has(pattern(self._file.flow, self._file.step))
        made = self._scratch / "rows.tmp"
        self.rows_by_partition = self._write(self._runs, made)
        self._place.publish(made, self._file.path)
        if is_first:
            self._on_first_file()

    def _write(self, runs: SortedRuns, made: Path) -> dict[str, int]:
        """The file, a piece at a time; how many rows it has of each partition."""
        counted: Counter[str] = Counter()
        schema = pa.schema([(column.name, column.kind.arrow) for column in self._columns])
        connection = self._connect()
        try:
            with pq.ParquetWriter(made, schema, compression="zstd") as out:
                for piece in runs.merged(connection):
                    counted.update(piece["partition"].to_pylist())
                    out.write_table(piece)
        finally:
            connection.close()
        return dict(counted)
