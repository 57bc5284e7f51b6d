"""What HubSpot tells of the files that activities name, over HTTP."""

from __future__ import annotations

import pytest

from activity_sync.activities.files import GONE, AttachedFile
from activity_sync.activities.kinds import ActivityType
from activity_sync.errors import ServerUnavailable
from activity_sync.systems.hubspot.files import read_file
from activity_sync.systems.records import FILES
from activity_sync_tests.systems.hubspot.conftest import note

NOTE = ActivityType.NOTE
BROCHURE = {"id": "31", "name": "brochure", "extension": "pdf", "size": 7}


def attached(number: int, ids: str) -> dict:
    one = note(number)
    return one | {"properties": {**one["properties"], "hs_attachment_ids": ids}}


def test_a_file_of_many_activities_is_asked_for_once(portal):
    portal.seed({"notes": [attached(n, "31") for n in range(1, 121)]}, files=[BROCHURE])

    async def read(hubspot):
        found = list((await hubspot.reader.read(NOTE, [str(n) for n in range(1, 121)])).values())
        return [await hubspot.reader.with_files(NOTE, some) for some in (found[:60], found[60:])]

    first, second = portal.run(read)

    assert {one.payload[FILES][0]["name"] for one in (*first, *second)} == {"brochure.pdf"}
    assert portal.calls["files"] == 1


def test_files_come_in_the_order_of_the_property_each_once(any_portal):
    any_portal.seed({"notes": [attached(1, " 32;31;;32;no-id")]}, files=[BROCHURE, {**BROCHURE, "id": "32"}])

    async def read(hubspot):
        found = await hubspot.reader.read(NOTE, ["1"])
        return await hubspot.reader.with_files(NOTE, list(found.values()))

    (record,) = any_portal.run(read)

    assert [(one["id"], one.get("problem", "")) for one in record.payload[FILES]] == [
        ("32", ""),
        ("31", ""),
        ("no-id", GONE),
    ]
    assert any_portal.calls["files"] == 2


def test_a_server_that_does_not_answer_is_no_file_that_is_gone(portal):
    portal.seed({"notes": [attached(1, "31")]}, files=[BROCHURE])
    portal.fault(status=500, kind="files", times=50)

    async def read(hubspot):
        found = await hubspot.reader.read(NOTE, ["1"])
        return await hubspot.reader.with_files(NOTE, list(found.values()))

    with pytest.raises(ServerUnavailable):
        portal.run(read)


def test_an_answer_may_leave_out_what_it_likes():
    assert read_file("31", {}) == AttachedFile("31")
    assert read_file("31", {"name": "a.PDF", "extension": "pdf", "size": "7", "url": "https://x"}).name == "a.PDF"
    assert read_file("31", {"name": "a", "access": "PUBLIC_INDEXABLE", "url": "https://x"}).url == "https://x"
    assert read_file("31", {"name": "a", "archived": True}).problem == GONE
