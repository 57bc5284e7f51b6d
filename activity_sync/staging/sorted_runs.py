"""Rows of any number in order, in bounded memory: sorted runs on disk, merged in pieces.

DuckDB sorts wide rows in memory and fails where they do not fit, whatever it may spill. So it is asked for the order of
the narrow keys alone; each run is sorted by itself, and the next piece takes from each of them the rows that come next.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from activity_sync.activities.kinds import Step
from activity_sync.staging.columns import newest_first

ROWS_AT_ONCE = 4096
"""Rows of a run, of a piece, and of a row group of the file that is made of them."""
_READ_AT_ONCE = 256
_ORDER = (("partition", "ascending"), ("source_id", "ascending"))


class SortedRuns:
    """Takes tables of a step's rows, and gives them back by partition and source id, of each record the newest row."""

    def __init__(self, folder: Path, step: Step) -> None:
        self._folder = folder
        self._step = step
        self._gathered: list[pa.Table] = []
        self._rows = 0
        self._runs: list[Path] = []
        self._keys: list[pa.Table] = []

    def append(self, rows: pa.Table) -> None:
        """More rows, in the order of their arrival."""
        self._gathered.append(rows)
        self._rows += rows.num_rows
        if self._rows >= ROWS_AT_ONCE:
            self._store()

    def merged(self, connection: duckdb.DuckDBPyConnection) -> Iterator[pa.Table]:
        """The rows in order, a bounded piece at a time. Nothing may be appended afterwards."""
        self._store()
        if not self._keys:
            return
        order = self._order(connection)
        runs = [_Run(path) for path in self._runs]
        for start in range(0, order.num_rows, ROWS_AT_ONCE):
            piece = order.slice(start, ROWS_AT_ONCE)
            yield _next(runs, piece["run"].to_pylist(), piece["place"].to_pylist())

    def _store(self) -> None:
        if not self._rows:
            return
        number = len(self._runs)
        rows = pa.concat_tables(self._gathered)
        arrived = pa.array(range(rows.num_rows), pa.int64())
        rows = rows.append_column("arrived", arrived).sort_by([*_ORDER, ("arrived", "ascending")])
        path = self._folder / f"run-{number}.tmp"
        pq.write_table(rows.drop_columns("arrived"), path, row_group_size=_READ_AT_ONCE, compression="lz4")
        keys = rows.select([*(name for name, _ in _ORDER), *_AGE[self._step], "arrived"])
        keys = keys.append_column("run", pa.array([number] * rows.num_rows, pa.int64()))
        self._keys.append(keys.append_column("place", arrived))
        self._runs.append(path)
        self._gathered, self._rows = [], 0

    def _order(self, connection: duckdb.DuckDBPyConnection) -> pa.Table:
        """By run and place in it, the rows to keep, in order. The narrow look is the cheap one.

        A retry of the page, or an edit between two pages: the same record twice, of which the newest row counts.
        """
        connection.register("keys", pa.concat_tables(self._keys))
        found: pa.Table = connection.sql(
            "SELECT run, place FROM keys QUALIFY row_number() OVER (PARTITION BY source_id "  # noqa: S608 our own names
            f"ORDER BY {newest_first(self._step)}, run DESC, arrived DESC) = 1 ORDER BY partition, source_id"
        ).to_arrow_table()
        connection.unregister("keys")
        return found


_AGE = {
    step: tuple(name for name in ("modified_at", "staged_at", "run_id") if name in newest_first(step)) for step in Step
}
"""The columns by which a record's rows are newer than others."""


class _Run:
    """One run on disk, read forwards."""

    def __init__(self, path: Path) -> None:
        self._file = pq.ParquetFile(path)
        # One row group after the other: an iterator over batches has the whole file in memory from its first one on.
        self._groups = map(self._file.read_row_group, range(self._file.num_row_groups))
        self._at_hand = self._file.schema_arrow.empty_table()
        self._first = 0

    def take(self, places: Sequence[int]) -> pa.Table:
        """The rows at these places, which are ascending, and behind those that were taken before."""
        read = [self._at_hand]
        end = self._first + self._at_hand.num_rows
        while end <= places[-1]:
            group = next(self._groups)
            read.append(group)
            end += group.num_rows
        rows = pa.concat_tables(read)
        taken = rows.take([place - self._first for place in places])
        # A slice would keep all that it was cut from.
        self._at_hand = pa.concat_tables([rows.slice(places[-1] + 1 - self._first)]).combine_chunks()
        self._first = places[-1] + 1
        return taken


def _next(runs: Sequence[_Run], of_run: Sequence[int], at_place: Sequence[int]) -> pa.Table:
    """The rows at these places of these runs, in the order given."""
    taken: list[pa.Table] = []
    positions: list[int] = []
    for number in sorted(set(of_run)):
        mine = [position for position, run in enumerate(of_run) if run == number]
        taken.append(runs[number].take([at_place[position] for position in mine]))
        positions += mine
    back = sorted(range(len(positions)), key=positions.__getitem__)
    return pa.concat_tables(taken).take(back)
