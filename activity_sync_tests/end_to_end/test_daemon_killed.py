"""Dagster's daemon, killed amid a pass and started again later: nothing of the time between is missed or twice."""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack
from pathlib import Path

import pytest

from activity_sync.activities.kinds import ActivityType
from activity_sync.sandbox.faults import Fault
from activity_sync_tests.dagster_dev import copy_of_the_project, dagster_daemon, patiently
from activity_sync_tests.end_to_end.bridge import Bridge, ago
from activity_sync_tests.end_to_end.ordinary import dynamics_row, hubspot_activities

_ON = """
start_date: {begins}
automation: {{enabled: true}}
flows:
  hubspot_to_dynamics: &tasks
    note: {{enabled: false}}
    call: {{enabled: false}}
    email: {{enabled: false}}
    meeting: {{enabled: false}}
  dynamics_to_hubspot: *tasks
"""

_FLOWS = ("hubspot_to_dynamics", "dynamics_to_hubspot")


@pytest.mark.slow
def test_daemon_killed_amid_a_pass_and_started_again_misses_nothing(peopled: Bridge, tmp_path: Path) -> None:
    root = copy_of_the_project(tmp_path / "project")
    (root / "activity_sync" / "sync.yaml").write_text(_ON.format(begins=ago(days=3).date()), encoding="utf-8")
    systems = peopled.sandboxes.environment
    peopled.seed({"hubspot": hubspot_activities("task", [ago(minutes=3)], first_id=501)})
    contact = next(iter(peopled.dynamics("contact")))

    with ExitStack() as whatever_it_left:
        first = whatever_it_left.enter_context(dagster_daemon(root, systems))
        patiently(lambda: len(peopled.dynamics("task")) == 1)
        # The second is written and not answered when the daemon goes: amid a pass.
        peopled.sandboxes.dynamics.controls.faults.add(Fault("slow_write", method="POST", delay_ms=20_000))
        peopled.seed({"hubspot": hubspot_activities("task", [ago(seconds=1)], first_id=502)})
        patiently(lambda: len(peopled.dynamics("task")) == 2)
        first.kill()
        first.wait(timeout=30)
        peopled.sandboxes.dynamics.controls.faults.clear()
        peopled.seed({"hubspot": hubspot_activities("task", [ago(seconds=1)], first_id=503)})
        row = dynamics_row(ActivityType.TASK, 1, contact) | {"modifiedon": ago(seconds=1).isoformat()}
        peopled.seed({"dynamics": {"records": {"task": [row]}}})

        whatever_it_left.enter_context(dagster_daemon(root, systems))
        patiently(lambda: len(peopled.hubspot("tasks")) == 4 and len(peopled.dynamics("task")) == 4, seconds=300)
        patiently(lambda: _at_rest(root), seconds=120)

    expected = Counter(["Task 501", "Task 502", "Task 503", "task 1"])
    assert Counter(one["subject"] for one in peopled.dynamics("task").values()) == expected
    assert Counter(one["properties"]["hs_task_subject"] for one in peopled.hubspot("tasks").values()) == expected


def _at_rest(root: Path) -> bool:
    """Whether both sensors found nothing new when they looked last; between two looks they say that they wait."""
    said = [
        line
        for line in (root.parent / "dagster-daemon.log").read_text().splitlines()
        if " Sensor changes_" in line and "is asked again" not in line
    ]
    last = [next((line for line in reversed(said) if f"changes_{flow}" in line), "") for flow in _FLOWS]
    return all("nothing changed" in line for line in last)
