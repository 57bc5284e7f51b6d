"""Windows of changes, read from a portal over HTTP."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from activity_sync.activities.kinds import ActivityType
from activity_sync.sandbox.faults import Fault
from activity_sync.systems.records import Expected, SourceRecord, Window

START = datetime(2026, 3, 1, tzinfo=UTC)
EDITED = datetime(2026, 5, 1, tzinfo=UTC)
DAY = Window(START, START + timedelta(days=1))


def at(seconds: float) -> str:
    return (START + timedelta(seconds=seconds)).isoformat()


def email(number: int, *, modified: str) -> dict[str, Any]:
    return {
        "id": str(number),
        "properties": {
            "hs_timestamp": "2026-02-01T10:00:00Z",
            "hs_email_direction": "EMAIL",
            "hs_email_status": "SENT",
            "hs_email_subject": f"Mail {number}",
            "hs_email_text": "Hello",
        },
        "createdAt": "2026-02-01T10:00:00Z",
        "updatedAt": modified,
    }


def edited(record_id: str) -> dict[str, Any]:
    return {"id": record_id, "properties": {"hs_email_subject": "Edited"}, "updatedAt": EDITED.isoformat()}


def ids(pages: list[list[SourceRecord]]) -> Counter[str]:
    return Counter(record.id for page in pages for record in page)


def contacts(count: int) -> list[dict[str, Any]]:
    return [{"id": str(n), "properties": {"email": f"p{n}@example.com"}} for n in range(1, count + 1)]


def test_two_thousand_emails_with_associations_take_eighteen_calls(portal):
    portal.seed(
        {"emails": [email(n, modified=at(n)) for n in range(1000, 3000)], "contacts": contacts(40)},
        associations=[{"from": ["emails", str(n)], "to": ["contacts", str(n % 40 + 1)]} for n in range(1000, 3000)],
    )

    pages = portal.read_window(ActivityType.EMAIL, DAY)

    assert portal.calls == {"search": 10, "associations_read": 8}
    assert ids(pages) == Counter(str(n) for n in range(1000, 3000))
    assert all(
        [one["id"] for one in record.associations["contact"]] == [str(int(record.id) % 40 + 1)]
        for page in pages
        for record in page
    )
    assert max(len(page) for page in pages) <= 1000


def test_what_windows_hold_is_known_for_a_search_each_before_they_are_read(portal):
    portal.seed(
        {
            "emails": [email(n, modified=at(n)) for n in range(1000, 1450)],
            "calls": [{"id": "1", "properties": {"hs_timestamp": at(0)}, "updatedAt": at(-1)}],
        }
    )

    found = portal.run(lambda hubspot: hubspot.reader.expected([ActivityType.EMAIL, ActivityType.CALL], DAY))

    assert portal.calls == {"search": 2}
    assert found[ActivityType.EMAIL] == Expected(450, {"search": 3, "default": 4})
    assert found[ActivityType.CALL].records == 0


@pytest.mark.parametrize("status", [400, 403])
def test_type_that_cannot_be_counted_keeps_no_other_from_it(portal, status):
    portal.seed({"emails": [email(1, modified=at(0))]})
    portal.controls.faults.add(Fault("status", path="/objects/.*/calls/search", status=status))

    found = portal.run(lambda hubspot: hubspot.reader.expected([ActivityType.EMAIL, ActivityType.CALL], DAY))

    assert {kind: one.records for kind, one in found.items()} == {ActivityType.EMAIL: 1}


def test_the_window_is_half_open_to_the_millisecond(any_portal):
    end = START + timedelta(days=1)
    edges = {
        "1": START - timedelta(milliseconds=1),
        "2": START,
        "3": end - timedelta(milliseconds=1),
        "4": end,
    }
    any_portal.seed({"emails": [email(int(n), modified=moment.isoformat()) for n, moment in edges.items()]})

    pages = any_portal.read_window(ActivityType.EMAIL, DAY)

    assert ids(pages) == Counter(["2", "3"])
    assert {record.modified_at for page in pages for record in page} == {edges["2"], edges["3"]}


def test_an_empty_window_costs_one_call_and_an_impossible_one_none(portal):
    portal.seed({"emails": []})

    assert portal.read_window(ActivityType.EMAIL, DAY) == []
    assert portal.calls == {"search": 1}

    assert portal.read_window(ActivityType.EMAIL, Window(START, START)) == []
    assert portal.calls == {"search": 1}


@pytest.mark.slow
def test_more_records_than_a_query_can_page_through_share_one_timestamp_and_all_come(portal):
    portal.seed({"emails": [email(n, modified=at(7)) for n in range(1, 10_501)]})

    by_search = portal.run(lambda hubspot: search_only(hubspot, DAY))

    assert by_search == Counter(str(n) for n in range(1, 10_501))


async def search_only(hubspot: Any, window: Window) -> Counter[str]:
    """As `changes`, with a list of the whole type made out to be dear."""
    hubspot.reader._totals[ActivityType.EMAIL] = 10_000_000
    return Counter([record.id async for page in hubspot.reader.changes(ActivityType.EMAIL, window) for record in page])


def test_ties_at_the_border_of_every_page_come_once(portal):
    # Groups of 70 with one time each: no border of a page of 200 falls between two groups.
    portal.seed({"emails": [email(n, modified=at(n // 70)) for n in range(1, 1001)]})

    pages = portal.read_window(ActivityType.EMAIL, DAY)

    assert ids(pages) == Counter(str(n) for n in range(1, 1001))


def test_ties_too_many_to_leave_out_by_name_are_walked_by_id_and_what_follows_them_comes_too(portal):
    tied = [email(n, modified=at(50)) for n in range(1, 701)]
    portal.seed(
        {
            "emails": [
                *(email(n, modified=at(n - 2000)) for n in range(2000, 2040)),
                *tied,
                *(email(n, modified=at(n)) for n in range(3000, 3300)),
            ]
        }
    )

    found = portal.run(lambda hubspot: search_only(hubspot, DAY))

    assert found == Counter(str(n) for n in (*range(1, 701), *range(2000, 2040), *range(3000, 3300)))


def test_records_edited_between_two_pages_push_nobody_out_of_sight(portal):
    portal.seed({"emails": [email(n, modified=at(n)) for n in range(1, 1201)]})

    async def read_while_somebody_edits(hubspot):
        search = hubspot.reader._operations.search

        async def searching(kind, body):
            page = await search(kind, body)
            portal.store.load({"objects": {"emails": [edited(str(one["id"])) for one in page.results[:30]]}})
            return page

        hubspot.reader._operations.search = searching
        found = await search_only(hubspot, DAY)
        later = await search_only(hubspot, Window(EDITED, EDITED + timedelta(days=1)))
        return found, later

    found, later = portal.run(read_while_somebody_edits)

    assert set(found) == {str(n) for n in range(1, 1201)}
    assert len(later) >= 150


def test_records_edited_while_a_list_is_read_fall_to_a_later_window(portal):
    portal.seed({"emails": [email(n, modified=at(n)) for n in range(1, 301)]})

    async def read(hubspot):
        await hubspot.reader.oldest_changes([ActivityType.EMAIL])
        listing = hubspot.reader._operations.list_page

        async def listed(kind, properties, *, after):
            portal.store.load({"objects": {"emails": [edited(str(n)) for n in (5, 250)]}})
            return await listing(kind, properties, after=after)

        hubspot.reader._operations.list_page = listed
        now = ids([page async for page in hubspot.reader.changes(ActivityType.EMAIL, DAY)])
        return now, await search_only(hubspot, Window(EDITED, EDITED + timedelta(days=1)))

    now, later = portal.run(read)

    assert portal.calls["list"] == 3
    assert set(now) | set(later) == {str(n) for n in range(1, 301)}
    assert set(later) == {"5", "250"}


def test_a_small_portal_is_read_by_list_with_associations_inline(any_portal):
    any_portal.seed(
        {"emails": [email(n, modified=at(n)) for n in range(1, 151)], "contacts": contacts(2)},
        associations=[{"from": ["emails", str(n)], "to": ["contacts", "1"]} for n in range(1, 151)],
    )

    async def read(hubspot):
        oldest = await hubspot.reader.oldest_changes([ActivityType.EMAIL])
        window = Window(oldest[ActivityType.EMAIL], START + timedelta(seconds=150))
        return [page async for page in hubspot.reader.changes(ActivityType.EMAIL, window)]

    pages = any_portal.run(read)

    assert any_portal.calls == {"search": 2, "list": 2}
    assert ids(pages) == Counter(str(n) for n in range(1, 150))
    assert all([one["id"] for one in record.associations["contact"]] == ["1"] for page in pages for record in page)


def test_a_list_that_cuts_a_records_associations_short_is_completed(portal):
    portal.seed(
        {"emails": [email(1, modified=at(1))], "contacts": contacts(130)},
        associations=[{"from": ["emails", "1"], "to": ["contacts", str(n)]} for n in range(1, 131)],
    )

    async def read(hubspot):
        await hubspot.reader.oldest_changes([ActivityType.EMAIL])
        return [page async for page in hubspot.reader.changes(ActivityType.EMAIL, DAY)]

    [[record]] = portal.run(read)

    assert {one["id"] for one in record.associations["contact"]} == {str(n) for n in range(1, 131)}
    assert portal.calls["list"] == 1


def test_a_record_with_many_associations_is_read_page_by_page(any_portal):
    any_portal.seed(
        {"emails": [email(n, modified=at(n)) for n in range(1, 601)], "contacts": contacts(1300)},
        associations=[{"from": ["emails", "1"], "to": ["contacts", str(n)]} for n in range(1, 1301)],
    )

    pages = any_portal.read_window(ActivityType.EMAIL, Window(START, START + timedelta(seconds=2)))

    [[record]] = pages
    assert {one["id"] for one in record.associations["contact"]} == {str(n) for n in range(1, 1301)}


def test_the_oldest_change_of_each_type_takes_one_search(any_portal):
    any_portal.seed({"emails": [email(2, modified=at(5)), email(1, modified=at(9))]})

    oldest = any_portal.run(lambda hubspot: hubspot.reader.oldest_changes([ActivityType.EMAIL, ActivityType.NOTE]))

    assert oldest == {ActivityType.EMAIL: START + timedelta(seconds=5), ActivityType.NOTE: None}
    assert any_portal.calls == {"search": 2}


def test_lost_answers_and_outages_while_reading_are_read_again(portal):
    portal.seed({"emails": [email(n, modified=at(n)) for n in range(1, 601)]})
    portal.fault(kind="status", status=502, route="search", skip=1, times=1)
    portal.fault(kind="drop_after", route="associations_read", times=1)
    portal.fault(kind="truncate", route="search", skip=2, times=1)

    pages = portal.read_window(ActivityType.EMAIL, DAY)

    assert ids(pages) == Counter(str(n) for n in range(1, 601))


def test_no_search_body_is_longer_than_the_api_takes(portal):
    longest: list[int] = []

    async def measure(hubspot):
        search = hubspot.reader._operations.client.send

        async def sending(request):
            answer = await search(request)
            if request.lane == "search":
                longest.append(len(json.dumps(request.json)))
            return answer

        hubspot.reader._operations.client.send = sending
        for kind in ActivityType:
            async for _ in hubspot.reader.changes(kind, DAY):
                pass

    portal.run(measure)

    assert len(longest) == 5
    assert max(longest) < 1_500


def test_refusals_of_the_search_limit_are_waited_out(portal):
    portal.seed({"emails": [email(n, modified=at(n)) for n in range(1, 1001)]})
    portal.controls.settings.change({"limits_enabled": True, "hubspot_search_per_second": 1})

    pages = portal.read_window(ActivityType.EMAIL, DAY)

    assert ids(pages) == Counter(str(n) for n in range(1, 1001))
    assert portal.controls.requests.by_status["429"] > 0
