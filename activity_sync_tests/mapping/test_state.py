from __future__ import annotations

import pytest

from activity_sync.activities.kinds import ActivityType
from activity_sync.mapping import Kind, decode_fields, encode_fields, load_mapping

_DYNAMICS = load_mapping("dynamics").types
# Every pair that the table reference lists, with what it means here.
_PAIRS = [
    (ActivityType.TASK, 0, 2, "not_started"),
    (ActivityType.TASK, 0, 3, "in_progress"),
    (ActivityType.TASK, 0, 4, "waiting"),
    (ActivityType.TASK, 0, 7, "deferred"),
    (ActivityType.TASK, 1, 5, "completed"),
    (ActivityType.TASK, 2, 6, "cancelled"),
    (ActivityType.CALL, 0, 1, "open"),
    (ActivityType.CALL, 1, 2, "completed"),
    (ActivityType.CALL, 1, 4, "completed"),
    (ActivityType.CALL, 2, 3, "cancelled"),
    (ActivityType.EMAIL, 0, 1, "draft"),
    (ActivityType.EMAIL, 0, 8, "failed"),
    (ActivityType.EMAIL, 1, 2, "completed"),
    (ActivityType.EMAIL, 1, 3, "sent"),
    (ActivityType.EMAIL, 1, 4, "received"),
    (ActivityType.EMAIL, 1, 6, "sending"),
    (ActivityType.EMAIL, 1, 7, "sending"),
    (ActivityType.EMAIL, 2, 5, "cancelled"),
    (ActivityType.MEETING, 0, 1, "free"),
    (ActivityType.MEETING, 0, 2, "tentative"),
    (ActivityType.MEETING, 1, 3, "completed"),
    (ActivityType.MEETING, 2, 4, "cancelled"),
    (ActivityType.MEETING, 3, 5, "scheduled"),
    (ActivityType.MEETING, 3, 6, "out_of_office"),
]
_FIELD = {ActivityType.MEETING: "outcome"}


def _state_field(activity_type: ActivityType) -> str:
    return _FIELD.get(activity_type, "status")


@pytest.mark.parametrize(("activity_type", "state", "reason", "meaning"), _PAIRS)
def test_every_documented_pair_has_a_meaning(activity_type, state, reason, meaning):
    fields = decode_fields(_DYNAMICS[activity_type], {"statecode": state, "statuscode": reason})

    assert fields[_state_field(activity_type)] == meaning


@pytest.mark.parametrize(
    ("activity_type", "state", "meaning"),
    [
        (ActivityType.TASK, 0, "not_started"),
        (ActivityType.TASK, 2, "cancelled"),
        (ActivityType.CALL, 1, "completed"),
        (ActivityType.EMAIL, 0, "draft"),
        (ActivityType.MEETING, 3, "scheduled"),
        (ActivityType.MEETING, 0, "free"),
    ],
)
def test_reason_of_the_tenants_own_is_read_by_its_state(activity_type, state, meaning):
    fields = decode_fields(_DYNAMICS[activity_type], {"statecode": state, "statuscode": 100000001})

    assert fields[_state_field(activity_type)] == meaning


def test_pair_in_part_or_absent_tells_what_it_can():
    task = _DYNAMICS[ActivityType.TASK]

    assert decode_fields(task, {})["status"] is None
    assert decode_fields(task, {"statuscode": 7})["status"] == "deferred"
    assert decode_fields(task, {"statecode": 1})["status"] == "completed"
    assert decode_fields(task, {"statecode": 9, "statuscode": 9})["status"] == "other:9"


@pytest.mark.parametrize(
    ("fields", "pair"),
    [
        ({"status": "completed", "direction": "outbound"}, (1, 2)),
        ({"status": "completed", "direction": "inbound"}, (1, 4)),
        ({"status": "completed", "direction": None}, (1, 2)),
        ({"status": None, "direction": "inbound"}, (1, 4)),
        ({"status": None, "direction": None}, (1, 2)),
        ({"status": "missed", "direction": "inbound"}, (1, 4)),
        ({"status": "open", "direction": "inbound"}, (0, 1)),
        ({"status": "ringing", "direction": "inbound"}, (0, 1)),
        ({"status": "cancelled", "direction": "outbound"}, (2, 3)),
    ],
)
def test_call_is_made_or_received_by_its_direction(fields, pair):
    written = encode_fields(_DYNAMICS[ActivityType.CALL], fields).properties

    assert (written["statecode"], written["statuscode"]) == pair


@pytest.mark.parametrize(
    ("fields", "pair"),
    [
        ({"status": "sent", "direction": "outgoing"}, (1, 3)),
        ({"status": "received", "direction": "incoming"}, (1, 4)),
        ({"status": None, "direction": "incoming"}, (1, 4)),
        ({"status": None, "direction": "outgoing"}, (1, 3)),
        ({"status": None, "direction": "forwarded"}, (1, 3)),
        ({"status": "failed"}, (0, 8)),
        ({"status": "bounced"}, (0, 8)),
        ({"status": "scheduled"}, (0, 1)),
        ({"status": "sending"}, (0, 1)),
        ({"status": "completed"}, (1, 2)),
        ({"status": "cancelled"}, (2, 5)),
    ],
)
def test_mail_is_recorded_by_status_and_direction(fields, pair):
    written = encode_fields(_DYNAMICS[ActivityType.EMAIL], fields).properties

    assert (written["statecode"], written["statuscode"]) == pair


def test_no_mail_is_ever_handed_to_the_servers_own_sender():
    rule = _DYNAMICS[ActivityType.EMAIL].fields["status"]

    written = {choice.native[1] for choice in rule.choices if choice.write}

    assert written.isdisjoint({6, 7})


def test_status_update_follows_the_direction_that_the_target_shows():
    call = _DYNAMICS[ActivityType.CALL]

    encoded = encode_fields(
        call, {"status": "completed", "direction": "outbound"}, only={"status"}, current={"direction": "inbound"}
    )

    assert encoded.properties == {"statecode": 1, "statuscode": 4}
    assert encoded.intended == {"status": "completed"}


def test_every_state_column_pair_is_marked_for_the_closing_operation():
    for activity_type, mapping in _DYNAMICS.items():
        if any(rule.kind is Kind.STATE for rule in mapping.fields.values()):
            encoded = encode_fields(mapping, {_state_field(activity_type): None})
            assert {"statecode", "statuscode"} <= encoded.with_state
