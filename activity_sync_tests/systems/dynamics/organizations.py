"""What the tests of the connector do to an organization."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

from activity_sync.activities.activity import Activity
from activity_sync.activities.kinds import ActivityType
from activity_sync.configuration import TrackingConfig
from activity_sync.http.limits import NoLimits
from activity_sync.mapping import load_mapping
from activity_sync.sandbox.controls import Controls, Fault
from activity_sync.sandbox.dynamics.store import Store
from activity_sync.sandbox.dynamics.writing import delete_row
from activity_sync.settings import DynamicsSettings
from activity_sync.systems.dynamics.system import DynamicsSystem
from activity_sync.systems.records import CreateRequest, SourceRecord, TargetLink, Window, WriteResult

R = TypeVar("R")

ALL_TIME = Window(datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def guid(number: int, *, kind: str = "a") -> str:
    """An id of a row to seed; `kind` is a hexadecimal digit that keeps tables apart."""
    return f"{kind}0000000-0000-4000-8000-{number:012x}"


@dataclass
class Organization:
    """A running sandbox. `stored_ids` and `also_read` are what the connector is configured with, `now` is its clock."""

    url: str
    controls: Controls
    store: Store
    stored_ids: dict[str, str] = field(default_factory=dict)
    also_read: dict[str, tuple[str, ...]] = field(default_factory=dict)
    now: datetime = NOW

    def run(self, use: Callable[[DynamicsSystem], Awaitable[R]]) -> R:
        """The result of using the connector, connected anew."""

        async def connected() -> R:
            async with self.connect() as system:
                return await use(system)

        return asyncio.run(connected())

    def connect(self, **changes: Any) -> DynamicsSystem:
        """The connector, not yet entered; `changes` to its settings."""
        ours = self.controls.settings
        settings = {
            "url": self.url,
            "authority": self.url,
            "tenant_id": ours.dynamics_tenant_id,
            "client_id": ours.dynamics_client_id,
            "client_secret": ours.dynamics_client_secret,
        }
        return DynamicsSystem(
            DynamicsSettings(**{**settings, **changes}),
            limits=NoLimits(),
            mapping=load_mapping("dynamics"),
            stored_id_properties=self.stored_ids,
            tracking=TrackingConfig(),
            also_read=self.also_read,
            clock=lambda: self.now,
        )

    def seed(self, records: dict[str, Sequence[dict[str, Any]]], **schema: Any) -> None:
        """Records, as they stand, and custom columns."""
        self.store.load({"records": records, **({"schema": schema} if schema else {})})
        self.controls.requests.clear()

    def delete(self, table: str, *record_ids: str) -> None:
        """What a person deletes, with all that hangs on it."""
        for record_id in record_ids:
            delete_row(self.store, self.store.tables[table], record_id)

    def read_window(self, activity_type: ActivityType, window: Window = ALL_TIME) -> list[list[SourceRecord]]:
        """All pages of a window."""

        async def pages(system: DynamicsSystem) -> list[list[SourceRecord]]:
            return [page async for page in system.reader.changes(activity_type, window)]

        return self.run(pages)

    def create(self, activity: Activity, *links: TargetLink, key: str = guid(1, kind="e")) -> WriteResult:
        """The result of encoding and creating an activity."""

        async def created(system: DynamicsSystem) -> list[WriteResult]:
            wire = system.translator.encode(activity, links, key=key)
            return await system.writer.create(activity.type, [CreateRequest(key, wire.body)])

        (result,) = self.run(created)
        return result

    def decoded(self, activity_type: ActivityType, record_id: str) -> Activity:
        """An activity as the connector reads it now."""

        async def read(system: DynamicsSystem) -> Activity:
            record = (await system.reader.read(activity_type, [record_id]))[record_id]
            assert not record.gone
            return system.translator.decode(activity_type, record)

        return self.run(read)

    def row(self, table: str, record_id: str) -> dict[str, Any]:
        """A row as the store holds it."""
        row = self.store.get(table, record_id)
        assert row is not None
        return row

    def parties(self, record_id: str) -> set[tuple[int, str, str]]:
        """The parties that clients made: (role's number, address, party's id)."""
        return {
            (
                row["participationtypemask"],
                row.get("addressused") or "",
                row["partyid"].id if row.get("partyid") else "",
            )
            for row in self.store.parties[record_id]
            if row["participationtypemask"] not in {8, 9}
        }

    def fault(self, **rule: Any) -> None:
        """A fault from now on."""
        self.controls.faults.add(Fault(**rule))

    @property
    def calls(self) -> int:
        """API requests so far."""
        return self.controls.requests.total
