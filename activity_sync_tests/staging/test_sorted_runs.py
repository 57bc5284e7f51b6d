from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from activity_sync.activities.kinds import Step
from activity_sync.staging import sorted_runs
from activity_sync.staging.sorted_runs import SortedRuns

_ENGINE = duckdb.connect()
_BEGIN = datetime(2026, 11, 30, tzinfo=UTC)
_ROWS = st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 30), st.none() | st.integers(0, 3)), max_size=120)


@pytest.fixture(scope="module", autouse=True)
def _small_runs():
    """Runs and pieces of seven rows, read three at a time: many of them from few rows."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(sorted_runs, "ROWS_AT_ONCE", 7)
        patched.setattr(sorted_runs, "_READ_AT_ONCE", 3)
        yield


@settings(deadline=None, max_examples=25)
@given(rows=_ROWS, at_once=st.integers(1, 20))
def test_rows_come_back_in_order_of_each_record_the_newest(rows, at_once):
    staged = [
        {
            "run_id": "run",
            "partition": partition,
            "source_id": f"{source_id:02d}",
            "staged_at": _BEGIN + timedelta(seconds=number // at_once),
            "modified_at": None if modified is None else _BEGIN + timedelta(days=modified),
            "number": number,
        }
        for number, (partition, source_id, modified) in enumerate(rows)
    ]
    newest = {}
    for row in sorted(staged, key=lambda row: (row["modified_at"] or _BEGIN - timedelta(days=1), row["number"])):
        newest[row["source_id"]] = row

    with TemporaryDirectory() as folder, _ENGINE.cursor() as connection:
        runs = SortedRuns(Path(folder), Step.EXTRACTED)
        for start in range(0, len(staged), at_once):
            runs.append(pa.Table.from_pylist(staged[start : start + at_once], schema=_SCHEMA))
        pieces = list(runs.merged(connection))

    assert [row for piece in pieces for row in piece.to_pylist()] == sorted(
        newest.values(), key=lambda row: (row["partition"], row["source_id"])
    )
    assert all(piece.num_rows <= sorted_runs.ROWS_AT_ONCE for piece in pieces)


_MOMENT = pa.timestamp("us", tz="UTC")
_SCHEMA = pa.schema(
    [
        ("run_id", pa.string()),
        ("partition", pa.string()),
        ("source_id", pa.string()),
        ("staged_at", _MOMENT),
        ("modified_at", _MOMENT),
        ("number", pa.int64()),
    ]
)


def test_of_the_runs_on_disk_only_the_rows_that_come_next_are_in_memory(monkeypatch):
    monkeypatch.setattr(sorted_runs, "ROWS_AT_ONCE", 512)
    monkeypatch.setattr(sorted_runs, "_READ_AT_ONCE", 32)
    ids = [f"{number * 7 % 4_096:04d}" for number in range(4_096)]  # every run reaches from the first to the last
    chance = random.Random(0)

    with TemporaryDirectory() as folder, _ENGINE.cursor() as connection:
        runs = SortedRuns(Path(folder), Step.EXTRACTED)
        for start in range(0, len(ids), 512):
            rows = [
                {
                    "run_id": "run",
                    "partition": "a",
                    "source_id": one,
                    "staged_at": _BEGIN,
                    "modified_at": _BEGIN,
                    "text": chance.randbytes(2_000).hex(),
                }
                for one in ids[start : start + 512]
            ]
            runs.append(pa.Table.from_pylist(rows, schema=_SCHEMA.append(pa.field("text", pa.string()))))
        before = pa.total_allocated_bytes()
        merged = runs.merged(connection)
        next(merged)
        at_hand = pa.total_allocated_bytes() - before

    assert at_hand < len(ids) * 4_000 / 2
