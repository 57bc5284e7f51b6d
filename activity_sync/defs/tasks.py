"""What a `sync` has to run: ranges of partitions, each with its types and its mode."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import dagster as dg

from activity_sync.activities.identity import Flow
from activity_sync.activities.kinds import ActivityType, Step
from activity_sync.configuration import Configuration
from activity_sync.defs.keys import asset_key
from activity_sync.defs.partitions import covering, partitions_definition
from activity_sync.errors import ConfigurationError
from activity_sync.pipeline.plan import News
from activity_sync.pipeline.scope import Mode

Days = tuple[date, date]
"""The first and the last UTC day, both inclusive."""


@dataclass(frozen=True, slots=True)
class Task:
    """One run: a contiguous range of partitions, from `first` to `last`, of some types."""

    first: str
    last: str
    types: tuple[ActivityType, ...]
    mode: Mode


def tasks_for_days(configuration: Configuration, types: Sequence[ActivityType], days: Days) -> list[Task]:
    """One run that reads these days in full. ConfigurationError when no partition holds them."""
    keys = _covering(configuration, days)
    return [Task(keys.start, keys.end, tuple(types), Mode.WHOLE)]


def tasks_for_news(configuration: Configuration, types: Sequence[ActivityType], news: News) -> list[Task]:
    """Older stretches first, each piece read in full; then one incremental run up to today.

    A record that moves from an older stretch while that is read moves to today, and today comes last. The watermark
    moves with the last run only: whoever stops in between begins at the oldest change again.
    """
    every = partitions_definition(configuration).get_partition_keys()
    recent = _covering(configuration, (news.first, news.last))
    found: dict[str, set[ActivityType]] = {}
    for stretch in news.older:
        keys = _covering(configuration, (stretch.first, stretch.last))
        for key in every[every.index(keys.start) : every.index(keys.end) + 1]:
            if key < recent.start:
                found.setdefault(key, set()).update(stretch.types)
    older = _ranges(every, found, limit=configuration.limits.max_partitions_per_run)
    return [*older, Task(recent.start, recent.end, tuple(types), Mode.INCREMENTAL)]


def tasks_for_failed(
    instance: dg.DagsterInstance,
    configuration: Configuration,
    flow: Flow,
    types: Sequence[ActivityType],
    days: Days | None,
) -> list[Task]:
    """The partitions in which the latest run of any step failed, and no others; `days` bounds them."""
    definition = partitions_definition(configuration)
    every = definition.get_partition_keys()
    bounds = _covering(configuration, days) if days else dg.PartitionKeyRange(every[0], every[-1])
    within = [key for key in every if bounds.start <= key <= bounds.end]
    found: dict[str, set[ActivityType]] = {}
    for kind in types:
        for step in Step:
            status = instance.get_status_by_partition(asset_key(flow, kind, step), within, definition) or {}
            for key, latest in status.items():
                if latest is dg.AssetPartitionStatus.FAILED:
                    found.setdefault(key, set()).add(kind)
    return _ranges(every, found, limit=len(every))


def _ranges(every: Sequence[str], wanted: Mapping[str, Iterable[ActivityType]], *, limit: int) -> list[Task]:
    """Neighbours with the same types together, at most `limit` of them; nothing else is in any range."""
    tasks: list[Task] = []
    length = 0
    for before, key in zip(["", *every], every, strict=False):
        here = tuple(kind for kind in ActivityType if kind in set(wanted.get(key, ())))
        if not here:
            continue
        if tasks and tasks[-1].last == before and tasks[-1].types == here and length < limit:
            tasks[-1] = Task(tasks[-1].first, key, here, Mode.WHOLE)
            length += 1
        else:
            tasks.append(Task(key, key, here, Mode.WHOLE))
            length = 1
    return tasks


def _covering(configuration: Configuration, days: Days) -> dg.PartitionKeyRange:
    keys = covering(partitions_definition(configuration), *days)
    if keys is None:
        raise ConfigurationError(
            f"no partition holds {days[0]} to {days[1]}; partitions begin on {configuration.start_date}",
            setting="start_date",
        )
    return keys
