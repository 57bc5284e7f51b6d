from __future__ import annotations

import os
import signal
import stat
import time
from datetime import UTC, datetime

import duckdb
import pandas as pd
import pytest

from activity_sync.activities.kinds import ActivityType, Step
from activity_sync.staging import Staging

FLOW = "hubspot_to_dynamics"
EMAIL = ActivityType.EMAIL
DAY, NEXT = "2026-11-01", "2026-11-02"
FILE = f"{FLOW}/extracted_activities/type=email/{DAY}_{DAY}/run.parquet"

# Appends, then asks for a kill at each of the two moments that matter: while rows gather, and while the file is made.
HALF = """
import os, signal, sys
import pandas as pd
from activity_sync.activities.kinds import ActivityType, Step
from activity_sync.staging import Staging
from activity_sync.staging.places import Folder

def wait(*_):
    print("here", flush=True)
    signal.pause()

if sys.argv[2] == "publishing":
    Folder.publish = wait
with Staging(sys.argv[1]).write("hubspot_to_dynamics", ActivityType.EMAIL, Step.EXTRACTED, "killed",
                                ("2026-11-01", "2026-11-01")) as writer:
    writer.append(pd.DataFrame({"partition": "2026-11-01", "source_id": [str(n) for n in range(5000)]}))
    if sys.argv[2] == "appending":
        wait()
"""

MANY = """
import sys
import pandas as pd
from activity_sync.activities.kinds import ActivityType, Step
from activity_sync.staging import Staging
staging = Staging(sys.argv[1])
for run in range(5):
    with staging.write("hubspot_to_dynamics", ActivityType.EMAIL, Step.EXTRACTED, f"{sys.argv[2]}-{run}",
                       ("2026-11-01", "2026-11-01")) as writer:
        writer.append(pd.DataFrame({"partition": "2026-11-01",
                                    "source_id": [f"{sys.argv[2]}-{run}-{n}" for n in range(500)]}))
    staging.rebuild_views()
print("done")
"""


def files(root):
    return sorted(one.relative_to(root).as_posix() for one in root.rglob("*") if one.is_file())


def extracted(staging, run_id="run", days=(DAY, DAY)):
    return staging.write(FLOW, EMAIL, Step.EXTRACTED, run_id, days)


def test_rows_stand_in_one_file_per_run_step_and_range(staging, root):
    with extracted(staging) as writer:
        writer.append(pd.DataFrame([{"partition": DAY, "source_id": "2"}, {"partition": DAY, "source_id": "1"}]))
        writer.append(pd.DataFrame([{"partition": DAY, "source_id": "3"}]))

    assert files(root) == [FILE, "staging.duckdb"]
    assert writer.rows_by_partition == {DAY: 3}
    assert writer.rows == 3


def test_what_is_not_told_is_filled_in(staging):
    with extracted(staging) as writer:
        writer.append(pd.DataFrame([{"partition": NEXT, "source_id": "1"}]))
        writer.append(pd.DataFrame([{"partition": NEXT, "source_id": "2", "source_day": DAY, "trigger": "due"}]))

    frame = pd.concat(staging.read(FLOW, EMAIL, Step.EXTRACTED, run_id="run"))

    assert frame["run_id"].tolist() == ["run", "run"]
    assert frame["source_day"].tolist() == [NEXT, DAY]
    assert frame["trigger"].tolist() == ["window", "due"]


def test_step_without_rows_writes_no_file(staging, root):
    with extracted(staging) as writer:
        writer.append(pd.DataFrame(columns=["partition", "source_id"]))

    assert writer.rows == 0
    assert not root.exists()


def test_exception_leaves_nothing(staging, root):
    def stage_half():
        with extracted(staging) as writer:
            writer.append(pd.DataFrame([{"partition": DAY, "source_id": "1"}]))
            raise RuntimeError("the API is down")

    with pytest.raises(RuntimeError, match="the API"):
        stage_half()

    assert list(root.iterdir()) == []


def test_exception_leaves_what_an_earlier_attempt_staged(staging, root, stage):
    stage(Step.EXTRACTED, "run", {"partition": DAY, "source_id": "1"})

    with pytest.raises(RuntimeError), extracted(staging):
        raise RuntimeError("the API is down")

    assert FILE in files(root)


def test_second_attempt_of_a_run_replaces_the_first(staging, root, stage):
    stage(Step.EXTRACTED, "run", {"partition": DAY, "source_id": "1"})
    stage(Step.EXTRACTED, "run", {"partition": DAY, "source_id": "2"})
    assert staging.source_ids(FLOW, EMAIL, Step.EXTRACTED, run_id="run") == {"2": DAY}

    with extracted(staging):
        pass
    assert FILE not in files(root)


def test_record_appended_twice_is_staged_once_and_newest(staging):
    def at(hour):
        return datetime(2026, 11, 1, hour, tzinfo=UTC)

    with extracted(staging) as writer:
        writer.append(
            pd.DataFrame(
                [
                    {"partition": DAY, "source_id": "1", "modified_at": at(12), "version": "newest"},
                    {"partition": DAY, "source_id": "2", "modified_at": at(8), "version": "first page"},
                    {"partition": DAY, "source_id": "2", "modified_at": at(8), "version": "same page, later"},
                ]
            )
        )
        writer.append(pd.DataFrame([{"partition": DAY, "source_id": "1", "modified_at": at(9), "version": "late"}]))

    frame = pd.concat(staging.read(FLOW, EMAIL, Step.EXTRACTED))
    assert frame["version"].tolist() == ["newest", "same page, later"]
    assert writer.rows_by_partition == {DAY: 2}


@pytest.mark.parametrize(
    ("row", "named"),
    [
        ({"partition": DAY, "source_id": "1", "payloads": "{}"}, "payloads"),
        ({"partition": DAY, "source_id": "1", "gone": "perhaps"}, "gone"),
        ({"partition": DAY, "source_id": None}, "source_id"),
        ({"source_id": "1"}, "partition"),
    ],
)
def test_row_that_fits_no_column_is_refused_by_name(staging, root, row, named):
    with pytest.raises(ValueError, match=named), extracted(staging) as writer:
        writer.append(pd.DataFrame([row]))

    assert files(root) == [] if root.exists() else True


def test_refused_cell_is_not_quoted(staging):
    with pytest.raises(ValueError, match="modified_at") as refused, extracted(staging) as writer:
        writer.append(pd.DataFrame([{"partition": DAY, "source_id": "1", "modified_at": "call Ann Fox"}]))

    assert "Ann" not in str(refused.value)


@pytest.mark.parametrize("run_id", ["", "../run", ".hidden", "a*"])
def test_run_id_cannot_leave_its_folder(staging, run_id):
    with pytest.raises(ValueError, match="file's name"):
        extracted(staging, run_id)


def test_folder_is_its_owners_only(root, stage):
    stage(Step.EXTRACTED, "run", {"partition": DAY, "source_id": "1"})

    assert stat.S_IMODE(root.stat().st_mode) == 0o700


@pytest.mark.parametrize("moment", ["appending", "publishing"])
def test_killed_writer_leaves_nothing_that_can_be_read(staging, root, stage, start_python, moment):
    stage(Step.EXTRACTED, "before", {"partition": DAY, "source_id": "kept"})
    process = start_python(HALF, str(root), moment)
    assert process.stdout.readline() == "here\n"

    process.send_signal(signal.SIGKILL)
    process.wait(timeout=30)

    assert staging.source_ids(FLOW, EMAIL, Step.EXTRACTED) == {"kept": DAY}
    with duckdb.connect(str(root / "staging.duckdb"), read_only=True) as connection:
        told = connection.execute("SELECT source_id FROM hubspot_to_dynamics.extracted_activities").fetchall()
    assert told == [("kept",)]


def test_unfinished_files_of_a_killed_writer_are_swept_away_a_day_later(root, stage, start_python):
    process = start_python(HALF, str(root), "publishing")
    assert process.stdout.readline() == "here\n"
    process.kill()
    process.wait(timeout=30)
    left = next(root.glob(".scratch-*"))

    stage(Step.EXTRACTED, "next", {"partition": DAY, "source_id": "1"})
    assert left.exists()
    os.utime(left, (0, time.time() - 24 * 3600 - 1))
    stage(Step.EXTRACTED, "later", {"partition": DAY, "source_id": "1"})

    assert not left.exists()


def test_processes_stage_beside_one_another(root, start_python):
    writers = [start_python(MANY, str(root), name) for name in ("a", "b", "c")]

    assert [writer.communicate(timeout=120)[0] for writer in writers] == ["done\n"] * 3
    assert len(Staging(root).source_ids(FLOW, EMAIL, Step.EXTRACTED)) == 3 * 5 * 500
