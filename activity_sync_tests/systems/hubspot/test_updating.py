"""Updates of properties and associations, in a portal over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from activity_sync.activities.kinds import ActivityType
from activity_sync.systems.hubspot.associations import default_types
from activity_sync.systems.records import UpdateRequest, WriteResult

NOTE = ActivityType.NOTE


def note(number: int, **more: Any) -> dict[str, Any]:
    return {
        "id": str(number),
        "properties": {"hs_timestamp": "2026-02-01T10:00:00Z", "hs_note_body": f"Note {number}"},
        "createdAt": "2026-02-01T10:00:00Z",
        "updatedAt": "2026-03-01T00:00:00.123Z",
        **more,
    }


def seed(portal, count: int) -> None:
    portal.seed(
        {
            "notes": [note(n) for n in range(1, count + 1)],
            "contacts": [{"id": str(n), "properties": {"email": f"p{n}@example.com"}} for n in (1, 2, 3)],
            "companies": [{"id": "9", "properties": {"name": "Acme"}}],
        },
        associations=[{"from": ["notes", "1"], "to": ["contacts", "1"]}],
    )


def update(portal, requests: list[UpdateRequest]) -> list[WriteResult]:
    async def updated(hubspot):
        hubspot._client._sleep = at_once
        return await hubspot.writer.update(NOTE, requests)

    return portal.run(updated)


async def at_once(_seconds: float) -> None:
    """No wait."""


def edit(number: int | str, body: str = "<p>New</p>") -> UpdateRequest:
    return UpdateRequest(str(number), {"properties": {"hs_note_body": body}})


def link(kind: str, record_id: str) -> dict[str, Any]:
    return {"kind": kind, "to": {"id": record_id}, "types": default_types("note", kind)}


def test_updates_go_a_hundred_at_a_time_with_a_new_version_each(any_portal):
    seed(any_portal, 250)

    results = update(any_portal, [edit(n, f"New {n}") for n in range(1, 251)])

    assert any_portal.calls == {"batch_update": 3}
    assert [one.id for one in results] == [str(n) for n in range(1, 251)]
    assert {one.outcome for one in results} == {"done"}
    assert all(int(one.version) > 1_772_323_200_123 for one in results)
    shown = {one["id"]: one["properties"]["hs_note_body"] for one in any_portal.records("notes")}
    assert "New 77" in shown["77"]


@pytest.mark.parametrize("silent", [True, False])
def test_unknown_and_archived_records_are_missing_whether_named_or_not(any_portal, silent):
    any_portal.controls.settings.change({"hubspot_unknown_ids_silent": silent})
    seed(any_portal, 3)
    any_portal.store.load({"objects": {"notes": [note(50, archivedAt="2026-04-01T00:00:00Z")]}})

    results = update(any_portal, [edit(1), edit(404), edit(2), edit(50)])

    assert [one.outcome for one in results] == ["done", "missing", "done", "missing"]
    assert len(any_portal.records("notes")) == 3


def test_a_bad_value_is_refused_alone(any_portal):
    seed(any_portal, 120)
    requests = [edit(n) for n in range(1, 121)]
    requests[30] = UpdateRequest("31", {"properties": {"hubspot_owner_id": "nobody"}})

    results = update(any_portal, requests)

    assert [one.outcome for one in results] == ["done"] * 30 + ["refused"] + ["done"] * 89
    assert "hubspot_owner_id" in results[30].message


def test_a_lost_answer_of_an_update_is_asked_for_again(any_portal):
    seed(any_portal, 5)
    any_portal.fault(kind="drop_after", route="batch_update", times=1)

    results = update(any_portal, [edit(n) for n in range(1, 6)])

    assert {one.outcome for one in results} == {"done"}


def test_an_update_without_an_answer_for_good_is_uncertain(portal):
    seed(portal, 2)
    portal.fault(kind="drop_after", route="batch_update")

    results = update(portal, [edit(1), edit(2)])

    assert {one.outcome for one in results} == {"uncertain"}


def test_associations_are_added_and_removed_beside_the_properties(any_portal):
    seed(any_portal, 2)
    first = UpdateRequest(
        "1",
        {
            "properties": {"hs_note_body": "<p>New</p>"},
            "associate": [link("contact", "2"), link("contact", "3"), link("company", "9")],
            "dissociate": [{"kind": "contact", "to": {"id": "1"}}],
        },
    )
    second = UpdateRequest("2", {"properties": {}, "associate": [link("company", "9")]})

    results = update(any_portal, [first, second])

    assert [one.outcome for one in results] == ["done", "done"]
    assert any_portal.pairs() == {
        ("notes", "1", "contacts", "2"),
        ("notes", "1", "contacts", "3"),
        ("notes", "1", "companies", "9"),
        ("notes", "2", "companies", "9"),
    }
    assert any_portal.calls == {"batch_update": 1, "associations_create": 2, "associations_archive": 1}


def parting(*associate: dict[str, Any], keeps_last: bool = True, body: str = "") -> UpdateRequest:
    """Note 1 is taken off the only contact that it hangs on, and put onto these."""
    properties = {"hs_note_body": body} if body else {}
    parted = [{"kind": "contact", "to": {"id": "1"}}]
    return UpdateRequest(
        "1", {"properties": properties, "associate": list(associate), "dissociate": parted}, keeps_last=keeps_last
    )


def test_what_keeps_its_last_association_is_not_parted_from_it(any_portal):
    seed(any_portal, 1)

    [alone] = update(any_portal, [parting()])
    [edited] = update(any_portal, [parting(body="New")])

    assert (alone.outcome, alone.version) == ("stale", None)
    assert (edited.outcome, edited.version is not None) == ("stale", True), "the fields are written all the same"
    assert any_portal.pairs() == {("notes", "1", "contacts", "1")}
    assert "associations_archive" not in any_portal.calls


def test_the_last_association_goes_where_it_may_and_where_another_one_stays(any_portal):
    seed(any_portal, 1)
    assert [one.outcome for one in update(any_portal, [parting(keeps_last=False)])] == ["done"]
    assert any_portal.pairs() == set()

    update(
        any_portal, [UpdateRequest("1", {"properties": {}, "associate": [link("contact", "1"), link("company", "9")]})]
    )
    assert [one.outcome for one in update(any_portal, [parting()])] == ["done"]
    assert any_portal.pairs() == {("notes", "1", "companies", "9")}


def test_the_old_association_stays_while_the_new_one_is_refused(any_portal):
    seed(any_portal, 1)

    [refused] = update(any_portal, [parting(link("contact", "404"))])
    assert refused.outcome != "done"
    assert any_portal.pairs() == {("notes", "1", "contacts", "1")}

    [half] = update(any_portal, [parting(link("contact", "404"), link("contact", "2"))])
    assert half.outcome != "done"
    assert any_portal.pairs() == {("notes", "1", "contacts", "2")}


def test_the_old_association_stays_while_the_new_one_has_no_answer(portal):
    seed(portal, 1)
    portal.fault(kind="status", status=503, route="associations_create")

    [result] = update(portal, [parting(link("contact", "2"))])

    assert result.outcome == "busy"
    assert portal.pairs() == {("notes", "1", "contacts", "1")}


def test_nothing_is_parted_while_it_cannot_be_read_what_would_be_left(portal):
    seed(portal, 1)
    portal.fault(kind="status", status=503, route="associations_read")

    [result] = update(portal, [parting()])

    assert result.outcome == "busy"
    assert portal.pairs() == {("notes", "1", "contacts", "1")}


def test_a_replacement_that_was_made_needs_no_look(any_portal):
    seed(any_portal, 1)

    [result] = update(any_portal, [parting(link("contact", "2"))])

    assert result.outcome == "done"
    assert any_portal.pairs() == {("notes", "1", "contacts", "2")}
    assert any_portal.calls == {"associations_create": 1, "associations_archive": 1}


def test_parting_what_is_not_associated_is_success(any_portal):
    seed(any_portal, 2)
    gone = {"properties": {}, "dissociate": [{"kind": "contact", "to": {"id": "3"}}]}

    results = update(any_portal, [UpdateRequest("1", gone), UpdateRequest("2", gone)])

    assert [one.outcome for one in results] == ["done", "done"]


def test_an_association_with_nobody_is_refused_alone(any_portal):
    seed(any_portal, 3)
    targets = {"1": "2", "2": "404", "3": "3"}
    requests = [
        UpdateRequest(note_id, {"properties": {}, "associate": [link("contact", target)]})
        for note_id, target in targets.items()
    ]

    results = update(any_portal, requests)

    assert [one.outcome == "done" for one in results] == [True, False, True]
    assert ("notes", "3", "contacts", "3") in any_portal.pairs()


def test_a_record_that_is_missing_gets_no_associations(any_portal):
    seed(any_portal, 1)
    request = UpdateRequest("404", {"properties": {"hs_note_body": "x"}, "associate": [link("contact", "2")]})

    [result] = update(any_portal, [request])

    assert result.outcome == "missing"
    assert "associations_create" not in any_portal.calls


def test_one_record_given_twice_is_a_mistake_of_the_caller(portal):
    with pytest.raises(ValueError, match="once"):
        update(portal, [edit(1), edit(1)])


def test_nothing_to_update_is_no_call(portal):
    assert update(portal, []) == []
    assert portal.calls == {}


def test_a_batch_of_updates_refused_as_a_whole_is_sent_in_parts(portal):
    seed(portal, 8)
    portal.fault(kind="status", status=400, route="batch_update", times=2)

    results = update(portal, [edit(n) for n in range(1, 9)])

    assert {one.outcome for one in results} == {"done"}
    assert portal.calls["batch_update"] == 5
