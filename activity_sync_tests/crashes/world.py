"""Both sandboxes with one installation between them, whose whole state can be put aside and brought back."""

from __future__ import annotations

import pickle
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from activity_sync.activities.identity import Flow
from activity_sync.activities.kinds import ActivityType
from activity_sync.configuration import FLOWS
from activity_sync.ledger.ledger import Ledger
from activity_sync.sandbox.serve import RunningSandboxes, Sandbox, start_sandboxes
from activity_sync.settings import Settings
from activity_sync_tests.crashes.carrying import Ended, Job, Processes
from activity_sync_tests.crashes.effects import Point
from activity_sync_tests.databases import Content, content_of, put_back
from activity_sync_tests.end_to_end.bridge import DYNAMICS_TABLES

START = datetime(2026, 3, 3, 12, tzinfo=UTC)
SEARCH_LAG_SECONDS = 20.0
_POLICIES = {
    "note": "delete: archive",
    "task": "delete: archive, restore: create",
    "call": "delete: close, restore: create",
    "email": "delete: archive, closed: reopen",
    "meeting": "delete: close",
}
"""Alike in both flows, but for what only Dynamics has: closed records. Twins must have the same words."""


def _configuration() -> str:
    lines = ["flows:"]
    for flow in FLOWS:
        lines.append(f"  {flow.name}:")
        lines += [f"    {kind}: {{{said}, twins: {{mode: link, similarity: 1}}}}" for kind, said in _POLICIES.items()]
    return "\n".join(lines) + "\n"


@dataclass(frozen=True)
class Saved:
    """Everything there is at one instant: both stores, the time, a copy of the installation's home, and of its ledger
    where that is a PostgreSQL.
    """

    stores: tuple[bytes, bytes]
    now: datetime
    home: Path
    ledger: Content | None


@dataclass
class World:
    """`now` is the time in both sandboxes and in every run; it moves only by `advance`.

    The ledger is the SQLite file of the home, or where `postgres_url` says.
    """

    sandboxes: RunningSandboxes
    folder: Path
    processes: Processes
    postgres_url: str | None = None
    now: datetime = START
    _restored: int = 0

    def __post_init__(self) -> None:
        (self.folder / "sync.yaml").write_text(_configuration(), encoding="utf-8")
        self.home.mkdir()
        self._hold()

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def environ(self) -> dict[str, str]:
        return {
            **self.sandboxes.environment,
            "ACTIVITY_SYNC_HOME": str(self.home),
            "ACTIVITY_SYNC_CONFIG": str(self.folder / "sync.yaml"),
            "ACTIVITY_SYNC_KEY": "the same in every world",
            **({} if self.postgres_url is None else {"ACTIVITY_SYNC_LEDGER_URL": self.postgres_url}),
        }

    @property
    def both(self) -> tuple[Sandbox, Sandbox]:
        return self.sandboxes.hubspot, self.sandboxes.dynamics

    def carry(
        self,
        kinds: Sequence[ActivityType] = tuple(ActivityType),
        flows: Sequence[Flow] = FLOWS,
        *,
        point: Point | None = None,
    ) -> Ended:
        """One pass of these flows, in this order."""
        return self.processes.carry(Job(self.environ, flows, kinds, self.now, point))

    def seed(self, document: Mapping[str, Any]) -> None:
        """Records appear, or change, as people make or edit them now."""
        self.sandboxes.load(document)

    def advance(self, **parts: float) -> None:
        """Time passes."""
        self.now += timedelta(**parts)
        self._hold()

    def ledger(self) -> Ledger:
        """This installation's ledger."""
        return Ledger.open(Settings.from_environ(self.environ).ledger_url)

    def counterpart(self, system: str, kind: str, record_id: str) -> str:
        """The id on the other side of a linked record."""
        with self.ledger() as ledger:
            link = ledger.links(system, ActivityType(kind), [record_id])[record_id]
        return next(str(side.record_id) for name, side in link.sides.items() if name != system)

    def dynamics_ids(self, kind: str) -> list[str]:
        """The ids of all Dynamics rows of a type."""
        return list(self.sandboxes.dynamics.store.rows.get(DYNAMICS_TABLES[kind], {}))  # type: ignore[attr-defined]

    def writes(self) -> int:
        """Records written in both sandboxes since the last `forget`."""
        return sum(one.controls.requests.writes.total() for one in self.both)

    def forget(self) -> None:
        """The request logs are empty."""
        for one in self.both:
            one.controls.requests.clear()

    def save(self, name: str) -> Saved:
        """The present, put aside."""
        kept = self.folder / f"saved-{name}"
        shutil.rmtree(kept, ignore_errors=True)
        shutil.copytree(self.home, kept)
        hubspot, dynamics = (pickle.dumps(_content(one)) for one in self.both)
        return Saved((hubspot, dynamics), self.now, kept, self.postgres_url and content_of(self.postgres_url))

    def restore(self, saved: Saved) -> None:
        """The present is what was put aside. No run may be under way."""
        for one, content in zip(self.both, saved.stores, strict=True):
            one.store.__dict__.update(pickle.loads(content))  # noqa: S301 our own
            one.controls.faults.clear()
            one.controls.requests.clear()
        # What HubSpot's search remembers of a generation must not pass for another one of the same number.
        self._restored += 1
        hubspot = self.sandboxes.hubspot.store
        hubspot.generation = dict.fromkeys(hubspot.generation, self._restored * 1_000_000)  # type: ignore[attr-defined]
        shutil.rmtree(self.home)
        shutil.copytree(saved.home, self.home)
        if self.postgres_url is not None and saved.ledger is not None:
            put_back(self.postgres_url, saved.ledger)
        self.now = saved.now
        self._hold()

    def _hold(self) -> None:
        for one in self.both:
            one.controls.clock.hold(self.now)


def _content(sandbox: Sandbox) -> dict[str, Any]:
    return {name: value for name, value in vars(sandbox.store).items() if name != "controls"}


@contextmanager
def make_world(folder: Path, *, postgres_url: str | None = None, **settings: object) -> Iterator[World]:
    """A world in which nothing has happened yet. `settings` are the sandboxes', besides those that all worlds have.

    Rate limits are off: in a time that stands still no window of theirs would ever end.
    """
    shared = {"search_lag_seconds": SEARCH_LAG_SECONDS, "limits_enabled": False}
    with start_sandboxes(settings=shared | settings) as sandboxes:
        yield World(sandboxes, folder, Processes(), postgres_url=postgres_url)
