"""`dagster dev` from the project's root, with nothing set but the two systems: as anybody opens a Dagster project."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from activity_sync_tests.dagster_dev import NEEDED, asked, copy_of_the_project, dagster_dev, patiently, status_of
from activity_sync_tests.end_to_end.bridge import Bridge
from activity_sync_tests.end_to_end.ordinary import hubspot_activities

JOB = "sync_hubspot_to_dynamics"
ASSETS = "{ assetNodes { assetKey { path } groupName isPartitioned } }"
LAUNCH = """
mutation Launch($parameters: ExecutionParams!) {
  launchRun(executionParams: $parameters) {
    __typename
    ... on LaunchRunSuccess { run { runId } }
    ... on PythonError { message }
    ... on RunConfigValidationInvalid { errors { message } }
  }
}
"""


@pytest.mark.slow
def test_dagster_dev_finds_the_project_and_runs_a_partition(peopled: Bridge, tmp_path: Path):
    moment = datetime.now(tz=UTC)
    day = moment.date().isoformat()
    peopled.seed({"hubspot": hubspot_activities("task", [moment])})
    root = copy_of_the_project(tmp_path / "project")

    with dagster_dev(root, peopled.sandboxes.environment) as address:
        nodes = asked(address, ASSETS)["assetNodes"]
        launched = asked(
            address,
            LAUNCH,
            parameters={
                "selector": {
                    "repositoryLocationName": "activity_sync",
                    "repositoryName": "__repository__",
                    "jobName": JOB,
                    "assetSelection": [
                        {"path": one["assetKey"]["path"]}
                        for one in nodes
                        if one["assetKey"]["path"][:2] == ["hubspot_to_dynamics", "task"]
                    ],
                },
                "mode": "default",
                "executionMetadata": {"tags": [{"key": "dagster/partition", "value": day}]},
            },
        )["launchRun"]
        assert launched["__typename"] == "LaunchRunSuccess", launched
        run_id = launched["run"]["runId"]
        ended = patiently(
            lambda: status if (status := status_of(address, run_id)) in {"SUCCESS", "FAILURE", "CANCELED"} else None
        )

    steps = [one for one in nodes if one["groupName"] != "reconciliation"]
    assert len(steps) == 40
    assert all(one["isPartitioned"] for one in steps)
    assert {one["groupName"] for one in steps} == {"hubspot_to_dynamics", "dynamics_to_hubspot"}
    assert [one["assetKey"]["path"] for one in nodes if one not in steps] == [["reconciliation"]]
    assert ended == "SUCCESS"
    assert [row["subject"] for row in peopled.dynamics("task").values()] == ["Task 501"]
    assert (root / ".activity_sync" / "dagster" / "storage" / "history" / "runs.db").exists()
    assert (root / ".activity_sync" / "ledger.sqlite").exists()
    # `dagster dev` keeps a temporary folder beside dagster.yaml while it runs; killed, it cannot remove it.
    left = {path.name for path in root.iterdir() if not path.name.startswith(".tmp_dagster_home_")}
    assert left == {*NEEDED, "activity_sync", ".activity_sync"}
