"""Carries all given activities across in one sync of both flows, and says what became of each."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from activity_sync.activities.kinds import ActivityType, Step
from activity_sync.bootstrap import open_staging
from activity_sync.cli.launch import FlowRun
from activity_sync.pipeline.rows import records
from activity_sync_tests.end_to_end.bridge import DYNAMICS_TABLES, HUBSPOT_TYPES, Bridge
from activity_sync_tests.end_to_end.conftest import make_bridge
from activity_sync_tests.end_to_end.real_data import DATA
from activity_sync_tests.end_to_end.real_data.calendars import given_meetings, read_calendars
from activity_sync_tests.end_to_end.real_data.mails import given_mails, read_mails
from activity_sync_tests.end_to_end.real_data.recordings import given_recordings
from activity_sync_tests.end_to_end.real_data.records import Given
from activity_sync_tests.end_to_end.real_data.seeding import seed_document

SYSTEMS = ("hubspot", "dynamics")


@dataclass(frozen=True, slots=True)
class Crossed:
    """What became of one given activity. `outcome` and `reason` as in `load_results`; empty where it has no row.

    `there`: the record in the target as its sandbox holds it; empty where there is none.
    """

    given: Given
    outcome: str
    reason: str
    losses: tuple[dict[str, str], ...]
    there: dict[str, Any]


def all_given() -> list[Given]:
    """Every activity of the data, once for each system that is to hold it."""
    mails, events = read_mails(DATA / "mails"), read_calendars(DATA / "calendar")
    return [
        one
        for system in SYSTEMS
        for one in (
            *given_recordings(DATA, system),
            *given_mails(mails, system),
            *given_meetings(events, system),
        )
    ]


@contextmanager
def crossing() -> Iterator[Bridge]:
    """A bridge on which all activities of the data stand, not yet carried.

    Its partitions are months: Dagster records every asset of every partition, and with days that is most of the time.
    """
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        for bridge in make_bridge(Path(folder), patch):
            bridge.configure("partitions: monthly\n")
            bridge.seed(seed_document(all_given(), datetime.now(tz=UTC)))
            yield bridge


def carry(bridge: Bridge, given: Sequence[Given]) -> list[Crossed]:
    """One sync of both flows, and what it says of each given activity."""
    runs = bridge.sync()
    results = {flow: _rows(bridge, run, Step.LOADED) for flow, run in runs.items()}
    payloads = {flow: _rows(bridge, run, Step.TRANSFORMED) for flow, run in runs.items()}
    held = {
        "hubspot": {kind: bridge.hubspot(name) for kind, name in HUBSPOT_TYPES.items()},
        "dynamics": {kind: bridge.dynamics(name) for kind, name in DYNAMICS_TABLES.items()},
    }
    crossed = []
    for one in given:
        result = results[one.flow].get((one.kind, one.id), {})
        payload = payloads[one.flow].get((one.kind, one.id), {})
        target = "dynamics" if one.system == "hubspot" else "hubspot"
        crossed.append(
            Crossed(
                one,
                outcome=result.get("outcome") or "",
                reason=result.get("reason") or "",
                losses=tuple(json.loads(payload.get("losses") or "[]")),
                there=held[target][one.kind].get(result.get("target_id") or "", {}),
            )
        )
    return crossed


def _rows(bridge: Bridge, run: FlowRun, step: Step) -> dict[tuple[ActivityType, str], dict[str, Any]]:
    staging = open_staging(bridge.settings)
    return {
        (kind, row["source_id"]): row
        for kind in ActivityType
        for batch in records(staging.read(run.flow.name, kind, step, run_id=run.run_id))
        for row in batch
    }
