"""From days to runs: contiguous ranges of partitions, each with its types and its mode."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import dagster as dg
import pytest

from activity_sync.activities.kinds import ActivityType
from activity_sync.configuration import FLOWS, Configuration
from activity_sync.defs.tasks import Task, tasks_for_days, tasks_for_failed, tasks_for_news
from activity_sync.errors import ConfigurationError
from activity_sync.pipeline.plan import News, Stretch
from activity_sync.pipeline.scope import Mode

NOTE, TASK = ActivityType.NOTE, ActivityType.TASK
BOTH = (NOTE, TASK)
TODAY = datetime.now(tz=UTC).date()
DAILY = Configuration(start_date=date(2020, 1, 1))
FAILED, DONE = dg.AssetPartitionStatus.FAILED, dg.AssetPartitionStatus.MATERIALIZED


def key(days: int) -> str:
    return (TODAY - timedelta(days=days)).isoformat()


def day(days: int) -> date:
    return TODAY - timedelta(days=days)


def test_days_are_one_whole_run():
    assert tasks_for_days(DAILY, BOTH, (day(30), day(1))) == [Task(key(30), key(1), BOTH, Mode.WHOLE)]


def test_days_that_no_partition_holds_are_a_wrong_use():
    with pytest.raises(ConfigurationError, match="2020-01-01"):
        tasks_for_days(DAILY, BOTH, (date(2019, 1, 1), date(2019, 1, 2)))


def test_news_is_one_incremental_run():
    assert tasks_for_news(DAILY, BOTH, News(day(3), TODAY)) == [Task(key(3), key(0), BOTH, Mode.INCREMENTAL)]


def test_older_stretches_come_first_in_pieces_of_their_own_types():
    news = News(
        day(2), TODAY, (Stretch(day(900), day(850), frozenset({TASK})), Stretch(day(400), day(399), frozenset(BOTH)))
    )

    assert tasks_for_news(DAILY, BOTH, news) == [
        Task(key(900), key(870), (TASK,), Mode.WHOLE),
        Task(key(869), key(850), (TASK,), Mode.WHOLE),
        Task(key(400), key(399), BOTH, Mode.WHOLE),
        Task(key(2), key(0), BOTH, Mode.INCREMENTAL),
    ]


def test_coarse_partitions_are_in_one_run_only():
    monthly = Configuration(start_date=date(2020, 1, 1), partitions="monthly")
    this_month = TODAY.replace(day=1)
    before = (this_month - timedelta(days=1)).replace(day=1)
    news = News(
        this_month,
        TODAY,
        (
            Stretch(before, before + timedelta(days=9), frozenset({NOTE})),
            Stretch(before + timedelta(days=20), this_month, frozenset({NOTE})),
        ),
    )

    assert tasks_for_news(monthly, BOTH, news) == [
        Task(before.isoformat(), before.isoformat(), (NOTE,), Mode.WHOLE),
        Task(this_month.isoformat(), this_month.isoformat(), BOTH, Mode.INCREMENTAL),
    ]


def test_failed_partitions_are_run_again_and_no_others():
    status = {
        ("note", "load_results"): {key(9): FAILED, key(8): FAILED, key(7): DONE, key(5): FAILED},
        ("task", "extracted_activities"): {key(8): FAILED, key(5): FAILED, key(4): FAILED},
    }

    assert tasks_for_failed(_instance(status), DAILY, FLOWS[0], BOTH, None) == [
        Task(key(9), key(9), (NOTE,), Mode.WHOLE),
        Task(key(8), key(8), BOTH, Mode.WHOLE),
        Task(key(5), key(5), BOTH, Mode.WHOLE),
        Task(key(4), key(4), (TASK,), Mode.WHOLE),
    ]


def test_days_bound_the_failed_partitions():
    status = {("note", "load_results"): {key(9): FAILED, key(8): FAILED, key(5): FAILED}}

    found = tasks_for_failed(_instance(status), DAILY, FLOWS[0], BOTH, (day(8), day(6)))

    assert found == [Task(key(8), key(8), (NOTE,), Mode.WHOLE)]


def test_where_nothing_failed_there_is_nothing_to_run():
    assert tasks_for_failed(_instance({}), DAILY, FLOWS[0], BOTH, None) == []


def _instance(status):
    def of(asset_key, within, _definition):
        _, kind, step = asset_key.path
        known = status.get((kind, step), {})
        return {one: known.get(one) for one in within}

    return SimpleNamespace(get_status_by_partition=of)
