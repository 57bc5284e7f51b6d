"""In a real browser: what people do with Activity Sync in the Dagster UI, from the first look to the last plot."""

from __future__ import annotations

from pathlib import Path

import pytest

from activity_sync_tests.browser import story
from activity_sync_tests.browser.chromium import chromium_page
from activity_sync_tests.browser.stage import DAYS, activities_on, set_up
from activity_sync_tests.browser.ui import DagsterUi
from activity_sync_tests.conftest import chromium_path

TYPES = ("note", "task")


@pytest.mark.slow
@pytest.mark.skipif(chromium_path() is None, reason="no Chromium on this machine")
def test_a_month_is_carried_and_a_failed_day_run_again_from_the_ui(tmp_path: Path):
    yesterday = activities_on(1)
    month = activities_on(*range(1, DAYS + 1))
    everything = month + activities_on(0)

    with set_up(tmp_path, TYPES) as stage, chromium_page(tmp_path / "browser") as page:
        ui = DagsterUi(page, stage.address)
        story.see_the_graph(ui, stage)
        story.carry_one_day(ui, stage, _look)
        assert stage.carried() == {"note": yesterday, "task": yesterday}

        backfill_id = story.backfill_the_month(ui, stage, _look)
        (run,) = story.runs_tagged(stage, "dagster/backfill", backfill_id)
        assert run["dagster/asset_partition_range_start"] == stage.day(DAYS)
        assert run["dagster/asset_partition_range_end"] == stage.day(1)
        assert stage.carried() == {"note": month, "task": month}, "what was carried before is there once"

        failed = story.meet_a_fault(ui, stage, _look)
        assert stage.carried() == {"note": everything, "task": month}, "the type that failed stops no other"
        story.rerun_what_failed(ui, stage, failed, _look)
        (again,) = story.runs_tagged(stage, "dagster/parent_run_id", failed)
        assert again["dagster/partition"] == stage.day(0)
        assert stage.carried() == {"note": everything, "task": everything}

        story.see_the_failed_record(ui, stage, _look)
        story.see_the_plots(ui, stage, _look)
        story.reconcile(ui, _look)
        assert stage.carried() == {"note": everything, "task": everything}, "comparing writes nothing"


def _look(_name: str) -> None:
    """No picture is taken: those are the docs'."""
