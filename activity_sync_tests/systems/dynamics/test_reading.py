"""Windows, single rows, keys and edit times over real HTTP."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from activity_sync.activities.activity import Association
from activity_sync.activities.kinds import ActivityType
from activity_sync.errors import ServerUnavailable
from activity_sync.sandbox.faults import Fault
from activity_sync.systems.records import Expected, Window
from activity_sync_tests.systems.dynamics.activities import activity
from activity_sync_tests.systems.dynamics.organizations import NOW, Organization, guid

ADA, ANN = guid(1), guid(1, kind="d")
DAY = datetime(2026, 3, 1, tzinfo=UTC)


def task(number, *, modified="2026-03-01T08:00:00Z", **columns):
    return {"activityid": guid(number, kind="e"), "subject": f"Task {number}", "modifiedon": modified, **columns}


def test_window_takes_its_start_and_leaves_its_end(organization: Organization):
    stamps = ["2026-02-28T23:59:59Z", "2026-03-01T00:00:00Z", "2026-03-01T23:59:59Z", "2026-03-02T00:00:00Z"]
    organization.seed({"task": [task(number, modified=stamp) for number, stamp in enumerate(stamps)]})

    pages = organization.read_window(ActivityType.TASK, Window(DAY, DAY + timedelta(days=1)))

    assert [[one.payload["subject"] for one in page] for page in pages] == [["Task 1", "Task 2"]]
    assert pages[0][0].modified_at == DAY


def test_empty_and_backward_windows_have_no_pages_and_the_latter_no_call(organization: Organization):
    assert organization.read_window(ActivityType.TASK) == []
    calls = organization.calls

    assert organization.read_window(ActivityType.TASK, Window(DAY, DAY)) == []
    assert organization.calls == calls == 1


def test_what_windows_hold_is_known_for_one_call_before_they_are_read(organization: Organization):
    organization.seed({"task": [task(number) for number in range(70)]})

    window = Window(DAY, DAY + timedelta(days=1))
    found = organization.run(lambda crm: crm.reader.expected([ActivityType.TASK, ActivityType.EMAIL], window))

    assert organization.calls == 1
    assert found == {ActivityType.TASK: Expected(70, {"default": 1}), ActivityType.EMAIL: Expected(0, {"default": 0})}


def test_types_that_cannot_be_counted_now_fail_nothing(organization: Organization):
    organization.controls.faults.add(Fault("status", path=r"/\$batch", status=403))

    window = Window(DAY, DAY + timedelta(days=1))

    assert organization.run(lambda crm: crm.reader.expected([ActivityType.TASK], window)) == {}


def test_all_pages_are_followed_though_every_row_has_one_stamp(organization: Organization):
    organization.controls.settings.change({"dynamics_page_size": 7})
    organization.seed({"task": [task(number) for number in range(50)]})

    pages = organization.read_window(ActivityType.TASK)

    assert [len(page) for page in pages] == [7] * 7 + [1]
    assert len({one.id for page in pages for one in page}) == 50


def test_parties_owner_and_regarding_come_with_the_row(organization: Organization):
    organization.seed(
        {
            "contact": [{"contactid": ADA, "firstname": "Ada", "lastname": "L", "emailaddress1": "ada@x.example"}],
            "systemuser": [{"systemuserid": ANN, "fullname": "Ann", "internalemailaddress": "ann@ours.example"}],
            "email": [
                {
                    "activityid": guid(1, kind="e"),
                    "regardingobjectid": {"type": "contact", "id": ADA},
                    "ownerid": {"type": "systemuser", "id": ANN},
                    "parties": [
                        {"participationtypemask": 1, "party": {"type": "systemuser", "id": ANN}},
                        {"participationtypemask": 2, "party": {"type": "contact", "id": ADA}},
                    ],
                }
            ],
        }
    )

    ((record,),) = organization.read_window(ActivityType.EMAIL)
    decoded = organization.decoded(ActivityType.EMAIL, record.id)

    assert decoded.fields["owner"] == ANN
    assert {(one.role.value, one.address, one.name) for one in decoded.fields["participants"]} == {
        ("sender", "ann@ours.example", "Ann"),
        ("to", "ada@x.example", "Ada L"),
    }
    assert {(one.kind, one.id, one.role.value, one.primary) for one in decoded.associations} == {
        ("contact", ADA, "associated", True),
        ("contact", ADA, "to", False),
    }


def test_notes_on_other_tables_are_left_out(organization: Organization):
    mail = guid(1, kind="e")
    organization.seed(
        {
            "contact": [{"contactid": ADA, "firstname": "Ada"}],
            "email": [{"activityid": mail}],
            "annotation": [
                {
                    "annotationid": guid(1, kind="f"),
                    "subject": "on a contact",
                    "objectid": {"type": "contact", "id": ADA},
                },
                {"annotationid": guid(2, kind="f"), "subject": "on a mail", "objectid": {"type": "email", "id": mail}},
                {"annotationid": guid(3, kind="f"), "subject": "on nothing"},
            ],
        }
    )

    ((one, other),) = organization.read_window(ActivityType.NOTE)

    assert {one.payload["subject"], other.payload["subject"]} == {"on a contact", "on nothing"}
    assert (
        Association("contact", ADA, primary=True)
        in organization.decoded(ActivityType.NOTE, guid(1, kind="f")).associations
    )


def test_oldest_changes_of_all_types_take_one_call(organization: Organization):
    organization.seed({"task": [task(1, modified="2026-03-05T00:00:00Z"), task(2)], "email": []})

    async def oldest(system):
        return await system.reader.oldest_changes(tuple(ActivityType)), system.calls

    found, calls = organization.run(oldest)

    assert found == {**dict.fromkeys(ActivityType), ActivityType.TASK: DAY + timedelta(hours=8)}
    assert calls == 1


def test_read_tells_deleted_rows_from_rows_that_are_not_asked_for(organization: Organization):
    organization.seed({"task": [task(1)]})

    async def read(system):
        ids = [guid(1, kind="e"), guid(2, kind="e"), "no-guid"]
        return await system.reader.read(ActivityType.TASK, ids)

    found = organization.run(read)

    assert set(found) == {guid(1, kind="e"), guid(2, kind="e")}
    assert not found[guid(1, kind="e")].gone
    assert found[guid(1, kind="e")].version
    assert found[guid(2, kind="e")].gone
    assert found[guid(2, kind="e")].modified_at == NOW


def test_ids_in_upper_case_are_answered_as_they_were_asked_for(organization: Organization):
    organization.seed({"task": [task(1)]})
    asked = guid(1, kind="e").upper()

    async def read(system):
        return await system.reader.read(ActivityType.TASK, [asked])

    assert organization.run(read)[asked].id == asked.lower()


def test_keys_that_exist_are_found(organization: Organization):
    organization.create(activity(ActivityType.NOTE), key=guid(1, kind="f"))

    async def find(system):
        keys = [guid(1, kind="f"), guid(2, kind="f")]
        return await system.reader.find_keys(ActivityType.NOTE, keys)

    assert organization.run(find) == {guid(1, kind="f"): guid(1, kind="f")}


def test_edit_times_are_those_of_rows_that_others_modified_last(organization: Organization):
    organization.seed(
        {
            "systemuser": [{"systemuserid": ANN, "fullname": "Ann"}],
            "task": [task(1, modifiedby={"type": "systemuser", "id": ANN}), task(2)],
        }
    )

    async def times(system):
        ids = [guid(1, kind="e"), guid(2, kind="e")]
        return await system.reader.field_times(ActivityType.TASK, ids, ["subject", "body"])

    moment = DAY + timedelta(hours=8)
    assert organization.run(times) == {guid(1, kind="e"): {"subject": moment, "body": moment}}


def test_read_that_is_postponed_is_sent_again(organization: Organization):
    organization.seed({"task": [task(1)]})
    organization.fault(kind="status", route=r"\$batch", status=503, retry_after=0, times=2)

    assert organization.decoded(ActivityType.TASK, guid(1, kind="e")).fields["subject"] == "Task 1"


def test_page_that_breaks_off_is_read_again(organization: Organization):
    organization.seed({"task": [task(1)]})
    organization.fault(kind="truncate", times=1)

    assert len(organization.read_window(ActivityType.TASK)) == 1


def test_expired_token_is_renewed(organization: Organization):
    organization.seed({"task": [task(1)]})
    organization.fault(kind="status", status=401, times=1)

    assert len(organization.read_window(ActivityType.TASK)) == 1
    assert organization.controls.requests.tokens == 2


@pytest.mark.parametrize("gone", [0, 3])
def test_many_rows_are_read_in_few_calls(organization: Organization, gone):
    organization.seed({"task": [task(number) for number in range(700)]})

    async def read(system):
        ids = [guid(number, kind="e") for number in range(700 + gone)]
        return await system.reader.read(ActivityType.TASK, ids), system.calls

    found, calls = organization.run(read)

    assert sum(one.gone for one in found.values()) == gone
    assert len(found) == 700 + gone
    assert calls == (2 if gone else 1)


def test_lasting_outage_is_an_error_of_the_call(organization: Organization):
    organization.fault(kind="status_after", status=503, retry_after=3600)

    with pytest.raises(ServerUnavailable):
        organization.read_window(ActivityType.TASK)
