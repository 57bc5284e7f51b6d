from __future__ import annotations

from datetime import UTC, datetime

import duckdb
import fsspec
import pandas as pd
import pytest

from activity_sync.activities.kinds import ActivityType, Step
from activity_sync.staging import Staging
from activity_sync.staging.columns import columns_of

FLOW = "hubspot_to_dynamics"
EMAIL = ActivityType.EMAIL
MON, TUE, WED = "2026-11-02", "2026-11-03", "2026-11-04"


def at(day: str, hour: int = 12) -> datetime:
    return datetime.fromisoformat(day).replace(hour=hour, tzinfo=UTC)


def read(staging, step=Step.EXTRACTED, **which) -> pd.DataFrame:
    frames = list(staging.read(FLOW, EMAIL, step, **which))
    return pd.concat(frames) if frames else pd.DataFrame(columns=["source_id"])


def test_every_cell_comes_back_as_it_was(staging, stage):
    row = {
        "partition": TUE,
        "source_day": MON,
        "source_id": "1",
        "trigger": "due",
        "modified_at": datetime(2026, 11, 2, 1, 2, 3, 456789, tzinfo=UTC),
        "version": 'W/"1"',
        "gone": False,
        "erased": None,
        "payload": '{"subject": "Grüße ☎️\\n"}',
        "associations": None,
        "extracted_at": None,
    }

    stage(Step.EXTRACTED, "run", row)
    told = next(staging.read(FLOW, EMAIL, Step.EXTRACTED)).to_dict("records")[0]

    assert told.pop("run_id") == "run"
    assert told.pop("staged_at").utcoffset().total_seconds() == 0
    assert told == row


def test_empty_cells_are_none_and_numbers_stay_whole(staging, stage):
    stage(
        Step.LOADED,
        "run",
        {"partition": MON, "source_id": "1", "status": 201, "outcome": "created"},
        {"partition": MON, "source_id": "2", "status": None, "outcome": None},
    )

    frame = read(staging, Step.LOADED)

    assert frame["status"].tolist() == [201, None]
    assert type(frame["status"].iloc[0]) is int
    assert frame["outcome"].tolist() == ["created", None]
    assert frame["target_id"].tolist() == [None, None]


@pytest.mark.parametrize("step", list(Step))
def test_rows_show_all_columns_of_their_step(staging, stage, step):
    stage(step, "run", {"partition": MON, "source_id": "1"})

    assert list(next(staging.read(FLOW, EMAIL, step)).columns) == [column.name for column in columns_of(step)]


def test_batches_are_bounded_and_ordered(staging):
    ids = [f"{one:05}" for one in range(5001)]
    with staging.write(FLOW, EMAIL, Step.EXTRACTED, "run", (MON, TUE)) as writer:
        for day, some in ((TUE, ids[2500:]), (MON, ids[:2500])):
            writer.append(pd.DataFrame({"partition": day, "source_id": some[::-1]}))

    frames = list(staging.read(FLOW, EMAIL, Step.EXTRACTED, run_id="run", batch_rows=1000))

    assert max(len(frame) for frame in frames) <= 1000
    assert pd.concat(frames)["source_id"].tolist() == ids


def test_nothing_staged_reads_as_nothing(staging):
    assert list(staging.read(FLOW, EMAIL, Step.EXTRACTED)) == []
    assert staging.source_ids(FLOW, EMAIL, Step.EXTRACTED) == {}
    assert staging.newest_versions(FLOW, EMAIL, ["1"]) == {}
    assert staging.trace(FLOW, EMAIL, "1") == []


def test_run_reads_its_own_rows_only(staging, stage):
    stage(Step.EXTRACTED, "one", {"partition": MON, "source_id": "1", "version": "a"})
    stage(Step.EXTRACTED, "two", {"partition": MON, "source_id": "1", "version": "b"})
    stage(Step.EXTRACTED, "two", {"partition": MON, "source_id": "9"}, kind=ActivityType.CALL)

    assert read(staging, run_id="one")["version"].tolist() == ["a"]
    assert read(staging, run_id="none")["source_id"].tolist() == []


def test_partitions_bound_what_is_read(staging, stage):
    rows = [{"partition": day, "source_id": day} for day in (MON, TUE, WED)]
    stage(Step.EXTRACTED, "range", *rows)
    stage(Step.EXTRACTED, "day", {"partition": MON, "source_id": "x"})

    assert read(staging, partitions=(TUE, WED))["source_id"].tolist() == [TUE, WED]
    assert read(staging, run_id="range", partitions=(MON, MON))["source_id"].tolist() == [MON]
    assert staging.source_ids(FLOW, EMAIL, Step.EXTRACTED, partitions=(MON, TUE)) == {MON: MON, TUE: TUE, "x": MON}


def test_newest_row_counts_not_the_newest_file(staging, stage):
    stage(Step.EXTRACTED, "live", {"partition": TUE, "source_id": "1", "modified_at": at(TUE), "version": "new"})
    # An old window read again later shows the record as a lagging search index had it.
    stage(
        Step.EXTRACTED,
        "backfill",
        {"partition": MON, "source_id": "1", "modified_at": at(MON), "version": "old"},
        {"partition": MON, "source_id": "2", "modified_at": at(MON), "version": "only"},
    )

    assert dict(zip(*[read(staging)[name] for name in ("source_id", "version")], strict=True)) == {
        "1": "new",
        "2": "only",
    }


def test_of_later_steps_the_row_staged_last_is_newest(staging, stage):
    stage(Step.TRANSFORMED, "z", {"partition": TUE, "source_id": "1", "action": "first"})
    stage(Step.TRANSFORMED, "a", {"partition": TUE, "source_id": "1", "action": "second"})

    assert read(staging, Step.TRANSFORMED)["action"].tolist() == ["second"]


def test_newest_versions_over_all_runs(staging, stage):
    stage(
        Step.EXTRACTED,
        "one",
        {"partition": MON, "source_id": "1", "modified_at": at(MON), "version": "a"},
        {"partition": MON, "source_id": "2", "modified_at": at(MON)},
    )
    stage(Step.EXTRACTED, "two", {"partition": TUE, "source_id": "1", "modified_at": at(TUE), "version": "b"})

    assert staging.newest_versions(FLOW, EMAIL, ["1", "2", "3"]) == {"1": (at(TUE), "b"), "2": (at(MON), None)}
    assert staging.newest_versions(FLOW, EMAIL, ["1", "2"], not_before=TUE) == {"1": (at(TUE), "b")}


def test_trace_tells_a_records_life_in_order(staging, stage):
    for run in ("first", "second"):
        for step in Step:
            stage(step, run, {"partition": MON, "source_id": "1"}, {"partition": MON, "source_id": "2"})

    rows = staging.trace(FLOW, EMAIL, "1")

    assert [(row["run_id"], row["step"]) for row in rows] == [
        (run, step.value) for run in ("first", "second") for step in Step
    ]
    assert {row["source_id"] for row in rows} == {"1"}
    assert rows[3]["outcome"] is None


def test_file_of_an_older_version_lacks_a_column(tmp_path, staging, root, stage):
    stage(Step.LOADED, "run", {"partition": MON, "source_id": "1", "outcome": "created"})
    file = next(root.rglob("*.parquet"))
    older = tmp_path / "older.parquet"
    duckdb.read_parquet(str(file)).project("* EXCLUDE (detail)").write_parquet(str(older))
    older.replace(file)

    assert read(staging, Step.LOADED)[["outcome", "detail"]].to_dict("records") == [
        {"outcome": "created", "detail": None}
    ]


def test_object_store_holds_the_same(tmp_path):
    root = f"memory://{tmp_path.name}/staging"
    staging = Staging(root)

    with staging.write(FLOW, EMAIL, Step.EXTRACTED, "run", (MON, MON)) as writer:
        writer.append(pd.DataFrame([{"partition": MON, "source_id": "1", "modified_at": at(MON)}]))

    assert read(staging)["source_id"].tolist() == ["1"]
    assert staging.newest_versions(FLOW, EMAIL, ["1"]) == {"1": (at(MON), None)}
    assert sorted(fsspec.filesystem("memory").find(root)) == [
        f"/{tmp_path.name}/staging/{FLOW}/extracted_activities/type=email/{MON}_{MON}/run.parquet",
        f"/{tmp_path.name}/staging/staging.duckdb",
    ]

    with staging.write(FLOW, EMAIL, Step.EXTRACTED, "run", (MON, MON)):
        pass
    assert read(staging)["source_id"].tolist() == []
