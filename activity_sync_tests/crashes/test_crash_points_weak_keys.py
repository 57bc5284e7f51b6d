"""The crash points again, in a portal whose keys are not unique and in one that takes no property of ours at all.

A kill may leave a create of which nobody can tell at once whether it arrived. It waits until HubSpot's index has surely
caught up, or, where nothing settles it, for a person. What never happens: an activity that stands twice, or is lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from activity_sync.activities.kinds import ActivityType
from activity_sync.ledger.outstanding import OutstandingState
from activity_sync_tests.crashes.outcome import name_of, standing
from activity_sync_tests.crashes.recovery import Recovery, Trial
from activity_sync_tests.crashes.sampling import DENSE, PARTS, every
from activity_sync_tests.crashes.scenario import DYNAMICS_IDS
from activity_sync_tests.crashes.test_crash_points import failures, trials
from activity_sync_tests.crashes.world import World, make_world
from activity_sync_tests.end_to_end.bridge import DYNAMICS_TABLES

_EVERY = every(211)
_CERTAIN = {"minutes": 16}
"""After this long nothing is under way any more, and the index shows what there is."""


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("part", range(PARTS))
def test_with_a_key_that_is_not_unique_all_is_settled_when_the_index_has_caught_up(tmp_path: Path, part: int) -> None:
    with make_world(tmp_path, allow_unique_properties=False) as world:
        recovery = Recovery(world, ActivityType.TASK, wait=_CERTAIN)

        assert failures(recovery, chosen(recovery, part, start=20)) == {}


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("kind", [ActivityType.TASK, ActivityType.MEETING] if DENSE else [ActivityType.TASK])
def test_without_any_key_nothing_stands_twice_and_what_is_uncertain_is_held(
    tmp_path: Path, kind: ActivityType, part: int
) -> None:
    with make_world(tmp_path, allow_custom_properties=False) as world:
        recovery = Recovery(world, kind, wait=_CERTAIN, look=standing)
        failed = {}
        for trial in chosen(recovery, part, start=2):
            found = recovery.differences(trial)
            held = uncertain(world)
            if wrong := {name: one for name, one in found.items() if name not in held or len(one["seen"] or ()) > 1}:
                failed[recovery.describe(trial)] = wrong

        assert failed == {}


def chosen(recovery: Recovery, part: int, *, start: int) -> Sequence[Trial]:
    """A part of every so many trials from `start` on."""
    return trials(len(recovery.effects))[start % _EVERY :: _EVERY][part::PARTS]


def uncertain(world: World) -> set[str]:
    """The names of the HubSpot records of which a person is asked whether they are there."""
    with world.ledger() as ledger:
        held = [one for one in ledger.list_outstanding(OutstandingState.HELD) if one.reason == "uncertain_create"]
    rows = {
        str(row.get("activityid")): str(row["subject"])
        for table in DYNAMICS_TABLES.values()
        for row in world.sandboxes.dynamics.store.dump()["rows"].get(table, [])
        if "subject" in row
    }
    deleted = {story_id: name for name, story_id in DYNAMICS_IDS.items()}
    return {f"hubspot {name_of(rows.get(one.source_id) or deleted[one.source_id])}" for one in held}
