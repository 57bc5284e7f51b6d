"""A run killed with SIGKILL between a write and its place in the ledger: nothing is written twice, whichever flow
comes next.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from activity_sync.sandbox.faults import Fault
from activity_sync_tests.end_to_end.bridge import CONTACT_IDS, Bridge, ago, iso, totals

_PATIENCE_SECONDS = 60


def _seed(bridge: Bridge) -> None:
    """Twelve tasks on each side."""
    moment = ago(minutes=5)
    bridge.seed(
        {
            "hubspot": {
                "objects": {
                    "tasks": [
                        {
                            "id": str(500 + n),
                            "properties": {"hs_timestamp": iso(moment), "hs_task_subject": f"From HubSpot {n}"},
                            "createdAt": iso(moment),
                            "updatedAt": iso(moment),
                        }
                        for n in range(12)
                    ]
                },
                "associations": [
                    {"from": ["tasks", str(500 + n)], "to": ["contacts", "1001"], "types": [204]} for n in range(12)
                ],
            },
            "dynamics": {
                "records": {
                    "task": [
                        {
                            "activityid": f"00000000-0000-4000-9000-0000000005{n:02d}",
                            "subject": f"From Dynamics {n}",
                            "regardingobjectid": {"type": "contact", "id": CONTACT_IDS[1]},
                            "createdon": iso(moment.replace(microsecond=0)),
                            "modifiedon": iso(moment.replace(microsecond=0)),
                        }
                        for n in range(12)
                    ]
                }
            },
        }
    )


def _kill_in_the_middle_of_creating(bridge: Bridge, flow: str, system: str) -> None:
    """The run dies after its first batch was written, before it could read the answer."""
    sandbox = bridge.sandboxes.hubspot if system == "hubspot" else bridge.sandboxes.dynamics
    path = r".*/batch/create$" if system == "hubspot" else r".*/\$batch$"
    fault = Fault("slow_write", method="POST", path=path, delay_ms=120_000)
    sandbox.controls.faults.add(fault)
    bridge.forget()
    process = subprocess.Popen(
        [sys.executable, "-m", "activity_sync", "sync", "--flow", flow, "--type", "task"],
        env=bridge.environ,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not bridge.asked(system)["writes"]:
        assert process.poll() is None, "the run ended before it wrote anything"
        assert time.monotonic() < deadline
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    sandbox.controls.faults.clear()


@pytest.mark.slow
@pytest.mark.parametrize(("flow", "system"), [("hubspot_to_dynamics", "dynamics"), ("dynamics_to_hubspot", "hubspot")])
@pytest.mark.parametrize("next_first", [True, False], ids=["mirror_first", "same_first"])
def test_killed_after_the_write_and_before_the_link(
    peopled: Bridge, flow: str, system: str, *, next_first: bool
) -> None:
    _seed(peopled)

    _kill_in_the_middle_of_creating(peopled, flow, system)
    mirror = "dynamics_to_hubspot" if flow == "hubspot_to_dynamics" else "hubspot_to_dynamics"
    for one in (mirror, flow) if next_first else (flow, mirror):
        peopled.sync(one, "task")
    peopled.forget()
    again = peopled.sync(kind="task")

    assert sorted(_subjects(peopled, "hubspot")) == sorted(_subjects(peopled, "dynamics")) == _all_subjects()
    assert peopled.writes() == 0
    assert set(totals(again)) == {"extracted", "unchanged"}


def _subjects(bridge: Bridge, system: str) -> list[str]:
    if system == "hubspot":
        return [one["properties"]["hs_task_subject"] for one in bridge.hubspot("tasks").values()]
    return [row["subject"] for row in bridge.dynamics("task").values()]


def _all_subjects() -> list[str]:
    return sorted(f"From {system} {n}" for system in ("HubSpot", "Dynamics") for n in range(12))
