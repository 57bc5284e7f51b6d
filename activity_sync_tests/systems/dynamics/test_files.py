"""What Dynamics tells of the files that hang on activities, over HTTP."""

from __future__ import annotations

from datetime import UTC, datetime

from activity_sync.activities.files import UNREADABLE
from activity_sync.activities.kinds import ActivityType
from activity_sync.systems.records import FILES, SourceRecord
from activity_sync_tests.systems.dynamics.organizations import ALL_TIME, Organization, guid

EMAIL, NOTE, TASK = ActivityType.EMAIL, ActivityType.NOTE, ActivityType.TASK


def test_files_of_many_mails_take_one_call_and_stay_with_their_mails(organization: Organization) -> None:
    number = 700
    organization.seed(
        {
            "email": [{"activityid": guid(n), "subject": f"Mail {n}"} for n in range(number)],
            "activitymimeattachment": [
                {
                    "activitymimeattachmentid": guid(n, kind="b"),
                    "objectid": {"type": "email", "id": guid(n)},
                    "objecttypecode": "email",
                    "filename": f"offer {n}.pdf",
                    "mimetype": "application/pdf",
                    "body": "QUJD",
                }
                for n in range(0, number, 7)
            ],
            "annotation": [
                {
                    "annotationid": guid(1, kind="c"),
                    "objectid": {"type": "email", "id": guid(7)},
                    "isdocument": True,
                    "filename": "scan.png",
                },
                {"annotationid": guid(2, kind="c"), "objectid": {"type": "email", "id": guid(8)}, "notetext": "words"},
            ],
        }
    )

    async def read(system) -> tuple[list[SourceRecord], int]:
        found = [one async for page in system.reader.changes(EMAIL, ALL_TIME) for one in page]
        before = system.calls
        return await system.reader.with_files(EMAIL, found), system.calls - before

    found, calls = organization.run(read)

    assert calls == 1
    named = {one.id: [each["name"] for each in one.payload[FILES]] for one in found}
    assert named == {
        guid(n): (["scan.png"] if n == 7 else []) + ([f"offer {n}.pdf"] if n % 7 == 0 else []) for n in range(number)
    }
    assert not any("QUJD" in str(one.payload) for one in found)


def test_a_note_tells_of_its_own_file_without_a_call(organization: Organization) -> None:
    organization.seed(
        {
            "annotation": [
                {
                    "annotationid": guid(1),
                    "isdocument": True,
                    "filename": "scan.png",
                    "mimetype": "image/png",
                    "documentbody": "QUJD",
                },
                {"annotationid": guid(2), "notetext": "words"},
            ]
        }
    )

    async def read(system) -> tuple[dict[str, SourceRecord], int]:
        found = list((await system.reader.read(NOTE, [guid(1), guid(2)])).values())
        before = system.calls
        return {one.id: one for one in await system.reader.with_files(NOTE, found)}, system.calls - before

    found, calls = organization.run(read)

    assert calls == 0
    assert found[guid(1)].payload[FILES] == [{"id": guid(1), "name": "scan.png", "kind": "image/png", "size": 3}]
    assert found[guid(2)].payload[FILES] == []


def test_what_the_role_may_not_read_is_told_and_the_rest_is_there(organization: Organization) -> None:
    organization.seed({"email": [{"activityid": guid(1), "subject": "Mail"}]})
    organization.controls.settings.change({"dynamics_missing_privileges": ["prvReadNote"]})

    async def read(system) -> list[SourceRecord]:
        found = list((await system.reader.read(EMAIL, [guid(1)])).values())
        return await system.reader.with_files(EMAIL, found)

    (record,) = organization.run(read)

    assert record.payload[FILES] == [{"problem": UNREADABLE}]


def test_activities_that_got_a_file_are_found_by_its_note(organization: Organization) -> None:
    def scan(number: int, about: str, **more) -> dict:
        shown = {"isdocument": True, "filename": "scan.png", "modifiedon": "2026-03-02T00:00:00Z"}
        return {
            "annotationid": guid(number, kind="c"),
            "objectid": {"type": about, "id": guid(number)},
            **shown,
            **more,
        }

    organization.seed(
        {
            "task": [{"activityid": guid(n), "subject": f"Task {n}"} for n in (1, 2, 3)],
            "email": [{"activityid": guid(4), "subject": "Mail"}],
            "annotation": [
                scan(1, "task"),
                scan(2, "task", modifiedon="2026-02-28T23:59:59Z"),
                scan(3, "task", isdocument=False),
                scan(4, "email"),
            ],
        }
    )
    since = datetime(2026, 3, 1, tzinfo=UTC)

    async def read(system) -> list[list[str]]:
        return [await system.reader.newly_filed(kind, since=since) for kind in (TASK, EMAIL, NOTE)]

    assert organization.run(read) == [[guid(1)], [guid(4)], []]
    organization.controls.settings.change({"dynamics_missing_privileges": ["prvReadNote"]})
    assert organization.run(read) == [[], [], []]


def test_no_activities_are_no_call(organization: Organization) -> None:
    async def read(system) -> tuple[list[SourceRecord], int]:
        return await system.reader.with_files(TASK, []), system.calls

    assert organization.run(read) == ([], 0)
