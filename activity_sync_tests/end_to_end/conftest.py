"""A bridge per test: two sandboxes that are its own, and an empty installation."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from activity_sync.sandbox.serve import start_sandboxes
from activity_sync.settings import PROJECT_ROOT
from activity_sync_tests.end_to_end.bridge import Bridge, ago, dynamics_people, hubspot_people, totals
from activity_sync_tests.end_to_end.goldens import load_goldens, seed_golden
from activity_sync_tests.end_to_end.people import populate


@pytest.fixture(scope="session", autouse=True)
def _quiet_dagster() -> None:
    os.environ["DAGSTER_DISABLE_TELEMETRY"] = "yes"


@pytest.fixture(scope="session", autouse=True)
def _no_waiting_for_the_disk() -> Iterator[None]:
    """SQLite in this process leaves it to the system when the disk is written, which only a power cut would show.

    Dagster opens and closes its files some 150 times a run, and a third of a run's time was this.
    """
    event.listen(Engine, "connect", _unsynchronised)
    yield
    event.remove(Engine, "connect", _unsynchronised)


def _unsynchronised(connection: Any, _record: object) -> None:
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA synchronous = OFF")


@pytest.fixture
def bridge(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bridge]:
    """Two empty sandboxes and an installation that has never run."""
    for bridge in make_bridge(tmp_path, monkeypatch):
        bridge.begins = ago(days=60).date()
        bridge.configure("")
        yield bridge


@pytest.fixture
def peopled(bridge: Bridge) -> Bridge:
    """The same three contacts, one company and one owner on both sides, and nothing on them."""
    bridge.seed({"hubspot": hubspot_people(), "dynamics": dynamics_people()})
    return bridge


@pytest.fixture(scope="session")
def carried(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bridge]:
    """All golden records, carried once in both directions. Tests look at it, and change nothing in either CRM."""
    goldens = load_goldens()
    with pytest.MonkeyPatch.context() as monkeypatch:
        bridges = make_bridge(tmp_path_factory.mktemp("goldens"), monkeypatch)
        bridge = next(bridges)
        populate(bridge)
        for golden in goldens:
            seed_golden(bridge, golden)
        found = totals(bridge.sync())
        assert found["created"] == len(goldens), found
    # The environment is other tests' again.
    yield bridge
    bridges.close()


def make_bridge(
    folder: Path, monkeypatch: pytest.MonkeyPatch, *, settings: dict[str, object] | None = None
) -> Iterator[Bridge]:
    """A bridge in `folder`; `settings` are the sandboxes'."""
    dagster_home = folder / "dagster"
    dagster_home.mkdir()
    (dagster_home / "dagster.yaml").write_text("telemetry: {enabled: false}\n", encoding="utf-8")
    with start_sandboxes(settings=settings) as sandboxes:
        environ = {
            **os.environ,
            **sandboxes.environment,
            "ACTIVITY_SYNC_HOME": str(folder / "home"),
            "ACTIVITY_SYNC_CONFIG": str(PROJECT_ROOT / "activity_sync" / "sync.yaml"),
            "DAGSTER_HOME": str(dagster_home),
            "DAGSTER_DISABLE_TELEMETRY": "yes",
        }
        for name, value in environ.items():
            monkeypatch.setenv(name, value)
        yield Bridge(sandboxes, folder, environ)
