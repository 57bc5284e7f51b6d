"""The instants at which a kill once left something behind, by name: they are tried in every run of the tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from activity_sync.activities.kinds import ActivityType
from activity_sync_tests.crashes.recovery import Recovery, Trial
from activity_sync_tests.crashes.world import make_world

_DYNAMICS = "POST /api/data/v9.2/$batch"
_HUBSPOT = "POST /crm/objects/2026-09/calls/batch/update"


@pytest.fixture(scope="module")
def recovery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recovery]:
    """The scenario of a call. Every trial brings the world back to where it was."""
    with make_world(tmp_path_factory.mktemp("instants")) as world:
        yield Recovery(world, ActivityType.CALL)


@pytest.mark.slow
@pytest.mark.parametrize("mirror_first", [False, True])
def test_what_a_killed_update_left_is_recognised_and_both_flows_go_on(
    recovery: Recovery, *, mirror_first: bool
) -> None:
    update = recovery.point("after", _DYNAMICS, number=2)

    assert recovery.differences(Trial(update, mirror_first=mirror_first)) == {}


@pytest.mark.slow
def test_edit_of_a_record_whose_create_had_arrived_is_carried(recovery: Recovery) -> None:
    create = recovery.point("after", _DYNAMICS, number=1)

    assert recovery.differences(Trial(create, mirror_first=False, later=True)) == {}


@pytest.mark.slow
def test_values_that_a_killed_update_replaced_are_not_carried_back_from_the_index(recovery: Recovery) -> None:
    update = recovery.point("after", _HUBSPOT, number=1)

    assert recovery.differences(Trial(update, mirror_first=False)) == {}


@pytest.mark.slow
def test_the_close_that_a_killed_run_left_is_no_edit_that_holds_the_delete(recovery: Recovery) -> None:
    close = recovery.point("after", _DYNAMICS, number=3)

    assert recovery.differences(Trial(close, mirror_first=True, later=True)) == {}
