from __future__ import annotations

import dagster as dg
import pytest

from activity_sync.activities.identity import Flow
from activity_sync.activities.kinds import ActivityType, Step
from activity_sync.configuration import Configuration
from activity_sync.defs.build import build_definitions
from activity_sync.defs.keys import asset_key
from activity_sync.defs.metadata import latency, summary
from activity_sync_tests.end_to_end.bridge import Bridge, ago
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


def test_staged_columns_are_described_on_every_asset() -> None:
    graph = build_definitions(Configuration()).get_repository_def().asset_graph

    schema = graph.get(LOADED).metadata["dagster/column_schema"]

    assert {"run_id", "source_id", "outcome", "correlation_id"} <= {one.name for one in schema.columns}
