"""A run is killed with SIGKILL just before or just after each of its effects, and run again: the end is the same.

Every type has a scenario of creates, updates on both sides, merges, conflicts, changed associations and closed
activities. It is stopped at every effect of its second run, the rerun is tried with the same flow and with the mirror
flow first, and once more after people have worked on for hours. `make test` tries an evenly spread sample of these
trials; ACTIVITY_SYNC_TEST_CRASH_POINTS=all tries all of them (docs/reliability.md).
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from activity_sync.activities.kinds import ActivityType
from activity_sync_tests.crashes.effects import Point
from activity_sync_tests.crashes.recovery import DYNAMICS_FIRST, HUBSPOT_FIRST, Recovery, Trial
from activity_sync_tests.crashes.world import make_world

_ALL = os.environ.get("ACTIVITY_SYNC_TEST_CRASH_POINTS") == "all"
_PARTS = 6 if _ALL else 1
"""All trials of a type would take too long for one test."""
_EVERY = 67
"""Of a sample. Neither even nor a multiple of three: all sides, orders and kinds of rerun come up."""


def trials(effects: int) -> list[Trial]:
    """Every trial of a run with so many effects."""
    points = [Point(number, side) for number in range(1, effects + 1) for side in ("before", "after")]
    found = []
    for place, point in enumerate(points):
        found += [Trial(point, mirror_first=False), Trial(point, mirror_first=True)]
        found.append(Trial(point, mirror_first=place % 2 == 1, later=True))
    return found


def chosen(everything: Sequence[Trial], kind: ActivityType, part: int) -> Sequence[Trial]:
    """A part of all; or of a sample, for which every type begins elsewhere, so that together they are five times it."""
    if _ALL:
        return everything[part::_PARTS]
    return everything[list(ActivityType).index(kind) * (_EVERY // len(ActivityType)) :: _EVERY]


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("part", range(_PARTS))
@pytest.mark.parametrize("kind", ActivityType)
def test_killed_at_any_effect_and_run_again_all_ends_as_if_nothing_had_happened(
    tmp_path: Path, kind: ActivityType, part: int
) -> None:
    with make_world(tmp_path) as world:
        recovery = Recovery(world, kind)
        everything = [Trial(None, mirror_first=True), *trials(len(recovery.effects))]

        failed = {
            recovery.describe(trial): differences
            for trial in chosen(everything, kind, part)
            if (differences := recovery.differences(trial))
        }

        world.forget()
        recovery.carry([*DYNAMICS_FIRST, *HUBSPOT_FIRST])

        assert failed == {}
        assert world.writes() == 0
