"""A portal served by the sandbox over real HTTP, and the connector on it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

import pytest

from activity_sync.activities.kinds import ActivityType
from activity_sync.configuration import TrackingConfig
from activity_sync.http.limits import NoLimits
from activity_sync.mapping import load_mapping
from activity_sync.sandbox.controls import Controls, Fault
from activity_sync.sandbox.hubspot.app import HubSpotStore, create_app
from activity_sync.sandbox.serve import serving
from activity_sync.sandbox.settings import Settings
from activity_sync.settings import HubSpotSettings
from activity_sync.systems.hubspot.system import HubSpotSystem
from activity_sync.systems.records import SourceRecord, Window

R = TypeVar("R")

VERSIONS = ("2026-09", "2026-03", "v3")
ALL_TIME = Window(datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))


@dataclass
class Portal:
    """A running sandbox. `stored_ids`, `create` and `also_read` are what the connector is configured with."""

    base_url: str
    controls: Controls
    store: HubSpotStore
    version: str
    stored_ids: dict[str, str] = field(default_factory=dict)
    create: bool = True
    also_read: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def run(self, use: Callable[[HubSpotSystem], Awaitable[R]]) -> R:
        """The result of using the connector, connected anew."""

        async def connected() -> R:
            system = HubSpotSystem(
                HubSpotSettings(self.base_url, self.controls.settings.hubspot_access_token, self.version),
                limits=NoLimits(),
                mapping=load_mapping("hubspot"),
                stored_id_properties=self.stored_ids,
                tracking=TrackingConfig(create=self.create),
                also_read=self.also_read,
                clock=lambda: datetime.now(UTC),
            )
            async with system:
                return await use(system)

        return asyncio.run(connected())

    def read_window(self, activity_type: ActivityType, window: Window = ALL_TIME) -> list[list[SourceRecord]]:
        """All pages of a window."""

        async def pages(system: HubSpotSystem) -> list[list[SourceRecord]]:
            return [page async for page in system.reader.changes(activity_type, window)]

        return self.run(pages)

    def seed(self, objects: dict[str, Sequence[dict[str, Any]]], **more: Any) -> None:
        """Records, as they stand, and what else a seed holds."""
        self.store.load({"objects": objects, **more})
        self.controls.requests.clear()

    def fault(self, **rule: Any) -> None:
        """A fault from now on."""
        self.controls.faults.add(Fault(**rule))

    @property
    def calls(self) -> dict[str, int]:
        """Requests so far by kind."""
        return dict(self.controls.requests.by_kind)

    def forget_calls(self) -> None:
        self.controls.requests.clear()

    def records(self, collection: str) -> list[dict[str, Any]]:
        """The living records of a collection."""
        return [one for one in self.store.dump()["objects"][collection] if not one["archived"]]

    def pairs(self) -> set[tuple[str, str, str, str]]:
        """All associations, each as (type, id, type, id) with the activity first."""
        found = set()
        for one in self.store.dump()["associations"]:
            ends = sorted((one["from"], one["to"]), key=lambda end: end[0] in {"contacts", "companies", "deals"})
            found.add((*ends[0], *ends[1]))
        return found


def note(number: int, *, modified: str = "2026-03-01T00:00:00Z", body: str = "") -> dict[str, Any]:
    """A note to seed."""
    return {
        "id": str(number),
        "properties": {"hs_timestamp": "2026-02-01T10:00:00Z", "hs_note_body": body or f"<p>Note {number}</p>"},
        "createdAt": "2026-02-01T10:00:00Z",
        "updatedAt": modified,
    }


def serve(version: str) -> Iterator[Portal]:
    controls = Controls(Settings(limits_enabled=False, hubspot_post_processing=False))
    store = HubSpotStore(controls)
    with serving(create_app(store, controls), port=0) as url:
        yield Portal(url, controls, store, version)


@pytest.fixture
def portal() -> Iterator[Portal]:
    """A portal spoken to in the current version."""
    yield from serve(VERSIONS[0])


@pytest.fixture(params=VERSIONS)
def any_portal(request: pytest.FixtureRequest) -> Iterator[Portal]:
    """A portal spoken to in each version in turn."""
    yield from serve(request.param)
