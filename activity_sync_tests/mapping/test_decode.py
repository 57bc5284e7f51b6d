from __future__ import annotations

from datetime import UTC, datetime

import pytest

from activity_sync.activities.activity import RichText
from activity_sync.activities.kinds import ActivityType
from activity_sync.errors import InvalidRecord
from activity_sync.mapping import decode_fields, load_mapping

_HUBSPOT = load_mapping("hubspot").types
_DYNAMICS = load_mapping("dynamics").types
_EMPTY_BODIES = [None, "", "<p></p>", '<div style="" dir="auto" data-top-level="true"><br></div>']


@pytest.mark.parametrize("mapping", [*_HUBSPOT.values(), *_DYNAMICS.values()], ids=lambda m: f"{m.system}-{m.type}")
def test_empty_record_has_every_field_and_no_value(mapping):
    absent = decode_fields(mapping, {})
    nulls = decode_fields(mapping, {column: None for rule in mapping.fields.values() for column in rule.read})
    blanks = decode_fields(mapping, {column: "" for rule in mapping.fields.values() for column in rule.read})

    assert list(absent) == [name for name in mapping.fields if name != "participants"]
    assert set(absent.values()) == {None}
    assert absent == nulls == blanks


@pytest.mark.parametrize("body", _EMPTY_BODIES)
def test_all_spellings_of_empty_are_empty(body):
    assert decode_fields(_HUBSPOT[ActivityType.MEETING], {"hs_meeting_body": body})["body"] is None
    assert decode_fields(_HUBSPOT[ActivityType.MEETING], {})["body"] is None


@pytest.mark.parametrize(
    ("text", "html"),
    [("note body 5", False), ("<p>a</p>", True), ("a < b", False), ('<div dir="auto"><p>x</p></div>', True)],
)
def test_body_is_html_or_text_by_its_value(text, html):
    assert decode_fields(_HUBSPOT[ActivityType.CALL], {"hs_call_body": text})["body"] == RichText(text, html=html)


def test_plain_column_is_text_unless_a_rich_text_control_wrote_it():
    task = _DYNAMICS[ActivityType.TASK]

    assert decode_fields(task, {"description": "a <b> c"})["body"] == RichText("a <b> c", html=False)
    assert decode_fields(task, {"description": "<div>a</div>"})["body"] == RichText("<div>a</div>", html=True)


def test_unknown_properties_are_ignored():
    note = decode_fields(
        _DYNAMICS[ActivityType.NOTE],
        {"subject": "s", "@odata.etag": 'W/"1"', "hs_obj_coords": "0-46-1", "createdon@odata.type": "x", "new": [1]},
    )

    assert note["subject"] == "s"


def test_first_property_that_is_not_empty_counts():
    call = _DYNAMICS[ActivityType.CALL]
    created, ended = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"

    assert decode_fields(call, {"createdon": created, "actualend": ended})["time"] == datetime(2026, 1, 2, tzinfo=UTC)
    assert decode_fields(call, {"createdon": created, "actualend": ""})["time"] == datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("direction", ["INBOUND", "OUTBOUND", None])
def test_each_number_of_a_hubspot_call_is_its_own(direction):
    raw = {"hs_call_direction": direction, "hs_call_from_number": "1", "hs_call_to_number": "2"}

    fields = decode_fields(_HUBSPOT[ActivityType.CALL], raw)

    assert (fields["from_number"], fields["to_number"]) == ("1", "2")


@pytest.mark.parametrize(
    ("outgoing", "from_number", "to_number"), [(True, None, "1"), (False, "1", None), (None, None, "1")]
)
def test_number_of_a_dynamics_call_is_the_other_partys(outgoing, from_number, to_number):
    fields = decode_fields(_DYNAMICS[ActivityType.CALL], {"directioncode": outgoing, "phonenumber": "1"})

    assert (fields["from_number"], fields["to_number"]) == (from_number, to_number)


def test_mail_that_came_in_is_received():
    email = _HUBSPOT[ActivityType.EMAIL]

    incoming = decode_fields(email, {"hs_email_status": "SENT", "hs_email_direction": "INCOMING_EMAIL"})
    outgoing = decode_fields(email, {"hs_email_status": "SENT", "hs_email_direction": "EMAIL"})

    assert (incoming["status"], outgoing["status"]) == ("received", "sent")


def test_unknown_option_is_kept_by_its_name():
    task = decode_fields(_HUBSPOT[ActivityType.TASK], {"hs_task_type": "LINKED_IN_CONNECT"})

    assert task["task_type"] == "other:linked_in_connect"


@pytest.mark.parametrize(
    ("mapping", "properties", "column"),
    [
        (_HUBSPOT[ActivityType.TASK], {"hs_timestamp": "secret"}, "hs_timestamp"),
        (_HUBSPOT[ActivityType.CALL], {"hs_call_duration": "secret"}, "hs_call_duration"),
        (_HUBSPOT[ActivityType.CALL], {"hs_call_title": {"a": "secret"}}, "hs_call_title"),
        (_DYNAMICS[ActivityType.TASK], {"statecode": "secret"}, "statecode"),
        (_DYNAMICS[ActivityType.MEETING], {"isalldayevent": "secret"}, "isalldayevent"),
        (_DYNAMICS[ActivityType.NOTE], {"notetext": ["secret"]}, "notetext"),
    ],
)
def test_broken_value_names_its_property_and_not_its_content(mapping, properties, column):
    with pytest.raises(InvalidRecord) as caught:
        decode_fields(mapping, properties)

    assert column in caught.value.message
    assert "secret" not in caught.value.message
    assert caught.value.system == mapping.system
    assert caught.value.code == "unreadable_value"
