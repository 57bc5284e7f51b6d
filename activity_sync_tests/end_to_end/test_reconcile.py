"""Twenty planted differences of eight kinds: each is named on its own side with its reason, and nothing else is."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import dagster as dg
import pytest

from activity_sync.configuration import Configuration
from activity_sync.defs.build import build_definitions
from activity_sync.sandbox.controls import Fault
from activity_sync_tests.end_to_end.bridge import CONTACT_IDS, Bridge, ago, iso
from activity_sync_tests.end_to_end.ordinary import hubspot_activities

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
STRANGER = "1999"
"""A HubSpot contact that Dynamics lacks."""


@dataclass(frozen=True)
class People:
    """They make tasks on one day, three days ago, and change them now."""

    bridge: Bridge
    noon: datetime

    def in_hubspot(self, *ids: str, contact: str = "1001") -> None:
        for one in ids:
            moment = self.noon + timedelta(minutes=int(one) % 100)
            seed = hubspot_activities("task", [moment], first_id=int(one), contact=contact)
            self.bridge.seed({"hubspot": seed})

    def in_dynamics(self, *numbers: int, **columns: Any) -> list[str]:
        rows = []
        for one in numbers:
            moment = (self.noon + timedelta(hours=2, minutes=one % 100)).isoformat().replace("+00:00", "Z")
            row = {
                "activityid": f"00000000-0000-4000-9000-{one:012d}",
                "subject": f"Row {one}",
                "scheduledend": moment,
                "createdon": moment,
                "modifiedon": moment,
                "regardingobjectid": {"type": "contact", "id": CONTACT_IDS[0]},
            }
            rows.append(row | columns)
        self.bridge.seed({"dynamics": {"records": {"task": rows}}})
        return [row["activityid"] for row in rows]

    def copy_of(self, system: str, record_id: str) -> str:
        found = self.bridge.counterpart(system, "task", record_id)
        assert found is not None
        return found

    def change_in_hubspot(self, record_id: str, *, archived: bool = False, **properties: str) -> None:
        record = {"id": record_id, "properties": properties, "archived": archived}
        self.bridge.seed({"hubspot": {"objects": {"tasks": [record]}}})

    def delete_in_dynamics(self, record_id: str) -> None:
        self.bridge.seed({"dynamics": {"deleted": {"task": [record_id]}}})


@pytest.mark.slow
def test_each_of_twenty_planted_differences_is_named_with_its_reason(peopled: Bridge) -> None:
    people = People(peopled, ago(days=3).replace(hour=12, minute=0, second=0, microsecond=0))
    peopled.seed({"hubspot": {"objects": {"contacts": [{"id": STRANGER, "properties": {"email": "a@b.example"}}]}}})
    expected: dict[tuple[str, str], str] = {}

    def plant(reason: str, system: str, *ids: str) -> None:
        expected.update({(system, one): reason for one in ids})

    people.in_hubspot("501", "502", "503")
    people.in_dynamics(501, 502)
    people.in_hubspot("511", "512", "513", contact=STRANGER)
    plant("deferred", "hubspot", "511", "512", "513")
    plant("filtered", "dynamics", *people.in_dynamics(511, 512, 513, regardingobjectid=None))
    people.in_hubspot("531", "532", "541", "542")
    plant("deleted", "hubspot", "531", "532")
    plant("held", "hubspot", "541", "542")
    lost_in_hubspot = people.in_dynamics(531, 532)
    plant("deleted", "dynamics", *lost_in_hubspot)
    peopled.sync()
    faults = peopled.sandboxes.hubspot.controls.faults
    faults.add(Fault("status", method="POST", path="/tasks(/batch/create)?$", status=400))
    now = ago(seconds=1).isoformat().replace("+00:00", "Z")
    plant("failed", "dynamics", *people.in_dynamics(521, 522, modifiedon=now))
    peopled.sync("dynamics_to_hubspot", "task")
    for one in ("531", "532", "541", "542"):
        people.delete_in_dynamics(people.copy_of("hubspot", one))
    for one in lost_in_hubspot:
        people.change_in_hubspot(people.copy_of("dynamics", one), archived=True)
    for one in ("541", "542"):
        people.change_in_hubspot(one, hs_task_subject=f"Task {one} again")
    peopled.sync()
    faults.clear()
    # What a run should have seen and did not: it appears behind the watermark's back.
    people.in_hubspot("551", "552")
    plant("unlinked", "hubspot", "551", "552")
    plant("unlinked", "dynamics", *people.in_dynamics(551))
    # Two were typed a second time; one has just been made.
    for again, first in (("561", "501"), ("562", "502")):
        moment = people.noon + timedelta(minutes=int(first) % 100)
        seed = hubspot_activities("task", [moment], first_id=int(again))
        seed["objects"]["tasks"][0]["properties"]["hs_task_subject"] = f"Task {first}"
        peopled.seed({"hubspot": seed})
        plant("duplicate", "hubspot", again)
    fresh = hubspot_activities("task", [ago(seconds=1)], first_id=571)
    fresh["objects"]["tasks"][0]["properties"]["hs_timestamp"] = iso(people.noon)
    peopled.seed({"hubspot": fresh})
    plant("not_due", "hubspot", "571")

    peopled.forget()
    done = peopled.command("reconcile", "--json")

    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    told = {(one["system"], one["id"]): one["reason"] for one in document["differences"]}
    assert told == expected
    assert len(expected) == 20
    assert len(set(expected.values())) == 8
    day = people.noon.date().isoformat()
    [counted] = [one for one in document["counts"] if one["type"] == "task" and one["day"] == day]
    hubspot = sum(one["hs_timestamp"][:10] == day for one in _living(peopled))
    assert (counted["hubspot"], counted["dynamics"]) == (hubspot, len(peopled.dynamics("task")))
    assert peopled.writes() == 0


def _living(bridge: Bridge) -> list[dict[str, str]]:
    return [one["properties"] for one in bridge.hubspot("tasks").values()]


@pytest.mark.slow
def test_systems_in_step_have_the_same_counts_and_no_difference(peopled: Bridge) -> None:
    people = People(peopled, ago(days=3).replace(hour=12, minute=0, second=0, microsecond=0))
    people.in_hubspot("501", "502")
    people.in_dynamics(501)
    peopled.sync(kind="task")

    done = peopled.command("reconcile", "--type", "task", "--json")

    document = json.loads(done.stdout)
    assert document["differences"] == []
    assert [(one["hubspot"], one["dynamics"]) for one in document["counts"]] == [(3, 3)]


@pytest.mark.slow
def test_asset_shows_figures_a_picture_and_the_records_and_its_check_fails_on_what_nothing_explains(
    peopled: Bridge,
) -> None:
    people = People(peopled, ago(days=3).replace(hour=12, minute=0, second=0, microsecond=0))
    people.in_hubspot("501", "502")
    peopled.sync(kind="task")
    people.in_hubspot("551")
    with dg.DagsterInstance.from_config(peopled.environ["DAGSTER_HOME"]) as instance:
        result = (
            build_definitions(Configuration())
            .resolve_job_def("reconcile")
            .execute_in_process(instance=instance, run_config=QUIET)
        )

    [event] = result.get_asset_materialization_events()
    metadata = event.materialization.metadata
    assert result.success
    assert (metadata["activities_hubspot"].value, metadata["activities_dynamics"].value) == (3, 2)
    assert (metadata["differences"].value, metadata["unlinked"].value, metadata["held"].value) == (1, 1, 0)
    assert str(metadata["plot"].value).startswith("![activities by day](data:image/png;base64,iVBOR")
    assert "| task | 2 | 3 | 1 |" in str(metadata["totals"].value)
    [record] = metadata["records"].records
    assert record.data["record"] == "hubspot:task/551"
    checks = {one.check_name: one for one in result.get_asset_check_evaluations()}
    assert {name: one.passed for name, one in checks.items()} == {
        "every_difference_is_explained": False,
        "ledger_is_unique": True,
    }
    assert checks["every_difference_is_explained"].metadata["examples"].value == ["hubspot:task/551"]


def test_days_that_are_no_days_are_refused(peopled: Bridge) -> None:
    done = peopled.command("reconcile", "--from", "yesterday", "--json")

    assert done.returncode == 2
    assert "write it as YYYY-MM-DD" in json.loads(done.stdout)["error"]["message"]
