"""An organization served by the sandbox over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from activity_sync.sandbox.dynamics.store import Store
from activity_sync.sandbox.serve import RunningSandboxes, start_sandboxes
from activity_sync_tests.systems.dynamics.organizations import Organization


@pytest.fixture(scope="session")
def sandboxes() -> Iterator[RunningSandboxes]:
    with start_sandboxes(settings={"limits_enabled": False}) as running:
        yield running


@pytest.fixture
def organization(sandboxes: RunningSandboxes) -> Iterator[Organization]:
    """An empty organization with all apps installed."""
    server = sandboxes.dynamics
    shipped = server.controls.settings.shown()
    assert isinstance(server.store, Store)
    yield Organization(server.url, server.controls, server.store)
    server.store.reset()
    server.controls.faults.clear()
    server.controls.requests.clear()
    server.controls.settings.change(shipped)
    server.controls.clock.release()
