from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from activity_sync.activities.activity import Activity, Association, Participant, RichText
from activity_sync.activities.kinds import ActivityType, Role
from activity_sync.errors import InvalidRecord
from activity_sync.mapping import load_mapping
from activity_sync.systems.hubspot.translate import HubSpotTranslator
from activity_sync.systems.records import SourceRecord, TargetLink

WHEN = datetime(2026, 2, 1, 10, tzinfo=UTC)
TRANSLATOR = HubSpotTranslator(load_mapping("hubspot"))


def record(properties: Mapping[str, Any], **more: Any) -> SourceRecord:
    return SourceRecord(
        id="7",
        modified_at=WHEN,
        payload={"id": "7", "properties": properties, "createdAt": "2026-01-01T00:00:00Z"},
        **more,
    )


def from_dynamics(activity_type: ActivityType, **fields: Any) -> Activity:
    return Activity("dynamics", activity_type, "d-1", fields)


def shown(activity: Activity, body: Mapping[str, Any]) -> Activity:
    """What a read shows after a write."""
    return TRANSLATOR.decode(activity.type, record(body["properties"]))


def test_an_email_is_decoded_with_its_people_and_associations():
    headers = {"from": {"email": "ann@example.com", "firstName": "Ann"}, "to": [{"email": "bob@example.com"}]}
    source = record(
        {
            "hs_timestamp": "2026-02-01T10:00:00Z",
            "hs_email_subject": "Hello",
            "hs_email_direction": "INCOMING_EMAIL",
            "hs_email_status": "SENT",
            "hs_email_html": "<p>Hi</p>",
            "hs_email_headers": json.dumps(headers),
            "hubspot_owner_id": "42",
        },
        associations={"contact": [{"id": "5", "labels": [], "types": [198]}]},
    )

    activity = TRANSLATOR.decode(ActivityType.EMAIL, source)

    assert (activity.system, activity.id) == ("hubspot", "7")
    assert activity.fields["subject"] == "Hello"
    assert activity.fields["direction"] == "incoming"
    assert activity.fields["status"] == "received"
    assert activity.fields["time"] == WHEN
    assert activity.fields["body"] == RichText("<p>Hi</p>", html=True)
    assert activity.fields["owner"] == "42"
    assert activity.fields["participants"] == (
        Participant(Role.SENDER, "ann@example.com", "Ann"),
        Participant(Role.TO, "bob@example.com"),
    )
    assert activity.associations == {Association("contact", "5")}


def test_a_record_without_a_time_of_its_own_takes_the_time_it_was_created():
    activity = TRANSLATOR.decode(ActivityType.NOTE, record({"hs_note_body": "x"}))

    assert activity.fields["time"] == datetime(2026, 1, 1, tzinfo=UTC)


def test_a_note_may_hold_nothing_but_an_attachment():
    activity = TRANSLATOR.decode(ActivityType.NOTE, record({"hs_timestamp": "2026-02-01T10:00:00Z"}))

    assert activity.fields["body"] is None
    assert activity.fields["subject"] is None


def test_a_value_that_breaks_its_propertys_form_is_named_and_not_quoted():
    with pytest.raises(InvalidRecord) as refused:
        TRANSLATOR.decode(ActivityType.CALL, record({"hs_timestamp": "tomorrow-ish"}))

    assert "hs_timestamp" in refused.value.message
    assert "tomorrow" not in refused.value.message


def test_a_create_carries_associations_with_the_types_of_its_direction_each_record_once():
    activity = from_dynamics(ActivityType.EMAIL, subject="S", time=WHEN, direction="outgoing", status="sent")
    links = [
        TargetLink("contact", "5", "to", regarding=True),
        TargetLink("contact", "5", "cc"),
        TargetLink("deal", "9", "associated"),
        TargetLink("lead", "3", "associated"),
    ]

    wire = TRANSLATOR.encode(activity, links, key="key-1")

    assert wire.body["associations"] == [
        {"to": {"id": "5"}, "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 198}]},
        {"to": {"id": "9"}, "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 210}]},
    ]
    assert wire.body["origin"] == {"system": "dynamics", "id": "d-1", "url": ""}
    assert [(loss.field, loss.detail) for loss in wire.losses] == [("associations", "lead/3")]
    assert json.loads(json.dumps(wire.body)) == wire.body


def test_what_is_intended_is_what_a_read_shows_afterwards():
    people = (Participant(Role.SENDER, "ann@example.com", "Ann Lee"), Participant(Role.TO, "bob@example.com"))
    activity = from_dynamics(
        ActivityType.EMAIL,
        subject="S",
        body=RichText("a\nb", html=False),
        time=WHEN,
        direction="incoming",
        status="received",
        participants=(*people, Participant(Role.TO, "", "No Address")),
        owner="42",
    )

    wire = TRANSLATOR.encode(activity, [])

    assert shown(activity, wire.body).fields == {**shown(activity, wire.body).fields, **wire.intended}
    assert wire.intended["participants"] == people
    assert [(loss.field, loss.what) for loss in wire.losses] == [("participants", "dropped")]


@pytest.mark.parametrize(
    ("activity_type", "fields"),
    [
        (ActivityType.NOTE, {"subject": "S", "body": RichText("<p>B</p>", html=True), "time": WHEN}),
        (
            ActivityType.TASK,
            {"subject": "S", "due": WHEN, "status": "completed", "priority": "high", "task_type": "call"},
        ),
        (ActivityType.CALL, {"subject": "S", "time": WHEN, "direction": "inbound", "duration_ms": 60_000}),
        (ActivityType.EMAIL, {"subject": "S", "time": WHEN, "direction": "outgoing", "status": "sent"}),
        (ActivityType.MEETING, {"subject": "S", "start": WHEN, "end": WHEN, "outcome": "scheduled", "location": "L"}),
    ],
)
def test_every_type_survives_the_way_there_and_back(activity_type, fields):
    activity = from_dynamics(activity_type, **fields)

    wire = TRANSLATOR.encode(activity, [])

    again = shown(activity, wire.body)
    assert {name: again.fields[name] for name in fields} == fields
    assert wire.losses == ()


@pytest.mark.parametrize("activity_type", [ActivityType.NOTE, ActivityType.CALL, ActivityType.EMAIL])
def test_a_create_without_a_required_value_is_refused_before_it_is_sent(activity_type):
    with pytest.raises(InvalidRecord) as refused:
        TRANSLATOR.encode(from_dynamics(activity_type, subject="S"), [])

    assert refused.value.code == "required_property"
    assert "hs_timestamp" in refused.value.message


def test_an_update_sends_only_what_changed_and_associates_only_what_is_not_yet():
    activity = from_dynamics(ActivityType.TASK, subject="New", due=WHEN, status="completed")
    current = replace(
        TRANSLATOR.decode(ActivityType.TASK, record({"hs_timestamp": "2026-02-01T10:00:00Z"})),
        associations=frozenset({Association("contact", "5", label="Attendee")}),
    )

    wire = TRANSLATOR.encode(
        activity,
        [TargetLink("contact", "5", "associated"), TargetLink("company", "9", "associated")],
        only={"subject"},
        current=current,
        removed=[TargetLink("contact", "6", "associated")],
    )

    assert wire.body == {
        "properties": {"hs_task_subject": "New"},
        "associate": [
            {
                "kind": "company",
                "to": {"id": "9"},
                "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 192}],
            }
        ],
        "dissociate": [{"kind": "contact", "to": {"id": "6"}}],
    }
    assert wire.intended == {"subject": "New"}


def test_people_are_cleared_by_headers_that_name_nobody():
    activity = from_dynamics(ActivityType.EMAIL, participants=None, subject="S")

    wire = TRANSLATOR.encode(activity, [], only={"participants"})

    assert json.loads(wire.body["properties"]["hs_email_headers"]) == {"from": {}, "to": [], "cc": [], "bcc": []}
    assert wire.intended == {"participants": None}


def test_the_portals_own_spelling_of_an_option_is_used_once_it_is_known():
    two_ls = HubSpotTranslator(
        load_mapping("hubspot"), options=lambda _: {"hs_meeting_outcome": ("SCHEDULED", "CANCELLED")}
    )
    activity = from_dynamics(ActivityType.MEETING, start=WHEN, outcome="cancelled")

    assert TRANSLATOR.encode(activity, []).body["properties"]["hs_meeting_outcome"] == "CANCELED"
    assert two_ls.encode(activity, []).body["properties"]["hs_meeting_outcome"] == "CANCELLED"


@pytest.mark.parametrize("activity_type", list(ActivityType))
def test_what_is_compared_is_read_and_can_be_changed(activity_type):
    comparable = TRANSLATOR.comparable(activity_type)

    assert {"subject", "body", "owner"} <= comparable
    assert ("participants" in comparable) is (activity_type is ActivityType.EMAIL)
    for field in comparable:
        written = TRANSLATOR.properties_of(activity_type, field)
        assert written
        assert set(written) & set(TRANSLATOR.columns(activity_type))
    assert not TRANSLATOR.is_closed(activity_type, record({}))


@pytest.mark.parametrize("activity_type", list(ActivityType))
def test_the_allow_list_names_each_property_once_and_no_derived_one(activity_type):
    columns = TRANSLATOR.columns(activity_type)

    assert len(set(columns)) == len(columns)
    assert {"hs_lastmodifieddate", "hs_timestamp", "activity_sync_key"} <= set(columns)
    assert not any("preview" in name or name.startswith("hs_date_entered") for name in columns)


def test_an_update_that_does_not_know_the_present_associations_makes_none():
    activity = from_dynamics(ActivityType.TASK, subject="New", due=WHEN)

    wire = TRANSLATOR.encode(activity, [TargetLink("contact", "5", "associated")], only={"subject"})

    assert wire.body == {"properties": {"hs_task_subject": "New"}}
