"""Nothing active gets from one system into the other, in either form of a body."""

from __future__ import annotations

import pytest

from activity_sync.activities.activity import RichText
from activity_sync.activities.kinds import ActivityType
from activity_sync.mapping import encode_fields, load_mapping
from activity_sync.mapping.richtext import sanitise, text_to_html
from activity_sync.mapping.rules import Kind
from activity_sync_tests.mapping.vectors import VECTORS


@pytest.mark.parametrize("sample", VECTORS)
def test_sanitised_markup_is_inert_and_stays_so(sample, is_active):
    once = sanitise(sample)

    assert not is_active(once)
    assert sanitise(once) == once


@pytest.mark.parametrize("system", ["hubspot", "dynamics"])
@pytest.mark.parametrize("activity_type", ActivityType)
def test_no_type_carries_active_content_into_either_system(system, activity_type, is_active):
    mapping = load_mapping(system).types[activity_type]
    column = mapping.fields["body"].write[0]
    is_plain = mapping.fields["body"].kind is Kind.PLAIN  # whoever shows it escapes it

    for sample in VECTORS:
        encoded = encode_fields(mapping, {"subject": "s", "body": RichText(f"text {sample}", html=True)})

        written = encoded.properties[column]
        assert not is_active(text_to_html(written) if is_plain else written), sample
        assert "text" in written, sample


@pytest.mark.parametrize("sample", VECTORS)
def test_markup_typed_as_text_arrives_as_text(sample, is_active):
    mapping = load_mapping("hubspot").types[ActivityType.TASK]

    encoded = encode_fields(mapping, {"body": RichText(sample, html=False)})

    assert not is_active(encoded.properties["hs_task_body"])


def test_vectors_are_many_and_each_would_be_noticed(is_active):
    assert len(set(VECTORS)) >= 200
    assert [one for one in VECTORS if not is_active(one)] == []
