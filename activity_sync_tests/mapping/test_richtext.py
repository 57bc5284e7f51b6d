from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activity_sync.activities.activity import RichText
from activity_sync.activities.fingerprint import visible_text
from activity_sync.mapping.richtext import (
    as_html,
    as_text,
    has_content,
    is_html,
    is_wrapped_in_html,
    sanitise,
    text_to_html,
    without_forbidden_characters,
)


@pytest.mark.parametrize(
    "value",
    [
        "<p>a</p>",
        "a<br>b",
        "a<BR/>b",
        '<div style="" dir="auto"><br></div>',
        "AT&amp;T",
        "x&#8211;y",
        "<!DOCTYPE html>",
    ],
)
def test_markup_is_seen(value):
    assert is_html(value)


@pytest.mark.parametrize(
    "value", ["note body 5", "a < b", "a<b and c>d", "<someone@example.com>", "R&D", "x <3 y", "if (a<b) {}", "<foo>"]
)
def test_text_is_seen(value):
    assert not is_html(value)


@pytest.mark.parametrize("value", ["<p>a</p>", '<div class="x"><p>a</p></div>', " <ul><li>a</li></ul>\n"])
def test_plain_column_filled_by_a_rich_text_control_is_seen(value):
    assert is_wrapped_in_html(value)


@pytest.mark.parametrize("value", ["see <p>a</p>", "<b>a</b>", "<p>open", "a < b"])
def test_plain_column_with_a_tag_in_its_text_is_text(value):
    assert not is_wrapped_in_html(value)


@pytest.mark.parametrize(
    "value", ["<p></p>", '<div style="" dir="auto" data-top-level="true"><br></div>', "<p>&nbsp;</p>"]
)
def test_markup_that_shows_nothing_is_empty(value):
    assert not has_content(RichText(value, html=True))


def test_image_alone_is_content():
    assert has_content(RichText('<IMG src="https://e.example/x.png">', html=True))


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("", ""),
        (" \n ", ""),
        ("one", "<p>one</p>"),
        ("a\nb\r\nc\rd", "<p>a<br>b<br>c<br>d</p>"),
        ("a\n\nb\n \n\nc", "<p>a</p><p>b</p><p>c</p>"),
        ("a < b & c > d", "<p>a &lt; b &amp; c &gt; d</p>"),
        ("a\n  b\n\tc", "<p>a<br>&nbsp;&nbsp;b<br>&nbsp;&nbsp;&nbsp;&nbsp;c</p>"),
        ("<script>x</script>", "<p>&lt;script&gt;x&lt;/script&gt;</p>"),
    ],
)
def test_text_becomes_html_that_shows_it(text, html):
    assert text_to_html(text) == html


@given(st.text())
def test_text_is_seen_unchanged_through_html_and_back(text):
    clean = without_forbidden_characters(text)

    there = RichText(text_to_html(text), html=True)
    back = RichText(as_text(there), html=False)

    assert visible_text(there) == visible_text(RichText(clean, html=False))
    assert visible_text(back) == visible_text(RichText(clean, html=False))


@given(st.text())
def test_sanitising_twice_is_sanitising_once(markup):
    assert sanitise(sanitise(markup)) == sanitise(markup)


@given(st.text())
def test_html_made_of_text_is_as_the_sanitiser_leaves_it(text):
    assert sanitise(text_to_html(text)) == text_to_html(text)


@given(st.text())
def test_html_written_is_html_when_it_is_read(markup):
    written = as_html(RichText(markup, html=True))

    assert is_html(written) or not written.strip()
    assert as_html(RichText(written, html=True)) == written


def test_appearance_survives_and_what_covers_the_page_does_not():
    assert sanitise('<p style="color:red;position:fixed;top:0">a</p>') == '<p style="color:red">a</p>'
    assert sanitise('<p style="width:calc(100%)">a</p>') == '<p style="width:calc(100%)">a</p>'
    assert "url" not in sanitise('<p style="border:1px url(https://e.example/x)">a</p>')


def test_inline_image_survives_and_other_data_do_not():
    image = '<img src="data:image/png;base64,AAAA">'

    assert sanitise(image) == image
    assert sanitise('<img src="data:image/svg+xml;base64,AAAA">') == "<img>"
    assert "data:" not in sanitise('<a href="data:text/html,<script>alert(1)</script>">x</a>')


def test_relative_links_do_not_point_into_the_crm():
    assert sanitise('<a href="/logout">x</a><img src="api/delete">') == '<a rel="noopener noreferrer">x</a><img>'
