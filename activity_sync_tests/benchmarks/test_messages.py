"""What the comparison reads from extractors' messages."""

from __future__ import annotations

import json

from benchmarks.peers.messages import Extracted, from_airbyte, from_singer, last_error
from benchmarks.peers.outcomes import Found


def lines(*messages):
    return [json.dumps(one) for one in messages]


def singer(stream, **record):
    return {"type": "RECORD", "stream": stream, "record": record}


def airbyte(**data):
    return {"type": "RECORD", "record": {"stream": "engagements_emails", "data": data}}


def test_last_record_of_an_id_counts_with_all_its_associations():
    printed = lines(
        singer("emails", id="1", properties={"hs_email_html": "<p>first</p>"}, archived=False),
        singer("emails_contacts_associations", from_id="1", to_id="7"),
        {"type": "STATE", "value": {"at": 1}},
        singer("emails", id="1", properties={"hs_email_html": "<p>second</p>"}, archived=False),
        singer("emails_contacts_associations", from_id="1", to_id="8"),
        singer("emails_tickets_associations", from_id="1", to_id="9"),
        {"type": "STATE", "value": {"at": 2}},
    )

    assert from_singer(printed) == Extracted(
        (Found("1", "second", frozenset({"7", "8"}), frozenset({"9"})),), {"at": 2}
    )


def test_airbytes_record_holds_its_associations():
    state = {"type": "STREAM", "stream": {}}
    printed = lines(
        airbyte(id="1", properties={"hs_email_html": "a"}, contacts=["7"], tickets=None),
        {"type": "STATE", "state": state},
        airbyte(id="2", properties={}, archived=True),
    )

    assert from_airbyte(printed) == Extracted(
        (Found("1", "a", frozenset({"7"})), Found("2", "", gone=True)),
        [state],
    )


def test_line_that_was_cut_is_no_record():
    whole = lines(airbyte(id="1", properties={}))

    assert [one.email for one in from_airbyte([*whole, whole[0][:20], "3"]).found] == ["1"]


def test_airbytes_error_is_told():
    printed = lines({"type": "LOG"}, {"type": "TRACE", "trace": {"error": {"internal_message": "no such path"}}})

    assert last_error(printed) == "no such path"
    assert last_error([]) == ""
