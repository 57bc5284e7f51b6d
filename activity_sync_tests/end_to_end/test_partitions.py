"""Partitions and runs through Dagster: which are materialised, with which figures, and what may be run again alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

import dagster as dg
import pytest

from activity_sync.activities.identity import Flow
from activity_sync.activities.kinds import ActivityType, Step
from activity_sync.bootstrap import open_staging
from activity_sync.configuration import load_configuration
from activity_sync.defs.build import build_definitions
from activity_sync.defs.keys import MODE_TAG, PARTITION_TAG, RANGE_END_TAG, RANGE_START_TAG, asset_key
from activity_sync.errors import ActivitySyncError
from activity_sync.pipeline.report import COUNTS, OUTCOMES
from activity_sync.sandbox.controls import Fault
from activity_sync_tests.end_to_end.bridge import Bridge, dynamics_people, hubspot_people, totals
from activity_sync_tests.end_to_end.ordinary import hubspot_activities

FLOW = Flow.parse("hubspot_to_dynamics")
NOTE, TASK = ActivityType.NOTE, ActivityType.TASK
# A job costs by assets and days: two types are enough to tell them apart.
TWO_TYPES = """
flows:
  hubspot_to_dynamics: {call: {enabled: false}, email: {enabled: false}, meeting: {enabled: false}}
  dynamics_to_hubspot:
    {note: {enabled: false}, task: {enabled: false}, call: {enabled: false}, email: {enabled: false},
     meeting: {enabled: false}}
"""


@pytest.fixture
def two_types(peopled: Bridge) -> Bridge:
    """Notes and tasks from HubSpot to Dynamics, nothing else."""
    peopled.configure(TWO_TYPES)
    return peopled


@pytest.mark.slow
def test_thirty_days_are_one_run_with_figures_for_each_day(two_types: Bridge):
    noons = [noon(days) for days in (1, 1, 4, 29)]
    two_types.seed({"hubspot": hubspot_activities("task", noons)})
    two_types.seed({"hubspot": hubspot_activities("note", [noon(10), noon(45)], first_id=701)})

    (run,) = two_types.sync(first=key(30), last=key(1)).values()

    days = {key(days) for days in range(1, 31)}
    assert len(run.run_ids) == 1
    with instance_of(two_types) as instance:
        tags = instance.get_run_by_id(run.run_id).tags
        assert (tags[RANGE_START_TAG], tags[RANGE_END_TAG], tags[MODE_TAG]) == (key(30), key(1), "whole")
        for kind in (NOTE, TASK):
            for step in Step:
                assert instance.get_materialized_partitions(asset_key(FLOW, kind, step)) == days
        tasks, notes = figures(instance, TASK), figures(instance, NOTE)
    assert {day: one["created"] for day, one in tasks.items() if one["created"]} == {key(1): 2, key(4): 1, key(29): 1}
    assert {day: one["created"] for day, one in notes.items() if one["created"]} == {key(10): 1}
    for found in (tasks, notes):
        assert set(found) == days
        for day, one in found.items():
            holds_the_contract(one)
            assert (one["api_calls_hubspot"] > 0) == (day == key(1))
            assert (one["api_calls_dynamics"] > 0) == (day == key(1))
    with two_types.ledger() as ledger:
        assert ledger.watermark(FLOW.name, TASK) is None  # a range in the past never moves it


@pytest.mark.slow
def test_one_day_runs_alone_by_partition_key_and_by_range(two_types: Bridge):
    two_types.seed({"hubspot": hubspot_activities("task", [noon(3), noon(2)])})

    by_key = execute(two_types, partition_key=key(3))
    again = execute(two_types, tags={RANGE_START_TAG: key(3), RANGE_END_TAG: key(3)})

    assert (by_key.success, again.success) == (True, True)
    assert by_key.dagster_run.tags[PARTITION_TAG] == key(3)
    assert counts(by_key, TASK) == {key(3): {"extracted": 1, "created": 1}}
    assert counts(again, TASK) == {key(3): {"extracted": 1, "unchanged": 1}}
    with instance_of(two_types) as instance:
        assert instance.get_materialized_partitions(asset_key(FLOW, TASK, Step.LOADED)) == {key(3)}
    assert len(two_types.dynamics("task")) == 1


@pytest.mark.slow
def test_a_type_that_fails_stops_no_other_and_only_its_partitions_are_run_again(two_types: Bridge):
    two_types.seed({"hubspot": hubspot_activities("task", [noon(2)])})
    two_types.seed({"hubspot": hubspot_activities("note", [noon(2)], first_id=701)})
    two_types.sandboxes.hubspot.controls.faults.add(Fault(kind="status", status=403, path="/tasks/search"))

    with pytest.raises(ActivitySyncError, match="denies") as raised:
        two_types.sync(first=key(3), last=key(2))

    assert raised.value.message.startswith("hubspot_to_dynamics: task failed")
    assert "hubspot_to_dynamics/task/extracted_activities" in raised.value.message
    with instance_of(two_types) as instance:
        assert instance.get_materialized_partitions(asset_key(FLOW, NOTE, Step.LOADED)) == {key(3), key(2)}
        assert instance.get_materialized_partitions(asset_key(FLOW, TASK, Step.LOADED)) == set()
    assert (len(two_types.dynamics("annotation")), len(two_types.dynamics("task"))) == (1, 0)

    two_types.sandboxes.hubspot.controls.faults.clear()
    (again,) = two_types.sync(failed=True).values()
    (nothing,) = two_types.sync(failed=True).values()

    with instance_of(two_types) as instance:
        rerun = instance.get_run_by_id(again.run_id)
        assert (rerun.tags[RANGE_START_TAG], rerun.tags[RANGE_END_TAG]) == (key(3), key(2))
        assert instance.get_materialized_partitions(asset_key(FLOW, TASK, Step.LOADED)) == {key(3), key(2)}
        assert instance.get_latest_materialization_event(asset_key(FLOW, NOTE, Step.LOADED)).run_id != again.run_id
    assert len(again.run_ids) == 1
    assert (again.counts["task"]["created"], again.counts["note"]["extracted"]) == (1, 0)
    assert (nothing.run_ids, nothing.total("extracted")) == ((), 0)


@pytest.mark.slow
def test_a_fault_amid_a_range_leaves_failed_only_the_partitions_that_were_not_finished(two_types: Bridge):
    two_types.seed({"hubspot": hubspot_activities("task", [noon(days) for days in range(1, 9) for _ in range(100)])})
    two_types.sandboxes.dynamics.controls.faults.add(
        Fault("status", method="POST", path=r"CreateMultiple|[$]batch", status=401, skip=7)
    )
    with pytest.raises(ActivitySyncError):
        two_types.sync(kind="task", first=key(8), last=key(1))
    written = len(two_types.dynamics("task"))
    load_results = asset_key(FLOW, TASK, Step.LOADED)
    with instance_of(two_types) as instance:
        finished = instance.get_materialized_partitions(load_results)
        loaded = figures(instance, TASK)

    two_types.sandboxes.dynamics.controls.faults.clear()
    (run,) = two_types.sync(kind="task", failed=True).values()

    assert finished
    assert finished == {key(days) for days in range(8, 8 - len(finished), -1)}, "the oldest come first"
    assert len(finished) < 8
    assert {loaded[day]["created"] for day in finished} == {100}
    assert written >= 100 * len(finished)
    with instance_of(two_types) as instance:
        again = instance.get_run_by_id(run.run_id).tags
        assert (again[RANGE_START_TAG], again[RANGE_END_TAG]) == (key(8 - len(finished)), key(1))
        assert instance.get_materialized_partitions(load_results) == {key(days) for days in range(1, 9)}
    assert run.total("extracted") == 100 * (8 - len(finished))
    assert len(two_types.dynamics("task")) == 800


@pytest.mark.slow
def test_a_preview_decides_everything_and_writes_nothing(two_types: Bridge):
    two_types.seed({"hubspot": hubspot_activities("task", [earlier_today(), earlier_today()])})
    two_types.forget()

    (run,) = two_types.sync(preview=True).values()

    assert two_types.writes() == 0
    assert {name: number for name, number in run.counts["task"].items() if number} == {"extracted": 2, "create": 2}
    assert "created" not in run.counts["task"]
    assert set(run.counts["note"].values()) == {0}
    with instance_of(two_types) as instance:
        assert instance.get_materialized_partitions(asset_key(FLOW, TASK, Step.TRANSFORMED))
        assert not instance.get_materialized_partitions(asset_key(FLOW, TASK, Step.LOADED))
    with two_types.ledger() as ledger:
        assert ledger.watermark(FLOW.name, TASK) is None
        assert ledger.links("hubspot", TASK, ["501", "502"]) == {}
        assert ledger.list_outstanding() == []
    assert totals(two_types.sync())["created"] == 2


@pytest.mark.slow
def test_any_step_runs_alone_and_an_old_load_writes_nothing_older(two_types: Bridge):
    two_types.seed({"hubspot": hubspot_activities("task", [noon(2)])})
    day = key(2)

    alone = {step: execute(two_types, partition_key=day, only=[asset_key(FLOW, TASK, step)]) for step in Step}

    assert all(result.success for result in alone.values())
    assert counts(alone[Step.LOADED], TASK) == {day: {"extracted": 1, "created": 1}}
    checks = alone[Step.LOADED].get_asset_check_evaluations()
    assert {one.check_name: one.passed for one in checks} == {"balance": True, "failures": True, "waiting": True}

    # The record moves on, the newer state is carried by a run of its own; then the old partition's load runs again.
    two_types.people.edit_hubspot("tasks", "501", {"hs_task_subject": "Newer"})
    newer = execute(two_types, tags={RANGE_START_TAG: key(0), RANGE_END_TAG: key(0)})
    two_types.forget()
    old_load = execute(two_types, partition_key=day, only=[asset_key(FLOW, TASK, Step.LOADED)])

    assert counts(newer, TASK)[key(0)]["updated"] == 1
    assert counts(old_load, TASK) == {day: {"extracted": 1, "unchanged": 1}}
    assert two_types.writes() == 0
    assert [row["subject"] for row in two_types.dynamics("task").values()] == ["Newer"]
    (result,) = results(two_types, old_load.run_id)
    assert (result["partition"], result["outcome"]) == (day, "unchanged")


@pytest.mark.slow
def test_a_step_alone_does_not_turn_green_what_the_step_before_has_not_done(two_types: Bridge):
    two_types.seed({"hubspot": hubspot_activities("task", [noon(2)])})
    two_types.sandboxes.hubspot.controls.faults.add(Fault(kind="status", status=403, path="/tasks/search"))
    load_results = [asset_key(FLOW, TASK, Step.LOADED)]

    never_run = execute(two_types, partition_key=key(2), only=load_results, may_fail=True)
    execute(two_types, partition_key=key(2), may_fail=True)
    two_types.sandboxes.hubspot.controls.faults.clear()
    after_a_failure = execute(two_types, partition_key=key(2), only=load_results, may_fail=True)
    all_steps = execute(two_types, partition_key=key(2))

    assert [never_run.success, after_a_failure.success, all_steps.success] == [False, False, True]
    (failure,) = after_a_failure.get_step_failure_events()
    assert f"the first of them {key(2)}" in failure.step_failure_data.user_failure_data.description
    assert counts(all_steps, TASK) == {key(2): {"extracted": 1, "created": 1}}


@pytest.mark.slow
def test_runs_are_whole_without_the_tag_and_only_those_up_to_today_move_the_watermark(two_types: Bridge):
    two_types.seed({"hubspot": hubspot_activities("task", [noon(1), earlier_today()])})
    overlap = timedelta(seconds=load_configuration(two_types.settings.config_path).limits.overlap_seconds)

    past = execute(two_types, partition_key=key(1))
    assert watermark(two_types) is None
    today_alone = execute(two_types, partition_key=key(0))
    assert watermark(two_types) is None  # whole, and not from the first day of history
    execute(two_types, partition_key=key(0), tags={MODE_TAG: "incremental"})
    assert watermark(two_types) is None  # nobody has read what lies before today

    began = datetime.now(tz=UTC)
    two_types.sync()
    first = watermark(two_types)
    assert first is not None
    assert abs(first + overlap - began) < timedelta(seconds=60)

    incremental = execute(two_types, partition_key=key(0), tags={MODE_TAG: "incremental"})
    second = watermark(two_types)
    assert second is not None
    assert second > first
    whole = execute(two_types, tags={RANGE_START_TAG: key(1), RANGE_END_TAG: key(0)})
    third = watermark(two_types)
    assert third is not None
    assert third > second  # it began before the watermark and ended with today
    execute(two_types, partition_key=key(1))

    assert watermark(two_types) == third
    assert extracted(past) + extracted(today_alone) == extracted(whole) == 2
    assert extracted(incremental) == 0  # what changed before the watermark less the overlap is not read again


@pytest.mark.slow
def test_what_fell_due_is_staged_in_the_newest_partition_with_its_own_day(bridge: Bridge):
    bridge.configure(TWO_TYPES)
    bridge.seed({"hubspot": hubspot_people(), "dynamics": {"records": {}}})
    bridge.seed({"hubspot": hubspot_activities("task", [noon(3)])})
    waiting = bridge.sync()
    bridge.seed({"dynamics": dynamics_people()})

    (run,) = bridge.sync().values()

    assert totals(waiting) == {"extracted": 1, "deferred": 1}
    assert run.counts["task"]["created"] == 1
    rows = [row for row in results(bridge, run.run_id) if row["source_id"] == "501"]
    assert [(row["partition"], row["source_day"], row["trigger"]) for row in rows] == [(key(0), key(3), "released")]
    with instance_of(bridge) as instance:
        assert figures(instance, TASK)[key(0)]["created"] == 1


@pytest.mark.slow
def test_a_first_sync_leaves_out_years_without_changes(two_types: Bridge):
    two_types.configure(f"start_date: 2015-01-01\n{TWO_TYPES}")
    two_types.seed({"hubspot": hubspot_activities("task", [noon(2000), earlier_today()])})

    (run,) = two_types.sync().values()

    assert len(run.run_ids) == 2
    assert run.counts["task"]["created"] == 2
    with instance_of(two_types) as instance:
        days = instance.get_materialized_partitions(asset_key(FLOW, TASK, Step.LOADED))
        assert {key(2000), key(0)} <= days
        assert len(days) <= 32
        assert instance.get_materialized_partitions(asset_key(FLOW, NOTE, Step.LOADED)) == {key(0)}
    assert watermark(two_types) is not None
    assert len(two_types.sync()["hubspot_to_dynamics"].run_ids) == 1


# --- reading what Dagster and staging hold


def key(days: int) -> str:
    """The daily partition of so many days ago."""
    return (datetime.now(tz=UTC).date() - timedelta(days=days)).isoformat()


def noon(days: int) -> datetime:
    """Noon of that day."""
    return datetime.combine(date.fromisoformat(key(days)), datetime.min.time(), UTC) + timedelta(hours=12)


def earlier_today() -> datetime:
    """Half an hour ago, unless that was yesterday."""
    return max(datetime.now(tz=UTC) - timedelta(minutes=30), noon(0) - timedelta(hours=12))


@contextmanager
def instance_of(bridge: Bridge) -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.from_config(bridge.environ["DAGSTER_HOME"]) as instance:
        yield instance


def execute(
    bridge: Bridge,
    *,
    partition_key: str | None = None,
    tags: Mapping[str, str] | None = None,
    only: list[dg.AssetKey] | None = None,
    may_fail: bool = False,
) -> dg.ExecuteInProcessResult:
    """The flow's job as Dagster itself starts it: by a partition, or by range tags."""
    configuration = load_configuration(bridge.settings.config_path)
    with instance_of(bridge) as instance:
        return (
            build_definitions(configuration)
            .resolve_job_def(f"sync_{FLOW.name}")
            .execute_in_process(
                instance=instance,
                partition_key=partition_key,
                tags=tags,
                asset_selection=only,
                raise_on_error=not may_fail,
            )
        )


def figures(instance: dg.DagsterInstance, kind: ActivityType) -> dict[str, dict[str, int]]:
    """Per partition the newest load's metadata."""
    found: dict[str, dict[str, int]] = {}
    asset = asset_key(FLOW, kind, Step.LOADED)
    for record in instance.fetch_materializations(asset, limit=500, ascending=True).records:
        event = record.asset_materialization
        assert event is not None
        assert event.partition is not None
        found[event.partition] = {name: value.value for name, value in event.metadata.items()}  # type: ignore[misc]
    return found


def holds_the_contract(one: dict[str, Any]) -> None:
    assert all(type(one[name]) is int for name in (*COUNTS, "api_calls_hubspot", "api_calls_dynamics"))
    assert one["extracted"] == sum(one[name] for name in OUTCOMES)


def counts(result: dg.ExecuteInProcessResult, kind: ActivityType) -> dict[str, dict[str, int]]:
    """Per partition the counts of a run's load that are not zero."""
    return {
        str(event.partition): {
            name: event.metadata[name].value
            for name in COUNTS
            if event.metadata[name].value  # type: ignore[misc]
        }
        for event in result.asset_materializations_for_node("__".join(asset_key(FLOW, kind, Step.LOADED).path))
    }


def extracted(result: dg.ExecuteInProcessResult) -> int:
    return sum(one.get("extracted", 0) for one in counts(result, TASK).values())


def results(bridge: Bridge, run_id: str) -> list[dict[str, Any]]:
    """The load's staged rows of a run."""
    staging = open_staging(bridge.settings)
    frames = staging.read(FLOW.name, TASK, Step.LOADED, run_id=run_id)
    return [row for one in frames for row in one.to_dict("records")]


def watermark(bridge: Bridge) -> datetime | None:
    with bridge.ledger() as ledger:
        return ledger.watermark(FLOW.name, TASK)
