"""Rows to activities and back, without a server."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from activity_sync.activities.activity import Activity, Association, Participant, RichText
from activity_sync.activities.kinds import ActivityType, Role
from activity_sync.activities.loss import Loss
from activity_sync.mapping import load_mapping
from activity_sync.systems.dynamics.paths import ACTIVITY_TABLES
from activity_sync.systems.dynamics.translate import DynamicsTranslator
from activity_sync.systems.dynamics.wire import create_operations, read_record, update_operations
from activity_sync.systems.records import SourceRecord, TargetLink
from activity_sync_tests.systems.dynamics.activities import WHEN, activity, changed, markup, people, plain
from activity_sync_tests.systems.dynamics.organizations import guid

TRANSLATOR = DynamicsTranslator(load_mapping("dynamics"), limits=lambda _: {})
ADA, BEN, ACME, BIG_DEAL = guid(1), guid(2), guid(1, kind="b"), guid(1, kind="c")
USER = guid(1, kind="d")
KEY = guid(1, kind="e")
LOGICAL_NAME = "@Microsoft.Dynamics.CRM.lookuplogicalname"
FORMATTED = "@OData.Community.Display.V1.FormattedValue"


def contact(record_id=ADA, *, regarding=False, address="", role=Role.ASSOCIATED):
    return TargetLink("contact", record_id, role.value, regarding=regarding, address=address)


def company(record_id=ACME, *, regarding=False, address=""):
    return TargetLink("company", record_id, "associated", regarding=regarding, address=address)


def deal(*, regarding=False):
    return TargetLink("deal", BIG_DEAL, "associated", regarding=regarding)


def lookup(column, table, record_id, name=""):
    return {column: record_id, column + LOGICAL_NAME: table, column + FORMATTED: name}


def party(mask, address=None, *, table="", record_id="", name=None):
    row = {"participationtypemask": mask, "addressused": address, "unresolvedpartyname": None}
    return {**row, **lookup("_partyid_value", table, record_id, name)} if table else {**row, "_partyid_value": None}


def row(**columns):
    return {
        "@odata.etag": 'W/"7"',
        "activityid": KEY.upper(),
        "modifiedon": "2026-03-02T08:00:00Z",
        "createdon": "2026-03-01T08:00:00Z",
        **columns,
    }


def decode(activity_type, **columns):
    return TRANSLATOR.decode(activity_type, read_record(row(**columns), ACTIVITY_TABLES[activity_type]))


def create(one, *links):
    return TRANSLATOR.encode(one, links, key=KEY)


def update(one, *links, only=(), current=None, removed=()):
    return TRANSLATOR.encode(one, links, only=only, current=current, removed=removed)


def present(one: Activity, *associations) -> Activity:
    """The activity as Dynamics holds it."""
    return replace(one, system="dynamics", id=KEY, associations=frozenset(associations))


# --- rows ---------------------------------------------------------------------------------------------------------


def test_row_becomes_a_record_with_lean_payload():
    given = row(subject="x", **lookup("_ownerid_value", "systemuser", USER, "Ann"))
    given |= {"createdon" + FORMATTED: "2026-03-01 09:00", "@odata.context": "y"}
    given |= {"email_activity_parties": [{"@odata.etag": "1", **party(2, "a@b.example")}]}
    given |= {"email_activity_parties@odata.nextLink": "https://elsewhere.example"}

    record = read_record(given, ACTIVITY_TABLES[ActivityType.EMAIL])

    assert (record.id, record.version, record.gone) == (KEY, 'W/"7"', False)
    assert record.modified_at == datetime(2026, 3, 2, 8, tzinfo=UTC)
    assert not any("@" in name and not name.startswith("_ownerid") for name in record.payload)
    assert "@odata.etag" not in record.payload["email_activity_parties"][0]


def test_regarding_is_the_primary_association_and_parties_have_roles():
    decoded = decode(
        ActivityType.EMAIL,
        statecode=1,
        statuscode=3,
        directioncode=True,
        actualend="2026-03-01T10:30:00Z",
        **lookup("_regardingobjectid_value", "opportunity", BIG_DEAL, "Big"),
        email_activity_parties=[
            party(1, "sales@ours.example", table="systemuser", record_id=USER, name="Ann"),
            party(2, "ada@theirs.example", table="contact", record_id=ADA, name="Ada"),
            party(3, "info@acme.example", table="account", record_id=ACME, name="Acme"),
            party(4, "bcc@x.example"),
            party(3, None, table="queue", record_id=guid(9, kind="f"), name="Support"),
            party(3, None, table="contact", record_id=BEN, name="Ben"),
            party(8, None, table="opportunity", record_id=BIG_DEAL),
            party(9, "ann@ours.example", table="systemuser", record_id=USER),
        ],
    )

    assert decoded.associations == {
        Association("deal", BIG_DEAL, primary=True),
        Association("contact", ADA, Role.TO),
        Association("company", ACME, Role.CC),
        Association("contact", BEN, Role.CC),
    }
    assert set(decoded.fields["participants"]) == {
        Participant(Role.SENDER, "sales@ours.example", "Ann"),
        Participant(Role.TO, "ada@theirs.example", "Ada"),
        Participant(Role.CC, "info@acme.example", "Acme"),
        Participant(Role.BCC, "bcc@x.example"),
        Participant(Role.CC, "", "Support"),
    }
    assert (decoded.fields["status"], decoded.fields["time"]) == ("sent", WHEN)


def test_annotation_keys_in_lower_case_are_understood():
    decoded = decode(
        ActivityType.TASK,
        **{"_regardingobjectid_value": ADA, ("_regardingobjectid_value" + LOGICAL_NAME).lower(): "contact"},
    )

    assert decoded.associations == {Association("contact", ADA, primary=True)}


def test_regarding_of_a_kind_that_is_not_carried_keeps_its_own_name():
    decoded = decode(ActivityType.TASK, **lookup("_regardingobjectid_value", "quote", ADA))

    assert decoded.associations == {Association("quote", ADA, primary=True)}


def test_note_with_nothing_but_a_file_shows_its_name():
    decoded = TRANSLATOR.decode(
        ActivityType.NOTE,
        SourceRecord(KEY, WHEN, {"subject": "Scan", "notetext": None, "isdocument": True, "filename": "offer.pdf"}),
    )

    assert decoded.fields["body"] == RichText("Attachment: offer.pdf", html=False)


@pytest.mark.parametrize(
    ("activity_type", "state", "closed"),
    [
        (ActivityType.TASK, 0, False),
        (ActivityType.TASK, 1, True),
        (ActivityType.CALL, 2, True),
        (ActivityType.MEETING, 3, False),
        (ActivityType.NOTE, None, False),
    ],
)
def test_completed_and_cancelled_rows_are_closed(activity_type, state, closed):
    assert TRANSLATOR.is_closed(activity_type, SourceRecord(KEY, WHEN, {"statecode": state})) is closed


def test_columns_are_the_mapping_s_and_what_the_rules_need():
    columns = TRANSLATOR.columns(ActivityType.EMAIL)

    assert {"activityid", "modifiedon", "createdon", "statecode", "statuscode", "_regardingobjectid_value"} <= {
        *columns
    }
    assert {"_ownerid_value", "subject", "description", "senton", "actualend"} <= {*columns}
    assert len(columns) == len(set(columns))
    assert "statecode" not in TRANSLATOR.columns(ActivityType.NOTE)


def test_participants_are_comparable_beside_what_the_mapping_compares():
    assert "participants" in TRANSLATOR.comparable(ActivityType.EMAIL)
    assert "participants" not in TRANSLATOR.comparable(ActivityType.CALL)
    assert "time" not in TRANSLATOR.comparable(ActivityType.NOTE)


# --- creates ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "columns", "state"),
    [
        (activity(ActivityType.TASK), {"statuscode": 2}, None),
        (activity(ActivityType.TASK, status="in_progress"), {"statuscode": 3}, None),
        (activity(ActivityType.TASK, status="completed"), {}, {"statecode": 1, "statuscode": 5}),
        (
            activity(ActivityType.CALL),
            {},
            {"statecode": 1, "statuscode": 2, "actualend": "2026-03-01T10:40:00Z"},
        ),
        (
            activity(ActivityType.EMAIL),
            {},
            {"statecode": 1, "statuscode": 3, "actualend": "2026-03-01T10:30:00Z"},
        ),
        (activity(ActivityType.EMAIL, status="draft"), {"statuscode": 1, "actualend": "2026-03-01T10:30:00Z"}, None),
        (activity(ActivityType.MEETING), {}, {"statecode": 3, "statuscode": 5}),
        (activity(ActivityType.NOTE), {}, None),
    ],
)
def test_open_rows_are_created_at_once_and_others_get_their_state_after(one, columns, state):
    body = create(one).body

    assert body["state"] == state
    assert columns.items() <= body["columns"].items()
    assert "statecode" not in body["columns"]
    assert (state is None) or not {"statuscode", "actualend"} & body["columns"].keys()


@pytest.mark.parametrize("status", ["scheduled", "sending", "draft", "sent", "received", "failed", "bounced", None])
@pytest.mark.parametrize("direction", ["incoming", "outgoing", "forwarded", None])
def test_no_status_of_an_email_makes_the_server_send_it(status, direction):
    wire = create(activity(ActivityType.EMAIL, status=status, direction=direction))

    operations = create_operations(ACTIVITY_TABLES[ActivityType.EMAIL], KEY, wire.body).operations
    assert not {6, 7} & {operation.body.get("statuscode") for operation in operations}


@pytest.mark.parametrize("statuscode", [6, 7])
def test_email_status_that_delivers_cannot_be_written(statuscode):
    table = ACTIVITY_TABLES[ActivityType.EMAIL]
    state = {"statecode": 1, "statuscode": statuscode}

    with pytest.raises(AssertionError):
        create_operations(table, KEY, {"columns": {}, "parties": [], "state": state})
    with pytest.raises(AssertionError):
        update_operations(
            table,
            KEY,
            {"columns": {}, "parties": None, "reopen": None, "state": state, "close_with": None},
            version="x",
        )


@pytest.mark.parametrize(
    ("activity_type", "binding"),
    [
        (ActivityType.TASK, "regardingobjectid_opportunity_task@odata.bind"),
        (ActivityType.EMAIL, "regardingobjectid_opportunity_email@odata.bind"),
        (ActivityType.NOTE, "objectid_opportunity@odata.bind"),
    ],
)
def test_regarding_and_owner_are_bound(activity_type, binding):
    wire = create(activity(activity_type, owner=USER), deal(regarding=True))

    assert wire.body["columns"][binding] == f"/opportunities({BIG_DEAL})"
    assert wire.body["columns"]["ownerid@odata.bind"] == f"/systemusers({USER})"
    assert "ownerid" not in wire.body["columns"]
    assert wire.intended["owner"] == USER


def test_activity_without_owner_is_left_to_the_application_user():
    wire = create(activity(ActivityType.TASK, owner=None))

    assert not [name for name in wire.body["columns"] if name.startswith("ownerid")]


def test_party_takes_the_role_and_address_of_the_participant_it_is():
    wire = create(
        activity(ActivityType.EMAIL),
        contact(ADA, address="Ada@Theirs.example"),
        contact(BEN, address="ben@theirs.example"),
        company(),
        deal(regarding=True),
    )

    assert wire.body["parties"] == [
        {"participationtypemask": 1, "addressused": "sales@ours.example"},
        {
            "participationtypemask": 2,
            "addressused": "ada@theirs.example",
            "partyid_contact@odata.bind": f"/contacts({ADA})",
        },
        {
            "participationtypemask": 3,
            "addressused": "ben@theirs.example",
            "partyid_contact@odata.bind": f"/contacts({BEN})",
        },
        {"participationtypemask": 3, "partyid_account@odata.bind": f"/accounts({ACME})"},
    ]
    assert {(one.role, one.address) for one in wire.intended["participants"]} == {
        (Role.SENDER, "sales@ours.example"),
        (Role.TO, "ada@theirs.example"),
        (Role.CC, "ben@theirs.example"),
    }
    assert not wire.losses


def test_all_records_with_a_participant_s_address_stand_in_its_role():
    shared = {"address": "ada@theirs.example"}

    wire = create(activity(ActivityType.EMAIL), company(**shared), contact(BEN, **shared), contact(ADA, **shared))

    assert [(one["participationtypemask"], *list(one.values())[2:]) for one in wire.body["parties"]] == [
        (1,),
        (2, f"/contacts({BEN})"),
        (2, f"/contacts({ADA})"),
        (2, f"/accounts({ACME})"),
    ]
    assert len(wire.intended["participants"]) == 2


def test_email_has_one_sender_and_only_valid_addresses():
    participants = (
        *people((Role.SENDER, "one@x.example"), (Role.SENDER, "two@x.example"), (Role.TO, "nobody")),
        Participant(Role.CC, "Carl <carl@x.example>"),
        Participant(Role.TO, "", "No address"),
    )

    wire = create(activity(ActivityType.EMAIL, participants=participants))

    assert [(one["participationtypemask"], one["addressused"]) for one in wire.body["parties"]] == [
        (1, "one@x.example"),
        (3, "carl@x.example"),
    ]
    assert {(loss.field, loss.what) for loss in wire.losses} == {("participants", "dropped")}
    assert len(wire.losses) == 2


@pytest.mark.parametrize(
    ("activity_type", "contact_mask", "company_mask"),
    [(ActivityType.EMAIL, 3, 3), (ActivityType.CALL, 2, 2), (ActivityType.MEETING, 5, 6)],
)
def test_records_without_a_role_take_the_type_s_usual_one(activity_type, contact_mask, company_mask):
    wire = create(replace(activity(activity_type, participants=None)), contact(), company(), deal(regarding=True))

    assert wire.body["parties"] == [
        {"participationtypemask": contact_mask, "partyid_contact@odata.bind": f"/contacts({ADA})"},
        {"participationtypemask": company_mask, "partyid_account@odata.bind": f"/accounts({ACME})"},
    ]


def test_role_that_the_type_knows_is_kept():
    wire = create(activity(ActivityType.CALL), contact(role=Role.SENDER), contact(BEN, role=Role.REQUIRED))

    assert [one["participationtypemask"] for one in wire.body["parties"]] == [1, 2]


@pytest.mark.parametrize(("direction", "masks"), [("inbound", [2, 1, 2]), ("outbound", [2, 2, 2])])
def test_incoming_call_comes_from_its_first_contact(direction, masks):
    call = activity(ActivityType.CALL, direction=direction)

    wire = create(call, company(), contact(), contact(BEN))

    assert [one["participationtypemask"] for one in wire.body["parties"]] == masks


@pytest.mark.parametrize("activity_type", [ActivityType.TASK, ActivityType.NOTE])
def test_type_without_parties_loses_all_but_the_regarding_record(activity_type):
    wire = create(activity(activity_type), contact(regarding=True), contact(BEN), deal())

    assert wire.body["parties"] == []
    assert wire.losses == (
        Loss("associations", "no_counterpart", f"contact/{BEN}"),
        Loss("associations", "no_counterpart", f"deal/{BIG_DEAL}"),
    )


def test_regarding_contact_is_no_party_unless_it_took_part():
    wire = create(activity(ActivityType.EMAIL), contact(regarding=True), contact(BEN, address="ada@theirs.example"))

    assert [one.get("partyid_contact@odata.bind") for one in wire.body["parties"]] == [None, f"/contacts({BEN})"]


def test_intended_is_what_a_later_read_decodes():
    wire = create(activity(ActivityType.EMAIL, owner=USER), contact(address="ada@theirs.example"))

    columns = {**wire.body["columns"], **wire.body["state"]}
    parties = [
        party(
            one["participationtypemask"],
            one["addressused"],
            **({"table": "contact", "record_id": ADA} if "partyid_contact@odata.bind" in one else {}),
        )
        for one in wire.body["parties"]
    ]
    shown = decode(ActivityType.EMAIL, **columns, _ownerid_value=USER, email_activity_parties=parties)
    assert {name: shown.fields[name] for name in wire.intended} == dict(wire.intended)


def test_limits_of_the_organization_cut_text():
    translator = DynamicsTranslator(load_mapping("dynamics"), limits=lambda _: {"description": 10})

    wire = translator.encode(activity(ActivityType.TASK, body=plain("x" * 50)), (), key=KEY)

    assert wire.body["columns"]["description"] == "x" * 10
    assert [(loss.field, loss.what) for loss in wire.losses] == [("body", "cut")]


# --- updates ------------------------------------------------------------------------------------------------------


def operations(wire, *, version='W/"7"', activity_type=ActivityType.TASK):
    return [
        (one.method, one.headers["If-Match"], dict(one.body))
        for one in update_operations(ACTIVITY_TABLES[activity_type], KEY, wire.body, version=version).operations
    ]


def test_update_of_an_open_row_is_one_guarded_patch():
    one = activity(ActivityType.TASK, subject="New")

    wire = update(one, only=("subject",), current=present(activity(ActivityType.TASK)))

    assert operations(wire) == [("PATCH", 'W/"7"', {"subject": "New"})]
    assert wire.intended == {"subject": "New"}


def test_update_is_never_sent_unguarded():
    wire = update(activity(ActivityType.TASK, status="completed"), only=("subject", "status"))

    assert [guard for _, guard, _ in operations(wire, version=None)] == ["*", "*"]


def test_closing_follows_the_other_columns():
    one = activity(ActivityType.TASK, subject="New", status="completed")

    wire = update(one, only=("subject", "status"), current=present(activity(ActivityType.TASK)))

    assert operations(wire) == [
        ("PATCH", 'W/"7"', {"subject": "New"}),
        ("PATCH", "*", {"statecode": 1, "statuscode": 5}),
    ]


def test_closing_an_email_sends_its_own_time_along():
    wire = update(
        activity(ActivityType.EMAIL), only=("status",), current=present(activity(ActivityType.EMAIL, status="draft"))
    )

    assert wire.body["state"] == {"statecode": 1, "statuscode": 3, "actualend": "2026-03-01T10:30:00Z"}


def test_closed_row_is_reopened_changed_and_closed_again():
    closed = present(activity(ActivityType.TASK, status="completed"))

    wire = update(changed(closed, subject="New"), only=("subject",), current=closed)

    assert wire.body["reopen"] == {"statecode": 0, "statuscode": 2}
    assert wire.body["close_with"] == {}
    assert wire.body["state"] is None


def test_closed_row_that_is_opened_gets_one_state_and_the_rest_after():
    closed = present(activity(ActivityType.TASK, status="completed"))

    wire = update(changed(closed, subject="New", status="waiting"), only=("subject", "status"), current=closed)

    assert operations(wire) == [
        ("PATCH", 'W/"7"', {"statecode": 0, "statuscode": 4}),
        ("PATCH", "*", {"subject": "New"}),
    ]


def test_completed_row_is_cancelled_by_way_of_open():
    closed = present(activity(ActivityType.TASK, status="completed"))

    wire = update(changed(closed, status="cancelled"), only=("status",), current=closed)

    assert wire.body["reopen"] == {"statecode": 0, "statuscode": 2}
    assert wire.body["close_with"] == {"statecode": 2, "statuscode": 6}


def test_nothing_to_write_leaves_a_closed_row_closed():
    closed = present(activity(ActivityType.TASK, status="completed"))

    assert operations(update(closed, only=(), current=closed)) == []


def test_update_associates_what_is_missing_and_leaves_what_is_there():
    now = present(activity(ActivityType.CALL), Association("contact", ADA, primary=True))

    wire = update(now, contact(regarding=True), contact(BEN), only=("subject",), current=now)

    assert wire.body["parties"] == {
        "rows": [{"participationtypemask": 2, "partyid_contact@odata.bind": f"/contacts({BEN})"}],
        "drop": [],
    }
    assert not [name for name in wire.body["columns"] if name.startswith("regarding")]


def test_update_does_not_move_the_regarding_record_that_people_chose():
    now = present(activity(ActivityType.TASK), Association("deal", BIG_DEAL, primary=True))

    wire = update(now, contact(regarding=True), only=("subject",), current=now)

    assert wire.body["columns"] == {"subject": "Send the offer"}
    assert wire.losses == (Loss("associations", "no_counterpart", f"contact/{ADA}"),)


def test_update_gives_an_activity_about_nothing_its_regarding_record():
    now = present(activity(ActivityType.TASK))

    wire = update(now, contact(regarding=True), only=(), current=now)

    assert wire.body["columns"] == {"regardingobjectid_contact_task@odata.bind": f"/contacts({ADA})"}
    assert not wire.losses


def test_removed_regarding_record_gives_way_to_the_next_or_to_none():
    now = present(activity(ActivityType.TASK), Association("contact", ADA, primary=True))

    next_one = update(now, deal(regarding=True), only=(), current=now, removed=[contact()])
    none = update(now, only=(), current=now, removed=[contact()])

    assert next_one.body["columns"] == {"regardingobjectid_opportunity_task@odata.bind": f"/opportunities({BIG_DEAL})"}
    assert none.body["columns"] == {"regardingobjectid_contact_task@odata.bind": None}


def test_removed_party_is_dropped():
    now = present(activity(ActivityType.MEETING), Association("contact", ADA, Role.REQUIRED))

    wire = update(now, only=(), current=now, removed=[contact()])

    assert wire.body["parties"] == {"rows": [], "drop": [ADA]}


def test_changed_participants_replace_the_list():
    now = present(activity(ActivityType.EMAIL, status="draft"), Association("contact", ADA, Role.TO))
    one = changed(now, participants=people((Role.TO, "ben@theirs.example")))

    wire = update(one, contact(BEN, address="ben@theirs.example"), only=("participants",), current=now)

    assert wire.body["parties"] == {
        "replace": [
            {
                "participationtypemask": 2,
                "addressused": "ben@theirs.example",
                "partyid_contact@odata.bind": f"/contacts({BEN})",
            }
        ]
    }
    assert wire.intended["participants"] == people((Role.TO, "ben@theirs.example"))


def test_changed_participants_leave_the_regarding_record_out_of_the_parties():
    now = present(activity(ActivityType.EMAIL, status="draft"), Association("contact", ADA, primary=True))

    wire = update(now, contact(ADA), contact(BEN, regarding=True), only=("participants",), current=now)

    bound = [
        one["partyid_contact@odata.bind"]
        for one in wire.body["parties"]["replace"]
        if len(one) > 2 or "addressused" not in one
    ]
    assert bound == [f"/contacts({BEN})"]
    assert not [name for name in wire.body["columns"] if name.startswith("regarding")]


def test_values_that_the_server_fills_are_not_intended():
    wire = create(activity(ActivityType.EMAIL, owner=None, time=None, subject=None))

    assert not {"owner", "time"} & wire.intended.keys()
    assert wire.intended["subject"] is None


def test_body_of_a_write_survives_json():

    wire = create(activity(ActivityType.EMAIL, body=markup("<p>Grüße</p>")), contact(regarding=True))

    assert json.loads(json.dumps(wire.body)) == wire.body
