"""Step 2: for every reference on an activity, the target's record and the rule that found it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import replace
from typing import TypeVar

import pandas as pd

from activity_sync.activities.activity import Activity
from activity_sync.activities.kinds import Step
from activity_sync.errors import InvalidRecord
from activity_sync.pipeline.report import StepReport
from activity_sync.pipeline.resolver import LOOKED_AT, Resolver
from activity_sync.pipeline.rows import Extracted, Resolved, frame, records
from activity_sync.pipeline.scope import Scope
from activity_sync.pipeline.session import Session
from activity_sync.pipeline.watching import watching

T = TypeVar("T")

_BATCHES_AT_ONCE = 5
_ROWS_AT_ONCE = 10_000
"""The look-ups of so many batches travel together, but of no more rows than these, where batches are larger than usual.
Of the activities only what they need waits for them: a fraction of what a batch takes while it is decoded."""


async def resolve(session: Session, scope: Scope) -> StepReport:
    """Every staged record has a row with its references and its owner in the target, found or not."""
    await session.identify()
    report = StepReport(scope)
    resolver = Resolver(session, scope, makes=True)
    flow, kind = scope.flow.name, scope.activity_type
    at_once = session.configuration.limits.batch_rows
    async with watching(session, scope, Step.RESOLVED) as watch:
        with session.staging.write(
            flow,
            kind,
            Step.RESOLVED,
            scope.run_id,
            partitions=(scope.partitions.first, scope.partitions.last),
        ) as out:
            staged = session.staging.read(
                flow,
                kind,
                Step.EXTRACTED,
                run_id=scope.input_run,
                partitions=(scope.partitions.first, scope.partitions.last),
                batch_rows=at_once,
            )
            together = max(min(_BATCHES_AT_ONCE, _ROWS_AT_ONCE // at_once), 1)
            async for batches in in_groups(lean(session, scope, staged), together):
                resolved = await resolver.resolve([activity for _, activities in batches for activity in activities])
                for extracted, _ in batches:
                    rows = [resolved.get(one.record.id, Resolved()).to_row(one, scope.run_id) for one in extracted]
                    for one in extracted:
                        report.count(one.partition, "extracted")
                    out.append(frame(rows))
                    watch.advance(len(rows))
                    await asyncio.sleep(0)  # the lease is renewed meanwhile
    return report


def lean(
    session: Session, scope: Scope, staged: Iterable[pd.DataFrame]
) -> Iterator[tuple[list[Extracted], list[Activity]]]:
    """By staged batch, its records without their contents, and its activities with what their resolution looks at."""
    for batch in records(staged):
        extracted = [Extracted.from_row(row) for row in batch]
        activities = [
            replace(one, fields={name: one.fields[name] for name in LOOKED_AT if name in one.fields}, losses=())
            for one in decodable(session, scope, extracted)
        ]
        yield [replace(one, record=replace(one.record, payload={}, associations={})) for one in extracted], activities


async def in_groups(values: Iterable[T], size: int) -> AsyncIterator[list[T]]:
    """`values` in order, at most `size` at a time; others have their turn after each, for one may take its time."""
    group: list[T] = []
    for value in values:
        group.append(value)
        if len(group) == size:
            yield group
            group = []
        await asyncio.sleep(0)
    if group:
        yield group


def decodable(session: Session, scope: Scope, extracted: list[Extracted]) -> list[Activity]:
    """The activities of the records that keep their own system's contract; the others fail in the next step."""
    activities = []
    for one in extracted:
        if one.record.gone:
            continue
        try:
            activities.append(session.source(scope).translator.decode(scope.activity_type, one.record))
        except InvalidRecord:
            continue  # the transform decodes it again and makes it a failed row with its reason (case 28)
    return activities
