from __future__ import annotations

import itertools
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest

import activity_sync
from activity_sync.activities.kinds import ActivityType, Step
from activity_sync.staging import Staging


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "home" / "staging"


@pytest.fixture
def staging(root: Path) -> Staging:
    """A clock that moves by a minute whenever it is read."""
    minutes = itertools.count()
    start = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
    return Staging(root, clock=lambda: start + timedelta(minutes=next(minutes)))


@pytest.fixture
def stage(staging: Staging) -> Callable[..., None]:
    """Stages rows, given as dictionaries, for one run of one step."""

    def staged(step: Step, run_id: str, *rows: dict, kind: ActivityType = ActivityType.EMAIL, days=None) -> None:
        first_and_last = days or (min(row["partition"] for row in rows), max(row["partition"] for row in rows))
        with staging.write("hubspot_to_dynamics", kind, step, run_id, first_and_last) as writer:
            writer.append(pd.DataFrame(list(rows)))

    return staged


@pytest.fixture
def start_python() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts Python processes with this project importable; whatever still runs at the end is killed."""
    started: list[subprocess.Popen[str]] = []
    project = str(Path(activity_sync.__file__).parent.parent)

    def start(code: str, *arguments: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", code, *arguments],
            env={**os.environ, "PYTHONPATH": os.pathsep.join([project, os.environ.get("PYTHONPATH", "")])},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()
