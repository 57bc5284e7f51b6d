"""Creates and updates over real HTTP, as the sandbox judges them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from activity_sync.activities.activity import Association
from activity_sync.activities.kinds import ActivityType, Role
from activity_sync.errors import AuthenticationFailed, RetriableError
from activity_sync.systems.records import CreateRequest, TargetLink, UpdateRequest
from activity_sync_tests.systems.dynamics.activities import activity, changed, people, plain
from activity_sync_tests.systems.dynamics.organizations import Organization, guid

KEY = guid(1, kind="e")
ADA, BEN, ACME, BIG_DEAL, CASE = guid(1), guid(2), guid(1, kind="b"), guid(1, kind="c"), guid(2, kind="c")
ANN, OLD = guid(1, kind="d"), guid(2, kind="d")
TABLES = {
    ActivityType.NOTE: "annotation",
    ActivityType.TASK: "task",
    ActivityType.CALL: "phonecall",
    ActivityType.EMAIL: "email",
    ActivityType.MEETING: "appointment",
}


@pytest.fixture(autouse=True)
def _records(organization: Organization) -> None:
    organization.seed(
        {
            "contact": [
                {"contactid": ADA, "firstname": "Ada", "emailaddress1": "ada@theirs.example"},
                {"contactid": BEN, "firstname": "Ben"},
            ],
            "account": [{"accountid": ACME, "name": "Acme"}],
            "opportunity": [{"opportunityid": BIG_DEAL, "name": "Big"}],
            "incident": [{"incidentid": CASE, "title": "Broken"}],
            "systemuser": [
                {"systemuserid": ANN, "fullname": "Ann", "internalemailaddress": "ann@ours.example"},
                {
                    "systemuserid": OLD,
                    "fullname": "Old",
                    "internalemailaddress": "old@ours.example",
                    "isdisabled": True,
                },
            ],
        }
    )


def contact(record_id=ADA, *, regarding=False, address=""):
    return TargetLink("contact", record_id, "associated", regarding=regarding, address=address)


def deal(*, regarding=True):
    return TargetLink("deal", BIG_DEAL, "associated", regarding=regarding)


def create_many(organization, *activities, keys=None):
    keys = keys or [guid(number, kind="e") for number in range(1, len(activities) + 1)]

    async def created(system):
        wires = [system.translator.encode(one, (), key=key) for one, key in zip(activities, keys, strict=True)]
        requests = [CreateRequest(key, wire.body) for key, wire in zip(keys, wires, strict=True)]
        return await system.writer.create(activities[0].type, requests)

    return organization.run(created)


def update(organization, activity_type, *links, only=(), removed=(), version=None, **fields):
    """The result of changing the activity `KEY`, decided on what it shows now."""

    async def updated(system):
        record = (await system.reader.read(activity_type, [KEY]))[KEY]
        now = system.translator.decode(activity_type, record)
        wire = system.translator.encode(
            changed(now, **fields), links, only=only or tuple(fields), current=now, removed=removed
        )
        request = UpdateRequest(KEY, wire.body, version or record.version)
        (result,) = await system.writer.update(activity_type, [request])
        return result, wire

    return organization.run(updated)


# --- creates ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [None, "other"])
@pytest.mark.parametrize("activity_type", list(ActivityType))
def test_each_type_is_created_as_intended(organization, activity_type, status):
    other = {
        ActivityType.TASK: {"status": "completed"},
        ActivityType.CALL: {"status": "open"},
        ActivityType.EMAIL: {"status": "received", "direction": "incoming"},
        ActivityType.MEETING: {"outcome": "cancelled"},
    }
    one = activity(activity_type, owner=ANN, **(other.get(activity_type, {}) if status else {}))

    async def created(system):
        wire = system.translator.encode(one, [deal(), contact(address="ada@theirs.example")], key=KEY)
        (result,) = await system.writer.create(activity_type, [CreateRequest(KEY, wire.body)])
        record = (await system.reader.read(activity_type, [KEY]))[KEY]
        return result, wire, system.translator.decode(activity_type, record)

    result, wire, shown = organization.run(created)

    assert (result.outcome, result.id) == ("done", KEY)
    assert Association("deal", BIG_DEAL, primary=True) in shown.associations
    same = {name for name in wire.intended if shown.fields[name] == wire.intended[name]}
    # The server normalises markup (settled by the visible text), and fills in display names.
    assert wire.intended.keys() - same <= {"body", "participants"}
    assert {(one.role, one.address) for one in shown.fields.get("participants") or ()} == {
        (one.role, one.address) for one in wire.intended.get("participants") or ()
    }
    assert not organization.store.sent


def test_participants_and_records_become_parties(organization):
    one = activity(
        ActivityType.EMAIL,
        participants=people(
            (Role.SENDER, "ann@ours.example"), (Role.TO, "ada@theirs.example"), (Role.BCC, "x@y.example")
        ),
    )

    organization.create(one, deal(), contact(address="ada@theirs.example"), contact(BEN))

    assert organization.parties(KEY) == {
        (1, "ann@ours.example", ""),
        (2, "ada@theirs.example", ADA),
        (3, "", BEN),
        (4, "x@y.example", ""),
    }


def test_every_kind_of_record_can_be_the_regarding_one(organization):
    kinds = {"contact": ADA, "company": ACME, "deal": BIG_DEAL, "ticket": CASE}

    for activity_type in ActivityType:
        for number, (kind, record_id) in enumerate(kinds.items()):
            key = guid(number + 10 * (1 + list(ActivityType).index(activity_type)), kind="e")
            result = organization.create(
                activity(activity_type), TargetLink(kind, record_id, "associated", regarding=True), key=key
            )
            assert result.outcome == "done"
            assert Association(kind, record_id, primary=True) in organization.decoded(activity_type, key).associations


def test_note_is_backdated(organization):
    organization.create(activity(ActivityType.NOTE))

    assert organization.row("annotation", KEY)["createdon"] == "2026-03-01T10:30:00Z"


def test_create_sent_twice_exists_and_changes_nothing(organization):
    organization.create(activity(ActivityType.TASK))

    again = organization.create(activity(ActivityType.TASK, subject="Another"))

    assert (again.outcome, again.id, again.code) == ("exists", KEY, "0x80040237")
    assert organization.row("task", KEY)["subject"] == "Send the offer"


@pytest.mark.parametrize("plain_failure", [False, True])
def test_refused_record_does_not_hold_up_the_others(organization, plain_failure):
    organization.controls.settings.change({"dynamics_failed_change_set_plain": plain_failure})
    good = activity(ActivityType.TASK, status="completed")

    results = create_many(organization, good, replace(good, fields={**good.fields, "owner": OLD}), good)

    assert [one.outcome for one in results] == ["done", "refused", "done"]
    assert (results[1].status, results[1].code) == (400, "0x8004022b")
    assert results[1].correlation_id
    assert organization.store.get("task", guid(2, kind="e")) is None
    assert organization.row("task", guid(3, kind="e"))["statecode"] == 1


def test_create_is_whole_or_not_at_all(organization):
    one = activity(ActivityType.TASK)

    async def created(system):
        body = {**system.translator.encode(one, (), key=KEY).body, "state": {"statecode": 1, "statuscode": 99}}
        return await system.writer.create(ActivityType.TASK, [CreateRequest(KEY, body)])

    (result,) = organization.run(created)

    assert (result.outcome, result.code) == ("refused", "0x80048408")
    assert organization.store.get("task", KEY) is None


def test_missing_regarding_record_is_refused(organization):
    result = organization.create(activity(ActivityType.TASK), contact(guid(99), regarding=True))

    assert (result.outcome, result.status) == ("refused", 404)


def test_create_whose_answer_was_lost_is_found_again(organization):
    organization.fault(kind="drop_after", route=r"\$batch", times=1)

    result = organization.create(activity(ActivityType.TASK))

    assert (result.outcome, result.id) == ("exists", KEY)
    assert len(organization.store.rows["task"]) == 1


def test_create_that_never_arrived_is_sent_again(organization):
    organization.fault(kind="drop_before", route=r"\$batch", times=1)

    assert organization.create(activity(ActivityType.TASK)).outcome == "done"


@pytest.mark.parametrize("status", [429, 503])
def test_server_that_asks_to_wait_is_waited_for(organization, status):
    organization.fault(kind="status", route=r"\$batch", status=status, retry_after=0, times=2)

    assert organization.create(activity(ActivityType.TASK)).outcome == "done"


def test_batch_refused_as_a_whole_is_split_until_the_records_land(organization):
    # All four, then the first two, then the first alone.
    organization.fault(kind="status", route=r"\$batch", status=413, times=3)

    results = create_many(organization, *[activity(ActivityType.TASK)] * 4)

    assert [(one.outcome, one.status) for one in results] == [("refused", 413), *[("done", None)] * 3]
    assert len(organization.store.rows["task"]) == 3


def test_results_are_in_the_order_of_the_requests_over_several_batches(organization):
    activities = [activity(ActivityType.TASK, subject=f"Task {number}") for number in range(350)]
    activities[180] = activity(ActivityType.TASK, owner=OLD)

    results = create_many(organization, *activities)

    assert [number for number, one in enumerate(results) if one.outcome != "done"] == [180]
    assert organization.row("task", results[349].id)["subject"] == "Task 349"
    assert organization.controls.requests.by_kind["$batch"] == 3


def test_writes_without_any_right_stop_the_run(organization):
    organization.controls.settings.change({"dynamics_missing_privileges": ("prvCreateActivity",)})

    with pytest.raises(AuthenticationFailed) as caught:
        create_many(organization, activity(ActivityType.TASK), activity(ActivityType.TASK))

    assert caught.value.code == "0x80040220"


# --- updates ------------------------------------------------------------------------------------------------------


def test_update_changes_only_what_was_asked(organization):
    organization.create(activity(ActivityType.TASK))

    result, wire = update(organization, ActivityType.TASK, subject="New", body=plain("ignored"), only=("subject",))

    assert (result.outcome, result.id) == ("done", KEY)
    assert wire.intended == {"subject": "New"}
    row = organization.row("task", KEY)
    assert (row["subject"], row["description"]) == ("New", "With the discount")


def test_update_of_a_row_that_moved_is_stale(organization):
    organization.create(activity(ActivityType.TASK))

    result, _ = update(organization, ActivityType.TASK, subject="New", version='W/"1"')

    assert (result.outcome, result.code) == ("stale", "0x80060882")
    assert organization.row("task", KEY)["subject"] == "Send the offer"


@pytest.mark.parametrize("version", [None, 'W/"1"'])
def test_update_never_brings_a_deleted_row_back(organization, version):
    async def updated(system):
        wire = system.translator.encode(activity(ActivityType.TASK), (), only=("subject", "status"))
        return await system.writer.update(ActivityType.TASK, [UpdateRequest(KEY, wire.body, version)])

    (result,) = organization.run(updated)

    assert (result.outcome, result.status) == ("missing", 404)
    assert organization.store.get("task", KEY) is None


def test_missing_record_to_bind_is_no_missing_row(organization):
    organization.create(activity(ActivityType.TASK))

    result, _ = update(organization, ActivityType.TASK, contact(guid(99), regarding=True), only=("subject",))

    assert (result.outcome, result.status) == ("refused", 404)


def test_closed_row_is_edited_and_closed_as_it_was(organization):
    organization.seed(
        {
            "task": [
                {
                    "activityid": KEY,
                    "subject": "Done",
                    "statecode": 1,
                    "statuscode": 5,
                    "actualend": "2025-01-01T09:00:00Z",
                }
            ]
        }
    )

    result, _ = update(organization, ActivityType.TASK, subject="Done well")

    row = organization.row("task", KEY)
    assert result.outcome == "done"
    assert (row["subject"], row["statecode"], row["statuscode"]) == ("Done well", 1, 5)
    assert row["actualend"] == "2025-01-01T09:00:00Z"


def test_closed_call_keeps_its_reason_and_the_edit_is_one_version_for_others(organization):
    organization.create(activity(ActivityType.CALL, direction="inbound"))

    update(organization, ActivityType.CALL, subject="Second call")

    row = organization.row("phonecall", KEY)
    assert (row["statecode"], row["statuscode"], row["subject"]) == (1, 4, "Second call")
    assert row["actualend"] == "2026-03-01T10:40:00Z"


def test_completed_task_becomes_cancelled_and_open_again(organization):
    organization.create(activity(ActivityType.TASK, status="completed"))

    cancelled, _ = update(organization, ActivityType.TASK, status="cancelled")
    after = organization.row("task", KEY)["statuscode"]
    opened, _ = update(organization, ActivityType.TASK, status="waiting", subject="Again")

    row = organization.row("task", KEY)
    assert (cancelled.outcome, after, opened.outcome) == ("done", 6, "done")
    assert (row["statecode"], row["statuscode"], row["subject"]) == (0, 4, "Again")


def test_failed_step_leaves_a_closed_row_closed(organization):
    organization.create(activity(ActivityType.TASK, status="completed"))

    result, _ = update(organization, ActivityType.TASK, owner=OLD, subject="New")

    row = organization.row("task", KEY)
    assert (result.outcome, row["statecode"], row["subject"]) == ("refused", 1, "Send the offer")


def test_scheduled_appointment_is_edited_in_place(organization):
    organization.create(activity(ActivityType.MEETING))

    update(organization, ActivityType.MEETING, location="Paris")

    row = organization.row("appointment", KEY)
    assert (row["location"], row["statecode"], row["statuscode"]) == ("Paris", 3, 5)


def test_added_contact_joins_parties_that_people_made(organization):
    organization.seed(
        {
            "appointment": [
                {
                    "activityid": KEY,
                    "subject": "Demo",
                    "scheduledstart": "2026-03-01T10:00:00Z",
                    "scheduledend": "2026-03-01T11:00:00Z",
                    "parties": [
                        {"participationtypemask": 7, "party": {"type": "systemuser", "id": ANN}},
                        {"participationtypemask": 6, "party": {"type": "contact", "id": BEN}},
                    ],
                }
            ]
        }
    )

    result, _ = update(organization, ActivityType.MEETING, contact(regarding=True), contact(BEN), subject="Demo 2")

    assert result.outcome == "done"
    assert {(mask, record_id) for mask, _, record_id in organization.parties(KEY)} == {(7, ANN), (6, BEN)}
    assert Association("contact", ADA, primary=True) in organization.decoded(ActivityType.MEETING, KEY).associations


def test_removed_contact_leaves_a_sent_email_and_its_address_stays(organization):
    organization.create(activity(ActivityType.EMAIL), deal(), contact(address="ada@theirs.example"))

    result, _ = update(organization, ActivityType.EMAIL, deal(), removed=[contact()], only=("priority",))

    assert result.outcome == "done"
    assert organization.parties(KEY) == {(1, "sales@ours.example", ""), (2, "ada@theirs.example", "")}
    row = organization.row("email", KEY)
    assert (row["statecode"], row["statuscode"], row["actualend"]) == (1, 3, "2026-03-01T10:30:00Z")
    assert not organization.store.sent


def test_changed_participants_keep_the_user_behind_an_address(organization):
    organization.seed(
        {
            "email": [
                {
                    "activityid": KEY,
                    "subject": "Draft",
                    "parties": [
                        {"participationtypemask": 1, "party": {"type": "systemuser", "id": ANN}},
                        {"participationtypemask": 2, "party": {"type": "contact", "id": ADA}},
                    ],
                }
            ]
        }
    )

    result, _ = update(
        organization,
        ActivityType.EMAIL,
        participants=people((Role.SENDER, "ann@ours.example"), (Role.TO, "else@x.example")),
    )

    assert result.outcome == "done"
    assert organization.parties(KEY) == {(1, "ann@ours.example", ANN), (2, "else@x.example", "")}


def test_email_that_is_about_to_be_sent_is_left_alone(organization):
    organization.seed({"email": [{"activityid": KEY, "subject": "Going out", "statecode": 1, "statuscode": 6}]})

    result, _ = update(organization, ActivityType.EMAIL, subject="Changed")

    row = organization.row("email", KEY)
    assert (result.outcome, row["subject"], row["statuscode"]) == ("busy", "Going out", 6)


def test_update_whose_answer_was_lost_is_not_called_stale(organization):
    organization.create(activity(ActivityType.TASK))
    # The first batch reads the row.
    organization.fault(kind="drop_after", route=r"\$batch", skip=1, times=1)

    result, _ = update(organization, ActivityType.TASK, subject="New")

    assert result.outcome == "uncertain"
    assert organization.row("task", KEY)["subject"] == "New"


def test_batch_that_stays_unanswered_is_told_per_record_while_others_land(organization):
    async def created(system):
        requests = [
            CreateRequest(guid(number, kind="e"), system.translator.encode(activity(ActivityType.TASK), ()).body)
            for number in range(1, 201)
        ]
        return await system.writer.create(ActivityType.TASK, requests)

    organization.fault(kind="status", route=r"\$batch", status=429, retry_after=3600, skip=1, times=1)

    results = organization.run(created)

    assert sorted({one.outcome for one in results}) == ["busy", "done"]
    assert len(organization.store.rows["task"]) == sum(one.outcome == "done" for one in results)


def test_server_that_is_down_for_all_is_an_error_of_the_call(organization):
    organization.fault(kind="status", route=r"\$batch", status=429, retry_after=3600)

    with pytest.raises(RetriableError):
        create_many(organization, activity(ActivityType.TASK))


def test_update_with_nothing_to_write_makes_no_call(organization):
    organization.create(activity(ActivityType.TASK))
    organization.controls.requests.clear()

    async def updated(system):
        wire = system.translator.encode(activity(ActivityType.TASK), (), only=())
        results = await system.writer.update(ActivityType.TASK, [UpdateRequest(KEY, wire.body, 'W/"1"')])
        return results, system.calls

    (result,), calls = organization.run(updated)

    assert (result.outcome, calls) == ("done", 0)
