from __future__ import annotations

from datetime import UTC, datetime

import pytest

from activity_sync.activities.activity import Participant, RichText
from activity_sync.activities.kinds import ActivityType, Role
from activity_sync.activities.loss import Loss
from activity_sync.mapping import comparable_fields, decode_fields, encode_fields, load_mapping

_HUBSPOT = load_mapping("hubspot").types
_DYNAMICS = load_mapping("dynamics").types
_NOON = datetime(2026, 6, 1, 12, 0, 0, 500_000, tzinfo=UTC)


def test_update_writes_the_changed_fields_alone():
    fields = {"subject": "s", "body": RichText("b", html=False), "priority": "high", "status": "waiting"}

    encoded = encode_fields(_DYNAMICS[ActivityType.TASK], fields, only={"subject"})

    assert encoded.properties == {"subject": "s"}
    assert encoded.intended == {"subject": "s"}


def test_cleared_field_is_cleared_in_the_systems_own_way():
    fields = {"body": None, "location": None}

    hubspot = encode_fields(_HUBSPOT[ActivityType.MEETING], fields, only=set(fields))
    dynamics = encode_fields(_DYNAMICS[ActivityType.MEETING], fields, only=set(fields))

    assert hubspot.properties == {"hs_meeting_body": "", "hs_meeting_location": ""}
    assert dynamics.properties == {"description": None, "location": None}
    assert hubspot.intended == dynamics.intended == {"body": None, "location": None}


def test_empty_fields_are_left_out_of_a_create_and_known_to_be_empty():
    encoded = encode_fields(_HUBSPOT[ActivityType.MEETING], {"location": None, "subject": " "})

    assert encoded.properties == {}
    assert encoded.intended == {"location": None, "subject": None}


def test_owner_and_required_times_are_never_cleared_in_dynamics():
    encoded = encode_fields(_DYNAMICS[ActivityType.CALL], {"owner": None, "time": None}, only={"owner", "time"})

    assert encoded.properties == {}
    assert encoded.intended == {}


def test_owner_is_shown_under_the_lookups_read_name():
    encoded = encode_fields(_DYNAMICS[ActivityType.CALL], {"owner": "u-1"}, only={"owner"})

    assert encoded.properties == {"ownerid": "u-1"}
    assert encoded.intended == {"owner": "u-1"}


@pytest.mark.parametrize(
    ("activity_type", "word"),
    [
        (ActivityType.NOTE, "Note"),
        (ActivityType.TASK, "Task"),
        (ActivityType.CALL, "Call"),
        (ActivityType.MEETING, "Meeting"),
    ],
)
def test_subject_that_dynamics_requires_comes_from_the_body(activity_type, word):
    mapping = _DYNAMICS[activity_type]
    line = "word " * 40

    assert encode_fields(mapping, {"subject": None}).properties["subject"] == word
    assert encode_fields(mapping, {}).properties["subject"] == word
    assert (
        encode_fields(mapping, {"subject": None, "body": RichText("\n first \nsecond", html=False)}).intended["subject"]
        == "first"
    )
    from_html = encode_fields(mapping, {"subject": None, "body": RichText(f"<p></p><p>{line}</p><p>x</p>", html=True)})
    assert from_html.properties["subject"] == line[:100].strip()
    assert not [loss for loss in from_html.losses if loss.field == "subject"]


def test_mail_without_subject_stays_without():
    assert "subject" not in encode_fields(_DYNAMICS[ActivityType.EMAIL], {"subject": None}).properties


def test_long_plain_body_is_cut_in_utf16_units():
    body = RichText("\U0001f600" * 1500, html=False)

    encoded = encode_fields(_DYNAMICS[ActivityType.TASK], {"body": body}, only={"body"})

    assert encoded.properties["description"] == "\U0001f600" * 1000
    assert encoded.losses == (Loss("body", "cut", "kept 2000 of 3000"),)


def test_long_html_body_is_cut_and_closed():
    body = RichText(f"<div><p>{'x' * 70_000}</p></div>", html=True)

    encoded = encode_fields(_HUBSPOT[ActivityType.TASK], {"body": body}, only={"body"})

    assert len(encoded.properties["hs_task_body"]) == 65_536
    assert encoded.properties["hs_task_body"].endswith("x</p></div>")
    assert encoded.losses == (Loss("body", "cut", "kept 65536 of 70018"),)


def test_text_beside_long_html_is_cut_too():
    body = RichText("<ul>" + "<li>x</li>" * 7_000 + "</ul>", html=True)

    encoded = encode_fields(_HUBSPOT[ActivityType.EMAIL], {"body": body}, only={"body"})

    assert encoded.properties["hs_email_text"].startswith("  * x\n  * x\n")
    assert {name: len(value) > 30_000 for name, value in encoded.properties.items()} == {
        "hs_email_html": True,
        "hs_email_text": True,
    }
    assert max(map(len, encoded.properties.values())) <= 65_536
    assert [loss.what for loss in encoded.losses] == ["cut"]


def test_limit_of_the_metadata_wins():
    fields = {"subject": "x" * 300, "body": RichText("y" * 3000, html=False)}

    encoded = encode_fields(_DYNAMICS[ActivityType.TASK], fields, limits={"subject": 10, "description": 5000})

    assert encoded.properties["subject"] == "x" * 10
    assert encoded.properties["description"] == "y" * 3000
    assert encoded.losses == (Loss("subject", "cut", "kept 10 of 300"),)


def test_field_without_counterpart_is_a_loss_only_when_it_holds_something():
    lost = encode_fields(_DYNAMICS[ActivityType.MEETING], {"external_url": "https://e.example", "internal_notes": None})

    assert lost.losses == (Loss("external_url", "no_counterpart"),)
    assert encode_fields(_HUBSPOT[ActivityType.MEETING], {"all_day": False}).losses == ()
    assert encode_fields(_HUBSPOT[ActivityType.MEETING], {"all_day": True}).losses == (
        Loss("all_day", "no_counterpart"),
    )


@pytest.mark.parametrize(
    ("mapping", "fields", "loss"),
    [
        (_DYNAMICS[ActivityType.EMAIL], {"direction": "forwarded"}, ("direction", "forwarded is shown as outgoing")),
        (_HUBSPOT[ActivityType.MEETING], {"outcome": "tentative"}, ("outcome", "tentative is shown as scheduled")),
        (
            _DYNAMICS[ActivityType.CALL],
            {"status": "busy", "direction": "inbound"},
            ("status", "busy is shown as completed"),
        ),
    ],
)
def test_neighbouring_value_is_a_loss_told_in_canonical_words(mapping, fields, loss):
    field, detail = loss

    encoded = encode_fields(mapping, fields, only=set(fields))

    assert encoded.losses == (Loss(field, "no_counterpart", detail),)


def test_participants_are_left_to_the_translator():
    people = (Participant(Role.TO, "a@example.com"),)

    for mapping in (_HUBSPOT[ActivityType.EMAIL], _DYNAMICS[ActivityType.EMAIL]):
        encoded = encode_fields(mapping, {"participants": people}, only={"participants"})
        assert (encoded.properties, encoded.intended, encoded.losses) == ({}, {}, ())


def test_time_of_a_dynamics_note_is_set_on_create_alone():
    note = _DYNAMICS[ActivityType.NOTE]

    create = encode_fields(note, {"time": _NOON})
    update = encode_fields(note, {"time": _NOON}, only={"time"})

    assert create.properties["overriddencreatedon"] == "2026-06-01T12:00:00Z"
    assert create.create_only == {"overriddencreatedon"}
    assert "time" not in create.intended
    assert "time" not in comparable_fields(note)
    assert update.properties == {}
    assert [loss.field for loss in update.losses] == ["time"]


def test_seconds_of_a_call_are_rounded_and_recorded():
    call = _DYNAMICS[ActivityType.CALL]

    assert encode_fields(call, {"duration_ms": 120_000}, only={"duration_ms"}).losses == ()
    rounded = encode_fields(call, {"duration_ms": 61_500}, only={"duration_ms"})
    assert rounded.properties == {"actualdurationminutes": 1}
    assert rounded.intended == {"duration_ms": 60_000}
    assert [loss.what for loss in rounded.losses] == ["rounded"]


def test_time_of_completion_is_stamped_on_a_completed_create_alone():
    call = _DYNAMICS[ActivityType.CALL]
    fields = {"time": _NOON, "duration_ms": 90_000, "status": "completed"}

    assert encode_fields(call, fields).properties["actualend"] == "2026-06-01T12:01:30Z"
    assert "actualend" not in encode_fields(call, {**fields, "status": "open"}).properties
    assert "actualend" not in encode_fields(call, {**fields, "status": "cancelled"}).properties
    assert "actualend" not in encode_fields(call, fields, only=set(fields)).properties


def test_unknown_option_is_written_where_the_target_offers_it():
    task = _HUBSPOT[ActivityType.TASK]
    fields = {"task_type": "other:linked_in_connect"}

    offered = encode_fields(task, fields, only=set(fields), options={"hs_task_type": ["TODO", "LINKED_IN_CONNECT"]})
    unknown = encode_fields(task, fields, only=set(fields))

    assert offered.properties == {"hs_task_type": "LINKED_IN_CONNECT"}
    assert offered.intended == fields
    assert (unknown.properties, unknown.intended) == ({}, {})
    assert [loss.what for loss in unknown.losses] == ["dropped"]


def test_unknown_state_on_create_gets_the_state_of_an_empty_one():
    meeting = _DYNAMICS[ActivityType.MEETING]

    create = encode_fields(meeting, {"outcome": "other:maybe"})
    update = encode_fields(meeting, {"outcome": "other:maybe"}, only={"outcome"})

    assert (create.properties["statecode"], create.properties["statuscode"]) == (3, 5)
    assert create.intended["outcome"] == "scheduled"
    assert [loss.what for loss in create.losses] == ["dropped"]
    assert (update.properties, update.intended) == ({}, {})


def test_option_the_portal_lacks_is_dropped():
    encoded = encode_fields(
        _HUBSPOT[ActivityType.MEETING], {"outcome": "no_show"}, options={"hs_meeting_outcome": ["SCHEDULED"]}
    )

    assert encoded.properties == {}
    assert [loss.what for loss in encoded.losses] == ["dropped"]


def test_every_outcome_but_voicemail_unsets_the_flag():
    call = _DYNAMICS[ActivityType.CALL]

    assert encode_fields(call, {"outcome": "left_voicemail"}, only={"outcome"}).properties == {"leftvoicemail": True}
    other = encode_fields(call, {"outcome": "connected"}, only={"outcome"})
    assert other.properties == {"leftvoicemail": False}
    assert other.intended == {"outcome": None}
    assert [loss.what for loss in other.losses] == ["dropped"]


def test_changed_direction_moves_the_number():
    call = _DYNAMICS[ActivityType.CALL]
    fields = {"direction": "inbound", "from_number": "1", "to_number": "2"}

    encoded = encode_fields(call, fields, only={"direction"}, current={"direction": "outbound", "to_number": "2"})

    assert encoded.properties == {"directioncode": False, "phonenumber": "1"}
    assert encoded.intended == {"direction": "inbound", "from_number": "1", "to_number": None}


def test_subject_alone_leaves_the_current_body_of_a_note_untouched():
    own = RichText('<div data-x="1"><p>theirs</p></div>', html=True)
    fields = {"subject": "New", "body": RichText("ours", html=False)}

    encoded = encode_fields(
        _HUBSPOT[ActivityType.NOTE], fields, only={"subject"}, current={"subject": "Old", "body": own}
    )

    assert encoded.properties == {"hs_note_body": '<p><strong>New</strong></p><div data-x="1"><p>theirs</p></div>'}
    assert encoded.intended == {"subject": "New", "body": own}


def test_whole_body_is_not_cut_for_a_heading():
    own = RichText(f"<p>{'x' * 65_500}</p>", html=True)
    fields = {"subject": "A heading that is too long by a little", "body": own}

    encoded = encode_fields(
        _HUBSPOT[ActivityType.NOTE], fields, only={"subject"}, current={"subject": None, "body": own}
    )

    assert (encoded.properties, encoded.intended) == ({}, {})
    assert encoded.losses == (Loss("subject", "dropped", "no room above the body"),)


def test_cut_copy_is_cut_again_for_a_longer_heading():
    whole, copy = (RichText(f"<p>{'x' * size}</p>", html=True) for size in (70_000, 65_500))
    fields = {"subject": "Longer", "body": whole}

    encoded = encode_fields(
        _HUBSPOT[ActivityType.NOTE], fields, only={"subject"}, current={"subject": "Old", "body": copy}
    )

    assert len(encoded.properties["hs_note_body"]) == 65_536
    assert encoded.properties["hs_note_body"].startswith("<p><strong>Longer</strong></p><p>xxx")
    assert [(loss.field, loss.what) for loss in encoded.losses] == [("body", "cut")]


def test_body_alone_leaves_the_current_subject_of_a_note():
    fields = {"subject": "New", "body": RichText("ours", html=False)}

    encoded = encode_fields(
        _HUBSPOT[ActivityType.NOTE], fields, only={"body"}, current={"subject": "Old", "body": None}
    )

    assert encoded.properties == {"hs_note_body": "<p><strong>Old</strong></p><p>ours</p>"}
    assert encoded.intended == {"subject": "Old", "body": RichText("<p>ours</p>", html=True)}


def test_note_emptied_on_both_sides_of_the_heading_is_cleared():
    encoded = encode_fields(
        _HUBSPOT[ActivityType.NOTE], {"subject": None, "body": None}, only={"body"}, current={"subject": None}
    )

    assert encoded.properties == {"hs_note_body": ""}


def test_heading_survives_the_cut_of_a_long_note():
    fields = {"subject": "Head", "body": RichText("x" * 70_000, html=False)}

    encoded = encode_fields(_HUBSPOT[ActivityType.NOTE], fields)

    assert len(encoded.properties["hs_note_body"]) == 65_536
    assert encoded.intended["subject"] == "Head"
    assert [(loss.field, loss.what) for loss in encoded.losses] == [("body", "cut")]


def test_appointment_gets_html_only_from_html():
    meeting = _DYNAMICS[ActivityType.MEETING]

    def written(text: str, *, html: bool) -> str:
        return encode_fields(meeting, {"body": RichText(text, html=html)}, only={"body"}).properties["description"]

    assert written("plain & simple", html=False) == "plain & simple"
    assert written("<p>rich</p>", html=True) == "<p>rich</p>"
    assert written("type <b>this</b>", html=False) == "<p>type &lt;b&gt;this&lt;/b&gt;</p>"


def test_both_bodies_of_a_mail_are_cleared_together():
    encoded = encode_fields(_HUBSPOT[ActivityType.EMAIL], {"body": None}, only={"body"})

    assert encoded.properties == {"hs_email_html": "", "hs_email_text": ""}


@pytest.mark.parametrize("system", ["hubspot", "dynamics"])
@pytest.mark.parametrize("activity_type", ActivityType)
def test_what_is_intended_is_what_a_read_of_the_sent_properties_gives(system, activity_type):
    other = load_mapping("dynamics" if system == "hubspot" else "hubspot").types[activity_type]
    mapping = load_mapping(system).types[activity_type]
    fields = decode_fields(other, {}) | {"subject": "s", "body": RichText("<p>b</p>", html=True), "owner": "o"}

    encoded = encode_fields(mapping, fields)

    sent = dict(encoded.properties)
    if "ownerid" in sent:
        sent["_ownerid_value"] = sent.pop("ownerid")
    shown = decode_fields(mapping, sent)
    assert encoded.intended == {name: shown[name] for name in encoded.intended}
    assert encoded.intended.keys() >= {"subject", "body", "owner"}
