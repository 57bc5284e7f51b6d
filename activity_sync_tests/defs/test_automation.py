"""Sensors and schedules, over both sandboxes and a real Dagster instance: what they start, what they leave alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import dagster as dg
import pytest

from activity_sync.activities.identity import Flow
from activity_sync.activities.kinds import ActivityType
from activity_sync.configuration import Configuration, load_configuration, parse_configuration
from activity_sync.defs.build import build_definitions
from activity_sync.defs.history import PIECE_TAG
from activity_sync.defs.keys import FLOW_TAG, MODE_TAG, PRIORITY_TAG, RANGE_END_TAG, RANGE_START_TAG
from activity_sync.defs.orphans import end_orphans, process_tag
from activity_sync.defs.pools import pool_of
from activity_sync.defs.requests import pass_under_way, wait_for_the_end
from activity_sync.defs.schedules import due
from activity_sync.defs.sensors import Cursor, look
from activity_sync.defs.standby import Standby
from activity_sync.ledger.processes import Holder
from activity_sync_tests.end_to_end.bridge import Bridge, ago
from activity_sync_tests.end_to_end.ordinary import hubspot_activities

TWO_TYPES = """
flows:
  hubspot_to_dynamics: {call: {enabled: false}, email: {enabled: false}, meeting: {enabled: false}}
  dynamics_to_hubspot: {call: {enabled: false}, email: {enabled: false}, meeting: {enabled: false}}
"""
"""Dagster keeps books for every asset: tests need not wait for all of them."""
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
HUBSPOT, DYNAMICS = Flow.parse("hubspot_to_dynamics"), Flow.parse("dynamics_to_hubspot")


@pytest.fixture
def standby(peopled: Bridge) -> Iterator[Standby]:
    peopled.configure(TWO_TYPES)
    opened = Standby()
    yield opened
    opened.close()


@pytest.fixture
def instance(peopled: Bridge) -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.from_config(peopled.environ["DAGSTER_HOME"]) as opened:
        yield opened


class Daemon:
    """Evaluates one flow's sensor as Dagster's daemon does, and carries out what it asks for."""

    def __init__(self, instance: dg.DagsterInstance, standby: Standby, flow: Flow = HUBSPOT) -> None:
        self.instance, self.standby, self.flow = instance, standby, flow
        self.configuration = load_configuration(Path(os.environ["ACTIVITY_SYNC_CONFIG"]))
        self.cursor = Cursor()
        self.now = datetime.now(tz=UTC)

    def tick(self, after: float = 15) -> dg.SensorResult:
        """A tick so many seconds after the one before; 15 are the shipped time between two looks."""
        self.now += timedelta(seconds=after)
        result = look(self.instance, self.configuration, self.flow, self.standby, self.cursor, now=self.now)
        self.cursor = Cursor.read(result.cursor)
        return result

    def carry(self, request: dg.RunRequest) -> dg.ExecuteInProcessResult:
        assert request.job_name is not None
        return (
            build_definitions(self.configuration)
            .resolve_job_def(request.job_name)
            .execute_in_process(
                instance=self.instance,
                tags=request.tags,
                asset_selection=request.asset_selection,
                run_config=QUIET,
            )
        )

    def settle(self) -> int:
        """Ticks until nothing is asked for any more; how many runs that took."""
        for runs in range(5):
            requests = self.tick().run_requests or []
            if not requests:
                return runs
            for one in requests:
                assert self.carry(one).success
        raise AssertionError("it does not come to rest")


def under_way(instance: dg.DagsterInstance) -> dg.DagsterRun:
    """A pass that has not ended, and will not end by itself."""
    run = instance.create_run_for_job(
        build_definitions(Configuration()).resolve_job_def(f"sync_{HUBSPOT.name}"),
        tags={FLOW_TAG: HUBSPOT.name, MODE_TAG: "incremental"},
    )
    instance.report_run_canceling(run)
    return run


def test_what_changed_is_carried_by_one_run_and_then_nothing_is_started(
    peopled: Bridge, instance: dg.DagsterInstance, standby: Standby
) -> None:
    peopled.seed({"hubspot": hubspot_activities("task", [ago(minutes=3)])})
    daemon = Daemon(instance, standby)

    [request] = daemon.tick().run_requests or []

    today = datetime.now(tz=UTC).date().isoformat()
    assert request.tags[MODE_TAG] == "incremental"
    assert request.tags[FLOW_TAG] == HUBSPOT.name
    assert request.tags[PRIORITY_TAG] == "10"
    assert request.tags[RANGE_START_TAG] <= today == request.tags[RANGE_END_TAG]
    assert daemon.carry(request).success
    assert [row["subject"] for row in peopled.dynamics("task").values()] == ["Task 501"]
    again = daemon.tick()
    assert not again.run_requests
    assert again.skip_reason is not None
    assert "nothing changed in hubspot" in str(again.skip_reason.skip_message)


def test_type_is_carried_to_its_end_before_the_next_is_read_and_the_checks_come_last(
    instance: dg.DagsterInstance, standby: Standby
) -> None:
    daemon = Daemon(instance, standby)
    [request] = daemon.tick().run_requests or []

    events = daemon.carry(request).all_events

    steps = ["extracted_activities", "resolved_associations", "transformed_payloads", "load_results"]
    assert [one.step_key for one in events if one.event_type is dg.DagsterEventType.STEP_START] == [
        *(f"hubspot_to_dynamics__{kind}__{step}" for kind in ("note", "task") for step in steps),
        *(f"hubspot_to_dynamics__{kind}__load_results__checks" for kind in ("note", "task")),
    ]


def test_our_own_write_starts_one_pass_of_the_mirror_flow_that_writes_nothing(
    peopled: Bridge, instance: dg.DagsterInstance, standby: Standby
) -> None:
    peopled.seed({"hubspot": hubspot_activities("task", [ago(minutes=3)])})
    assert Daemon(instance, standby).settle() == 1
    mirror = Daemon(instance, standby, DYNAMICS)
    peopled.forget()

    assert mirror.settle() == 1

    assert peopled.writes() == 0
    assert Daemon(instance, standby).tick().run_requests  # a new cursor knows nothing


def test_run_takes_the_types_that_changed_until_a_pass_of_all_is_due(
    peopled: Bridge, instance: dg.DagsterInstance, standby: Standby
) -> None:
    daemon = Daemon(instance, standby)
    assert daemon.settle() == 1
    peopled.seed({"hubspot": hubspot_activities("task", [ago(minutes=1)])})
    before = daemon.cursor

    [some] = daemon.tick().run_requests or []
    daemon.cursor = before
    daemon.now += timedelta(minutes=5)
    [every] = daemon.tick().run_requests or []

    assert {key.path[1] for key in some.asset_selection or ()} == {"task"}
    assert {key.path[1] for key in every.asset_selection or ()} == {"note", "task"}
    assert daemon.carry(some).success
    assert len(peopled.dynamics("task")) == 1
    configuration, soon = daemon.configuration, datetime.now(tz=UTC) + timedelta(minutes=5)
    assert isinstance(due(instance, configuration, HUBSPOT, standby, now=soon), dg.RunRequest), (
        "a run of some types does not put off the pass of all"
    )


def test_between_two_looks_nothing_is_asked_but_after_a_pass_at_once(
    peopled: Bridge, instance: dg.DagsterInstance, standby: Standby
) -> None:
    daemon = Daemon(instance, standby)
    daemon.settle()
    peopled.seed({"hubspot": hubspot_activities("task", [ago(minutes=3)])})
    peopled.forget()

    early = daemon.tick(after=5)

    assert not early.run_requests
    assert "hubspot is asked again in 10 s" in str(early.skip_reason)
    assert peopled.asked("hubspot")["total"] == 0
    assert not daemon.tick(after=5).run_requests
    [request] = daemon.tick(after=5).run_requests or []
    assert daemon.carry(request).success
    peopled.seed({"hubspot": hubspot_activities("task", [ago(minutes=2)], first_id=601)})
    assert daemon.tick(after=5).run_requests, "a pass has just ended"


def test_repeated_tick_asks_for_the_same_run(peopled: Bridge, instance: dg.DagsterInstance, standby: Standby) -> None:
    peopled.seed({"hubspot": hubspot_activities("note", [ago(minutes=3)])})
    daemon = Daemon(instance, standby)
    daemon.cursor = before = Cursor(since=ago(minutes=9).replace(microsecond=0).isoformat())
    [first] = daemon.tick().run_requests or []

    daemon.cursor = before
    [second] = daemon.tick().run_requests or []

    assert first.run_key == second.run_key


def test_what_shows_late_with_an_older_time_is_seen(
    peopled: Bridge, instance: dg.DagsterInstance, standby: Standby
) -> None:
    peopled.seed({"hubspot": hubspot_activities("note", [ago(minutes=1)])})
    daemon = Daemon(instance, standby)
    assert daemon.settle() == 1

    peopled.seed({"hubspot": hubspot_activities("note", [ago(minutes=4)], first_id=601)})

    assert daemon.settle() == 1
    assert len(peopled.dynamics("annotation")) == 2


def test_nothing_is_asked_while_a_pass_is_under_way_and_what_it_missed_is_seen_afterwards(
    peopled: Bridge, instance: dg.DagsterInstance, standby: Standby
) -> None:
    daemon = Daemon(instance, standby)
    daemon.settle()
    run = under_way(instance)
    peopled.seed({"hubspot": hubspot_activities("task", [ago(minutes=3)])})
    peopled.forget()

    during = daemon.tick()

    assert not during.run_requests
    assert run.run_id in str(during.skip_reason)
    assert peopled.asked("hubspot")["total"] == 0
    instance.report_run_canceled(run)
    assert daemon.settle() == 1


@pytest.mark.parametrize(("ends_after", "slept"), [(0, 0), (3, 3), (None, 8)])
def test_tick_waits_for_the_end_of_the_pass_under_way_but_not_for_ever(
    instance: dg.DagsterInstance, ends_after: int | None, slept: int
) -> None:
    run = under_way(instance)
    waits: list[float] = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == ends_after:
            instance.report_run_canceled(run)

    if ends_after == 0:
        instance.report_run_canceled(run)
    wait_for_the_end(instance, HUBSPOT, looks=8, sleep=sleep)

    assert len(waits) == slept
    assert (pass_under_way(instance, HUBSPOT) is None) == (ends_after is not None)


def test_sensor_asks_once_the_pass_that_it_found_under_way_has_ended(
    peopled: Bridge, instance: dg.DagsterInstance, standby: Standby, monkeypatch: pytest.MonkeyPatch
) -> None:
    daemon = Daemon(instance, standby)
    daemon.settle()
    peopled.seed({"hubspot": hubspot_activities("task", [ago(minutes=3)])})
    run = under_way(instance)
    ending = partial(wait_for_the_end, sleep=lambda _seconds: instance.report_run_canceled(run))
    monkeypatch.setattr("activity_sync.defs.sensors.wait_for_the_end", ending)
    sensor = build_definitions(daemon.configuration).resolve_sensor_def(f"changes_{HUBSPOT.name}")

    with dg.build_sensor_context(instance=instance, cursor=replace(daemon.cursor, looked="").write()) as context:
        asked_for = sensor.evaluate_tick(context).run_requests

    assert asked_for


def test_schedule_waits_for_the_history_and_then_passes_at_its_interval(
    peopled: Bridge, instance: dg.DagsterInstance, standby: Standby
) -> None:
    configuration = Daemon(instance, standby).configuration
    first = due(instance, configuration, HUBSPOT, standby, now=datetime.now(tz=UTC))
    peopled.sync("hubspot_to_dynamics")

    soon = due(instance, configuration, HUBSPOT, standby, now=datetime.now(tz=UTC))
    later = due(instance, configuration, HUBSPOT, standby, now=datetime.now(tz=UTC) + timedelta(minutes=5))

    assert isinstance(first, dg.SkipReason)
    assert "activity-sync sync" in str(first.skip_message)
    assert isinstance(soon, dg.SkipReason)
    assert "the last pass began" in str(soon.skip_message)
    assert isinstance(later, dg.RunRequest)
    assert later.tags[MODE_TAG] == "incremental"


def test_long_history_is_carried_in_runs_of_its_own_before_the_first_pass(
    peopled: Bridge, instance: dg.DagsterInstance, standby: Standby
) -> None:
    peopled.configure(f"start_date: 2015-01-01\npartitions: monthly{TWO_TYPES}")
    old = [ago(days=200), ago(days=100), ago(days=1)]
    peopled.seed({"hubspot": hubspot_activities("task", old)})
    daemon = Daemon(instance, standby)

    older = daemon.tick().run_requests or []
    waiting = daemon.tick()
    for one in older:
        daemon.carry(one)
    [recent] = daemon.tick().run_requests or []

    assert [one.tags[MODE_TAG] for one in older] == ["whole", "whole"]
    assert {one.tags[PRIORITY_TAG] for one in older} == {"-1"}
    assert len({one.run_key for one in older}) == 2
    assert waiting.run_requests
    assert {one.run_key for one in waiting.run_requests} == {one.run_key for one in older}, "not begun: asked for again"
    assert recent.tags[MODE_TAG] == "incremental"
    daemon.carry(recent)
    assert len(peopled.dynamics("task")) == 3
    with peopled.ledger() as ledger:
        assert ledger.watermark(HUBSPOT.name, ActivityType.TASK) is not None
    assert daemon.settle() <= 1


def test_history_that_failed_is_named_and_the_first_pass_waits_for_its_rerun(
    peopled: Bridge, instance: dg.DagsterInstance, standby: Standby
) -> None:
    peopled.configure(f"start_date: 2015-01-01\npartitions: monthly{TWO_TYPES}")
    peopled.seed({"hubspot": hubspot_activities("task", [ago(days=200), ago(days=1)])})
    daemon = Daemon(instance, standby)
    [piece] = daemon.tick().run_requests or []
    failed = instance.create_run_for_job(
        build_definitions(Configuration()).resolve_job_def("sync_hubspot_to_dynamics"), tags=dict(piece.tags)
    )
    instance.report_run_failed(failed)

    told = daemon.tick()

    assert not told.run_requests
    assert f"re-execute {failed.run_id}" in str(told.skip_reason)
    assert piece.tags[PIECE_TAG]
    assert daemon.carry(piece).success
    [recent] = daemon.tick().run_requests or []
    assert recent.tags[MODE_TAG] == "incremental"


def test_run_of_a_killed_command_is_ended_and_a_living_one_is_not(instance: dg.DagsterInstance) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    job = build_definitions(Configuration()).resolve_job_def("sync_hubspot_to_dynamics")
    here = Holder.here()
    ours = instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED, tags=process_tag(here))
    dead = json.dumps({"host": here.host, "pid": gone.pid, "started": "another life"})
    theirs = instance.create_run_for_job(
        job, status=dg.DagsterRunStatus.STARTED, tags={next(iter(process_tag(here))): dead}
    )
    launched = instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED)

    ended = end_orphans(instance)

    assert ended == [theirs.run_id]
    statuses = {one.run_id: one.status for one in instance.get_runs()}
    assert statuses[theirs.run_id] is dg.DagsterRunStatus.FAILURE
    assert statuses[ours.run_id] is statuses[launched.run_id] is dg.DagsterRunStatus.STARTED


def test_each_flow_has_a_pool_of_one_run_before_the_first_run_is_queued(
    instance: dg.DagsterInstance, standby: Standby
) -> None:
    Daemon(instance, standby).tick()

    limits = {one.name: one.limit for one in instance.event_log_storage.get_pool_limits()}

    assert limits == {pool_of(HUBSPOT): 1, pool_of(DYNAMICS): 1}


def test_idle_day_costs_at_most_thirty_calls_a_minute_to_each_system(
    peopled: Bridge, instance: dg.DagsterInstance, standby: Standby
) -> None:
    peopled.configure("")
    for kind in ActivityType:
        peopled.seed({"hubspot": hubspot_activities(kind.value, [ago(minutes=30)])})
    daemons = [Daemon(instance, standby, flow) for flow in (HUBSPOT, DYNAMICS)]
    for daemon in daemons:
        daemon.settle()
    peopled.sync()
    automation = Configuration().automation

    peopled.forget()
    assert [daemon.tick().run_requests or [] for daemon in daemons] == [[], []]
    looks = {system: peopled.asked(system)["total"] for system in ("hubspot", "dynamics")}
    peopled.forget()
    peopled.sync()
    passes = {system: peopled.asked(system)["total"] for system in ("hubspot", "dynamics")}

    for system, calls in looks.items():
        a_minute = calls * 60 / automation.look_seconds + passes[system] / automation.pass_minutes
        assert a_minute <= 30, (system, looks, passes)


def test_everything_is_off_until_switched_on_and_on_from_the_start_by_configuration() -> None:
    on = build_definitions(parse_configuration({"automation": {"enabled": True}}, name="test")).get_repository_def()
    off = build_definitions(Configuration()).get_repository_def()

    assert {one.default_status.value for one in (*off.sensor_defs, *off.schedule_defs)} == {"STOPPED"}
    assert {one.default_status.value for one in (*on.sensor_defs, *on.schedule_defs)} == {"RUNNING"}
