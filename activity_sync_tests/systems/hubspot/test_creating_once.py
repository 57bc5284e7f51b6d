"""Creates in portals that refuse unique keys, or any property of ours, over HTTP: whatever befalls an answer, no
record is made twice, and what is said of each request is true."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import httpx
import pytest

from activity_sync.activities.kinds import ActivityType
from activity_sync.errors import AuthenticationFailed
from activity_sync.http.message import ApiRequest, ApiResponse
from activity_sync.systems.hubspot.creating import SEND_WITHIN
from activity_sync.systems.hubspot.metadata import KEY, KeyProperty
from activity_sync.systems.hubspot.reader import SEARCH_LAG
from activity_sync.systems.records import CreateRequest, WriteResult

NOTE = ActivityType.NOTE
PLAIN = {"allow_unique_properties": False}
ABSENT = {"allow_custom_properties": False}
LOST_ANSWERS = [
    {"kind": "drop_after"},
    {"kind": "truncate"},
    *({"kind": "status_after", "status": status} for status in (408, 500, 502, 503, 504, 520, 522, 524)),
]

weak = pytest.mark.parametrize("refusing", [PLAIN, ABSENT], ids=["plain", "absent"])
lost = pytest.mark.parametrize("fault", LOST_ANSWERS, ids=lambda one: f"{one['kind']}-{one.get('status', '')}")


def request(number: int, **properties: Any) -> CreateRequest:
    return CreateRequest(
        f"key-{number}",
        {
            "properties": {"hs_timestamp": "2026-02-01T10:00:00.000Z", "hs_note_body": f"Body {number}"} | properties,
            "origin": {"system": "dynamics", "id": f"source-{number}"},
        },
    )


async def at_once(_seconds: float) -> None:
    """No wait."""


def create(
    portal,
    requests: Sequence[CreateRequest],
    *,
    refusing: dict[str, Any],
    arrange: Callable[[Any], None] = lambda _: None,
    prepare: bool = True,
) -> list[WriteResult]:
    portal.controls.settings.change({**refusing, "rewrite_bodies": False})

    async def creating(hubspot):
        hubspot._client._sleep = at_once
        if prepare:
            await hubspot.writer.prepare([NOTE])
        arrange(hubspot)
        return await hubspot.writer.create(NOTE, requests)

    return portal.run(creating)


def made(portal) -> Counter[str]:
    """How often each body is among the living."""
    return Counter(one["properties"]["hs_note_body"] for one in portal.records("notes"))


def outcomes(results: Sequence[WriteResult]) -> set[str]:
    return {one.outcome for one in results}


@weak
@lost
def test_a_create_whose_answer_is_lost_is_uncertain_and_sent_once(portal, refusing, fault):
    portal.fault(**fault, route="batch_create", times=1)

    results = create(portal, [request(1)], refusing=refusing)

    assert [one.outcome for one in results] == ["uncertain"]
    assert made(portal) == {"Body 1": 1}
    assert portal.calls["batch_create"] == 1


@weak
@lost
def test_answers_lost_for_good_leave_each_record_made_once(portal, refusing, fault):
    portal.fault(**fault, route="batch_create")

    results = create(portal, [request(n) for n in range(12)], refusing=refusing)

    assert outcomes(results) == {"uncertain"}
    # A request on a connection that the portal is closing never arrives, and is uncertain all the same.
    assert set(made(portal).values()) == {1}


def test_of_several_batches_only_the_one_without_an_answer_is_uncertain(any_portal):
    any_portal.fault(kind="drop_after", route="batch_create", skip=1, times=1)

    results = create(any_portal, [request(n) for n in range(250)], refusing=PLAIN)

    assert Counter(one.outcome for one in results) in (
        {"uncertain": 100, "done": 150},
        {"uncertain": 50, "done": 200},
    )
    assert made(any_portal) == {f"Body {n}": 1 for n in range(250)}


@weak
@pytest.mark.parametrize("status", [423, 429, 477, 521, 523])
def test_a_refusal_before_any_work_is_waited_out(portal, refusing, status):
    portal.fault(kind="status", status=status, route="batch_create", times=2)

    results = create(portal, [request(1)], refusing=refusing)

    assert outcomes(results) == {"done"}
    assert made(portal) == {"Body 1": 1}


@weak
def test_a_refusal_before_any_work_that_lasts_is_busy_for_certainly_nothing_was_made(portal, refusing):
    portal.fault(kind="status", status=429, route="batch_create")

    results = create(portal, [request(1), request(2)], refusing=refusing)

    assert outcomes(results) == {"busy"}
    assert made(portal) == {}


@weak
def test_a_connection_cut_before_the_work_is_uncertain_too_for_nobody_can_tell(portal, refusing):
    portal.fault(kind="drop_before", route="batch_create", times=1)

    results = create(portal, [request(1)], refusing=refusing)

    assert outcomes(results) == {"uncertain"}
    assert made(portal) == {}


@weak
def test_a_refusal_and_then_a_lost_answer_is_uncertain(portal, refusing):
    portal.fault(kind="status", status=429, route="batch_create", times=1)
    portal.fault(kind="status_after", status=502, route="batch_create", times=1)

    results = create(portal, [request(1)], refusing=refusing)

    assert outcomes(results) == {"uncertain"}
    assert made(portal) == {"Body 1": 1}


@weak
def test_bad_records_among_good_ones_are_refused_alone_and_the_others_made_once(any_portal, refusing):
    requests = [request(n, **({"hubspot_owner_id": "nobody"} if n in {2, 7} else {})) for n in range(10)]

    results = create(any_portal, requests, refusing=refusing)

    assert [n for n, one in enumerate(results) if one.outcome == "refused"] == [2, 7]
    assert made(any_portal) == {f"Body {n}": 1 for n in range(10) if n not in {2, 7}}
    by_id = {one["id"]: one["properties"]["hs_note_body"] for one in any_portal.records("notes")}
    assert all(by_id[one.id] == f"Body {n}" for n, one in enumerate(results) if one.outcome == "done")


@weak
def test_a_partial_answer_that_is_lost_is_uncertain_for_all_in_it_and_nothing_is_made_twice(portal, refusing):
    requests = [request(n, **({"hubspot_owner_id": "nobody"} if n == 1 else {})) for n in range(4)]
    portal.fault(kind="drop_after", route="batch_create")

    results = create(portal, requests, refusing=refusing)

    assert outcomes(results) == {"uncertain"}
    assert set(made(portal).values()) == {1}
    assert "Body 1" not in made(portal)


def answering(change: Callable[[dict[str, Any]], None], *, status: int | None = None):
    """The portal's answers to creates, changed on their way."""

    def arrange(hubspot) -> None:
        send = hubspot._client.send

        async def sending(request: ApiRequest) -> ApiResponse:
            answer = await send(request)
            if not request.path.endswith("/batch/create"):
                return answer
            body = json.loads(answer.body)
            change(body)
            return ApiResponse(status or answer.status, answer.headers, json.dumps(body).encode())

        hubspot._client.send = sending

    return arrange


def test_records_that_an_answer_leaves_out_or_names_to_nobody_are_uncertain(portal):
    def cut(body: dict[str, Any]) -> None:
        gone = body["results"].pop()
        body["errors"] = [{"status": "error", "category": "INTERNAL", "message": "?"}]
        body["left_out"] = gone["properties"][KEY]

    results = create(portal, [request(n) for n in range(5)], refusing=PLAIN, arrange=answering(cut, status=207))

    assert Counter(one.outcome for one in results) == {"done": 4, "uncertain": 1}
    assert made(portal) == {f"Body {n}": 1 for n in range(5)}


def test_an_answer_that_does_not_show_the_key_says_of_no_record_which_it_is(portal):
    def hide(body: dict[str, Any]) -> None:
        for one in body["results"]:
            del one["properties"][KEY]

    results = create(portal, [request(n) for n in range(3)], refusing=PLAIN, arrange=answering(hide))

    assert outcomes(results) == {"uncertain"}
    assert made(portal) == {f"Body {n}": 1 for n in range(3)}


@weak
def test_an_answer_that_cannot_be_read_leaves_its_own_records_uncertain_and_the_others_known(portal, refusing):
    def arrange(hubspot) -> None:
        send = hubspot._client.send
        answered: list[ApiResponse] = []

        async def sending(request: ApiRequest) -> ApiResponse:
            answer = await send(request)
            if request.path.endswith("/batch/create"):
                answered.append(answer)
                if len(answered) == 1:
                    return ApiResponse(201, httpx.Headers(), b"<html>Welcome</html>")
            return answer

        hubspot._client.send = sending

    results = create(portal, [request(n) for n in range(150)], refusing=refusing, arrange=arrange)

    assert outcomes(results) == {"done", "uncertain"}
    assert made(portal) == {f"Body {n}": 1 for n in range(150)}


@weak
def test_credentials_that_end_half_way_stop_the_run_only_when_what_was_made_is_known(portal, refusing):
    portal.controls.settings.change({**refusing, "rewrite_bodies": False})

    async def creating(hubspot):
        await hubspot.writer.prepare([NOTE])
        send, turn = hubspot._client.send, asyncio.Lock()

        async def sending(request: ApiRequest) -> ApiResponse:
            async with turn:
                answer = await send(request)
                portal.controls.settings.change({"hubspot_access_token": "another"})
            return answer

        hubspot._client.send = sending
        results = await hubspot.writer.create(NOTE, [request(n) for n in range(150)])
        with pytest.raises(AuthenticationFailed):
            await hubspot.writer.create(NOTE, [request(999)])
        return results

    results = portal.run(creating)

    assert outcomes(results) == {"done", "busy"}
    assert made(portal).total() == [one.outcome for one in results].count("done")


@weak
def test_no_attempt_begins_or_goes_on_after_the_time_from_which_absence_is_proof(portal, refusing):
    portal.fault(kind="slow_write", route="batch_create", delay_ms=3_000, times=1)

    def hurried(hubspot) -> None:
        hubspot.writer._send_within = timedelta(seconds=0.4)

    results = create(portal, [request(n) for n in range(3)], refusing=refusing, arrange=hurried)

    assert "uncertain" in outcomes(results)
    assert outcomes(results) <= {"uncertain", "done"}
    assert made(portal) == {f"Body {n}": 1 for n in range(3)}


@weak
def test_what_would_be_sent_too_late_is_not_sent(portal, refusing):
    def too_late(hubspot) -> None:
        hubspot.writer._send_within = timedelta(0)

    results = create(portal, [request(n) for n in range(3)], refusing=refusing, arrange=too_late)

    assert outcomes(results) == {"busy"}
    assert made(portal) == {}
    assert "batch_create" not in portal.calls


def test_where_keys_are_unique_creates_may_take_their_time(portal):
    def hurried(hubspot) -> None:
        hubspot.writer._send_within = timedelta(0)

    results = create(portal, [request(n) for n in range(3)], refusing={}, arrange=hurried)

    assert outcomes(results) == {"done"}


@weak
@lost
def test_the_properties_are_made_once_though_the_answer_is_lost(portal, refusing, fault):
    portal.fault(**fault, route="properties", method="POST", times=1)

    results = create(portal, [request(1)], refusing=refusing)

    expected = {"plain": KeyProperty.PLAIN, "absent": KeyProperty.ABSENT}["plain" if refusing == PLAIN else "absent"]
    assert portal.run(lambda hubspot: hubspot._metadata.read(NOTE)).key is expected
    assert outcomes(results) == {"done"}


def test_a_key_is_certainly_absent_only_after_the_last_attempt_and_the_lag_of_the_index(portal):
    create(portal, [request(1)], refusing=PLAIN)

    settle_after = portal.run(lambda hubspot: hubspot.reader.keys_settle_after(NOTE))

    assert settle_after == SEND_WITHIN + SEARCH_LAG


def test_a_plain_key_is_found_when_the_index_has_it_and_its_record_is_no_other(portal):
    portal.fault(kind="drop_after", route="batch_create", times=1)
    portal.controls.settings.change({"search_lag_seconds": 120.0})
    create(portal, [request(1)], refusing=PLAIN)

    def find() -> dict[str, str]:
        return portal.run(lambda hubspot: hubspot.reader.find_keys(NOTE, ["key-1", "key-2"]))

    before = find()
    portal.controls.clock.advance(121)
    after = find()

    [record] = portal.records("notes")
    assert (before, after) == ({}, {"key-1": record["id"]})


def test_of_two_records_under_one_plain_key_the_older_is_it(portal):
    create(portal, [request(1)], refusing=PLAIN)
    [record] = portal.records("notes")
    portal.store.load({"objects": {"notes": [{"id": "99999999999999", "properties": record["properties"]}]}})

    found = portal.run(lambda hubspot: hubspot.reader.find_keys(NOTE, ["key-1"]))

    assert found == {"key-1": record["id"]}


def test_a_lookup_that_fails_leaves_taken_keys_uncertain_and_new_records_known(portal):
    first = create(portal, [request(1)], refusing={})
    portal.fault(kind="status", status=500, route="batch_read")

    results = create(portal, [request(1), request(2)], refusing={})

    assert [one.outcome for one in (*first, *results)] == ["done", "uncertain", "done"]
    assert made(portal) == {"Body 1": 1, "Body 2": 1}


def test_keys_are_kept_since_their_property_was_defined_and_before_nobody_can_tell(any_portal):
    async def ask(hubspot):
        before = await hubspot.reader.keys_kept_since(NOTE)
        await hubspot.writer.prepare([NOTE])
        return before, await hubspot.reader.keys_kept_since(NOTE)

    start = any_portal.controls.clock.now()
    before, since = any_portal.run(ask)
    read_again = any_portal.run(lambda hubspot: hubspot.reader.keys_kept_since(NOTE))

    assert before is None
    assert since == read_again
    assert start - timedelta(milliseconds=1) <= since <= any_portal.controls.clock.now()
