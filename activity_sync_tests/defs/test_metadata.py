from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import dagster as dg
import pytest

from activity_sync.activities.identity import Flow
from activity_sync.activities.kinds import ActivityType, Step
from activity_sync.configuration import Configuration
from activity_sync.defs.build import build_definitions
from activity_sync.defs.keys import asset_key
from activity_sync.defs.metadata import Asked, latency, summary, traffic_metadata
from activity_sync.rules.traffic import Traffic, step_of
from activity_sync_tests.end_to_end.bridge import Bridge, ago
from activity_sync_tests.end_to_end.mailing import Mailing
from activity_sync_tests.end_to_end.ordinary import hubspot_activities

FLOW = Flow.parse("hubspot_to_dynamics")
LOADED = asset_key(FLOW, ActivityType.TASK, Step.LOADED)


@pytest.mark.parametrize(("share", "seconds"), [(0.5, 3), (0.95, 60), (1.0, 60)])
def test_latency_is_that_within_which_the_share_arrived(share: float, seconds: int) -> None:
    assert latency({3: 9, 60: 1}, share) == seconds


def test_summary_leaves_out_what_is_zero() -> None:
    assert summary({"extracted": 1200, "created": 1199, "failed": 1, "held": 0}) == (
        "**1,200** extracted: 1,199 created, 1 failed"
    )
    assert summary({"extracted": 0, "created": 0}) == "nothing to carry"


@pytest.mark.slow
def test_load_shows_its_open_records_summary_latency_and_where_its_rows_are(peopled: Bridge) -> None:
    stranger = {"objects": {"contacts": [{"id": "1999", "properties": {"email": "secret@person.example"}}]}}
    peopled.seed({"hubspot": stranger})
    peopled.seed({"hubspot": hubspot_activities("task", [ago(minutes=2)])})
    peopled.seed({"hubspot": hubspot_activities("task", [ago(minutes=2)], first_id=601, contact="1999")})

    (run,) = peopled.sync("hubspot_to_dynamics", "task").values()

    with dg.DagsterInstance.from_config(peopled.environ["DAGSTER_HOME"]) as instance:
        event = instance.get_latest_materialization_event(LOADED)
        assert event is not None
        assert event.asset_materialization is not None
        metadata = event.asset_materialization.metadata
    assert str(metadata["summary"].value) == "**2** extracted: 1 created, 1 deferred"
    [record] = metadata["open_records"].records
    assert record.data["record"] == "hubspot:task/601"
    assert (record.data["outcome"], record.data["case"]) == ("deferred", 29)
    assert 110 <= metadata["latency_p95_seconds"].value <= 300
    assert run.run_id in str(metadata["rows"].value)
    assert "secret" not in str(metadata)
    assert list(metadata)[:3] == ["summary", "open_records", "extracted"], "what a person looks for comes first"
    for system in ("hubspot", "dynamics"):
        assert 0 < metadata[f"api_limit_share_{system}"].value < 0.5
        assert metadata[f"api_throttled_{system}"].value == 0
        assert 1 <= metadata[f"api_latency_p50_ms_{system}"].value <= metadata[f"api_latency_p95_ms_{system}"].value


@pytest.mark.slow
def test_a_run_of_many_rows_says_how_long_it_will_take_and_then_how_wrong_that_was(bridge: Bridge) -> None:
    bridge.seed(Mailing(600, contacts=20, companies=5, deals=5).seed("hubspot"))

    (run,) = bridge.sync("hubspot_to_dynamics", "email").values()

    loaded = asset_key(FLOW, ActivityType.EMAIL, Step.LOADED)
    with dg.DagsterInstance.from_config(bridge.environ["DAGSTER_HOME"]) as instance:
        event = instance.get_latest_materialization_event(loaded)
        said = [one.user_message for one in instance.all_logs(run.run_id) if one.dagster_event is None]
    assert event is not None
    assert event.asset_materialization is not None
    metadata = {name: one.value for name, one in event.asset_materialization.metadata.items()}
    error = (metadata["estimated_seconds"] - metadata["took_seconds"]) / metadata["took_seconds"]
    assert metadata["took_seconds"] > 0
    assert metadata["estimate_error"] == pytest.approx(error, abs=1.0 / metadata["took_seconds"])
    lines = [line for line in said if " of 600 rows" in line]
    assert [line.partition(":")[0] for line in lines[:1]] == ["extracted activities"]
    assert any("done about" in line and line.startswith("load results") for line in lines)
    with bridge.ledger() as ledger:
        assert ledger.progress(FLOW.name) == []
        assert set(ledger.rates(FLOW.name, ActivityType.EMAIL)) == set(Step)


def test_a_run_over_days_asks_what_its_later_types_hold_before_it_reads_the_first(peopled: Bridge) -> None:
    off = ", ".join(f"{kind}: {{enabled: false}}" for kind in ("note", "email", "meeting"))
    peopled.configure(f"flows: {{hubspot_to_dynamics: {{{off}}}}}")
    today = datetime.now(tz=UTC).date().isoformat()

    peopled.sync("hubspot_to_dynamics", first=today, last=today)

    log = peopled.sandboxes.hubspot.controls.requests.shown(last=500)["log"]
    searches = [one["path"].split("/")[-2] for one in log if one["path"].endswith("/search")]
    assert [one for one in searches if one in {"calls", "tasks"}][:3] == ["tasks", "calls", "tasks"]


def test_what_was_asked_of_an_api_is_told_by_system() -> None:
    traffic = Traffic(Counter(default=9, search=1), throttled=1, answers=Counter({step_of(0.1): 9, step_of(1.0): 1}))
    asked = Asked({"hubspot": 10}, {"hubspot": traffic, "dynamics": Traffic()}, {"hubspot": 0.25, "dynamics": 0.0})

    told = traffic_metadata(asked)

    assert (told["api_limit_share_hubspot"], told["api_throttled_hubspot"]) == (0.25, 1)
    assert 100 <= told["api_latency_p50_ms_hubspot"] <= 121
    assert 1_000 <= told["api_latency_p95_ms_hubspot"] <= 1_210
    assert not any(name.endswith("dynamics") for name in told)


def test_staged_columns_are_described_on_every_asset() -> None:
    graph = build_definitions(Configuration()).get_repository_def().asset_graph

    schema = graph.get(LOADED).metadata["dagster/column_schema"]

    assert {"run_id", "source_id", "outcome", "correlation_id"} <= {one.name for one in schema.columns}
    assert [one.name for one in schema.columns if not one.description] == []
