"""A portal that takes no property of ours, and a create whose answer was lost: the mirror flow meets the record."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from activity_sync.activities.kinds import ActivityType
from activity_sync.sandbox.faults import Fault
from activity_sync_tests.crashes.outcome import standing
from activity_sync_tests.crashes.recovery import DYNAMICS_FIRST, HUBSPOT_FIRST
from activity_sync_tests.crashes.scenario import Story
from activity_sync_tests.crashes.world import World, make_world

TASKS = [ActivityType.TASK]


@pytest.fixture
def lost(tmp_path: Path) -> Iterator[World]:
    """A task of Dynamics has arrived in HubSpot, and nobody knows; the index shows it now."""
    with make_world(tmp_path, allow_custom_properties=False) as world:
        Story(world, "task").begin_with("d-new")
        world.sandboxes.hubspot.controls.faults.add(Fault("drop_after", route="batch_create"))
        assert world.carry(TASKS, DYNAMICS_FIRST).counts[0]["deferred"] == 1
        world.sandboxes.hubspot.controls.faults.clear()
        world.advance(minutes=1)
        yield world


def outstanding(world: World) -> list[tuple[str, str]]:
    with world.ledger() as ledger:
        return sorted((one.flow, one.reason) for one in ledger.list_outstanding())


def test_it_waits_until_it_is_known_for_what_it_is(lost: World) -> None:
    at_once = lost.carry(TASKS, HUBSPOT_FIRST)
    assert at_once.counts[0]["deferred"] == 1
    lost.advance(minutes=16)
    lost.carry(TASKS, HUBSPOT_FIRST)
    lost.carry(TASKS, HUBSPOT_FIRST)

    assert standing(lost, "task") == {"hubspot d-new": ["d-new"], "dynamics d-new": ["d-new"]}
    assert outstanding(lost) == []


def test_edited_by_a_person_it_waits_for_a_person(lost: World) -> None:
    (task,) = lost.sandboxes.hubspot.store.dump()["objects"]["tasks"]
    edited = {"id": task["id"], "properties": {"hs_task_subject": "d-new edited"}}
    lost.seed({"hubspot": {"objects": {"tasks": [edited]}}})

    for _ in range(3):
        lost.carry(TASKS, HUBSPOT_FIRST)
        lost.advance(minutes=16)

    assert standing(lost, "task") == {"hubspot d-new": ["d-new edited"], "dynamics d-new": ["d-new"]}
    assert outstanding(lost) == [
        ("dynamics_to_hubspot", "uncertain_create"),
        ("hubspot_to_dynamics", "may_be_our_create"),
    ]


def test_what_people_make_meanwhile_is_carried_at_once(lost: World) -> None:
    Story(lost, "task").make_in_hubspot("h-new")

    assert lost.carry(TASKS, HUBSPOT_FIRST).counts[0]["created"] == 1
