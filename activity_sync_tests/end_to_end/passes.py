"""Passes of the pipeline without Dagster around them: the same steps on the same session, a tenth of the time."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from activity_sync.activities.identity import Flow
from activity_sync.activities.kinds import ActivityType, Step
from activity_sync.bootstrap import open_session, open_staging
from activity_sync.configuration import FLOWS
from activity_sync.pipeline.extract import extract
from activity_sync.pipeline.load import load
from activity_sync.pipeline.report import COUNTS
from activity_sync.pipeline.resolve import resolve
from activity_sync.pipeline.scope import Mode, Partitions, Scope, midnight
from activity_sync.pipeline.transform import transform
from activity_sync.systems.records import Window
from activity_sync_tests.end_to_end.bridge import Bridge

_STEPS = (extract, resolve, transform, load)


def carry(bridge: Bridge, mode: Mode = Mode.WHOLE, *, flows: Sequence[Flow] = FLOWS) -> dict[str, int]:
    """One pass of all enabled types from yesterday on, by default read in full; the counts that are not zero."""
    return asyncio.run(_carry(bridge, mode, flows))


async def _carry(bridge: Bridge, mode: Mode, flows: Sequence[Flow]) -> dict[str, int]:
    found: Counter[str] = Counter()
    now = datetime.now(tz=UTC)
    sandboxes = (bridge.sandboxes.hubspot, bridge.sandboxes.dynamics)
    # A sandbox whose clock a test has moved on may be in tomorrow already.
    last = max(now, *(sandbox.controls.clock.now() for sandbox in sandboxes)).date()
    days = [now.date() - timedelta(days=1)]
    while days[-1] < last:
        days.append(days[-1] + timedelta(days=1))
    partitions = Partitions(
        tuple(day.isoformat() for day in days),
        Window(midnight(days[0]), midnight(last + timedelta(days=1))),
    )
    async with open_session(bridge.settings) as session:
        for flow in flows:
            run_id = str(uuid.uuid4())
            for kind in session.configuration.enabled(flow):
                for step in _STEPS:
                    report = await step(session, Scope(flow, kind, run_id, partitions, mode))
                for counts in report.by_partition(COUNTS).values():
                    found.update(counts)
    return {name: number for name, number in found.items() if number}


def settle(bridge: Bridge) -> None:
    """Passes until nothing is left to carry; then one that has nothing to write."""
    carry(bridge)
    carry(bridge)
    bridge.forget()
    found = carry(bridge)
    assert set(found) <= {"extracted", "unchanged", "filtered"}, found
    assert bridge.writes() == 0


def decisions(bridge: Bridge, source: str, kind: str, record_id: str) -> list[Mapping[str, Any]]:
    """What was decided on a record of `source`, oldest first: the rows of its transforms, their JSON columns read."""
    flow = Flow(source, "dynamics" if source == "hubspot" else "hubspot")
    rows = open_staging(bridge.settings).trace(flow.name, ActivityType(kind), record_id)
    return [
        row | {name: json.loads(row[name]) for name in ("losses", "discarded", "fields", "creates")}
        for row in rows
        if row["step"] == Step.TRANSFORMED.value
    ]
