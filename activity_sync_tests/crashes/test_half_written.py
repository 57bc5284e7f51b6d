"""An update takes two calls in HubSpot: properties, then associations. Here only the first gets through."""

from __future__ import annotations

from pathlib import Path

from activity_sync.activities.kinds import ActivityType
from activity_sync.sandbox.faults import Fault
from activity_sync_tests.crashes.scenario import Story
from activity_sync_tests.crashes.world import make_world


def test_half_an_update_of_ours_is_no_edit_that_wins_over_a_person(tmp_path: Path) -> None:
    with make_world(tmp_path) as world:
        story = Story(world, "task")
        story.begin()
        world.carry([ActivityType.TASK])
        world.advance(minutes=30)
        story.edit_in_dynamics("d-people", subject="d-people edited", with_ben=True)
        world.advance(minutes=2)
        world.sandboxes.hubspot.controls.faults.add(
            Fault("status", path="/associations/.*/(create|archive)", status=503)
        )

        halved = world.carry([ActivityType.TASK])
        shown_between = story.shown_in_hubspot("d-people")
        world.sandboxes.hubspot.controls.faults.clear()
        world.advance(minutes=5)
        story.edit_in_dynamics("d-people", subject="d-people edited again")
        world.advance(minutes=30)
        world.carry([ActivityType.TASK])
        world.carry([ActivityType.TASK])

        assert halved.counts[1]["failed"] == 1
        assert shown_between["hs_task_subject"] == "d-people edited"
        assert story.shown_in_dynamics("d-people")["subject"] == "d-people edited again"
        assert story.shown_in_hubspot("d-people")["hs_task_subject"] == "d-people edited again"
