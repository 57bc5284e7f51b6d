"""Our own properties: in which group they are made, and when not."""

from __future__ import annotations

from dataclasses import replace

from activity_sync.activities.kinds import ActivityType
from activity_sync.systems.hubspot.metadata import TRACKING
from activity_sync.systems.records import Use
from activity_sync_tests.systems.hubspot.conftest import Portal

TASKS = (ActivityType.TASK,)


def without_groups(portal: Portal, *, left: dict[str, str]) -> None:
    """No definition of tasks names a group; these groups exist."""
    schema = portal.store.schema
    schema.properties["tasks"] = {name: replace(one, group="") for name, one in schema.properties["tasks"].items()}
    schema.groups["tasks"] = left


def groups_of_ours(portal: Portal) -> set[str]:
    return {portal.store.schema.properties["tasks"][name].group for name in TRACKING}


def test_they_stand_in_the_group_of_the_others(portal: Portal):
    others = {one.group for one in portal.store.schema.properties["tasks"].values()}

    portal.run(lambda system: system.writer.prepare(TASKS))

    assert groups_of_ours(portal) <= others


def test_where_no_definition_names_a_group_an_existing_one_serves(portal: Portal):
    without_groups(portal, left={"task": "Task information"})

    portal.run(lambda system: system.writer.prepare(TASKS))

    assert groups_of_ours(portal) == {"task"}


def test_where_a_type_has_no_group_ours_is_made(portal: Portal):
    without_groups(portal, left={})

    portal.run(lambda system: system.inspector.complete(Use(writes=TASKS)))

    assert portal.store.schema.groups["tasks"] == {"activity_sync": "Activity Sync"}
    assert groups_of_ours(portal) == {"activity_sync"}


def test_a_sync_that_may_not_create_them_does_not_but_whoever_asks_for_it_does(portal: Portal):
    portal.create = False

    portal.run(lambda system: system.writer.prepare(TASKS))
    untouched = set(TRACKING) & set(portal.store.schema.properties["tasks"])
    portal.run(lambda system: system.inspector.complete(Use(writes=TASKS)))

    assert untouched == set()
    assert set(TRACKING) <= set(portal.store.schema.properties["tasks"])
