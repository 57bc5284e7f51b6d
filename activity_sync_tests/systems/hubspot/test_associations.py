from __future__ import annotations

import pytest

from activity_sync.activities.activity import Association
from activity_sync.activities.kinds import ActivityType, RecordKind
from activity_sync.systems.hubspot.associations import (
    decode_associations,
    default_types,
    find_type_id,
    read_batch_answer,
    read_inline,
)


def test_each_direction_of_each_pair_has_its_own_type():
    there = {find_type_id(one, kind) for one in ActivityType for kind in RecordKind}
    back = {find_type_id(kind, one) for one in ActivityType for kind in RecordKind}

    assert len(there) == len(back) == 20
    assert not there & back


@pytest.mark.parametrize(
    ("start", "end", "type_id"), [("note", "contact", 202), ("contact", "note", 201), ("meeting", "ticket", 226)]
)
def test_types_are_those_of_the_documented_table(start, end, type_id):
    assert find_type_id(start, end) == type_id
    assert default_types(start, end) == [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": type_id}]


def test_records_have_no_default_type_among_themselves():
    with pytest.raises(KeyError):
        find_type_id("contact", "company")


def test_a_batch_answer_gives_each_id_once_as_text_with_all_its_types():
    results = [
        {
            "from": {"id": "1"},
            "to": [
                {
                    "toObjectId": 77,
                    "associationTypes": [
                        {"category": "HUBSPOT_DEFINED", "typeId": 202, "label": None},
                        {"category": "USER_DEFINED", "typeId": 1001, "label": "Attendee"},
                    ],
                },
                {"toObjectId": "78", "associationTypes": [{"category": "HUBSPOT_DEFINED", "typeId": 202}]},
            ],
        },
        {"from": {"id": 1}, "to": [{"toObjectId": "77", "associationTypes": [{"typeId": 202, "label": None}]}]},
        {"from": {"id": "2"}, "to": []},
    ]

    assert read_batch_answer(results) == {
        "1": [
            {"id": "77", "labels": ["Attendee"], "types": [202, 1001]},
            {"id": "78", "labels": [], "types": [202]},
        ],
        "2": [],
    }


def test_inline_associations_name_an_id_once_and_say_what_is_unfinished():
    record = {
        "associations": {
            "contacts": {
                "results": [
                    {"id": "5", "type": "note_to_contact"},
                    {"id": "5", "type": "attendee"},
                    {"id": "6", "type": "note_to_contact"},
                ],
                "paging": {"next": {"after": "7"}},
            },
            "companies": {"results": [{"id": "9", "type": "note_to_company"}]},
        }
    }

    found, unfinished = read_inline(record)

    assert [one["id"] for one in found["contact"]] == ["5", "6"]
    assert found["contact"][0]["types"] == ["note_to_contact", "attendee"]
    assert list(found) == ["contact", "company"]
    assert unfinished == {"contact"}


def test_a_record_without_the_key_hangs_on_nothing():
    assert read_inline({"id": "1"}) == ({}, frozenset())


def test_canonical_associations_are_unique_and_only_of_the_kinds_we_carry():
    given = {
        "contact": [
            {"id": "5", "labels": ["b", "a"], "types": [202]},
            {"id": "5", "labels": [], "types": [202]},
        ],
        "company": [{"id": "5", "labels": [], "types": [190]}],
        "lead": [{"id": "1", "labels": [], "types": [855]}],
    }

    assert decode_associations(given) == {
        Association("contact", "5", label="a"),
        Association("company", "5"),
    }
