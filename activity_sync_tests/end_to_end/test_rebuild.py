"""A lost ledger: rebuilt from the keys in both systems, by the command or by itself, and nothing is made twice."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from activity_sync.activities.kinds import ActivityType
from activity_sync.bootstrap import open_session
from activity_sync.pipeline.rebuild import Rebuilt, rebuild
from activity_sync_tests.end_to_end.bridge import Bridge
from activity_sync_tests.end_to_end.goldens import load_goldens, seed_golden
from activity_sync_tests.end_to_end.passes import carry
from activity_sync_tests.end_to_end.people import populate

_GOLDENS = load_goldens()


@pytest.fixture
def full(bridge: Bridge) -> Bridge:
    """All golden records, carried both ways."""
    populate(bridge)
    for golden in _GOLDENS:
        seed_golden(bridge, golden)
    assert carry(bridge)["created"] == len(_GOLDENS)
    carry(bridge)
    return bridge


def lose_ledger(bridge: Bridge) -> None:
    """The file is gone, with its log."""
    home = Path(bridge.environ["ACTIVITY_SYNC_HOME"])
    found = list(home.glob("ledger.sqlite*"))
    assert found
    for one in found:
        one.unlink()


def rebuilt(bridge: Bridge) -> list[Rebuilt]:
    async def _all() -> list[Rebuilt]:
        async with open_session(bridge.settings) as session:
            return [await rebuild(session, kind) for kind in ActivityType]

    return asyncio.run(_all())


def test_a_rebuilt_ledger_carries_nothing(full: Bridge) -> None:
    lose_ledger(full)
    full.forget()

    found = rebuilt(full)

    assert full.writes() == 0
    assert sum(one.linked for one in found) == len(_GOLDENS)
    assert [one.not_rebuilt for one in found] == [[]] * 5
    counts = carry(full)
    assert set(counts) == {"extracted", "unchanged"}, counts
    assert full.writes() == 0
