"""The definitions as a whole, against `golden/definitions.json` (see `describe.py`), and what configuration changes."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, date, datetime
from itertools import pairwise
from pathlib import Path

import dagster as dg
import pytest
import yaml

from activity_sync.activities.kinds import ActivityType, Step
from activity_sync.configuration import FLOWS, Configuration, parse_configuration
from activity_sync.defs.build import build_definitions
from activity_sync.defs.checks import FAILURES
from activity_sync.defs.keys import asset_key
from activity_sync.defs.partitions import covering, partitions_definition, partitions_of
from activity_sync.settings import PROJECT_ROOT
from activity_sync_tests.defs.describe import described

GOLDEN = Path(__file__).with_name("golden") / "definitions.json"


def test_the_shipped_definitions_are_the_golden_ones():
    assert described(Configuration()) == json.loads(GOLDEN.read_text(encoding="utf-8"))


def test_there_are_forty_assets_in_lanes_of_four_steps():
    assets = described(Configuration())["assets"]
    assert assets.pop("reconciliation")["group"] == "reconciliation"

    lanes = {tuple(key.split("/")[:2]) for key in assets}
    steps = ["extracted_activities", "resolved_associations", "transformed_payloads", "load_results"]
    assert len(assets) == 40
    assert {flow for flow, _ in lanes} == {"hubspot_to_dynamics", "dynamics_to_hubspot"}
    assert {kind for _, kind in lanes} == {"note", "task", "call", "email", "meeting"}
    for flow, kind in lanes:
        keys = [f"{flow}/{kind}/{step}" for step in steps]
        assert [assets[key]["deps"] for key in keys] == [[], *([key] for key in keys[:-1])]
        assert [assets[key]["group"] for key in keys] == [flow] * 4


def test_a_type_that_is_switched_off_has_no_assets_and_its_flow_still_runs():
    found = described(_configured("flows: {hubspot_to_dynamics: {email: {enabled: false}}}"))

    assert not [key for key in found["assets"] if key.startswith("hubspot_to_dynamics/email")]
    assert [key for key in found["assets"] if key.startswith("dynamics_to_hubspot/email")]
    assert found["jobs"]["sync_hubspot_to_dynamics"]["assets"] == 16


def test_definitions_made_in_turn_are_each_of_their_own_configuration():
    """One process makes some for every run of it: what is kept of one configuration is no other's."""
    shipped = json.loads(GOLDEN.read_text(encoding="utf-8"))
    other = "limits: {failed_records: 7, max_partitions_per_run: 3}"  # of the same first day and partitions

    assert described(Configuration()) == shipped
    found = described(_configured(other))
    assert {asset["backfill"] for name, asset in found["assets"].items() if name != "reconciliation"} == {3}
    assert "more than 7 records" in _failures_check(_configured(other))
    assert described(Configuration()) == shipped
    assert "more than 7 records" not in _failures_check(Configuration())


def _failures_check(configuration: Configuration) -> str:
    graph = build_definitions(configuration).get_repository_def().asset_graph
    key = dg.AssetCheckKey(asset_key(FLOWS[0], ActivityType.TASK, Step.LOADED), FAILURES)
    return graph.get_check_spec(key).description or ""


def test_a_flow_that_is_switched_off_has_neither_assets_nor_a_job():
    off = ", ".join(f"{kind}: {{enabled: false}}" for kind in ("note", "task", "call", "email", "meeting"))
    found = described(_configured(f"flows: {{dynamics_to_hubspot: {{{off}}}}}"))

    assert len([key for key in found["assets"] if key.startswith("hubspot_to_dynamics/")]) == 20
    assert not [key for key in found["assets"] if key.startswith("dynamics_to_hubspot/")]
    assert list(found["jobs"]) == [
        "age_out_logs",
        "preview_hubspot_to_dynamics",
        "reconcile",
        "sync_hubspot_to_dynamics",
        "trace_record",
    ]
    assert list(found["sensors"]) == ["changes_hubspot_to_dynamics"]


def test_partitions_are_utc_days_up_to_and_including_today():
    definition = partitions_definition(_configured("start_date: 2026-01-30"))
    keys = definition.get_partition_keys()

    assert keys[:3] == ["2026-01-30", "2026-01-31", "2026-02-01"]
    assert keys[-1] == datetime.now(tz=UTC).date().isoformat()


@pytest.mark.parametrize("size", ["daily", "weekly", "monthly"])
@pytest.mark.parametrize("start", ["2026-01-01", "2026-01-04", "2026-01-31", "2026-02-28"])
def test_every_day_from_the_first_to_today_lies_in_one_partition(size: str, start: str):
    configuration = _configured(f"{{start_date: {start}, partitions: {size}}}")
    definition = partitions_definition(configuration)

    windows = [definition.time_window_for_partition_key(key) for key in definition.get_partition_keys()]

    assert windows[0].start.date() <= configuration.start_date < windows[0].end.date()
    assert windows[-1].start <= datetime.now(tz=UTC) < windows[-1].end
    assert all(one.end == following.start for one, following in pairwise(windows))


@pytest.mark.parametrize("size", ["weekly", "monthly"])
def test_coarse_partitions_begin_with_the_one_that_holds_the_first_day_and_read_nothing_older(size: str):
    configuration = _configured(f"{{start_date: 2026-01-31, partitions: {size}}}")
    definition = partitions_definition(configuration)
    first = definition.get_partition_keys()[0]

    partitions = partitions_of([first], definition.time_window_for_partition_key(first), configuration.start_date)

    assert first < "2026-01-31"
    assert partitions.window.start == datetime(2026, 1, 31, tzinfo=UTC)
    assert partitions.of(datetime(2026, 1, 31, 12, tzinfo=UTC)) == first
    assert partitions.of(datetime(2026, 1, 30, 23, 59, tzinfo=UTC)) is None


def test_a_history_that_begins_today_has_one_partition():
    today = datetime.now(tz=UTC).date()
    for size in ("daily", "weekly", "monthly"):
        definition = partitions_definition(_configured(f"{{start_date: {today}, partitions: {size}}}"))
        assert len(definition.get_partition_keys()) == 1


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        ("2026-01-01", "2026-01-03", ("2026-01-01", "2026-01-03")),
        ("2025-12-01", "2026-01-02", ("2026-01-01", "2026-01-02")),
        ("2025-12-01", "2025-12-02", None),
        ("2026-01-03", "2026-01-01", None),
        ("2999-01-01", "2999-01-02", None),
    ],
)
def test_days_are_covered_by_partitions_or_by_none(first: str, last: str, expected: tuple[str, str] | None):
    definition = partitions_definition(_configured("start_date: 2026-01-01"))

    found = covering(definition, date.fromisoformat(first), date.fromisoformat(last))

    assert found == (dg.PartitionKeyRange(*expected) if expected else None)


@pytest.mark.slow
def test_dagster_itself_finds_the_definitions_valid():
    done = subprocess.run(
        [str(Path(sys.executable).with_name("dagster")), "definitions", "validate"],
        cwd=PROJECT_ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert done.returncode == 0, done.stderr


def _configured(text: str) -> Configuration:
    return parse_configuration(yaml.safe_load(text), name="test")
