"""Bodies as the service keeps them, in the forms that recorded answers show (facts: observed bodies)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activity_sync.sandbox.hubspot.rewriting import preview, rewrite_body, visible_text
from activity_sync_tests.sandbox.hubspot_portal import Portal, portal

__all__ = ["portal"]

WRAPPED = '<div style="" dir="auto" data-top-level="true"><p style="margin:0;">{}</p></div>'


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("note body 5", "note body 5"),
        ("a < b & c\r\nd", "a < b & c\nd"),
        ("<p>test</p>", WRAPPED.format("test")),
        (WRAPPED.format("test"), WRAPPED.format("test")),
        ("<p>a&nbsp;b &amp; &#8220;c&#8221;</p>", WRAPPED.format("a\xa0b &amp; \u201cc\u201d")),
        ("<P STYLE='margin:0'>a<BR/>b</P>", WRAPPED.format("a<br>b")),
        ("<p>\n  a</p>\n  <p>b</p>\n", WRAPPED.format('\n  a</p><p style="margin:0;">b')),
    ],
)  # fmt: skip
def test_timeline_bodies_are_wrapped_and_written_anew(sent: str, kept: str) -> None:
    assert rewrite_body(sent, wrap=True) == kept


def test_mails_are_written_anew_without_a_wrapper() -> None:
    sent = "<div STYLE='Color : red'>Hi<script>x()</script><!-- c --></div>"

    assert rewrite_body(sent, wrap=False) == '<div style="color:red;">Hi</div>'


TAGS = ("<p>", "</p>", "<b>", "</b>", "<br>", "<br/>", "<ul><li>x</li></ul>", "&amp;", "&nbsp;", "\n", " ")
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="<>&\x00", exclude_categories=["Cc", "Cs"]), max_size=8)
PIECES = st.lists(st.one_of(st.sampled_from(TAGS), TEXT), max_size=12)


@given(PIECES, st.booleans())
def test_rewriting_keeps_the_visible_text_and_settles_at_once(pieces: list[str], wrap: bool) -> None:  # noqa: FBT001
    sent = "".join(pieces)

    once = rewrite_body(sent, wrap=wrap)

    assert rewrite_body(once, wrap=wrap) == once
    assert visible_text(once).split() == visible_text(sent).split()


def test_rewriting_can_be_switched_off(portal: Portal) -> None:
    portal.set(rewrite_bodies=False)

    note = portal.make("notes", hs_note_body="<p>as it was</p>")

    assert portal.read("notes", note, "hs_note_body")["properties"]["hs_note_body"] == "<p>as it was</p>"


def test_body_is_rewritten_on_create_and_update(portal: Portal) -> None:
    note = portal.make("notes", hs_note_body="<p>one</p>")
    first = portal.read("notes", note, "hs_note_body")["properties"]["hs_note_body"]
    portal.patch(f"/crm/objects/2026-09/notes/{note}", {"properties": {"hs_note_body": "<p>two</p>"}})

    assert first == WRAPPED.format("one")
    assert portal.read("notes", note, "hs_note_body")["properties"]["hs_note_body"] == WRAPPED.format("two")


def test_preview_is_cut_and_says_so(portal: Portal) -> None:
    short, long = portal.make("notes", hs_note_body="<p>a&amp;b</p>"), portal.make("notes", hs_note_body="word " * 500)

    names = ("hs_body_preview", "hs_body_preview_is_truncated")
    assert portal.read("notes", short, *names)["properties"]["hs_body_preview"] == "a&b"
    shown = portal.read("notes", long, *names)["properties"]
    assert len(shown["hs_body_preview"]) == 500
    assert shown["hs_body_preview_is_truncated"] == "true"


def test_preview_of_nothing_visible_is_empty() -> None:
    assert preview("<p></p>")[0] == ""
