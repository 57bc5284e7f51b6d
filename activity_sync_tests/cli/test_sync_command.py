"""`sync`, `trace` and `status` as processes: documents, exit codes, and who waits for whom."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime

import pytest

from activity_sync.activities.kinds import ActivityType
from activity_sync.ledger.processes import Holder
from activity_sync.sandbox.controls import Fault
from activity_sync_tests.cli.commands import the_document
from activity_sync_tests.end_to_end.bridge import Bridge, ago
from activity_sync_tests.end_to_end.ordinary import hubspot_activities

NINE = ["extracted", "created", "updated", "unchanged", "filtered", "deferred", "held", "failed", "deleted"]
PROPOSED = ["extracted", "create", "update", *NINE[3:]]
TASKS = ("--flow", "hubspot_to_dynamics", "--type", "task")


@pytest.fixture
def with_tasks(peopled: Bridge) -> Bridge:
    """Two tasks in HubSpot that are not in Dynamics yet."""
    peopled.seed({"hubspot": hubspot_activities("task", [ago(minutes=5), ago(minutes=6)])})
    return peopled


@pytest.mark.slow
def test_sync_trace_and_status_tell_one_story(with_tasks: Bridge):
    preview = the_document(with_tasks.command("sync", *TASKS, "--preview", "--json"))
    assert with_tasks.writes() == 0
    done = with_tasks.command("sync", "--flow", "hubspot_to_dynamics", "--json")
    synced = the_document(done)
    traced = the_document(with_tasks.command("trace", "hubspot:task/501", "--json"))
    status = the_document(with_tasks.command("status", "--json"))

    assert list(preview["flows"]["hubspot_to_dynamics"]["task"]) == PROPOSED
    assert preview["flows"]["hubspot_to_dynamics"]["task"] == dict.fromkeys(PROPOSED, 0) | {"extracted": 2, "create": 2}
    assert done.returncode == 0
    assert list(synced) == ["flows", "run_ids"]
    assert list(synced["flows"]) == ["hubspot_to_dynamics"]
    assert set(synced["flows"]["hubspot_to_dynamics"]) == {"note", "task", "call", "email", "meeting"}
    for kind, counts in synced["flows"]["hubspot_to_dynamics"].items():
        assert list(counts) == NINE
        two = {"extracted": 2, "created": 2} if kind == "task" else {}
        assert counts == dict.fromkeys(NINE, 0) | two

    assert traced["record"] == "hubspot:task/501"
    assert traced["link"]["hubspot_id"] == "501"
    assert traced["link"]["dynamics_id"] == with_tasks.counterpart("hubspot", "task", "501")
    assert traced["link"]["state"] == "linked"
    assert traced["pending"] == []
    assert [(step["run_id"] in synced["run_ids"], step["step"]) for step in traced["steps"]] == [
        (False, "extracted_activities"),
        (False, "resolved_associations"),
        (False, "transformed_payloads"),
        (True, "extracted_activities"),
        (True, "resolved_associations"),
        (True, "transformed_payloads"),
        (True, "load_results"),
    ]
    assert all({"run_id", "step", "partition", "outcome", "rule", "reason"} <= set(one) for one in traced["steps"])
    assert traced["steps"][-1]["outcome"] == "created"

    assert set(status["flows"]) == {"hubspot_to_dynamics", "dynamics_to_hubspot"}
    task = status["flows"]["hubspot_to_dynamics"]["task"]
    assert list(task)[:7] == ["last_success", "lag_seconds", "waiting", "failed", "held", "backlog", "eta"]
    assert datetime.fromisoformat(task["last_success"]) > ago(minutes=5)
    assert task["lag_seconds"] < 300
    assert [task[name] for name in ("waiting", "failed", "held", "backlog", "overdue")] == [0, 0, 0, 0, 0]
    assert status["flows"]["dynamics_to_hubspot"]["task"]["last_success"] is None


@pytest.mark.slow
def test_records_that_fail_are_exit_1_and_the_others_are_carried(with_tasks: Bridge):
    refused = {
        "id": "601",
        "properties": {"hs_task_subject": "Broken", "hs_timestamp": "not a time"},
        "createdAt": "2026-01-01T00:00:00Z",
        "updatedAt": ago(minutes=5).isoformat(),
    }
    with_tasks.seed({"hubspot": {"objects": {"tasks": [refused]}, "associations": []}})

    done = with_tasks.command("sync", *TASKS, "--json")

    counts = the_document(done)["flows"]["hubspot_to_dynamics"]["task"]
    assert done.returncode == 1, done.stderr
    assert (counts["created"], counts["failed"]) == (2, 1)


@pytest.mark.slow
def test_a_type_that_we_may_not_read_is_exit_3_and_stops_no_other(with_tasks: Bridge):
    with_tasks.sandboxes.hubspot.controls.faults.add(Fault(kind="status", status=403, path="/notes/search"))

    done = with_tasks.command("sync", "--flow", "hubspot_to_dynamics", "--json")

    error = the_document(done)["error"]
    assert done.returncode == 3
    assert (error["code"], error["system"], error["setting"]) == (
        "AuthenticationFailed",
        "hubspot",
        "HUBSPOT_ACCESS_TOKEN",
    )
    assert error["message"].startswith("hubspot_to_dynamics: note failed")
    assert "403" in error["message"]
    assert "Traceback" not in done.stderr
    assert len(with_tasks.dynamics("task")) == 2


@pytest.mark.slow
def test_a_second_sync_waits_for_the_first_unless_it_is_told_not_to(with_tasks: Bridge):
    holder = Holder.here()
    with with_tasks.ledger() as ledger:
        lease = ledger.acquire_lease("hubspot_to_dynamics", ActivityType.TASK, holder=holder, now=datetime.now(tz=UTC))
        assert lease is not None
        refused = with_tasks.command("sync", *TASKS, "--no-wait", "--json")
        lease.heartbeat(datetime.now(tz=UTC))  # on a busy machine a lease may have passed meanwhile
        waiting = subprocess.Popen(
            [sys.executable, "-m", "activity_sync", "sync", *TASKS, "--json"],
            env=with_tasks.environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            said = (waiting.stderr.readline() if waiting.stderr else "").strip()
            untouched = len(with_tasks.dynamics("task"))
            lease.heartbeat(datetime.now(tz=UTC))
            lease.release()
            stdout, _ = waiting.communicate(timeout=240)
        finally:
            waiting.kill()

    assert refused.returncode == 3
    assert the_document(refused)["error"]["setting"] == "--no-wait"
    assert "waiting for the run that is carrying hubspot_to_dynamics/task" in said
    assert untouched == 0
    assert waiting.returncode == 0
    assert '"created": 2' in stdout
    assert len(with_tasks.dynamics("task")) == 2
