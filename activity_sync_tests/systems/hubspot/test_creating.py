"""Creates, in a portal over HTTP: never twice under one key, and no good record lost with a bad one."""

from __future__ import annotations

from typing import Any

import pytest

from activity_sync.activities.kinds import ActivityType
from activity_sync.errors import AuthenticationFailed
from activity_sync.systems.hubspot.metadata import KEY, SOURCE_ID, SOURCE_SYSTEM, SOURCE_URL, TRACKING, define
from activity_sync.systems.records import CreateRequest, WriteResult

NOTE = ActivityType.NOTE


def request(number: int, **properties: Any) -> CreateRequest:
    return CreateRequest(
        f"key-{number}",
        {
            "properties": {"hs_timestamp": "2026-02-01T10:00:00.000Z", "hs_note_body": f"Body {number}"} | properties,
            "associations": [
                {
                    "to": {"id": "1"},
                    "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 202}],
                }
            ],
            "origin": {"system": "dynamics", "id": f"source-{number}", "url": f"https://org.example/{number}"},
        },
    )


def create(
    portal, requests: list[CreateRequest], activity_type: ActivityType = NOTE, *, traced: bool = True
) -> list[WriteResult]:
    """The results. Not `traced`: HubSpot sees no trace ids, and so refuses a batch for any bad record in it."""
    portal.store.load({"objects": {"contacts": [{"id": "1", "properties": {"email": "a@example.com"}}]}})

    async def prepared(hubspot):
        await hubspot.writer.prepare([activity_type])
        hubspot._client._sleep = at_once
        if not traced:
            hubspot._client.send = without_traces(hubspot._client.send)
        return await hubspot.writer.create(activity_type, requests)

    return portal.run(prepared)


def without_traces(send):
    async def sending(request):
        for one in (request.json or {}).get("inputs", ()):
            one.pop("objectWriteTraceId", None)
        return await send(request)

    return sending


async def at_once(_seconds: float) -> None:
    """No wait."""


def bodies(portal) -> list[str]:
    return sorted(one["properties"]["hs_note_body"] for one in portal.records("notes"))


def test_two_thousand_are_created_in_twenty_calls_and_two_for_the_properties(portal):
    portal.controls.settings.change({"rewrite_bodies": False})

    results = create(portal, [request(n) for n in range(2000)])

    assert portal.calls == {"batch_create": 20, "properties": 2}
    assert {one.outcome for one in results} == {"done"}
    by_id = {one["id"]: one["properties"] for one in portal.records("notes")}
    assert [by_id[one.id]["hs_note_body"] for one in results] == [f"Body {n}" for n in range(2000)]
    assert len(portal.pairs()) == 2000


def test_a_new_record_carries_its_key_its_origin_and_its_associations(any_portal):
    [result] = create(any_portal, [request(1)])

    [record] = any_portal.records("notes")
    assert record["id"] == result.id
    assert {name: record["properties"][name] for name in TRACKING} == {
        KEY: "key-1",
        SOURCE_SYSTEM: "dynamics",
        SOURCE_ID: "source-1",
        SOURCE_URL: "https://org.example/1",
    }
    assert any_portal.pairs() == {("notes", result.id, "contacts", "1")}
    assert result.status in {200, 201}
    assert result.version.isdigit()


def test_creating_again_gives_what_exists_and_creates_nothing(any_portal):
    first = create(any_portal, [request(n) for n in range(150)])
    any_portal.forget_calls()

    again = create(any_portal, [request(n) for n in range(151)])

    assert [one.outcome for one in again] == ["exists"] * 150 + ["done"]
    assert [one.id for one in again[:150]] == [one.id for one in first]
    assert len(any_portal.records("notes")) == 151


@pytest.mark.parametrize("kind", ["drop_after", "truncate", "status_after"])
def test_a_lost_answer_is_settled_by_sending_again(any_portal, kind):
    any_portal.fault(kind=kind, route="batch_create", status=502, skip=1, times=1)

    results = create(any_portal, [request(n) for n in range(250)])

    assert {one.outcome for one in results} <= {"done", "exists"}
    assert len({one.id for one in results}) == 250
    assert len(any_portal.records("notes")) == 250


def test_answers_lost_for_good_leave_their_records_uncertain_and_the_others_done(portal):
    portal.fault(kind="drop_after", route="batch_create", skip=1)

    results = create(portal, [request(n) for n in range(200)])

    assert {one.outcome for one in results} == {"done", "uncertain"}
    assert len(portal.records("notes")) == 200


def test_a_server_that_is_full_for_good_leaves_records_busy_and_uncreated(portal):
    portal.fault(kind="status", status=429, route="batch_create")

    results = create(portal, [request(n) for n in range(3)])

    assert {one.outcome for one in results} == {"busy"}
    assert portal.records("notes") == []


def test_without_unique_keys_a_lost_answer_is_uncertain_and_not_sent_again(any_portal):
    any_portal.controls.settings.change({"allow_unique_properties": False})
    any_portal.fault(kind="drop_after", route="batch_create", times=1)

    results = create(any_portal, [request(n) for n in range(3)])

    assert {one.outcome for one in results} == {"uncertain"}
    assert len(any_portal.records("notes")) == 3
    assert all(one["properties"][KEY] for one in any_portal.records("notes"))


def test_without_any_own_property_records_are_still_told_apart(any_portal):
    any_portal.controls.settings.change({"allow_custom_properties": False, "rewrite_bodies": False})

    results = create(any_portal, [request(n) for n in range(5)])

    by_id = {one["id"]: one["properties"]["hs_note_body"] for one in any_portal.records("notes")}
    assert [by_id[one.id] for one in results] == [f"Body {n}" for n in range(5)]


def test_bad_records_are_refused_alone_with_the_apis_own_words(any_portal):
    wrong = {"hubspot_owner_id": "no-such-owner"}
    requests = [request(n, **(wrong if n in {3, 120} else {})) for n in range(150)]

    results = create(any_portal, requests)

    assert [n for n, one in enumerate(results) if one.outcome == "refused"] == [3, 120]
    assert {one.outcome for one in results} == {"refused", "done"}
    assert len(any_portal.records("notes")) == 148
    assert results[3].code
    assert "hubspot_owner_id" in results[3].message
    assert results[3].correlation_id


def test_a_batch_refused_as_a_whole_is_split_until_the_bad_record_stands_alone(any_portal):
    requests = [request(n, **({"hubspot_owner_id": "nobody"} if n == 17 else {})) for n in range(40)]

    results = create(any_portal, requests, traced=False)

    assert [n for n, one in enumerate(results) if one.outcome == "refused"] == [17]
    assert {one.outcome for one in results} == {"refused", "done"}
    assert len(any_portal.records("notes")) == 39
    # Of 40, 20, 10, 5, 3 (or 2), 2 and 1 records: the half with the bad one each time, and its other half.
    assert any_portal.calls["batch_create"] <= 13


def test_a_batch_refused_as_a_whole_for_taken_keys_is_looked_up_at_once(any_portal):
    first = create(any_portal, [request(n) for n in range(60)])
    any_portal.forget_calls()

    again = create(any_portal, [request(n) for n in range(100)], traced=False)

    assert [one.outcome for one in again] == ["exists"] * 60 + ["done"] * 40
    assert [one.id for one in again[:60]] == [one.id for one in first]
    assert any_portal.calls == {"properties": 1, "batch_create": 2, "batch_read": 1}


def test_a_refusal_that_does_not_last_loses_nobody(portal):
    portal.fault(kind="status", status=400, route="batch_create", times=1)

    results = create(portal, [request(n) for n in range(30)])

    assert {one.outcome for one in results} == {"done"}
    assert len(portal.records("notes")) == 30


def test_a_record_with_an_unknown_contact_is_refused_alone(any_portal):
    requests = [request(n) for n in range(40)]
    requests[17].body["associations"][0]["to"]["id"] = "404"

    results = create(any_portal, requests)

    assert [n for n, one in enumerate(results) if one.outcome != "done"] == [17]
    assert len(any_portal.records("notes")) == 39


def test_one_key_given_twice_is_created_once(portal):
    first, again = create(portal, [request(1), request(1)])

    assert (first.outcome, again.outcome, first.id) == ("done", "exists", again.id)
    assert len(portal.records("notes")) == 1


def test_nothing_to_create_is_no_call(portal):
    assert create(portal, []) == []
    assert "batch_create" not in portal.calls


def test_missing_properties_are_left_missing_where_that_is_wanted(portal):
    portal.create = False

    [result] = create(portal, [request(1)])

    assert result.outcome == "done"
    assert portal.calls == {"properties": 1, "batch_create": 1}
    assert KEY not in portal.records("notes")[0]["properties"]


def test_properties_that_exist_already_are_used(any_portal):
    create(any_portal, [request(1)])
    any_portal.forget_calls()

    create(any_portal, [request(2)])

    assert any_portal.calls == {"properties": 1, "batch_create": 1}


def test_two_processes_that_create_the_properties_together_both_find_them_unique(portal):
    async def race(hubspot):
        await hubspot.writer.prepare([NOTE])
        return hubspot.writer.keys_are_unique

    async def slower(hubspot):
        await hubspot._metadata.read(NOTE)
        # Meanwhile, in another process:
        for definition in define(TRACKING, group="note", unique_key=True):
            definition.pop("groupName")
            portal.store.load({"properties": {"notes": [{**definition, "groupName": "engagement"}]}})
        return await race(hubspot)

    assert portal.run(slower) is True


def test_without_the_scope_to_define_properties_records_are_created_without_them(portal):
    portal.controls.settings.change({"hubspot_scopes": ["crm.objects.contacts.read", "crm.objects.contacts.write"]})

    [result] = create(portal, [request(1)])

    assert result.outcome == "done"
    assert KEY not in portal.records("notes")[0]["properties"]


def test_without_the_scope_to_write_the_run_stops(portal):
    portal.controls.settings.change({"hubspot_scopes": ["crm.objects.contacts.read", "crm.schemas.contacts.write"]})

    with pytest.raises(AuthenticationFailed):
        create(portal, [request(1)])


@pytest.mark.parametrize("activity_type", list(ActivityType))
def test_every_type_has_its_tracking_properties(portal, activity_type):
    async def prepare(hubspot):
        await hubspot.writer.prepare([activity_type])
        return hubspot.writer.keys_are_unique

    assert portal.run(prepare) is True
