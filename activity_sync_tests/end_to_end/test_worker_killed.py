"""A run that ends amid a load, its worker killed or the run cancelled: nothing is lost, and nothing is there twice."""

from __future__ import annotations

import os
import re
import signal
from datetime import UTC, datetime
from pathlib import Path

import pytest

from activity_sync.sandbox.faults import Fault
from activity_sync_tests.dagster_dev import asked, copy_of_the_project, dagster_dev, patiently, status_of
from activity_sync_tests.end_to_end.bridge import Bridge
from activity_sync_tests.end_to_end.ordinary import hubspot_activities
from activity_sync_tests.end_to_end.test_dagster_dev import ASSETS, JOB, LAUNCH

_LOGS = """
query Logs($id: ID!) {
  logsForRun(runId: $id) { ... on EventConnection { events { ... on MessageEvent { message } } } }
}
"""
_RUNS = "{ runsOrError { ... on Runs { results { runId status tags { key value } } } } }"
_TERMINATE = """
mutation Terminate($id: String!) {
  terminateRun(runId: $id) { __typename ... on TerminateRunFailure { message } }
}
"""
_TASKS = 12
EVERY_TASK = [f"Task {501 + n}" for n in range(_TASKS)]


@pytest.mark.slow
def test_killed_run_worker_is_noticed_and_its_run_repeated_with_nothing_twice(peopled: Bridge, tmp_path: Path) -> None:
    moment = seed_tasks(peopled)
    root = copy_of_the_project(tmp_path / "project")

    with dagster_dev(root, peopled.sandboxes.environment) as address:
        run_id = launch_tasks(address, moment)
        patiently(lambda: peopled.dynamics("task"))
        os.kill(_worker(address, run_id), signal.SIGKILL)
        peopled.sandboxes.dynamics.controls.faults.clear()
        ended = patiently(lambda: _ended(address), seconds=240)

    assert ended == {"FAILURE": 1, "SUCCESS": 1}
    assert subjects(peopled) == EVERY_TASK


@pytest.mark.slow
def test_cancelled_run_ends_and_the_next_one_finishes_its_work_with_nothing_twice(
    peopled: Bridge, tmp_path: Path
) -> None:
    moment = seed_tasks(peopled)
    root = copy_of_the_project(tmp_path / "project")

    with dagster_dev(root, peopled.sandboxes.environment) as address:
        run_id = launch_tasks(address, moment)
        patiently(lambda: peopled.dynamics("task"))
        answer = asked(address, _TERMINATE, id=run_id)["terminateRun"]
        patiently(lambda: status_of(address, run_id) == "CANCELED")
        peopled.sandboxes.dynamics.controls.faults.clear()
        launch_tasks(address, moment)
        ended = patiently(lambda: _ended(address), seconds=240)

    assert answer["__typename"] == "TerminateRunSuccess"
    assert ended == {"CANCELED": 1, "SUCCESS": 1}
    assert subjects(peopled) == EVERY_TASK


def seed_tasks(bridge: Bridge) -> datetime:
    """Tasks in HubSpot whose first write in Dynamics is not answered, the worst instant to end; when they were made."""
    moment = datetime.now(tz=UTC)
    bridge.seed({"hubspot": hubspot_activities("task", [moment] * _TASKS)})
    bridge.sandboxes.dynamics.controls.faults.add(Fault("slow_write", method="POST", delay_ms=60_000))
    return moment


def launch_tasks(address: str, moment: datetime) -> str:
    """A run of the four steps of HubSpot's tasks over that day, as the UI launches it; its id."""
    keys = [one["assetKey"]["path"] for one in asked(address, ASSETS)["assetNodes"]]
    selector = {
        "repositoryLocationName": "activity_sync",
        "repositoryName": "__repository__",
        "jobName": JOB,
        "assetSelection": [{"path": key} for key in keys if key[:2] == ["hubspot_to_dynamics", "task"]],
    }
    tags = [{"key": "dagster/partition", "value": moment.date().isoformat()}]
    parameters = {"selector": selector, "mode": "default", "executionMetadata": {"tags": tags}}
    run_id: str = asked(address, LAUNCH, parameters=parameters)["launchRun"]["run"]["runId"]
    return run_id


def subjects(bridge: Bridge) -> list[str]:
    """Of the tasks in Dynamics."""
    return sorted(row["subject"] for row in bridge.dynamics("task").values())


def _worker(address: str, run_id: str) -> int:
    """The process of the run, as Dagster's log tells it."""
    messages = [one.get("message", "") for one in asked(address, _LOGS, id=run_id)["logsForRun"]["events"]]
    pids = [int(found[1]) for one in messages if (found := re.search(r"pid:? ?(\d+)", one))]
    assert pids, messages
    return pids[-1]


def _ended(address: str) -> dict[str, int] | None:
    """How many runs ended how, once the second of them has."""
    statuses = [one["status"] for one in asked(address, _RUNS)["runsOrError"]["results"]]
    if len(statuses) < 2 or not set(statuses) <= {"SUCCESS", "FAILURE", "CANCELED"}:
        return None
    return {one: statuses.count(one) for one in set(statuses)}
