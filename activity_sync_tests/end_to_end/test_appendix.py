"""Records without a place in a Dynamics activity, named at the end of its body in a block that never travels back."""

from __future__ import annotations

import pytest

from activity_sync_tests.end_to_end.bridge import HUBSPOT_TYPES, Bridge
from activity_sync_tests.end_to_end.merging import associate, part
from activity_sync_tests.end_to_end.passes import carry, decisions
from activity_sync_tests.end_to_end.test_many_records import (
    ALL_IN_HUBSPOT,
    DEAL,
    TICKET,
    company,
    in_dynamics,
    in_hubspot,
    made_in_hubspot,
    touch,
)

__all__ = ["company"]

APPEND = "flows: {hubspot_to_dynamics: {%s: {associations: {unplaced: append}}}}"


def note_body(bridge: Bridge, row_id: str) -> str:
    return str(bridge.dynamics("annotation")[row_id]["notetext"])


def task_body(bridge: Bridge, row_id: str) -> str:
    return str(bridge.dynamics("task")[row_id]["description"])


@pytest.fixture
def task(company: Bridge) -> tuple[Bridge, str]:
    """A task on nine records and its row, which names all but the deal."""
    company.configure(APPEND % "task")
    company.people.edit_hubspot("contacts", "1001", {"firstname": "Anna"})
    for contact in ("1002", "1003", "1004"):
        company.people.edit_hubspot("contacts", contact, {"firstname": "Ben", "lastname": contact})
    row_id = made_in_hubspot(company, "task", hs_task_body="Line one")
    return company, row_id


def test_a_task_names_what_it_has_no_place_for_under_its_text(task: tuple[Bridge, str]) -> None:
    bridge, row_id = task
    (made, *_) = decisions(bridge, "hubspot", "task", "501")

    assert task_body(bridge, row_id) == (
        "Line one\n\n--\nAlso related to:\n• Contact: Anna\n• Contact: Ben 1002\n• Contact: Ben 1003\n"
        "• Contact: Ben 1004\n• Account: Firm 0\n• Account: Firm 1\n• Account: Firm 2\n• Case: Broken"
    )
    assert in_dynamics(bridge, "task", row_id) == (DEAL, set())
    assert {one["what"] for one in made["losses"] if one["field"] == "associations"} == {"appended"}


def test_the_block_never_travels_back(task: tuple[Bridge, str]) -> None:
    bridge, row_id = task
    bridge.forget()
    carry(bridge)
    assert bridge.writes() == 0

    edited = task_body(bridge, row_id).replace("Line one", "Line one, edited there") + "\nand below"
    bridge.people.edit_dynamics("tasks", row_id, {"description": edited})
    carry(bridge)

    body = bridge.hubspot("tasks")["501"]["properties"]["hs_task_body"]
    assert "Line one, edited there" in body
    assert "and below" in body
    assert "related" not in body
    assert in_hubspot(bridge, "task", "501") == ALL_IN_HUBSPOT


def test_the_block_follows_what_is_added_and_taken_away(task: tuple[Bridge, str]) -> None:
    bridge, row_id = task
    for contact in ("1002", "1003"):
        part(bridge, "task", "501", contact)
    associate(bridge, "task", "501", "1005")
    touch(bridge, "task")
    carry(bridge)

    assert task_body(bridge, row_id) == (
        "Line one\n\n--\nAlso related to:\n• Contact: 00000000-0000-4000-8000-000000001005\n• Contact: Anna\n"
        "• Contact: Ben 1004\n• Account: Firm 0\n• Account: Firm 1\n• Account: Firm 2\n• Case: Broken"
    )
    bridge.forget()
    carry(bridge)
    assert bridge.writes() == 0


def test_the_block_stays_under_a_body_that_is_edited_in_hubspot(task: tuple[Bridge, str]) -> None:
    bridge, row_id = task
    before = task_body(bridge, row_id)
    bridge.people.edit_hubspot("tasks", "501", {"hs_task_body": "Line two"})
    carry(bridge)

    assert task_body(bridge, row_id) == before.replace("Line one", "Line two")


def test_the_block_moves_with_what_the_task_is_about(task: tuple[Bridge, str]) -> None:
    bridge, row_id = task
    part(bridge, "task", "501", "3001", of_kind="deal")
    touch(bridge, "task")
    carry(bridge)

    assert in_dynamics(bridge, "task", row_id)[0] == TICKET
    assert "Case:" not in task_body(bridge, row_id)
    assert "• Account: Firm 2" in task_body(bridge, row_id)
    assert in_hubspot(bridge, "task", "501") == ALL_IN_HUBSPOT - {"3001"}


def test_without_the_policy_what_is_named_goes_with_the_next_change_of_the_body(task: tuple[Bridge, str]) -> None:
    bridge, row_id = task
    bridge.configure("{}")
    bridge.people.edit_hubspot("tasks", "501", {"hs_task_body": "Line two"})
    carry(bridge)

    assert task_body(bridge, row_id) == "Line two"


def test_a_long_body_is_cut_above_the_block_and_its_cut_copy_stays_here(company: Bridge) -> None:
    company.configure(APPEND % "task")
    long = "word " * 392 + "the very end"  # fits by itself, not with the block
    row_id = made_in_hubspot(company, "task", hs_task_body=long)

    there = task_body(company, row_id)
    assert len(there) <= 2_000
    assert there.endswith("• Case: Broken")
    assert "the very end" not in there

    company.people.edit_dynamics("tasks", row_id, {"description": there.replace("word word", "mot mot", 1)})
    carry(company)
    assert company.hubspot("tasks")["501"]["properties"]["hs_task_body"] == long


def test_a_body_that_was_cut_because_of_the_block_comes_whole_when_there_is_room(company: Bridge) -> None:
    company.configure(APPEND % "task")
    long = "word " * 392 + "the very end"
    row_id = made_in_hubspot(company, "task", hs_task_body=long)
    for of_kind, one in (
        *(("contact", one) for one in ("1001", "1002", "1003", "1004")),
        *(("company", one) for one in ("2001", "2002", "2003")),
        ("ticket", "4001"),
    ):
        part(company, "task", "501", one, of_kind=of_kind)
    touch(company, "task")
    carry(company)
    company.forget()
    carry(company)

    assert task_body(company, row_id) == long
    assert company.writes() == 0
    company.people.edit_dynamics("tasks", row_id, {"description": "all new"})
    carry(company)
    assert "all new" in company.hubspot("tasks")["501"]["properties"]["hs_task_body"]


def test_a_note_names_them_in_its_markup(company: Bridge) -> None:
    company.configure(APPEND % "note")
    row_id = made_in_hubspot(company, "note")

    assert "<p>Plan</p><hr><p><strong>Also related to:</strong><br>• Contact: " in note_body(company, row_id)
    assert note_body(company, row_id).endswith("<br>• Case: Broken</p></div>")

    edited = f"<div>{note_body(company, row_id).replace('Plan', 'Plan B')}</div>"
    company.people.edit_dynamics("annotations", row_id, {"notetext": edited})
    carry(company)
    body = company.hubspot("notes")["501"]["properties"]["hs_note_body"]
    assert "Plan B" in body
    assert "related" not in body


def test_the_block_of_a_note_follows_and_the_servers_rewriting_is_no_edit(company: Bridge) -> None:
    company.configure(APPEND % "note")
    row_id = made_in_hubspot(company, "note")
    carry(company)
    body = company.hubspot("notes")["501"]["properties"]["hs_note_body"]
    part(company, "note", "501", "4001", of_kind="ticket")
    company.people.edit_hubspot("notes", "501", {"hs_timestamp": "2025-05-06T07:08:09.871Z"})
    carry(company)
    there = note_body(company, row_id)
    company.forget()
    carry(company)
    carry(company)

    assert "Case:" not in there
    assert there.count("Also related to:") == 1
    assert "• Account: Firm 2" in there
    assert company.hubspot("notes")["501"]["properties"]["hs_note_body"] == body
    assert company.writes() == 0


@pytest.mark.parametrize("kind", ["call", "email", "meeting"])
def test_a_type_with_parties_names_only_what_cannot_be_one(company: Bridge, kind: str) -> None:
    company.configure(APPEND % kind)
    row_id = made_in_hubspot(company, kind)
    table = {"call": "phonecall", "email": "email", "meeting": "appointment"}[kind]

    text = company.dynamics(table)[row_id]["description"]
    company.forget()
    carry(company)

    assert "• Case: Broken" in text
    assert "Contact:" not in text
    assert company.writes() == 0
    assert in_hubspot(company, kind, "501") == ALL_IN_HUBSPOT
    assert "related" not in str(company.hubspot(HUBSPOT_TYPES[kind])["501"]["properties"])
