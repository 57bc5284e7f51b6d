"""The partitions all assets share: UTC days, or weeks or months of them, by the last modification in the source."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from datetime import date

import dagster as dg

from activity_sync.configuration import Configuration
from activity_sync.pipeline.scope import Partitions
from activity_sync.systems.system import Window

_FORMAT = "%Y-%m-%d"


def partitions_definition(configuration: Configuration) -> dg.TimeWindowPartitionsDefinition:
    """Partitions from the configured first day up to and including the present one."""
    start = configuration.start_date.strftime(_FORMAT)
    match configuration.partitions:
        case "daily":
            return dg.DailyPartitionsDefinition(start_date=start, end_offset=1)
        case "weekly":
            return dg.WeeklyPartitionsDefinition(start_date=start, end_offset=1)
        case "monthly":
            return dg.MonthlyPartitionsDefinition(start_date=start, end_offset=1)


def partitions_of(keys: Sequence[str], window: dg.TimeWindow) -> Partitions:
    """A run's partitions as the pipeline sees them."""
    return Partitions(tuple(keys), Window(window.start, window.end))


def covering(definition: dg.TimeWindowPartitionsDefinition, first: date, last: date) -> dg.PartitionKeyRange | None:
    """The partitions that hold the UTC days from `first` to `last`; None when no partition holds any of them."""
    keys = definition.get_partition_keys()
    begin = max(bisect_right(keys, first.isoformat()) - 1, 0)
    end = bisect_right(keys, last.isoformat()) - 1
    newest_end = definition.time_window_for_partition_key(keys[-1]).end.date()
    return dg.PartitionKeyRange(keys[begin], keys[end]) if end >= begin and first < newest_end else None
