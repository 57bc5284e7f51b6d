"""The instants at which a kill once left something behind, by name: they are tried in every run of the tests."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from activity_sync.activities.identity import Flow
from activity_sync.activities.kinds import ActivityType
from activity_sync_tests.crashes.recovery import DYNAMICS_FIRST, HUBSPOT_FIRST, Recovery
from activity_sync_tests.crashes.world import make_world

_EITHER_FIRST = pytest.mark.parametrize("rerun", [HUBSPOT_FIRST, DYNAMICS_FIRST], ids=["same_first", "mirror_first"])


@pytest.mark.slow
@_EITHER_FIRST
def test_plan_of_an_update_that_had_arrived_is_closed_and_the_mirror_flow_goes_on(
    tmp_path: Path, rerun: Sequence[Flow]
) -> None:
    with make_world(tmp_path) as world:
        recovery = Recovery(world, ActivityType.TASK)
        update = recovery.point("after", "POST /api/data/v9.2/$batch", number=2)

        assert recovery.differences(update, rerun) == {}


@pytest.mark.slow
@_EITHER_FIRST
def test_edit_of_a_record_whose_create_had_arrived_is_carried(tmp_path: Path, rerun: Sequence[Flow]) -> None:
    with make_world(tmp_path) as world:
        recovery = Recovery(world, ActivityType.TASK, later=True)
        create = recovery.point("after", "POST /api/data/v9.2/$batch", number=1)

        assert recovery.differences(create, rerun) == {}
