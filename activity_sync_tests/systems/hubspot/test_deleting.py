"""Deletes in a portal over HTTP: what was deleted there, and what we delete."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import pytest

from activity_sync.activities.kinds import ActivityType
from activity_sync.errors import AuthenticationFailed, ServerUnavailable
from activity_sync.systems.records import Deletions, UpdateRequest, WriteResult

NOTE = ActivityType.NOTE


def note(number: int, **more: Any) -> dict[str, Any]:
    return {
        "id": str(number),
        "properties": {"hs_timestamp": "2026-02-01T10:00:00Z", "hs_note_body": f"Note {number}"},
        "createdAt": "2026-02-01T10:00:00Z",
        "updatedAt": "2026-03-01T00:00:00.123Z",
        **more,
    }


def archived(number: int, *, day: int = 1) -> dict[str, Any]:
    return note(number, archivedAt=f"2026-04-{day:02}T00:00:00Z")


async def at_once(_seconds: float) -> None:
    """No wait."""


def deletions(portal, linked: Collection[str], *, cursor: str | None = None) -> Deletions:
    async def find(hubspot):
        hubspot._client._sleep = at_once
        return await hubspot.reader.deletions(NOTE, cursor=cursor, linked=lambda: linked)

    return portal.run(find)


def archive(portal, ids: Collection[str]) -> list[WriteResult]:
    async def archiving(hubspot):
        hubspot._client._sleep = at_once
        return await hubspot.writer.archive(NOTE, [UpdateRequest(one, {}) for one in ids])

    return portal.run(archiving)


def living(portal) -> set[str]:
    return {one["id"] for one in portal.records("notes")}


def test_linked_records_in_the_bin_are_suspects_and_nobody_else(any_portal):
    any_portal.seed({"notes": [note(1), archived(2), archived(3), note(4)]})

    found = deletions(any_portal, ["1", "2", "404"])

    assert found.suspects == {"2"}
    assert found.listed is None
    assert any_portal.calls == {"list": 1}


def test_the_cursor_is_the_newest_deletion_ever_seen(portal):
    portal.seed({"notes": [archived(1, day=9), archived(2, day=20), archived(3, day=4)]})

    first = deletions(portal, ["3"])
    later = deletions(portal, ["3"], cursor="2026-05-01T00:00:00+00:00")

    assert first.cursor == "2026-04-20T00:00:00+00:00"
    assert later.cursor == "2026-05-01T00:00:00+00:00"


def test_the_bin_is_read_whole_however_new_the_cursor_for_no_order_is_promised(portal):
    portal.seed({"notes": [archived(n) for n in range(1, 251)]})

    found = deletions(portal, ["1", "120", "250"], cursor="2026-05-01T00:00:00+00:00")

    assert found.suspects == {"1", "120", "250"}
    assert portal.calls == {"list": 3}


def test_where_nothing_is_linked_nothing_is_suspect_and_the_cursor_never_goes_back(portal):
    portal.seed({"notes": [archived(1)]})

    assert deletions(portal, [], cursor="2026-05-01T00:00:00+00:00") == Deletions(
        frozenset(), cursor="2026-05-01T00:00:00+00:00"
    )
    assert deletions(portal, []).suspects == frozenset()


def test_an_empty_bin_leaves_no_suspect(portal):
    portal.seed({"notes": [note(1)]})

    assert deletions(portal, ["1"]) == Deletions(frozenset(), cursor="")


def test_a_bin_that_cannot_be_read_is_no_empty_bin(portal):
    portal.seed({"notes": [archived(n) for n in range(1, 251)]})
    portal.fault(kind="status", status=500, route="list", skip=1)

    with pytest.raises(ServerUnavailable):
        deletions(portal, ["1"])


def test_what_was_deleted_and_is_back_is_no_suspect(portal):
    portal.seed({"notes": [archived(1)]})
    portal.store.load({"objects": {"notes": [note(1, archived=False)]}})

    assert deletions(portal, ["1"]).suspects == frozenset()


def test_records_are_archived_a_hundred_at_a_time(any_portal):
    any_portal.seed({"notes": [note(n) for n in range(1, 261)]})

    results = archive(any_portal, [str(n) for n in range(1, 251)])

    assert any_portal.calls == {"batch_archive": 3}
    assert [one.id for one in results] == [str(n) for n in range(1, 251)]
    assert {one.outcome for one in results} == {"done"}
    assert living(any_portal) == {str(n) for n in range(251, 261)}


def test_archiving_what_is_gone_is_done(any_portal):
    any_portal.seed({"notes": [note(1), archived(2)]})

    results = archive(any_portal, ["1", "2", "404"])

    assert [one.outcome for one in results] == ["done"] * 3
    assert living(any_portal) == set()


@pytest.mark.parametrize("kind", ["drop_after", "truncate", "status_after"])
def test_a_lost_answer_of_an_archive_is_asked_for_again(any_portal, kind):
    any_portal.seed({"notes": [note(n) for n in range(1, 6)]})
    any_portal.fault(kind=kind, route="batch_archive", status=502, times=1)

    results = archive(any_portal, ["1", "2"])

    assert [one.outcome for one in results] == ["done", "done"]
    assert living(any_portal) == {"3", "4", "5"}


def test_an_archive_without_an_answer_for_good_is_uncertain_and_others_are_done(portal):
    portal.seed({"notes": [note(n) for n in range(1, 201)]})
    portal.fault(kind="drop_after", route="batch_archive", skip=1)

    results = archive(portal, [str(n) for n in range(1, 201)])

    assert {one.outcome for one in results} == {"done", "uncertain"}


def test_an_archive_that_the_server_never_takes_is_busy_and_nothing_is_gone(portal):
    portal.seed({"notes": [note(1)]})
    portal.fault(kind="status", status=429, route="batch_archive")

    [result] = archive(portal, ["1"])

    assert result.outcome == "busy"
    assert living(portal) == {"1"}


def test_a_batch_of_archives_that_is_refused_is_sent_in_parts(portal):
    portal.seed({"notes": [note(n) for n in range(1, 9)]})
    portal.fault(kind="status", status=400, route="batch_archive", times=2)

    results = archive(portal, [str(n) for n in range(1, 9)])

    assert {one.outcome for one in results} == {"done"}
    assert living(portal) == set()
    assert portal.calls == {"batch_archive": 5}


def test_a_record_that_may_not_be_archived_is_refused_with_the_apis_reason(portal):
    portal.seed({"notes": [note(1)]})
    portal.fault(kind="status", status=400, route="batch_archive")

    [result] = archive(portal, ["1"])

    assert result.outcome == "refused"
    assert result.status == 400
    assert living(portal) == {"1"}


def test_without_the_scope_to_write_nothing_is_archived_and_the_run_stops(portal):
    portal.seed({"notes": [note(1)]})
    portal.controls.settings.change({"hubspot_scopes": ["crm.objects.contacts.read"]})

    with pytest.raises(AuthenticationFailed):
        archive(portal, ["1"])
    assert living(portal) == {"1"}


def test_nothing_to_archive_is_no_call(portal):
    assert archive(portal, []) == []
    assert portal.calls == {}
