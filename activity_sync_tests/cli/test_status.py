"""What `status` says of a run of another process, while it goes and after it was killed."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from activity_sync.cli.status import shown
from activity_sync_tests.cli.commands import answer
from activity_sync_tests.end_to_end.bridge import Bridge, ago
from activity_sync_tests.end_to_end.conftest import make_bridge
from activity_sync_tests.end_to_end.mailing import Mailing

EMAILS = 600


@pytest.fixture
def mailed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bridge]:
    for bridge in make_bridge(tmp_path, monkeypatch, settings={"latency_ms": 400.0}):
        bridge.seed(Mailing(EMAILS, contacts=20, companies=5, deals=5).seed("hubspot"))
        yield bridge


def emails() -> dict[str, Any]:
    return dict(answer("status")["flows"]["hubspot_to_dynamics"]["email"])


def test_a_run_of_another_process_shows_its_end_until_it_is_killed(mailed: Bridge) -> None:
    began = ago(seconds=1)
    before = emails()
    command = [sys.executable, "-m", "activity_sync", "sync", "--flow", "hubspot_to_dynamics", "--type", "email"]
    with subprocess.Popen(command, env=mailed.environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as run:
        try:
            seen = first_estimate(run)
        finally:
            run.kill()
    after = emails()

    assert (before["eta"], before["progress"]) == (None, None)
    assert (seen["backlog"], seen["progress"]["rows"]) == (EMAILS, EMAILS)
    assert began < datetime.fromisoformat(seen["eta"]) < began + timedelta(minutes=5)
    assert began < datetime.fromisoformat(seen["progress"]["not_before"]) <= datetime.fromisoformat(seen["eta"])
    assert f"of {EMAILS} rows" in shown(seen)[0]
    assert shown(seen)[1].endswith(" UTC")
    assert (after["eta"], after["progress"]) == (None, None)


def first_estimate(run: subprocess.Popen[bytes]) -> dict[str, Any]:
    """What status says of the e-mails as soon as it names a time, and before the last of them was written."""
    until = time.monotonic() + 90
    while time.monotonic() < until:
        found = emails()
        if found["eta"] is not None:
            return found
        assert run.poll() is None, "the run was over before status told of it"
        time.sleep(0.2)
    raise AssertionError("status named no time")
