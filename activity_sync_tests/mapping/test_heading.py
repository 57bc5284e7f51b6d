from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activity_sync.mapping.heading import join_heading, split_heading

_SUBJECTS = st.text(min_size=1, max_size=500).filter(lambda text: text.strip() and not _has_control(text))
_BODIES = st.sampled_from(["", "text", "<p>a</p>", "<p><strong>b</strong></p>", "<div><p>c</p></div>"])


def _has_control(text: str) -> bool:
    return any(
        ord(character) < 32 or 0x7F <= ord(character) < 0xA0 or 0xD800 <= ord(character) < 0xE000 for character in text
    )


@given(_SUBJECTS, _BODIES)
def test_heading_comes_off_as_it_was_put_on(subject, body):
    assert split_heading(join_heading(subject, body)) == (subject, body)


@pytest.mark.parametrize(
    ("markup", "subject", "rest"),
    [
        ("<p><strong>S</strong></p><p>b</p>", "S", "<p>b</p>"),
        (
            '<div style="" dir="auto"><p style="margin:0;"><strong>S</strong></p><p>b</p></div>',
            "S",
            '<div style="" dir="auto"><p>b</p></div>',
        ),
        ("<p><b>S</b></p>b", "S", "b"),
        (" <p> <strong>A &amp; B</strong> </p>", "A & B", ""),
    ],
)
def test_heading_is_found_in_what_editors_make_of_it(markup, subject, rest):
    assert split_heading(markup) == (subject, rest)


@pytest.mark.parametrize(
    "markup",
    [
        "plain",
        "<p>text</p><p><strong>S</strong></p>",
        "<p><strong>S</strong> and more</p>",
        "<p><strong>S<br>T</strong></p>",
        "<p><strong> </strong></p>x",
        f"<p><strong>{'long ' * 200}</strong></p>",
    ],
)
def test_what_is_no_heading_stays_in_the_body(markup):
    assert split_heading(markup) == (None, markup)
