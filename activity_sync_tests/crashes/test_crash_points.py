"""A run is killed with SIGKILL just before or just after each of its effects, and run again: the end is the same.

Every type has a scenario of creates, updates on both sides, merges, conflicts, changed associations, closed activities,
deletes, restores and twins. It is stopped at every effect of its second run, the rerun is tried with the same flow and
with the mirror flow first, and once more after people have worked on for hours. `make test` tries an evenly spread
sample of these trials; ACTIVITY_SYNC_TEST_CRASH_POINTS=all tries all of them, =5 every fifth (docs/reliability.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from activity_sync.activities.kinds import ActivityType
from activity_sync_tests.crashes.effects import Point
from activity_sync_tests.crashes.recovery import DYNAMICS_FIRST, HUBSPOT_FIRST, Recovery, Trial
from activity_sync_tests.crashes.sampling import PARTS, every
from activity_sync_tests.crashes.world import make_world
from activity_sync_tests.databases import SERVER, postgres_schema

_EVERY = every(149)
"""Neither even nor a multiple of three: all sides, orders and kinds of rerun come up."""


def trials(effects: int, *, later: bool = True) -> list[Trial]:
    """Every trial of a run with so many effects. `later`: with those in which people work on meanwhile."""
    points = [Point(number, side) for number in range(1, effects + 1) for side in ("before", "after")]
    found = []
    for place, point in enumerate(points):
        found += [Trial(point, mirror_first=False), Trial(point, mirror_first=True)]
        if later:
            found.append(Trial(point, mirror_first=place % 2 == 1, later=True))
    return found


def chosen(everything: Sequence[Trial], part: int, *, start: int) -> Sequence[Trial]:
    """A part of every so many from `start` on."""
    return everything[start % _EVERY :: _EVERY][part::PARTS]


def failures(recovery: Recovery, tried: Sequence[Trial]) -> dict[str, Any]:
    """What was not as in the undisturbed run, by trial."""
    return {recovery.describe(trial): differences for trial in tried if (differences := recovery.differences(trial))}


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("kind", ActivityType)
def test_killed_at_any_effect_and_run_again_all_ends_as_if_nothing_had_happened(
    tmp_path: Path, kind: ActivityType, part: int
) -> None:
    with make_world(tmp_path) as world:
        recovery = Recovery(world, kind)
        # Every type begins elsewhere: together the samples are five times as dense.
        start = list(ActivityType).index(kind) * (_EVERY // len(ActivityType))
        sample = chosen(trials(len(recovery.effects)), part, start=start)

        failed = failures(recovery, [Trial(None, mirror_first=True), *sample])
        world.forget()
        recovery.carry([*DYNAMICS_FIRST, *HUBSPOT_FIRST])

        assert failed == {}
        assert world.writes() == 0


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.skipif(not SERVER, reason="no PostgreSQL is named; said at the end of the tests")
def test_killed_at_any_effect_with_a_ledger_in_postgresql_and_run_again(tmp_path: Path) -> None:
    with postgres_schema() as url, make_world(tmp_path, postgres_url=url) as world:
        recovery = Recovery(world, ActivityType.TASK)
        sample = trials(len(recovery.effects))[_EVERY // 2 :: _EVERY]

        failed = failures(recovery, sample)
        world.forget()
        recovery.carry([*DYNAMICS_FIRST, *HUBSPOT_FIRST])

        assert failed == {}
        assert world.writes() == 0
        assert not (world.home / "ledger.sqlite").exists()


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_killed_in_the_very_first_run_and_run_again_all_is_there_once(tmp_path: Path) -> None:
    with make_world(tmp_path) as world:
        recovery = Recovery(world, ActivityType.MEETING, first_run=True)
        everything = trials(len(recovery.effects), later=False)

        assert failures(recovery, everything[::_EVERY]) == {}
        assert any("/properties/" in name for name in recovery.effects)
