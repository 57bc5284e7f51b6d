from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activity_sync.activities.activity import Participant
from activity_sync.activities.kinds import Role
from activity_sync.systems.hubspot.participants import decode_participants, encode_participants

ANN = Participant(Role.SENDER, "ann@example.com", "Ann Lee")


def decode(headers: object) -> tuple[Participant, ...] | None:
    return decode_participants({"hs_email_headers": headers if isinstance(headers, str) else json.dumps(headers)})


def test_names_stand_apart_and_recipients_may_have_raw_beside_the_address():
    headers = {
        "from": {"email": "ann@example.com", "firstName": "Ann", "lastName": "Lee"},
        "to": [{"raw": "bob@example.com", "email": "bob@example.com"}],
        "cc": [],
        "bcc": [{"raw": "Carl Coe <carl@example.com>"}],
        "sender": {"email": "ann@example.com"},
    }

    assert decode(headers) == (
        ANN,
        Participant(Role.TO, "bob@example.com"),
        Participant(Role.BCC, "carl@example.com", "Carl Coe"),
    )


def test_a_display_name_inside_the_address_is_taken_out_and_an_empty_sender_is_nobody():
    headers = {"from": {}, "to": [{"email": "Brian H (Sample Contact) <bh@example.com>"}]}

    assert decode(headers) == (Participant(Role.TO, "bh@example.com", "Brian H (Sample Contact)"),)


def test_the_sender_stands_in_for_an_empty_from():
    assert decode({"from": {}, "sender": {"email": "ann@example.com"}, "to": []}) == (
        Participant(Role.SENDER, "ann@example.com"),
    )


@pytest.mark.parametrize("headers", ["", "not json", "[]", "null", "{}"])
def test_unusable_headers_give_way_to_the_address_properties(headers):
    properties = {
        "hs_email_headers": headers,
        "hs_email_from_email": "ann@example.com",
        "hs_email_to_email": "bob@example.com;carl@example.com",
        "hs_email_cc_email": None,
    }

    assert decode_participants(properties) == (
        Participant(Role.SENDER, "ann@example.com"),
        Participant(Role.TO, "bob@example.com"),
        Participant(Role.TO, "carl@example.com"),
    )


def test_nobody_is_none():
    assert decode_participants({}) is None
    assert decode({"from": {}, "to": [], "cc": [], "bcc": []}) is None


@pytest.mark.parametrize(
    "to", [{"email": "bob@example.com"}, "bob@example.com", ["bob@example.com"], [None, "bob@example.com"]]
)
def test_one_recipient_may_stand_without_a_list(to):
    assert decode({"to": to}) == (Participant(Role.TO, "bob@example.com"),)


def test_an_address_stands_once_per_role_whatever_its_letter_case():
    headers = {"to": [{"email": "Bob@example.com"}, {"email": "bob@example.com"}], "cc": [{"email": "bob@example.com"}]}

    assert decode(headers) == (Participant(Role.TO, "Bob@example.com"), Participant(Role.CC, "bob@example.com"))


def test_what_headers_cannot_say_is_a_loss():
    text, losses = encode_participants(
        [
            ANN,
            Participant(Role.SENDER, "second@example.com"),
            Participant(Role.TO, "", "Only A Name"),
            Participant(Role.ORGANIZER, "org@example.com"),
        ]
    )

    assert json.loads(text) == {
        "from": {"email": "ann@example.com", "firstName": "Ann", "lastName": "Lee"},
        "to": [],
        "cc": [],
        "bcc": [],
    }
    assert [(loss.field, loss.what) for loss in losses] == [("participants", "dropped")] * 3
    assert not any("example.com" in loss.detail or "Only" in loss.detail for loss in losses)


names = st.lists(st.text(alphabet="abcäß,.'", min_size=1, max_size=6), max_size=4).map(" ".join)
addresses = st.from_regex(r"[a-z]{1,8}@[a-z]{1,8}\.example", fullmatch=True)


@given(
    st.lists(
        st.builds(Participant, st.sampled_from([Role.TO, Role.CC, Role.BCC]), addresses, names),
        unique_by=lambda one: (one.role, one.address),
    )
)
def test_what_is_written_is_read_again(others):
    text, losses = encode_participants([ANN, *others])

    assert losses == []
    assert set(decode(text) or ()) == {ANN, *others}
