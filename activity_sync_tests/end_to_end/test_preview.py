"""A preview comes to what the next sync does, record for record, and leaves nothing behind that would change it."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg
import pytest

from activity_sync.activities.identity import Flow
from activity_sync.activities.kinds import ActivityType, Step
from activity_sync.bootstrap import open_session
from activity_sync.cli.instance import dagster_instance
from activity_sync.configuration import FLOWS, load_configuration
from activity_sync.defs.build import build_definitions
from activity_sync.defs.keys import RANGE_END_TAG, RANGE_START_TAG, asset_key
from activity_sync.pipeline.extract import extract
from activity_sync.pipeline.load import load
from activity_sync.pipeline.preview import Line, lines_of
from activity_sync.pipeline.resolve import resolve
from activity_sync.pipeline.scope import Mode, Partitions, Scope, midnight
from activity_sync.pipeline.session import Session
from activity_sync.pipeline.transform import transform
from activity_sync.sandbox.controls import Fault
from activity_sync.systems.records import Window
from activity_sync_tests.end_to_end.bridge import CONTACT_IDS, DYNAMICS_TABLES, HUBSPOT_TYPES, Bridge, ago, iso
from activity_sync_tests.end_to_end.missing import dynamics_contact, hubspot_contact
from activity_sync_tests.end_to_end.ordinary import dynamics_row, hubspot_activities

UNKNOWN_THERE = "c0000000-0000-4000-8000-00000000000b"
"""A contact that HubSpot does not have."""
ENTITY_SETS = {
    "note": "annotations",
    "task": "tasks",
    "call": "phonecalls",
    "email": "emails",
    "meeting": "appointments",
}
TITLES = {
    "task": "hs_task_subject",
    "call": "hs_call_title",
    "email": "hs_email_subject",
    "meeting": "hs_meeting_title",
}
FILTERS = {
    "hubspot_to_dynamics": "{not: {field: contact.lifecyclestage, operator: is, value: customer}}",
    "dynamics_to_hubspot": "{not: {field: contact.jobtitle, operator: is, value: customer}}",
}
CONFIGURATION = "flows:\n" + "".join(
    f"  {flow}:\n" + "".join(f"    {kind}: {{filter: {condition}}}\n" for kind in ActivityType)
    for flow, condition in FILTERS.items()
)
PREVIEWED = {"create": "created", "update": "updated"}
Outcomes = dict[tuple[str, str, str], str]


@pytest.fixture
def world(peopled: Bridge) -> Bridge:
    """Of each type on each side one to carry, one that waits, one that is filtered; in HubSpot one that is broken."""
    peopled.configure(CONFIGURATION)
    peopled.seed({"hubspot": hubspot_contact("1999", email="nobody@there.example")})
    peopled.seed({"dynamics": dynamics_contact(UNKNOWN_THERE, emailaddress1="nobody@here.example")})
    peopled.people.edit_hubspot("contacts", "1003", {"lifecyclestage": "customer"})
    peopled.people.edit_dynamics("contacts", CONTACT_IDS[2], {"jobtitle": "customer"})
    for kind in ActivityType:
        for first, contact in ((501, "1001"), (601, "1999"), (701, "1003"), (801, "1001")):
            seed = hubspot_activities(kind, [ago(hours=2)], first_id=first, contact=contact)
            if first == 801:
                start = "hs_meeting_start_time" if kind is ActivityType.MEETING else "hs_timestamp"
                seed["objects"][HUBSPOT_TYPES[kind]][0]["properties"][start] = "not a time"
            peopled.seed({"hubspot": seed})
        rows = [
            dynamics_row(kind, n, contact) for n, contact in enumerate((CONTACT_IDS[1], UNKNOWN_THERE, CONTACT_IDS[2]))
        ]
        peopled.seed({"dynamics": {"records": {DYNAMICS_TABLES[kind]: rows}}})
    return peopled


def run(bridge: Bridge, *, preview: bool) -> tuple[Outcomes, list[Line]]:
    """One pass of both flows over three days; by flow, type and id what came of each record, and a preview's lines."""
    return asyncio.run(_run(bridge, preview=preview))


async def _run(bridge: Bridge, *, preview: bool) -> tuple[Outcomes, list[Line]]:
    today = datetime.now(tz=UTC).date()
    days = [today - timedelta(days=back) for back in (1, 0)]
    partitions = Partitions(
        tuple(day.isoformat() for day in days), Window(midnight(days[0]), midnight(today + timedelta(days=1)))
    )
    found: Outcomes = {}
    lines: list[Line] = []
    for flow in FLOWS:
        async with open_session(bridge.settings, preview=preview) as session:
            run_id = str(uuid.uuid4())
            for kind in ActivityType:
                scope = Scope(flow, kind, run_id, partitions, Mode.INCREMENTAL)
                for step in (extract, resolve, transform, *(() if preview else (load,))):
                    await step(session, scope)
                found |= outcomes(session, flow, kind, run_id, preview=preview)
                lines += lines_of(session.staging, flow, kind, run_id, contents=True) if preview else ()
    return found, lines


def outcomes(session: Session, flow: Flow, kind: ActivityType, run_id: str, *, preview: bool) -> Outcomes:
    if preview:
        told = {one.record.id: one.outcome for one in lines_of(session.staging, flow, kind, run_id)}
        every = session.staging.source_ids(flow.name, kind, Step.TRANSFORMED, run_id=run_id)
        return {
            (flow.name, kind.value, one): PREVIEWED.get(told.get(one, ""), told.get(one, "unchanged")) for one in every
        }
    frames = session.staging.read(flow.name, kind, Step.LOADED, run_id=run_id, batch_rows=100)
    return {
        (flow.name, kind.value, source_id): outcome
        for frame in frames
        for source_id, outcome in zip(frame["source_id"], frame["outcome"], strict=True)
    }


def remembered(bridge: Bridge) -> list[Any]:
    """Everything that the ledger holds."""
    with bridge.ledger() as ledger, ledger._engine.connect() as connection:
        tables = [
            "meta",
            "links",
            "link_sides",
            "elements",
            "outstanding",
            "watermarks",
            "reads",
            "made_records",
            "carried_files",
        ]
        return [sorted(map(str, connection.exec_driver_sql(f"SELECT * FROM {one}"))) for one in tables]  # noqa: S608 - our names


def test_a_preview_of_a_first_sync_and_of_one_after_edits_is_what_the_sync_then_does(world: Bridge) -> None:
    with world.ledger():
        pass  # made by whoever opens it first
    before = remembered(world)
    world.forget()

    previewed, _ = run(world, preview=True)

    assert world.writes() == 0
    assert remembered(world) == before
    done, _ = run(world, preview=False)
    assert {key: done[key] for key in previewed} == previewed
    assert {done[key] for key in done.keys() - previewed.keys()} <= {"unchanged"}  # copies, seen from their own side
    counted = {
        flow.name: sorted(what for (name, _, _), what in previewed.items() if name == flow.name) for flow in FLOWS
    }
    each = ["created", "deferred", "filtered"]
    assert counted == {
        "hubspot_to_dynamics": sorted([*each, "failed"] * 5),
        "dynamics_to_hubspot": sorted(each * 5),
    }

    # Edits on both sides; a contact that was missing turns up.
    for kind, title in TITLES.items():
        world.people.edit_hubspot(HUBSPOT_TYPES[kind], "501", {title: "Edited in HubSpot"})
        row = dynamics_row(ActivityType(kind), 0, "")
        world.people.edit_dynamics(ENTITY_SETS[kind], row["activityid"], {"subject": "Edited in Dynamics"})
    world.seed(
        {"dynamics": dynamics_contact("c0000000-0000-4000-8000-00000000000c", emailaddress1="nobody@there.example")}
    )
    before = remembered(world)
    world.forget()

    previewed, lines = run(world, preview=True)

    assert world.writes() == 0
    assert remembered(world) == before
    done, _ = run(world, preview=False)
    assert {key: done[key] for key in previewed} == previewed
    counted_again = sorted(what for what in previewed.values() if what in {"created", "updated"})
    # Of eight edits one is held: the mail's copy in Dynamics is closed, and stays so.
    assert counted_again == ["created"] * 5 + ["updated"] * 7
    assert previewed["hubspot_to_dynamics", "email", "501"] == "held"
    changes = {str(one.record): one.changes for one in lines if one.outcome == "update"}
    assert changes["hubspot:call/501"] == {"subject": {"before": "Call 501", "after": "Edited in HubSpot"}}
    assert changes["dynamics:task/f1000000-0000-4000-8000-000000000000"]["subject"]["after"] == "Edited in Dynamics"


def test_a_link_to_an_existing_record_is_followed_to_the_update_that_comes_of_it(peopled: Bridge) -> None:
    peopled.configure("flows: {hubspot_to_dynamics: {task: {twins: link}}, dynamics_to_hubspot: {task: {twins: link}}}")
    moment = ago(hours=2).replace(microsecond=0)
    here = hubspot_activities("task", [moment])
    here["objects"]["tasks"][0]["properties"] |= {"hs_task_subject": "Send the offer", "hs_task_body": "<p>by mail</p>"}
    there = dynamics_row(ActivityType.TASK, 0, CONTACT_IDS[0])
    there |= {"subject": "Send the offer", "scheduledend": iso(moment)}
    peopled.seed({"hubspot": here, "dynamics": {"records": {"task": [there]}}})
    peopled.forget()

    previewed, _ = run(peopled, preview=True)

    assert peopled.writes() == 0
    done, _ = run(peopled, preview=False)
    flow = "hubspot_to_dynamics"
    assert previewed[flow, "task", "501"] == done[flow, "task", "501"] == "updated"


def test_a_create_whose_answer_was_lost_is_found_and_its_edit_foreseen_without_a_trace(peopled: Bridge) -> None:
    row = dynamics_row(ActivityType.TASK, 0, CONTACT_IDS[0])
    peopled.seed({"dynamics": {"records": {"task": [row]}}})
    peopled.sandboxes.hubspot.controls.faults.add(Fault("drop_after", route="batch_create"))
    run(peopled, preview=False)
    peopled.sandboxes.hubspot.controls.faults.clear()
    with peopled.ledger() as ledger:
        assert len(ledger.pending("dynamics", ActivityType.TASK)) == 1
    assert len(peopled.hubspot("tasks")) == 1
    peopled.people.edit_dynamics("tasks", row["activityid"], {"subject": "Edited meanwhile"})
    before = remembered(peopled)
    peopled.forget()

    previewed, _ = run(peopled, preview=True)

    assert peopled.writes() == 0
    assert remembered(peopled) == before
    done, _ = run(peopled, preview=False)
    at = ("dynamics_to_hubspot", "task", row["activityid"])
    assert previewed[at] == done[at] == "updated"
    assert [one["properties"]["hs_task_subject"] for one in peopled.hubspot("tasks").values()] == ["Edited meanwhile"]


@pytest.mark.slow
def test_the_command_tells_numbers_first_and_values_only_on_request(world: Bridge) -> None:
    arguments = ("sync", "--preview", "--flow", "hubspot_to_dynamics", "--type", "call")
    world.forget()

    brief = world.command(*arguments)
    told = json.loads(world.command(*arguments, "--details", "--json").stdout)
    whole = world.command(*arguments, "--details", "--contents")

    assert brief.returncode == 1, brief.stderr  # a record would fail, as in a sync
    assert "filtered: filter: not contact.lifecyclestage (is)" in brief.stdout
    assert "hubspot:contact/1999" in brief.stdout
    assert "call/501" not in brief.stdout
    assert told["flows"]["hubspot_to_dynamics"]["call"]["create"] == 1
    shown = told["preview"]["hubspot_to_dynamics"]
    assert shown["waits_for"] == {"hubspot:contact/1999": 1}
    assert {one["record"]: one["outcome"] for one in shown["records"]} == {
        "hubspot:call/501": "create",
        "hubspot:call/601": "deferred",
        "hubspot:call/701": "filtered",
        "hubspot:call/801": "failed",
    }
    assert "Call 501" not in json.dumps(told)
    assert "Call 501" in whole.stdout
    assert world.writes() == 0


def test_values_without_details_and_details_without_a_preview_are_wrong_use(peopled: Bridge) -> None:
    assert peopled.command("sync", "--details").returncode == 2
    assert peopled.command("sync", "--preview", "--contents").returncode == 2


@pytest.fixture
def instance(world: Bridge) -> Iterator[dg.DagsterInstance]:
    with dagster_instance(world.settings) as opened:
        yield opened


@pytest.mark.slow
def test_the_job_of_a_flow_shows_a_table_of_ids_and_writes_nothing(world: Bridge, instance: dg.DagsterInstance) -> None:
    with world.ledger():
        pass
    before = remembered(world)
    world.forget()
    days = [(datetime.now(tz=UTC).date() - timedelta(days=back)).isoformat() for back in (1, 0)]

    result = (
        build_definitions(load_configuration(world.settings.config_path))
        .resolve_job_def("preview_hubspot_to_dynamics")
        .execute_in_process(instance=instance, tags={RANGE_START_TAG: days[0], RANGE_END_TAG: days[1]})
    )

    assert result.success
    assert world.writes() == 0
    assert remembered(world) == before
    event = instance.get_latest_materialization_event(asset_key(FLOWS[0], ActivityType.CALL, Step.TRANSFORMED))
    assert event is not None
    assert event.asset_materialization is not None
    metadata = event.asset_materialization.metadata
    records = {one.data["record"]: one.data["outcome"] for one in metadata["preview"].records}
    assert records["hubspot:call/501"] == "create"
    assert metadata["preview_numbers"].value["waits_for"] == {"hubspot:contact/1999": 1}
    assert "Call 501" not in str(metadata)
    assert not instance.get_materialized_partitions(asset_key(FLOWS[0], ActivityType.CALL, Step.LOADED))
