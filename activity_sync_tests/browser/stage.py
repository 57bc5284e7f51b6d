"""Two sandbox CRMs with a month of activities, and `dagster dev` on a copy of the project between them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from activity_sync.sandbox.serve import start_sandboxes
from activity_sync_tests.dagster_dev import asked, copy_of_the_project, dagster_dev
from activity_sync_tests.end_to_end.bridge import (
    DYNAMICS_TABLES,
    HUBSPOT_TYPES,
    Bridge,
    dynamics_people,
    hubspot_people,
)
from activity_sync_tests.end_to_end.ordinary import hubspot_activities

DAYS = 30
"""Full days of history before today."""
_BEFORE = timedelta(days=10)
"""Partitions without a run, so that the pages show what that looks like."""
REFUSED_NOTE = "7999"
"""A note of today that Dynamics refuses: it dates from 1752, and Dynamics' calendar begins in 1753."""


@dataclass(frozen=True)
class Stage:
    """What the story plays on. `types` are those that HubSpot has activities of, and that flow to Dynamics."""

    address: str
    bridge: Bridge
    types: Sequence[str]
    today: date

    def day(self, ago: int) -> str:
        """The partition of the day so long ago."""
        return (self.today - timedelta(days=ago)).isoformat()

    def carried(self) -> dict[str, int]:
        """How many activities Dynamics has of each type."""
        return {kind: len(self.bridge.dynamics(DYNAMICS_TABLES[kind])) for kind in self.types}


def activities_on(*days: int) -> int:
    """How many activities of a type HubSpot has of the days so long ago, one to three a day: plots have hills."""
    return sum(1 + (day * day + day) % 5 % 3 for day in days)


@contextmanager
def set_up(folder: Path, types: Sequence[str]) -> Iterator[Stage]:
    """The servers run until the block ends; everything they write is in `folder`."""
    now = datetime.now(tz=UTC)
    root = copy_of_the_project(folder / "project")
    _configure(root / "activity_sync" / "sync.yaml", types, now.date() - timedelta(days=DAYS) - _BEFORE)
    with start_sandboxes() as sandboxes:
        bridge = Bridge(sandboxes, folder, sandboxes.environment)
        bridge.seed({"hubspot": hubspot_people(), "dynamics": dynamics_people()})
        for number, kind in enumerate(types, start=1):
            days = range(DAYS, -1, -1)
            moments = [now - timedelta(days=day) for day in days for _ in range(activities_on(day))]
            bridge.seed({"hubspot": hubspot_activities(kind, moments, first_id=1000 * number)})
        refused = hubspot_activities("note", [now], first_id=int(REFUSED_NOTE))
        refused["objects"][HUBSPOT_TYPES["note"]][0]["properties"]["hs_timestamp"] = "1752-12-31T23:59:59Z"
        bridge.seed({"hubspot": refused})
        with dagster_dev(root, sandboxes.environment) as address:
            asked(address, "mutation { setNuxSeen }")  # else an invitation covers every page
            yield Stage(address, bridge, types, now.date())


def _configure(path: Path, types: Sequence[str], start: date) -> None:
    """The shipped configuration from this day on, and to Dynamics only these types."""
    text = path.read_text(encoding="utf-8")
    text = re.sub(r"start_date: \S+", f"start_date: {start}", text, count=1)
    flow, rest = text.split("  dynamics_to_hubspot:\n", maxsplit=1)
    for kind in HUBSPOT_TYPES:
        if kind not in types:
            flow = flow.replace(f"    {kind}: {{enabled: true}}", f"    {kind}: {{enabled: false}}")
    path.write_text(f"{flow}  dynamics_to_hubspot:\n{rest}", encoding="utf-8")
