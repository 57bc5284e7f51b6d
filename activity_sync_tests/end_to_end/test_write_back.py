"""Records that say what their counterpart is, where `tracking.write_back` asks for it."""

from __future__ import annotations

import json

import pytest

from activity_sync.activities.kinds import ActivityType
from activity_sync.errors import ActivitySyncError
from activity_sync.pipeline.scope import Mode
from activity_sync.sandbox.controls import Fault
from activity_sync_tests.end_to_end.bridge import Bridge
from activity_sync_tests.end_to_end.customised import customise, dynamics_has, hubspot_has
from activity_sync_tests.end_to_end.passes import carry

ROW, CLOSED = "00000000-0000-4000-8000-00000000b501", "00000000-0000-4000-8000-00000000b502"
ID, URL = "activity_sync_counterpart_id", "activity_sync_counterpart_url"
COLUMNS = {"new_hubspotid": "string", "new_hubspoturl": "string"}
NAMED = "dynamics.task: {id: new_hubspotid, url: new_hubspoturl}"
OWN = f"hubspot.task: {{id: {ID}, url: {URL}}}"


def configure(bridge: Bridge, write_back: str, *, one_way: bool = False) -> None:
    """Tasks alone."""
    off = ", ".join(f"{one}: {{enabled: false}}" for one in ActivityType if one != "task")
    mirror = f"{off}, task: {{enabled: false}}" if one_way else off
    bridge.configure(
        f"flows:\n  hubspot_to_dynamics: {{{off}}}\n  dynamics_to_hubspot: {{{mirror}}}\n"
        f"tracking: {{write_back: {write_back}}}\n"
    )


def told(bridge: Bridge, record_id: str) -> tuple[str | None, str | None]:
    """What a task of HubSpot says of its counterpart."""
    properties = bridge.hubspot("tasks")[record_id]["properties"]
    return properties.get(ID), properties.get(URL)


def assert_quiet(bridge: Bridge) -> None:
    carry(bridge)
    bridge.forget()
    for mode in (Mode.INCREMENTAL, Mode.WHOLE):
        carry(bridge, mode)
    assert bridge.writes() == 0


def test_activities_of_hubspot_say_what_they_are_in_dynamics(peopled: Bridge) -> None:
    configure(peopled, "true")
    hubspot_has(peopled, "task", "501")
    dynamics_has(peopled, "task", ROW, subject="Theirs")

    assert carry(peopled)["created"] == 2

    there = str(peopled.counterpart("hubspot", "task", "501"))
    here = str(peopled.counterpart("dynamics", "task", ROW))
    shown, link = told(peopled, "501")
    assert shown == there
    assert link == f"{peopled.settings.dynamics.url}/main.aspx?pagetype=entityrecord&etn=task&id={there}"
    assert told(peopled, here)[0] == ROW  # said at its birth
    assert not COLUMNS.keys() & peopled.dynamics("task")[ROW].keys()
    assert_quiet(peopled)


@pytest.mark.parametrize("one_way", [False, True], ids=["two-way", "one-way"])
def test_rows_of_dynamics_say_so_in_the_named_columns_unless_they_are_closed(peopled: Bridge, *, one_way: bool) -> None:
    customise(peopled, "task", dynamics=COLUMNS)
    configure(peopled, f"{{{NAMED}, {OWN}}}", one_way=one_way)
    hubspot_has(peopled, "task", "501")
    hubspot_has(peopled, "task", "502", hs_task_status="COMPLETED")
    dynamics_has(peopled, "task", ROW, subject="Theirs")
    dynamics_has(peopled, "task", CLOSED, subject="Done", statecode=1, statuscode=5)

    assert carry(peopled)["created"] == (2 if one_way else 4)

    rows = peopled.dynamics("task")
    copies = {one: rows[str(peopled.counterpart("hubspot", "task", one))] for one in ("501", "502")}
    assert {one: row["new_hubspotid"] for one, row in copies.items()} == {"501": "501", "502": "502"}
    assert copies["502"]["statecode"] == 1
    assert copies["501"]["new_hubspoturl"].endswith("/record/0-27/501")
    assert told(peopled, "502")[0] == copies["502"]["activityid"]
    if not one_way:
        assert rows[ROW]["new_hubspotid"] == peopled.counterpart("dynamics", "task", ROW)
    assert rows[CLOSED]["statecode"] == 1
    assert rows[CLOSED].get("new_hubspotid") is None
    assert_quiet(peopled)


def test_what_a_stopped_run_or_an_earlier_one_did_not_say_the_next_run_says(peopled: Bridge) -> None:
    configure(peopled, "false")
    hubspot_has(peopled, "task", "501")
    carry(peopled)
    assert told(peopled, "501") == (None, None)
    configure(peopled, "true")
    hubspot_has(peopled, "task", "502")
    faults = peopled.sandboxes.hubspot.controls.faults
    faults.add(Fault("status", method="POST", path=r"/tasks/batch/update$", status=401))

    with pytest.raises(ActivitySyncError):
        carry(peopled)

    faults.clear()
    assert told(peopled, "502") == (None, None)
    carry(peopled)
    for one in ("501", "502"):
        assert told(peopled, one)[0] == peopled.counterpart("hubspot", "task", one)
    assert len(peopled.dynamics("task")) == 2
    assert_quiet(peopled)


def test_a_person_who_clears_or_changes_it_is_put_right(peopled: Bridge) -> None:
    configure(peopled, "true")
    hubspot_has(peopled, "task", "501")
    carry(peopled)

    hubspot_has(peopled, "task", "501", **{ID: "mine", "hs_task_subject": "Changed"})
    carry(peopled)

    assert told(peopled, "501")[0] == peopled.counterpart("hubspot", "task", "501")
    assert peopled.dynamics("task")[str(told(peopled, "501")[0])]["subject"] == "Changed"
    assert_quiet(peopled)


def test_what_has_no_counterpart_any_more_names_none(peopled: Bridge) -> None:
    configure(peopled, "true")
    hubspot_has(peopled, "task", "501")
    carry(peopled)
    carry(peopled, Mode.INCREMENTAL)
    there = str(peopled.counterpart("hubspot", "task", "501"))
    peopled.people.delete_dynamics("tasks", there)

    carry(peopled, Mode.INCREMENTAL)
    carry(peopled)

    assert there not in peopled.dynamics("task")
    assert told(peopled, "501") in {("", ""), (None, None)}
    assert_quiet(peopled)


def test_a_portal_that_refuses_the_properties_is_synced_all_the_same(peopled: Bridge) -> None:
    granted = ["crm.objects.contacts.read", "crm.objects.contacts.write", "crm.objects.companies.read"]
    scopes = [*granted, "crm.objects.deals.read", "tickets", "crm.objects.owners.read", "sales-email-read"]
    peopled.sandboxes.hubspot.controls.settings.change({"hubspot_scopes": scopes})
    configure(peopled, "true")
    hubspot_has(peopled, "task", "501")

    assert carry(peopled)["created"] == 1

    assert told(peopled, "501") == (None, None)
    assert_quiet(peopled)


def test_a_column_that_does_not_exist_stops_the_run_before_it_reads(peopled: Bridge) -> None:
    configure(peopled, f"{{{NAMED}}}")
    hubspot_has(peopled, "task", "501")

    result = peopled.command("sync")

    assert result.returncode != 0
    assert "there is no property new_hubspotid of tasks" in result.stderr
    assert "tracking.write_back" in result.stderr
    assert not peopled.dynamics("task")
    found = {one["name"]: one for one in json.loads(peopled.command("check", "--json").stdout)}
    assert found["dynamics.write_back.task.new_hubspotid"]["level"] == "error"
