"""Deletes over real HTTP, as the sandbox judges them."""

from __future__ import annotations

import pytest

from activity_sync.activities.kinds import ActivityType
from activity_sync.errors import AuthenticationFailed, RetriableError
from activity_sync.systems.records import Stamp, UpdateRequest
from activity_sync_tests.systems.dynamics.activities import activity
from activity_sync_tests.systems.dynamics.organizations import Organization, guid

KEY = guid(1, kind="e")
TABLES = {
    ActivityType.NOTE: "annotation",
    ActivityType.TASK: "task",
    ActivityType.CALL: "phonecall",
    ActivityType.EMAIL: "email",
    ActivityType.MEETING: "appointment",
}


def row(number, **columns):
    return {"activityid": guid(number, kind="e"), "subject": f"Number {number}", **columns}


def archive(organization, activity_type, *record_ids, versions=None):
    """The results of deleting rows as they stand now, or by the versions given."""

    async def archived(system):
        shown = await system.reader.read(activity_type, record_ids)
        seen = {one.id: one.version for one in shown.values()} | (versions or {})
        before = system.calls
        results = await system.writer.archive(
            activity_type, [UpdateRequest(record_id, {}, seen.get(record_id)) for record_id in record_ids]
        )
        return results, system.calls - before

    return organization.run(archived)


@pytest.mark.parametrize("activity_type", list(ActivityType))
def test_activities_of_each_type_are_deleted_though_they_are_closed(organization: Organization, activity_type):
    closed = {"status": "completed"} if activity_type is ActivityType.TASK else {}
    organization.create(activity(activity_type, **closed), key=KEY)

    (result,), calls = archive(organization, activity_type, KEY)

    assert (result.outcome, result.id) == ("done", KEY)
    assert organization.store.get(TABLES[activity_type], KEY) is None
    assert calls == (2 if activity_type is ActivityType.EMAIL else 1)


def test_what_is_gone_already_is_done(organization: Organization):
    organization.seed({"task": [row(2)], "email": [row(3)]})

    results, _ = archive(organization, ActivityType.TASK, KEY, guid(2, kind="e"))
    (mail,), _ = archive(organization, ActivityType.EMAIL, KEY)

    assert [(one.outcome, one.id) for one in results] == [("done", KEY), ("done", guid(2, kind="e"))]
    assert (mail.outcome, mail.id) == ("done", KEY)
    assert organization.controls.requests.writes["task", "delete"] == 1


@pytest.mark.parametrize("activity_type", [ActivityType.TASK, ActivityType.EMAIL])
def test_changed_row_stays_and_does_not_hold_up_the_others(organization: Organization, activity_type):
    table = TABLES[activity_type]
    organization.seed({table: [row(number) for number in (1, 2, 3)]})
    all_ids = [guid(number, kind="e") for number in (1, 2, 3)]

    results, _ = archive(organization, activity_type, *all_ids, versions={all_ids[1]: 'W/"5"'})

    assert [one.outcome for one in results] == ["done", "stale", "done"]
    assert [organization.store.get(table, one) is None for one in all_ids] == [True, False, True]


def test_delete_without_a_version_is_done(organization: Organization):
    organization.seed({"task": [row(1)]})

    (result,), _ = archive(organization, ActivityType.TASK, KEY, versions={KEY: None})

    assert result.outcome == "done"


@pytest.mark.parametrize("reason", [6, 7])
def test_email_that_is_being_delivered_is_left_alone(organization: Organization, reason):
    organization.seed({"email": [row(1, statecode=1, statuscode=reason), row(2)]})

    results, _ = archive(organization, ActivityType.EMAIL, KEY, guid(2, kind="e"))

    assert [one.outcome for one in results] == ["busy", "done"]
    assert organization.row("email", KEY)["statuscode"] == reason


def test_lost_answer_is_settled_by_sending_again(organization: Organization):
    organization.seed({"task": [row(1)]})
    organization.fault(kind="drop_after", route=r"\$batch", times=1, skip=1)

    (result,), _ = archive(organization, ActivityType.TASK, KEY)

    assert result.outcome == "done"
    assert organization.controls.requests.writes["task", "delete"] == 1


def test_many_deletes_go_in_batches(organization: Organization):
    organization.seed({"task": [row(number) for number in range(250)]})

    results, calls = archive(organization, ActivityType.TASK, *(guid(number, kind="e") for number in range(250)))

    assert {one.outcome for one in results} == {"done"}
    assert calls == 2
    assert organization.store.all_rows("task") == []


def test_missing_right_to_delete_is_said_once(organization: Organization):
    organization.seed({"task": [row(1), row(2)]})
    organization.controls.settings.change({"dynamics_missing_privileges": ["prvDeleteActivity"]})

    with pytest.raises(AuthenticationFailed, match="to delete activities and notes") as raised:
        archive(organization, ActivityType.TASK, KEY, guid(2, kind="e"))
    assert raised.value.setting == "DYNAMICS_CLIENT_ID"
    assert len(organization.store.all_rows("task")) == 2


def test_lasting_outage_is_an_error_of_the_call(organization: Organization):
    organization.seed({"task": [row(1)]})
    organization.fault(kind="status", route=r"\$batch", status=503, retry_after=3600, skip=1)

    with pytest.raises(RetriableError):
        archive(organization, ActivityType.TASK, KEY)


def test_nothing_to_delete_takes_no_call(organization: Organization):
    assert archive(organization, ActivityType.EMAIL) == ([], 0)


def test_there_is_no_place_for_stamps(organization: Organization):
    async def stamped(system):
        return await system.writer.stamp(ActivityType.TASK, [Stamp(KEY, "hubspot", "101")]), system.calls

    assert organization.run(stamped) == ([], 0)
