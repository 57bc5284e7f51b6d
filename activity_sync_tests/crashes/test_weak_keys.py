"""A portal that refuses unique keys, or every property of ours, and answers that are lost: each activity arrives
once, if need be late, and what cannot be settled is held for a person instead of being sent again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from activity_sync.activities.identity import Flow
from activity_sync.activities.kinds import ActivityType
from activity_sync.ledger.outstanding import OutstandingState
from activity_sync.sandbox.faults import Fault
from activity_sync_tests.crashes.scenario import Story
from activity_sync_tests.crashes.world import World, make_world
from activity_sync_tests.end_to_end.bridge import dynamics_people, hubspot_people

PLAIN = {"allow_unique_properties": False}
ABSENT = {"allow_custom_properties": False}
NAMES = ("d-new", "d-more", "d-later")
TO_HUBSPOT = (Flow("dynamics", "hubspot"),)

weak = pytest.mark.parametrize("refusing", [PLAIN, ABSENT], ids=["plain", "absent"])
lost = pytest.mark.parametrize(
    "fault",
    [
        {"kind": "drop_after"},
        {"kind": "status_after", "status": 503},
    ],
    ids=["dropped", "503"],
)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with make_world(tmp_path) as world:
        yield world


def begin(world: World, refusing: dict[str, Any]) -> None:
    """People on both sides, three tasks in Dynamics, and a portal that refuses what `refusing` says."""
    world.sandboxes.hubspot.controls.settings.change(refusing)
    world.seed({"hubspot": hubspot_people(), "dynamics": dynamics_people()})
    for name in NAMES:
        Story(world, "task").make_in_dynamics(name)
    world.advance(minutes=1)


def fault(world: World, **rule: Any) -> None:
    world.sandboxes.hubspot.controls.faults.add(Fault(**{"route": "batch_create", **rule}))


def carry(world: World) -> Counter[str]:
    ended = world.carry([ActivityType.TASK], TO_HUBSPOT)
    assert not ended.errors
    return sum((Counter(one) for one in ended.counts), Counter())


def subjects(world: World) -> Counter[str]:
    held = world.sandboxes.hubspot.store.dump()["objects"]["tasks"]
    return Counter(one["properties"]["hs_task_subject"] for one in held)


def held(world: World) -> list[str]:
    with world.ledger() as ledger:
        return [one.reason for one in ledger.list_outstanding(OutstandingState.HELD)]


@lost
def test_a_plain_key_settles_a_lost_answer_when_the_index_shows_it(world, fault):
    begin(world, PLAIN)
    world.sandboxes.hubspot.controls.faults.add(Fault(route="batch_create", times=1, **fault))

    first = carry(world)
    at_once = carry(world)
    world.advance(minutes=16)
    later = carry(world)

    assert (first["deferred"], at_once["created"], later["created"]) == (3, 0, 0)
    assert subjects(world) == dict.fromkeys(NAMES, 1)
    assert held(world) == []


def test_a_plain_key_that_never_arrived_is_sent_again_once_that_is_certain(world):
    begin(world, PLAIN)
    fault(world, kind="drop_before", times=1)

    first = carry(world)
    world.advance(minutes=14)
    too_early = carry(world)
    world.advance(minutes=2)
    certain = carry(world)

    assert (first["deferred"], too_early["created"], certain["created"]) == (3, 0, 3)
    assert subjects(world) == dict.fromkeys(NAMES, 1)


@lost
def test_without_a_key_a_lost_answer_is_settled_by_what_was_made_since(world, fault):
    begin(world, ABSENT)
    world.sandboxes.hubspot.controls.faults.add(Fault(route="batch_create", **fault))

    first = carry(world)
    world.sandboxes.hubspot.controls.faults.clear()
    at_once = carry(world)
    world.advance(minutes=11)
    later = carry(world)

    assert (first["created"], at_once["created"], later["created"]) == (0, 0, 0)
    assert max(subjects(world).values()) == 1
    # A request on a connection that was being cut may not have arrived: nobody can tell, and a person is asked.
    assert len(subjects(world)) + len(held(world)) == len(NAMES)


def test_without_a_key_what_never_arrived_is_held_and_not_sent_again(world):
    begin(world, ABSENT)
    fault(world, kind="drop_before")

    carry(world)
    world.sandboxes.hubspot.controls.faults.clear()
    for _ in range(3):
        world.advance(minutes=30)
        carry(world)

    assert subjects(world) == {}
    assert held(world) == ["uncertain_create"] * 3


@pytest.mark.parametrize(
    ("kind", "then"),
    [("drop_after", {}), ("drop_after", PLAIN), ("drop_before", {})],
    ids=["made, then unique", "made, then plain", "not made, then unique"],
)
def test_keys_that_come_late_prove_nothing_about_what_was_sent_without_them(world, kind, then):
    begin(world, ABSENT)
    fault(world, kind=kind)
    carry(world)
    world.sandboxes.hubspot.controls.faults.clear()
    before = subjects(world)
    # So that no look at the records themselves settles which is which.
    rename(world)

    world.sandboxes.hubspot.controls.settings.change({"allow_custom_properties": True, **then})
    world.advance(minutes=1)
    Story(world, "task").make_in_dynamics("d-edit")
    for _ in range(3):
        world.advance(minutes=30)
        carry(world)

    assert subjects(world)["d-edit"] == 1
    assert subjects(world).total() == before.total() + 1
    assert held(world) == ["uncertain_create"] * 3


def rename(world: World) -> None:
    """A person gives every task in HubSpot another subject."""
    tasks = world.sandboxes.hubspot.store.dump()["objects"]["tasks"]
    edited = [{"id": one["id"], "properties": {"hs_task_subject": f"renamed {one['id']}"}} for one in tasks]
    world.seed({"hubspot": {"objects": {"tasks": edited}}})


@weak
def test_a_portal_that_takes_no_creates_for_long_gets_each_once_in_the_end(world, refusing):
    begin(world, refusing)
    fault(world, kind="status", status=429)
    carry(world)
    world.sandboxes.hubspot.controls.faults.clear()

    for _ in range(2):
        world.advance(minutes=16)
        carry(world)

    assert subjects(world) == dict.fromkeys(NAMES, 1)
    assert held(world) == []
