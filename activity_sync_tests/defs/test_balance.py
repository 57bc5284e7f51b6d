"""The balance check, in real runs: one lane per step loses a staged row, and the check of exactly that lane fails."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import dagster as dg
import duckdb
import pytest

from activity_sync.activities.kinds import Step
from activity_sync.configuration import Configuration
from activity_sync.defs import checks
from activity_sync.defs.build import build_definitions
from activity_sync.defs.keys import RANGE_END_TAG, RANGE_START_TAG
from activity_sync_tests.end_to_end.bridge import Bridge, ago
from activity_sync_tests.end_to_end.ordinary import hubspot_activities

# Which lane loses a row of which step; meetings lose none.
_LOSES = {"note": Step.EXTRACTED, "task": Step.RESOLVED, "call": Step.TRANSFORMED, "email": Step.LOADED}


@pytest.mark.slow
def test_a_lost_row_of_any_step_fails_the_check_of_its_lane_only(peopled: Bridge, monkeypatch: pytest.MonkeyPatch):
    for number, kind in enumerate((*_LOSES, "meeting")):
        peopled.seed({"hubspot": hubspot_activities(kind, [ago(minutes=30)], first_id=501 + 10 * number)})
    real = checks._balance

    async def after_a_loss(session, flow, activity_type, run):
        if step := _LOSES.get(activity_type.value):
            lose_a_row(Path(peopled.settings.staging), f"{flow.name}/{step}/type={activity_type}/*/{run.run_id}.*")
        return await real(session, flow, activity_type, run)

    monkeypatch.setattr(checks, "_balance", after_a_loss)
    result = one_day_of_everything(peopled)

    evaluated = {
        one.asset_key.path[1]: one for one in result.get_asset_check_evaluations() if one.check_name == "balance"
    }
    assert result.success
    assert {kind: one.passed for kind, one in evaluated.items()} == {
        **dict.fromkeys(_LOSES, False),
        "meeting": True,
    }
    assert {one.metadata["records"].value for one in evaluated.values()} == {1}
    assert {one.metadata["unaccounted"].value for kind, one in evaluated.items() if kind in _LOSES} == {1}
    assert evaluated["email"].metadata["examples"].value == ["531"]
    assert "trace" in (evaluated["email"].description or "")


def one_day_of_everything(bridge: Bridge) -> dg.ExecuteInProcessResult:
    """A whole run of all types over the partition in which `ago(minutes=30)` lies."""
    day = ago(minutes=30).date().isoformat()
    with dg.DagsterInstance.from_config(bridge.environ["DAGSTER_HOME"]) as instance:
        return (
            build_definitions(Configuration())
            .resolve_job_def("sync_hubspot_to_dynamics")
            .execute_in_process(instance=instance, tags={RANGE_START_TAG: day, RANGE_END_TAG: day})
        )


def lose_a_row(staging: Path, pattern: str) -> None:
    """The one file of this name is staged again without its first row."""
    (file,) = staging.glob(pattern)
    short = file.with_name("short.tmp")
    with duckdb.connect() as connection:
        connection.execute(
            f"COPY (SELECT * FROM read_parquet('{file}', hive_partitioning = false) OFFSET 1) "  # noqa: S608  # a path
            f"TO '{short}' (FORMAT parquet)"
        )
    short.replace(file)


@pytest.mark.slow
def test_what_failed_and_what_waits_too_long_fails_a_check_and_not_the_run(peopled: Bridge) -> None:
    refused = hubspot_activities("task", [ago(minutes=30)], first_id=501)
    refused["objects"]["tasks"][0]["properties"]["hs_timestamp"] = "no time"
    waiting = hubspot_activities("call", [ago(minutes=30)], first_id=601, contact="1009")
    contact = {"id": "1009", "properties": {"email": "nobody@elsewhere.example"}}
    peopled.seed({"hubspot": {"objects": {"contacts": [contact]}}})
    peopled.seed({"hubspot": refused})
    peopled.seed({"hubspot": waiting})

    fresh = one_day_of_everything(peopled)
    with peopled.ledger() as ledger, ledger._engine.begin() as connection:
        since = ago(days=8).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        connection.exec_driver_sql("UPDATE outstanding SET since = ?", (since,))
    later = one_day_of_everything(peopled)

    assert fresh.success
    assert later.success
    assert not_passed(fresh) == {("task", "failures")}
    assert not_passed(later) == {("task", "failures"), ("call", "waiting")}
    told = {(one.asset_key.path[1], one.check_name): one for one in later.get_asset_check_evaluations()}
    assert "failures list --flow hubspot_to_dynamics --type task" in (told["task", "failures"].description or "")
    assert told["call", "waiting"].metadata["overdue"].value == 1


def not_passed(result: dg.ExecuteInProcessResult) -> set[tuple[str, str]]:
    """Type and name of the checks that failed."""
    return {(one.asset_key.path[1], one.check_name) for one in result.get_asset_check_evaluations() if not one.passed}


def hubspot_to_dynamics() -> dg.JobDefinition:
    """The flow's job, as a run's worker finds it."""
    return build_definitions(Configuration()).resolve_job_def("sync_hubspot_to_dynamics")


@pytest.mark.slow
def test_checks_that_are_repeated_alone_judge_the_run_that_loaded(
    peopled: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that dies after its loads leaves a retry that holds the checks; the UI asks for them without a day."""
    peopled.seed({"hubspot": hubspot_activities("note", [ago(minutes=30)], first_id=501)})
    peopled.seed({"hubspot": hubspot_activities("task", [ago(minutes=30)] * 2, first_id=511)})
    day = ago(minutes=30).date().isoformat()
    real = checks._balance

    async def interrupted(*_asked: object) -> None:
        raise ConnectionResetError("the worker is gone")

    with dg.DagsterInstance.from_config(peopled.environ["DAGSTER_HOME"]) as instance:
        job = dg.reconstructable(hubspot_to_dynamics)
        monkeypatch.setattr(checks, "_balance", interrupted)
        with dg.execute_job(job, instance, tags={RANGE_START_TAG: day, RANGE_END_TAG: day}) as first:
            pass
        monkeypatch.setattr(checks, "_balance", real)
        with dg.execute_job(
            job, instance, reexecution_options=dg.ReexecutionOptions.from_failure(first.run_id, instance)
        ) as again:
            steps = instance.get_run_by_id(again.run_id).step_keys_to_execute
            resumed = evaluations(again.all_events)
        lose_a_row(
            Path(peopled.settings.staging), f"hubspot_to_dynamics/load_results/type=task/*/{first.run_id}.parquet"
        )
        keys = {one.key for one in hubspot_to_dynamics().asset_layer.asset_graph.asset_check_nodes}
        asked = hubspot_to_dynamics().get_subset(asset_selection=set(), asset_check_selection=keys)
        by_hand = asked.execute_in_process(instance=instance)

    assert not first.success
    assert again.success
    assert {step.rpartition("__")[2] for step in steps} == {"checks"}
    assert resumed == {
        "note": (True, 1),
        "task": (True, 2),
        "call": (True, 0),
        "email": (True, 0),
        "meeting": (True, 0),
    }
    assert evaluations(by_hand.all_events) == resumed | {"task": (False, 2)}


def evaluations(events: Iterable[dg.DagsterEvent]) -> dict[str, tuple[bool, int]]:
    """By type: whether the balance holds, and over how many records."""
    told = [event.asset_check_evaluation_data for event in events if event.event_type_value == "ASSET_CHECK_EVALUATION"]
    return {
        one.asset_key.path[1]: (one.passed, one.metadata["records"].value)
        for one in told
        if one.check_name == "balance"
    }
