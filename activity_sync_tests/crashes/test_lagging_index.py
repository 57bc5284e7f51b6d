"""HubSpot's search index lags behind its records: what it shows of a record that we have just written is older than
what we know, and is not an edit by a person.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from activity_sync.activities.kinds import ActivityType
from activity_sync_tests.crashes.effects import Point
from activity_sync_tests.crashes.recovery import DYNAMICS_FIRST, HUBSPOT_FIRST
from activity_sync_tests.crashes.scenario import Story
from activity_sync_tests.crashes.world import SEARCH_LAG_SECONDS, make_world


def test_what_the_index_shows_of_the_time_before_our_write_is_not_carried_back(tmp_path: Path) -> None:
    with make_world(tmp_path) as world:
        story = Story(world, "task")
        story.begin()
        world.carry([ActivityType.TASK])
        world.advance(minutes=30)
        story.edit_in_dynamics("h-edit", other=1)
        story.edit_in_hubspot("h-edit", subject="h-edit edited")
        world.advance(minutes=2)
        world.carry([ActivityType.TASK])
        world.forget()

        at_once = world.carry([ActivityType.TASK])
        world.advance(seconds=SEARCH_LAG_SECONDS + 5)
        later = world.carry([ActivityType.TASK])

        assert story.shown_in_dynamics("h-edit") == {"subject": "h-edit edited", "prioritycode": 1}
        assert story.shown_in_hubspot("h-edit") == {"hs_task_subject": "h-edit edited", "hs_task_priority": "MEDIUM"}
        assert world.writes() == 0
        assert all(set(counts) == {"extracted", "unchanged"} for counts in (*at_once.counts, *later.counts))


@pytest.mark.parametrize("killed", [False, True])
def test_the_close_that_a_delete_led_to_is_no_edit_that_brings_the_record_back(tmp_path: Path, *, killed: bool) -> None:
    calls, close = [ActivityType.CALL], "POST /crm/objects/2026-09/calls/batch/update"
    with make_world(tmp_path) as world:
        story = Story(world, "call")
        story.begin_with("d-gone")
        world.carry(calls)
        world.advance(minutes=30)
        story.delete_in_dynamics("d-gone")
        if killed:
            ready = world.save("ready")
            effects = world.carry(calls, DYNAMICS_FIRST).effects
            world.restore(ready)
            assert world.carry(calls, DYNAMICS_FIRST, point=Point(effects.index(close) + 1, "after")).killed

        world.carry(calls, DYNAMICS_FIRST)
        world.advance(seconds=SEARCH_LAG_SECONDS + 5)
        world.carry(calls, HUBSPOT_FIRST)

        (copy,) = world.sandboxes.hubspot.store.dump()["objects"]["calls"]
        assert copy["properties"]["hs_call_status"] == "CANCELED"
        assert world.dynamics_ids("call") == []
