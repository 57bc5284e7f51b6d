from __future__ import annotations

import unicodedata
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activity_sync.mapping.cut import VOID_ELEMENTS, LengthUnit, cut_html, cut_text, length
from activity_sync.mapping.richtext import sanitise

_UNITS = st.sampled_from(LengthUnit)
_TAGS = st.sampled_from(["<p>", "</p>", "<b>", "</b>", "<br>", "<a href='https://e.example/?a=1&amp;b=\">\"'>", "</a>"])
_MARKUP = st.lists(st.one_of(_TAGS, st.text(max_size=8), st.just("&amp;"), st.just("\U0001f44d\U0001f3fd"))).map(
    lambda parts: sanitise("".join(parts))
)


def test_emoji_counts_two_in_utf16_and_one_in_characters():
    assert length("a\U0001f600", LengthUnit.CHARS) == 2
    assert length("a\U0001f600", LengthUnit.UTF16) == 3


@pytest.mark.parametrize(
    ("text", "limit", "unit", "kept"),
    [
        ("abc", 3, LengthUnit.CHARS, "abc"),
        ("abcd", 3, LengthUnit.CHARS, "abc"),
        ("a\U0001f600b", 2, LengthUnit.UTF16, "a"),
        ("a\U0001f600b", 3, LengthUnit.UTF16, "a\U0001f600"),
        ("xe\u0301", 2, LengthUnit.CHARS, "x"),
        ("x\U0001f44d\U0001f3fd", 2, LengthUnit.CHARS, "x"),
        ("x\U0001f468\u200d\U0001f469\u200d\U0001f467", 5, LengthUnit.CHARS, "x"),
        ("x\U0001f1e9\U0001f1ea\U0001f1eb\U0001f1f7", 4, LengthUnit.CHARS, "x\U0001f1e9\U0001f1ea"),
        ("x\u2764\ufe0f", 2, LengthUnit.CHARS, "x"),
        ("x1\ufe0f\u20e3", 3, LengthUnit.CHARS, "x"),
        ("x\u1112\u1161\u11ab", 3, LengthUnit.CHARS, "x"),
        ("ab\r\n", 3, LengthUnit.CHARS, "ab"),
        ("e\u0301\u0301\u0301", 2, LengthUnit.CHARS, "e\u0301"),
    ],
)
def test_text_is_cut_between_visible_characters(text, limit, unit, kept):
    assert cut_text(text, limit, unit=unit) == kept


@given(st.text(), st.integers(0, 30), _UNITS)
def test_cut_text_fits_and_is_a_beginning(text, limit, unit):
    kept = cut_text(text, limit, unit=unit)

    assert length(kept, unit) <= limit
    assert text.startswith(kept)


@pytest.mark.parametrize(
    ("html", "limit", "kept"),
    [
        ("<p>abcdef</p>", 10, "<p>abc</p>"),
        ("<p>ab&amp;cd</p>", 12, "<p>ab</p>"),
        ("<p>ab&amp;cd</p>", 14, "<p>ab&amp;</p>"),
        ("<p><b>abcdef</b></p>", 17, "<p><b>abc</b></p>"),
        ("<p>a</p><p>b</p>", 10, "<p>a</p>"),
        ("<p>a</p><p>b</p>", 15, "<p>a</p><p></p>"),
        ('<a title="a>b">text</a>', 21, '<a title="a>b">te</a>'),
        ("a<br>b", 5, "a<br>"),
        ("<p>abc</p>", 6, ""),
    ],
)
def test_html_is_cut_outside_tags_and_closed(html, limit, kept):
    assert cut_html(html, limit, unit=LengthUnit.CHARS) == kept


class _Balance(HTMLParser):
    """Counts the elements left open and the end tags without a start."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.stray = 0

    def handle_starttag(self, tag, _attrs):
        if tag not in VOID_ELEMENTS:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if self.open and self.open[-1] == tag:
            self.open.pop()
        else:
            self.stray += 1


@given(_MARKUP, st.integers(0, 120), _UNITS)
def test_cut_html_fits_is_balanced_and_stays_as_the_sanitiser_leaves_it(markup, limit, unit):
    kept = cut_html(markup, limit, unit=unit)

    assert length(kept, unit) <= limit
    balance = _Balance()
    balance.feed(kept)
    assert (balance.open, balance.stray) == ([], 0)
    assert sanitise(kept) == kept


@given(_MARKUP, _UNITS)
def test_html_within_the_limit_stays_as_it_is(markup, unit):
    assert cut_html(markup, length(markup, unit), unit=unit) == markup


def test_no_cut_separates_a_mark_from_its_letter():
    text = "a\u0301b\u0323c" * 10

    for limit in range(2, len(text)):
        rest = text[len(cut_text(text, limit, unit=LengthUnit.CHARS)) :]
        assert not rest or not unicodedata.combining(rest[0])
