"""The partitions all assets share: UTC days, or weeks or months of them, by the last modification in the source."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from datetime import date, timedelta

import dagster as dg

from activity_sync.configuration import Configuration
from activity_sync.pipeline.scope import Partitions, midnight
from activity_sync.systems.records import Window

_FORMAT = "%Y-%m-%d"


def partitions_definition(configuration: Configuration) -> dg.TimeWindowPartitionsDefinition:
    """Partitions from the one that holds the configured first day up to and including the present one."""
    first = configuration.start_date
    match configuration.partitions:
        case "daily":
            return dg.DailyPartitionsDefinition(start_date=first.strftime(_FORMAT), end_offset=1)
        # Dagster would begin with the first whole week or month, and the days before it would belong to none.
        case "weekly":
            sunday = first - timedelta(days=first.isoweekday() % 7)
            return dg.WeeklyPartitionsDefinition(start_date=sunday.strftime(_FORMAT), end_offset=1)
        case "monthly":
            return dg.MonthlyPartitionsDefinition(start_date=first.replace(day=1).strftime(_FORMAT), end_offset=1)


def partitions_of(keys: Sequence[str], window: dg.TimeWindow, start_date: date) -> Partitions:
    """A run's partitions as the pipeline sees them. Nothing from before the configured first day is in the window."""
    return Partitions(tuple(keys), Window(max(window.start, midnight(start_date)), window.end))


def covering(definition: dg.TimeWindowPartitionsDefinition, first: date, last: date) -> dg.PartitionKeyRange | None:
    """The partitions that hold the UTC days from `first` to `last`; None when no partition holds any of them."""
    keys = definition.get_partition_keys()
    begin = max(bisect_right(keys, first.isoformat()) - 1, 0)
    end = bisect_right(keys, last.isoformat()) - 1
    newest_end = definition.time_window_for_partition_key(keys[-1]).end.date()
    return dg.PartitionKeyRange(keys[begin], keys[end]) if end >= begin and first < newest_end else None
