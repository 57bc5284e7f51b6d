"""HubSpot's search index lags behind its records: what it shows of a record that we have just written is older than
what we know, and is not an edit by a person.
"""

from __future__ import annotations

from pathlib import Path

from activity_sync.activities.kinds import ActivityType
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
