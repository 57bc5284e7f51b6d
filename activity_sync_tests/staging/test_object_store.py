"""Staging in an object store: fsspec's memory, and a real S3 server where processes, kills and requests matter."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import fsspec
import pandas as pd
import pytest

from activity_sync.activities.kinds import ActivityType, Step
from activity_sync.errors import ConfigurationError
from activity_sync.staging import Staging
from activity_sync.staging.places import Folder, place_at
from activity_sync_tests.object_store import BUCKET, object_store

FLOW = "hubspot_to_dynamics"
EMAIL = ActivityType.EMAIL
DAYS = ("2026-11-01", "2026-11-02", "2026-11-03")

# Stages by itself; where it is asked to, it ends half-way through its upload: one part is there, the last is not.
STAGE = """
import os, sys
import pandas as pd
from activity_sync.activities.kinds import ActivityType, Step
from activity_sync.staging import Staging
from activity_sync.staging.places import ObjectStore

def break_off(store, made, path):
    upload = store._filesystem.open(f"{store._base}/{path}", "wb", block_size=5 * 2**20)
    upload.write(made.read_bytes() + b" " * 6 * 2**20)
    upload.flush()
    assert upload.parts, "the first part has arrived"
    os._exit(9)

if sys.argv[3] == "killed":
    ObjectStore.publish = break_off
staging = Staging(sys.argv[1])
for number in range(3):
    run = f"{sys.argv[2]}-{number}"
    with staging.write("hubspot_to_dynamics", ActivityType.EMAIL, Step.EXTRACTED, run, ("2026-11-01",) * 2) as writer:
        writer.append(pd.DataFrame({"partition": "2026-11-01", "source_id": [f"{run}-{n}" for n in range(50)]}))
print("done")
"""


@pytest.fixture(scope="module")
def s3() -> Iterator[None]:
    """`s3://` leads to a server on this machine."""
    with object_store() as environ, pytest.MonkeyPatch.context() as monkeypatch:
        for name, value in environ.items():
            monkeypatch.setenv(name, value)
        yield


@pytest.fixture(params=["memory", "s3"])
def root(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "s3":
        request.getfixturevalue("s3")
        return f"s3://{BUCKET}/{tmp_path.name}/staging"
    return f"memory://{tmp_path.name}/staging"


def stage(staging: Staging, run_id: str, first: str, last: str, *ids: str, step: Step = Step.EXTRACTED) -> None:
    with staging.write(FLOW, EMAIL, step, run_id, (first, last)) as writer:
        writer.append(pd.DataFrame([{"partition": last, "source_id": one, "payload": "{}"} for one in ids]))


def test_rows_are_read_back_by_run_by_partition_and_newest(root: str) -> None:
    staging = Staging(root)
    stage(staging, "one", DAYS[0], DAYS[0], "1", "2")
    stage(staging, "two", DAYS[1], DAYS[2], "2", "3")

    assert staging.source_ids(FLOW, EMAIL, Step.EXTRACTED, run_id="one") == {"1": DAYS[0], "2": DAYS[0]}
    assert staging.source_ids(FLOW, EMAIL, Step.EXTRACTED) == {"1": DAYS[0], "2": DAYS[2], "3": DAYS[2]}
    assert staging.source_ids(FLOW, EMAIL, Step.EXTRACTED, partitions=(DAYS[0], DAYS[0])) == {
        "1": DAYS[0],
        "2": DAYS[0],
    }
    assert set(staging.source_ids(FLOW, EMAIL, Step.EXTRACTED, run_id="two", partitions=(DAYS[2], DAYS[2]))) == {
        "2",
        "3",
    }
    assert (
        staging.source_ids(FLOW, EMAIL, Step.LOADED) == staging.source_ids(FLOW, ActivityType.CALL, Step.LOADED) == {}
    )


def test_attempt_that_stages_nothing_takes_the_earlier_ones_file_away(root: str) -> None:
    staging = Staging(root)
    stage(staging, "run", DAYS[0], DAYS[0], "1")

    with staging.write(FLOW, EMAIL, Step.EXTRACTED, "run", (DAYS[0], DAYS[0])):
        pass

    assert staging.source_ids(FLOW, EMAIL, Step.EXTRACTED) == {}


def test_records_are_taken_out_and_old_files_go(root: str) -> None:
    staging = Staging(root)
    stage(staging, "one", DAYS[0], DAYS[0], "1", "2")
    stage(staging, "two", DAYS[1], DAYS[1], "1")

    removed = staging.remove(FLOW, EMAIL, {"1"})

    assert removed == {Step.EXTRACTED: 2}
    assert staging.source_ids(FLOW, EMAIL, Step.EXTRACTED) == {"2": DAYS[0]}


@pytest.mark.usefixtures("s3")
def test_what_another_process_stages_is_seen_at_once_and_whole(
    tmp_path: Path, start_python: Callable[..., subprocess.Popen[str]]
) -> None:
    root = f"s3://{BUCKET}/{tmp_path.name}"
    staging = Staging(root)
    stage(staging, "before", DAYS[0], DAYS[0], "0")
    assert len(staging.source_ids(FLOW, EMAIL, Step.EXTRACTED)) == 1  # whatever is remembered is remembered by now

    whole, killed = (start_python(STAGE, root, name, name) for name in ("whole", "killed"))

    assert whole.communicate(timeout=120)[0] == "done\n"
    assert killed.wait(timeout=120) == 9
    found = staging.source_ids(FLOW, EMAIL, Step.EXTRACTED)
    assert len(found) == 1 + 3 * 50
    assert not any(one.startswith("killed") for one in found)
    store = fsspec.filesystem("s3")
    assert len(store.glob(f"{root}/**/*.parquet")) == 1 + 3, "an upload that was cut off is no object"


def test_file_url_is_a_folder(tmp_path: Path) -> None:
    place = place_at(f"file://{tmp_path}/staging")

    assert isinstance(place, Folder)
    assert place.root == tmp_path / "staging"


@pytest.mark.parametrize("root", ["sftp://host/staging", "hdfs://host/staging", "https://host/staging", "x://y"])
def test_what_is_no_object_store_is_refused(root: str) -> None:
    with pytest.raises(ConfigurationError, match="no object store") as refused:
        place_at(root)

    assert refused.value.setting == "ACTIVITY_SYNC_STAGING"


@pytest.mark.parametrize(
    "root",
    ["s3://key:hidden@bucket/staging", "s3://hidden@bucket", "gs://hidden@bucket/x", "abfs://a:hidden@account/x"],
)
def test_credentials_in_the_address_are_refused_and_not_repeated(root: str) -> None:
    with pytest.raises(ConfigurationError, match="has credentials in its address") as refused:
        place_at(root)

    assert "hidden" not in str(refused.value)


def test_package_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gcsfs", None)

    with pytest.raises(ConfigurationError, match="install the Python package gcsfs"):
        place_at("gs://bucket/staging")
