"""Records found by when they took place or were made, in a portal over HTTP, and all of them with what they carry."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from activity_sync.activities.kinds import ActivityType
from activity_sync.errors import MalformedResponse, ServerUnavailable
from activity_sync.systems.hubspot.metadata import KEY, SOURCE_ID, SOURCE_SYSTEM
from activity_sync.systems.moments import merge_moments
from activity_sync.systems.records import CreateRequest, KeyedRecord, SourceRecord, Stamp

NOTE, MEETING = ActivityType.NOTE, ActivityType.MEETING
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def note(number: int, *, at: datetime = NOON, made: datetime = NOON, **more: Any) -> dict[str, Any]:
    return {
        "id": str(number),
        "properties": {"hs_timestamp": at.isoformat(), "hs_note_body": f"Note {number}"},
        "createdAt": made.isoformat(),
        "updatedAt": made.isoformat(),
        **more,
    }


def around(portal, moments: Sequence[datetime], *, within: timedelta = MINUTE) -> list[SourceRecord]:
    return portal.run(lambda hubspot: hubspot.reader.around(NOTE, moments, within=within))


def made_since(portal, since: datetime) -> list[SourceRecord]:
    return portal.run(lambda hubspot: hubspot.reader.made_since(NOTE, since))


def keyed(portal, activity_type: ActivityType = NOTE) -> list[KeyedRecord]:
    async def listed(hubspot):
        hubspot._client._sleep = at_once
        return [one async for page in hubspot.reader.keyed(activity_type) for one in page]

    return portal.run(listed)


async def at_once(_seconds: float) -> None:
    """No wait."""


def ids(records: Sequence[SourceRecord]) -> list[str]:
    return sorted((one.id for one in records), key=int)


# --- spans -----------------------------------------------------------------------------------------------------------


def test_spans_that_touch_are_one_and_others_stay_apart():
    moments = [NOON + 5 * MINUTE, NOON, NOON + 2 * MINUTE, NOON]

    assert merge_moments(moments, within=MINUTE) == [
        (NOON - MINUTE, NOON + 3 * MINUTE),
        (NOON + 4 * MINUTE, NOON + 6 * MINUTE),
    ]
    assert merge_moments([], within=MINUTE) == []


# --- around ----------------------------------------------------------------------------------------------------------


def test_what_took_place_near_any_moment_is_found_to_the_millisecond(any_portal):
    millisecond = timedelta(milliseconds=1)
    later = NOON + timedelta(days=30)
    any_portal.seed(
        {
            "notes": [
                note(1, at=NOON - MINUTE - millisecond),
                note(2, at=NOON - MINUTE),
                note(3, at=NOON + MINUTE),
                note(4, at=NOON + MINUTE + millisecond),
                note(5, at=later),
                note(6, at=later, archivedAt="2026-04-01T00:00:00Z"),
            ],
            "contacts": [{"id": "1", "properties": {"email": "a@example.com"}}],
        },
        associations=[{"from": ["notes", "3"], "to": ["contacts", "1"]}],
    )

    found = around(any_portal, [NOON, later])

    assert ids(found) == ["2", "3", "5"]
    assert {one.id: [end["id"] for end in one.associations.get("contact", ())] for one in found}["3"] == ["1"]
    assert any_portal.calls == {"search": 1, "associations_read": 4}


def test_a_moment_finer_than_a_millisecond_finds_what_hubspot_cut(portal):
    portal.seed({"notes": [note(1)]})

    assert ids(around(portal, [NOON + timedelta(microseconds=700)], within=timedelta())) == ["1"]


def test_many_moments_go_five_to_a_search_that_is_never_too_long(portal):
    moments = [NOON + timedelta(hours=n) for n in range(52)]
    portal.seed({"notes": [note(n + 1, at=moment) for n, moment in enumerate(moments)]})

    found = around(portal, moments)

    assert ids(found) == [str(n + 1) for n in range(52)]
    assert portal.calls["search"] == 11


def test_with_very_many_properties_fewer_moments_go_to_a_search(portal):
    moments = [NOON + timedelta(hours=n) for n in range(10)]
    portal.seed({"notes": [note(n + 1, at=moment) for n, moment in enumerate(moments)]})
    lengths: list[int] = []

    async def find(hubspot):
        columns, send = hubspot.reader._columns, hubspot._client.send
        hubspot.reader._columns = lambda kind: (*columns(kind), *(f"a_very_long_property_name_{n}" for n in range(58)))

        async def measured(request):
            if request.lane == "search":
                lengths.append(len(json.dumps(request.json)))
            return await send(request)

        hubspot._client.send = measured
        return await hubspot.reader.around(NOTE, moments, within=MINUTE)

    found = portal.run(find)

    assert ids(found) == [str(n + 1) for n in range(10)]
    assert max(lengths) <= 3_000
    assert len(lengths) > 2


@pytest.mark.slow
def test_more_than_a_query_can_page_through_near_one_moment_all_come_once(portal):
    portal.seed({"notes": [note(n) for n in range(1, 10_251)]})

    found = around(portal, [NOON, NOON + timedelta(days=1)])

    assert ids(found) == [str(n) for n in range(1, 10_251)]


def test_records_edited_between_two_pages_push_nobody_out_of_sight(portal):
    portal.seed({"notes": [note(n) for n in range(1, 601)]})

    async def find_while_somebody_edits(hubspot):
        search = hubspot.reader._operations.search

        async def searching(kind, body):
            page = await search(kind, body)
            moved = [{"id": str(one["id"]), "properties": {"hs_timestamp": "2026-05-01"}} for one in page.results[:40]]
            portal.store.load({"objects": {"notes": moved}})
            return page

        hubspot.reader._operations.search = searching
        return await hubspot.reader.around(NOTE, [NOON], within=MINUTE)

    assert ids(portal.run(find_while_somebody_edits)) == [str(n) for n in range(1, 601)]


def test_no_moments_are_no_call(portal):
    assert around(portal, []) == []
    assert portal.calls == {}


def test_a_search_that_repeats_itself_is_an_error_not_an_end(portal):
    portal.seed({"notes": [note(n) for n in range(1, 401)]})

    async def find(hubspot):
        search = hubspot.reader._operations.search
        first: list[Any] = []

        async def stuck(kind, body):
            first.append(await search(kind, body))
            return first[0]

        hubspot.reader._operations.search = stuck
        return await hubspot.reader.around(NOTE, [NOON], within=MINUTE)

    with pytest.raises(MalformedResponse):
        portal.run(find)


# --- made since ------------------------------------------------------------------------------------------------------


def test_what_was_made_since_is_found_from_that_very_millisecond(any_portal):
    moments = [NOON - timedelta(milliseconds=1), NOON, NOON + timedelta(days=9)]
    any_portal.seed({"notes": [note(n + 1, made=moment) for n, moment in enumerate(moments)]})

    assert ids(made_since(any_portal, NOON)) == ["2", "3"]


def test_what_the_index_does_not_know_yet_is_not_found_and_later_it_is(portal):
    since = datetime.now(UTC) - MINUTE

    async def create(hubspot):
        await hubspot.writer.prepare([NOTE])
        return await hubspot.writer.create(
            NOTE, [CreateRequest("key", {"properties": {"hs_timestamp": NOON.isoformat()}})]
        )

    portal.controls.settings.change({"search_lag_seconds": 3600.0})
    [made] = portal.run(create)
    before = made_since(portal, since)
    portal.controls.clock.advance(3601)
    after = made_since(portal, since)

    assert (before, ids(after)) == ([], [made.id])


# --- keys and stamps -------------------------------------------------------------------------------------------------


def test_all_records_come_with_what_they_carry_of_ours_without_any_search(any_portal):
    any_portal.seed({"notes": [note(n) for n in range(1, 151)]})
    any_portal.controls.settings.change({"search_lag_seconds": 3600.0})

    async def create(hubspot):
        await hubspot.writer.prepare([NOTE])
        body = {
            "properties": {"hs_timestamp": NOON.isoformat()},
            "origin": {"system": "dynamics", "id": "source-7"},
        }
        return await hubspot.writer.create(NOTE, [CreateRequest("key-7", body)])

    [made] = any_portal.run(create)
    any_portal.forget_calls()

    found = keyed(any_portal)

    assert KeyedRecord(made.id, "key-7", "dynamics", "source-7") in found
    assert sorted(one.id for one in found) == sorted([made.id, *(str(n) for n in range(1, 151))])
    assert [one for one in found if one.key or one.source_id] == [KeyedRecord(made.id, "key-7", "dynamics", "source-7")]
    # Two of the living, and one of the bin.
    assert any_portal.calls == {"list": 3}


def test_in_a_portal_without_our_properties_all_records_come_with_nothing(portal):
    portal.seed({"notes": [note(1), note(2, archivedAt="2026-04-01T00:00:00Z")]})

    assert keyed(portal) == [KeyedRecord("1"), KeyedRecord("2", gone=True)]


def test_keys_are_looked_for_only_where_they_have_a_place(portal):
    portal.seed({"notes": [note(1)]})

    assert not portal.run(lambda hubspot: hubspot.reader.holds_keys(NOTE))
    assert portal.calls == {"properties": 1}


def test_one_record_with_a_key_is_enough(portal):
    async def create(hubspot):
        await hubspot.writer.prepare([NOTE])
        before = await hubspot.reader.holds_keys(NOTE)
        body = {"properties": {"hs_timestamp": NOON.isoformat()}, "origin": {"system": "dynamics", "id": "source-7"}}
        await hubspot.writer.create(NOTE, [CreateRequest("key-7", body)])
        return before, await hubspot.reader.holds_keys(NOTE)

    assert portal.run(create) == (False, True)


def test_a_listing_that_breaks_off_is_no_complete_one(portal):
    portal.seed({"notes": [note(n) for n in range(1, 251)]})
    portal.fault(kind="status", status=502, route="list", skip=1)

    with pytest.raises(ServerUnavailable):
        keyed(portal)


def test_a_listing_that_repeats_itself_is_an_error_not_an_end(portal):
    portal.seed({"notes": [note(n) for n in range(1, 251)]})

    async def stuck(hubspot):
        listing = hubspot.reader._operations.list_page

        async def listed(kind, properties, **more):
            return await listing(kind, properties, **{**more, "after": None})

        hubspot.reader._operations.list_page = listed
        return [page async for page in hubspot.reader.keyed(NOTE)]

    with pytest.raises(MalformedResponse):
        portal.run(stuck)


def test_a_stamp_says_where_a_record_comes_from_and_changes_nothing_else(any_portal):
    any_portal.seed({"notes": [note(1), note(2)]})

    async def stamp(hubspot):
        await hubspot.writer.prepare([NOTE])
        return await hubspot.writer.stamp(
            NOTE, [Stamp("2", "dynamics", "source-2"), Stamp("404", "dynamics", "source-404")]
        )

    results = any_portal.run(stamp)

    assert [one.outcome for one in results] == ["done", "missing"]
    shown = {one["id"]: one["properties"] for one in any_portal.records("notes")}
    assert set(shown) == {"1", "2"}
    assert (shown["2"][SOURCE_SYSTEM], shown["2"][SOURCE_ID]) == ("dynamics", "source-2")
    assert KEY not in shown["2"]
    assert shown["2"]["hs_note_body"] == "Note 2"
    assert KeyedRecord("2", "", "dynamics", "source-2") in keyed(any_portal)


def test_a_portal_without_a_place_for_stamps_is_not_written_to(portal):
    portal.seed({"notes": [note(1)]})
    portal.controls.settings.change({"allow_custom_properties": False})

    async def stamp(hubspot):
        await hubspot.writer.prepare([NOTE])
        portal.forget_calls()
        return await hubspot.writer.stamp(NOTE, [Stamp("1", "dynamics", "source-1")])

    assert portal.run(stamp) == []
    assert portal.calls == {}


# --- erasure ---------------------------------------------------------------------------------------------------------


def erase(portal, contact_id: str) -> None:
    """Deletes a contact for good, as a person may ask for by the GDPR."""
    answer = httpx.post(
        f"{portal.base_url}/crm/objects/2026-09/contacts/gdpr-delete",
        json={"objectId": contact_id},
        headers={"Authorization": f"Bearer {portal.controls.settings.hubspot_access_token}"},
    )
    assert answer.status_code == 204


def test_activities_of_an_erased_person_are_erased_however_they_are_read(any_portal):
    any_portal.seed(
        {
            "notes": [note(1), note(2)],
            "contacts": [{"id": n, "properties": {"email": f"p{n}@example.com"}} for n in ("1", "2")],
        },
        associations=[{"from": ["notes", n], "to": ["contacts", n]} for n in ("1", "2")],
    )

    erase(any_portal, "1")
    read = any_portal.run(lambda hubspot: hubspot.reader.read(NOTE, ["1", "2"]))
    changed = [one for page in any_portal.read_window(NOTE) for one in page]
    near = around(any_portal, [NOON])

    for records in (list(read.values()), changed, near):
        assert {one.id: (one.gone, one.erased) for one in records} == {"1": (True, True), "2": (False, False)}
    assert read["1"].payload["properties"]["hs_note_body"] is None


def test_an_activity_in_the_bin_is_gone_but_not_erased(portal):
    portal.seed({"notes": [note(1, archivedAt="2026-04-01T00:00:00Z")]})

    found = portal.run(lambda hubspot: hubspot.reader.read(NOTE, ["1"]))["1"]

    assert (found.gone, found.erased) == (True, False)


@pytest.mark.parametrize("said", ["false", "", None])
def test_only_true_is_an_erasure(portal, said):
    portal.seed({"notes": [note(1)]})

    async def read(hubspot):
        find = hubspot.reader._operations.batch_read

        async def saying(*given, **more):
            return [
                {**one, "properties": {**one["properties"], "hs_gdpr_deleted": said}}
                for one in await find(*given, **more)
            ]

        hubspot.reader._operations.batch_read = saying
        return (await hubspot.reader.read(NOTE, ["1"]))["1"]

    found = portal.run(read)

    assert (found.gone, found.erased) == (False, False)
