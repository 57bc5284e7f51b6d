"""Each flow writes its own half of a merge or conflict, so that it does not matter which of them runs first."""

from __future__ import annotations

from pathlib import Path

import pytest

from activity_sync.activities.kinds import ActivityType
from activity_sync_tests.crashes.recovery import DYNAMICS_FIRST, HUBSPOT_FIRST, Recovery
from activity_sync_tests.crashes.world import make_world


@pytest.mark.slow
@pytest.mark.parametrize("kind", ActivityType)
def test_both_orders_of_the_flows_end_alike_and_quietly(tmp_path: Path, kind: ActivityType) -> None:
    with make_world(tmp_path) as world:
        recovery = Recovery(world, kind)

        assert recovery.differences(None, DYNAMICS_FIRST) == {}
        quiet = recovery.carry(HUBSPOT_FIRST)

        assert not [name for name in quiet.effects if name.startswith("POST")]
