"""Every body of a collection of real and broken mails goes through the transforms."""

from __future__ import annotations

from pathlib import Path

import pytest

from activity_sync.activities.activity import RichText
from activity_sync.activities.fingerprint import visible_text
from activity_sync.activities.kinds import ActivityType
from activity_sync.mapping import encode_fields, load_mapping
from activity_sync.mapping.readable import html_to_text
from activity_sync.mapping.richtext import sanitise, text_to_html
from activity_sync_tests.mapping.words_kept import DATA, bodies_of, collection, table

_MAILS = sorted(DATA.glob("*.eml"))

pytestmark = pytest.mark.skipif(not DATA.exists(), reason="shared data is not beside the project")


def test_collection_holds_mails_with_html():
    assert len(_MAILS) > 50
    assert sum(any(body.html for body in bodies_of(path)) for path in _MAILS) > 10


@pytest.mark.parametrize("path", _MAILS, ids=lambda path: path.stem)
def test_mail_goes_through_html_text_and_html_without_harm(path, is_active):
    for body in bodies_of(path):
        clean = sanitise(body.text) if body.html else text_to_html(body.text)
        text = html_to_text(clean)
        again = text_to_html(text)

        assert not is_active(clean)
        assert not is_active(again)
        assert visible_text(RichText(again, html=True)) == visible_text(RichText(text, html=False))


@pytest.mark.parametrize("path", _MAILS, ids=lambda path: path.stem)
def test_mail_fits_into_every_body_and_is_shown_as_intended(path):
    for body in bodies_of(path):
        for system, activity_type in (("dynamics", ActivityType.TASK), ("hubspot", ActivityType.EMAIL)):
            mapping = load_mapping(system).types[activity_type]
            column = mapping.fields["body"].write[0]

            encoded = encode_fields(mapping, {"subject": "s", "body": body}, limits={column: 500})

            assert len(encoded.properties.get(column) or "") <= 500
            shown = encoded.intended["body"]
            assert (shown is None) == (not encoded.properties.get(column))


def test_no_visible_word_is_lost_and_the_page_on_bodies_says_so():
    found = collection()

    assert [one for one in found if one.share < 1.0 and one.mail != "103_flanker_broken-ctype"] == []
    assert table(found) in (Path(__file__).parents[2] / "docs" / "bodies.md").read_text(encoding="utf-8")
