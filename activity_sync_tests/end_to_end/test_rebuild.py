"""A lost ledger: rebuilt from the keys in both systems, by the command or by itself, and nothing is made twice."""

from __future__ import annotations

import json

import pytest

from activity_sync.activities.identity import Flow
from activity_sync.activities.kinds import ActivityType
from activity_sync.configuration import FLOWS
from activity_sync.errors import LedgerUnusable
from activity_sync.ledger.rows import LinkState
from activity_sync_tests.end_to_end.bridge import Bridge
from activity_sync_tests.end_to_end.goldens import load_goldens, seed_golden
from activity_sync_tests.end_to_end.losing import (
    HERE,
    TASKS,
    THERE,
    assert_quiet,
    held,
    lose_ledger,
    lose_link,
    named,
    only_tasks,
    rebuilt,
    ref,
    stopped,
    tasks_carried,
)
from activity_sync_tests.end_to_end.passes import carry
from activity_sync_tests.end_to_end.people import populate

BOTH_ORDERS = pytest.mark.parametrize("flows", [FLOWS, FLOWS[::-1]], ids=["hubspot first", "dynamics first"])
TASK = ActivityType.TASK


@pytest.fixture
def tasks(peopled: Bridge) -> Bridge:
    """Three tasks of each side, carried."""
    only_tasks(peopled)
    tasks_carried(peopled)
    return peopled


def counterparts(bridge: Bridge) -> tuple[list[str], list[str]]:
    """The copies of Dynamics tasks in HubSpot, and of HubSpot tasks in Dynamics."""
    copies_here = [str(bridge.counterpart("dynamics", "task", one)) for one in THERE]
    copies_there = [str(bridge.counterpart("hubspot", "task", one)) for one in HERE]
    return copies_here, copies_there


@pytest.mark.slow
def test_everything_of_every_type_is_linked_again(bridge: Bridge) -> None:
    goldens = load_goldens()
    populate(bridge)
    for golden in goldens:
        seed_golden(bridge, golden)
    carry(bridge)
    carry(bridge)
    lose_ledger(bridge)
    bridge.forget()

    found = [rebuilt(bridge, kind) for kind in ActivityType]

    assert sum(one.linked for one in found) == len(goldens)
    assert [one.not_rebuilt for one in found] == [[]] * len(ActivityType)
    assert_quiet(bridge)


@BOTH_ORDERS
def test_a_rebuilt_ledger_carries_nothing(tasks: Bridge, flows: tuple[Flow, ...]) -> None:
    lose_ledger(tasks)
    tasks.forget()

    found = rebuilt(tasks)
    again = rebuilt(tasks)

    assert (found.linked, found.known, found.not_rebuilt) == (2 * TASKS, 0, [])
    assert (again.linked, again.known, again.not_rebuilt) == (0, 2 * TASKS, [])
    assert set(carry(tasks, flows=flows)) == {"extracted", "unchanged"}
    assert tasks.writes() == 0
    assert_quiet(tasks)


@BOTH_ORDERS
@pytest.mark.parametrize("unique", ["unique", "plain"])
def test_without_a_rebuild_the_next_pass_makes_it_by_itself(
    peopled: Bridge, flows: tuple[Flow, ...], unique: str
) -> None:
    tasks = peopled
    tasks.sandboxes.hubspot.controls.settings.change({"allow_unique_properties": unique == "unique"})
    only_tasks(tasks)
    tasks_carried(tasks)
    lose_ledger(tasks)
    tasks.forget()

    counts = carry(tasks, flows=flows)

    assert set(counts) == {"extracted", "unchanged"}
    assert tasks.writes() == 0
    assert rebuilt(tasks).known == 2 * TASKS


def test_stopped_halfway_it_is_finished_before_anything_is_decided(tasks: Bridge) -> None:
    lose_ledger(tasks)

    assert stopped(tasks, commits=1) == TASKS
    tasks.forget()
    counts = carry(tasks)

    assert set(counts) == {"extracted", "unchanged"}
    assert tasks.writes() == 0
    assert rebuilt(tasks).known == 2 * TASKS


def test_origin_key_and_generation_are_the_old_ones(tasks: Bridge) -> None:
    def links() -> set[tuple[object, ...]]:
        with tasks.ledger() as ledger:
            rows = ledger.links("hubspot", TASK, [*HERE, *copies]).values()
        return {(row.origin, row.origin_id, row.key, row.generation, row.elements) for row in rows}

    copies, _ = counterparts(tasks)
    before = links()
    lose_ledger(tasks)

    rebuilt(tasks)

    assert links() == before


@BOTH_ORDERS
def test_edits_of_the_time_without_a_ledger_are_carried(tasks: Bridge, flows: tuple[Flow, ...]) -> None:
    here, there = counterparts(tasks)
    lose_ledger(tasks)
    tasks.people.edit_hubspot("tasks", HERE[0], {"hs_task_subject": "Edited original here"})
    tasks.people.edit_hubspot("tasks", here[0], {"hs_task_subject": "Edited copy here"})
    tasks.people.edit_dynamics("tasks", THERE[1], {"subject": "Edited original there"})
    tasks.people.edit_dynamics("tasks", there[1], {"subject": "Edited copy there"})

    assert rebuilt(tasks).linked == 2 * TASKS
    counts = carry(tasks, flows=flows)

    assert counts.get("updated") == 4
    assert "created" not in counts
    subjects_here = {one: row["properties"]["hs_task_subject"] for one, row in tasks.hubspot("tasks").items()}
    subjects_there = {one: row["subject"] for one, row in tasks.dynamics("task").items()}
    assert len(subjects_here) == len(subjects_there) == 2 * TASKS
    assert subjects_there[there[0]] == subjects_here[HERE[0]] == "Edited original here"
    assert subjects_there[THERE[0]] == subjects_here[here[0]] == "Edited copy here"
    assert subjects_here[here[1]] == subjects_there[THERE[1]] == "Edited original there"
    assert subjects_here[HERE[1]] == subjects_there[there[1]] == "Edited copy there"
    assert_quiet(tasks)


def test_what_was_deleted_meanwhile_is_named_and_not_created_again(tasks: Bridge) -> None:
    here, there = counterparts(tasks)
    lose_ledger(tasks)
    tasks.people.delete_hubspot("tasks", HERE[0])  # an original; its copy is left
    tasks.people.delete_dynamics("tasks", THERE[0])
    tasks.people.delete_hubspot("tasks", here[1])  # a copy; its original is left
    tasks.forget()

    found = rebuilt(tasks)

    assert found.linked == 2 * TASKS - 3
    assert named(found) == {
        (ref("dynamics", there[0]), "deleted", (ref("hubspot", HERE[0]),)),
        (ref("hubspot", here[0]), "deleted", (ref("dynamics", THERE[0]),)),
        (ref("dynamics", THERE[1]), "deleted", (ref("hubspot", here[1]),)),
    }
    assert_quiet(tasks)
    again = rebuilt(tasks)
    assert (again.linked, again.not_rebuilt) == (0, [])


def test_a_record_that_two_claim_is_held_and_so_are_they(tasks: Bridge) -> None:
    here, _ = counterparts(tasks)
    twin = "9901"
    stamped = dict(tasks.hubspot("tasks")[here[0]])
    marks = {name: stamped["properties"][name] for name in ("activity_sync_source_system", "activity_sync_source_id")}
    properties = {**marks, "hs_task_subject": "A clone", "hs_timestamp": stamped["properties"]["hs_timestamp"]}
    lose_ledger(tasks)
    tasks.seed(
        {
            "hubspot": {
                "objects": {"tasks": [{**stamped, "id": twin, "properties": properties}]},
                "associations": [{"from": ["tasks", twin], "to": ["contacts", "1001"]}],
            }
        }
    )
    tasks.forget()

    found = rebuilt(tasks)

    assert found.linked == 2 * TASKS - 1
    pair = tuple(sorted((ref("hubspot", here[0]), ref("hubspot", twin))))
    assert {(one, reason) for one, reason, _ in named(found)} == {
        (ref("hubspot", here[0]), "ambiguous"),
        (ref("hubspot", twin), "ambiguous"),
        (ref("dynamics", THERE[0]), "ambiguous"),
    }
    assert (ref("dynamics", THERE[0]), "ambiguous", pair) in named(found)
    assert_quiet(tasks, held=3)
    assert {(one.source_id, one.reason) for one in held(tasks)} == {
        (one, "ambiguous") for one in (here[0], twin, THERE[0])
    }
    # One of the two goes: nothing is ambiguous any more.
    tasks.people.delete_hubspot("tasks", twin)
    assert rebuilt(tasks).linked == 1
    assert_quiet(tasks)
    assert held(tasks) == []


def test_a_copy_whose_original_left_no_trace_is_held(tasks: Bridge) -> None:
    _, there = counterparts(tasks)
    lose_ledger(tasks)
    store = tasks.sandboxes.hubspot.store
    del store.records["tasks"][HERE[0]]  # deleted longer ago than the bin keeps anything
    store.generation["tasks"] += 1

    found = rebuilt(tasks)

    assert named(found) == {(ref("dynamics", there[0]), "ambiguous", ())}
    assert_quiet(tasks, held=1)


def test_a_full_ledger_keeps_its_links_and_gets_what_is_missing(tasks: Bridge) -> None:
    with tasks.ledger() as ledger:
        before = ledger.links("hubspot", TASK, HERE)
    lose_link(tasks, before.pop(HERE[0]).id)

    found = rebuilt(tasks)

    assert (found.linked, found.known, found.not_rebuilt) == (1, 2 * TASKS - 1, [])
    with tasks.ledger() as ledger:
        after = ledger.links("hubspot", TASK, HERE)
    assert after[HERE[0]].state is LinkState.LINKED
    assert {one: after[one] for one in before} == before
    assert_quiet(tasks)


def test_the_ledger_of_another_portal_is_refused(tasks: Bridge) -> None:
    tasks.sandboxes.hubspot.controls.settings.change({"hubspot_portal_id": 4711})

    with pytest.raises(LedgerUnusable, match="belongs to the hubspot account"):
        rebuilt(tasks)


def test_the_command_says_what_it_did(tasks: Bridge) -> None:
    here, _ = counterparts(tasks)
    lose_ledger(tasks)
    tasks.people.delete_dynamics("tasks", THERE[0])

    done = tasks.command("ledger", "rebuild", "--json")

    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["types"]["task"] == {"linked": 2 * TASKS - 1, "known": 0, "not_rebuilt": 1}
    assert document["types"].keys() == set(ActivityType)
    assert document["not_rebuilt"] == [
        {
            "system": "hubspot",
            "type": "task",
            "id": here[0],
            "reason": "deleted",
            "candidates": [{"system": "dynamics", "type": "task", "id": THERE[0]}],
        }
    ]
    shown = tasks.command("ledger", "rebuild")
    assert shown.returncode == 0, shown.stderr
    assert "task" in shown.stdout


@pytest.fixture
def keyless(peopled: Bridge) -> Bridge:
    """Three tasks of each side, carried, in a portal that has no place for any mark of ours."""
    peopled.sandboxes.hubspot.controls.settings.change({"allow_custom_properties": False})
    only_tasks(peopled)
    tasks_carried(peopled)
    return peopled


@BOTH_ORDERS
def test_where_no_key_can_be_kept_copies_are_known_by_what_they_show(keyless: Bridge, flows: tuple[Flow, ...]) -> None:
    lose_ledger(keyless)
    keyless.forget()

    found = rebuilt(keyless)

    assert (found.linked, found.not_rebuilt) == (2 * TASKS, [])
    assert set(carry(keyless, flows=flows)) == {"extracted", "unchanged"}
    assert keyless.writes() == 0
    assert_quiet(keyless)


def test_where_no_key_can_be_kept_an_edited_copy_is_held(keyless: Bridge) -> None:
    here, _ = counterparts(keyless)
    lose_ledger(keyless)
    keyless.people.edit_hubspot("tasks", here[0], {"hs_task_subject": "Edited"})

    found = rebuilt(keyless)

    assert found.linked == 2 * TASKS - 1
    assert named(found) == {
        (ref("hubspot", here[0]), "ambiguous", (ref("dynamics", THERE[0]),)),
        (ref("dynamics", THERE[0]), "ambiguous", (ref("hubspot", here[0]),)),
    }
    assert_quiet(keyless, held=2)
    again = rebuilt(keyless)
    assert (again.linked, named(again)) == (0, named(found))


def test_where_no_key_can_be_kept_a_pass_from_there_rebuilds_by_itself(keyless: Bridge) -> None:
    lose_ledger(keyless)
    keyless.forget()

    counts = carry(keyless, flows=FLOWS[::-1])

    assert set(counts) == {"extracted", "unchanged"}
    assert keyless.writes() == 0
