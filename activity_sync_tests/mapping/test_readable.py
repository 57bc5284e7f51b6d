from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activity_sync.mapping.readable import first_line, html_to_text
from activity_sync.mapping.richtext import sanitise, text_to_html


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("", ""),
        ("<!-- nothing -->", ""),
        ("one", "one"),
        ("<p>a</p><p>b</p>", "a\n\nb"),
        ("<div>a</div><div>b<br>c</div>", "a\nb\nc"),
        ("<h1>Head</h1><p>body</p>", "Head\n\nbody"),
        ("<ul><li>one</li><li>two</li></ul>", "  * one\n  * two"),
        ("<ol><li>one</li><li>two</li></ol>", " 1. one\n 2. two"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td><td>dd</td></tr></table>", "a  b\nc  dd"),
        ("a&nbsp;b &lt;c&gt;", "a b <c>"),
        ("a<br><br><br><br>b", "a\n\nb"),
    ],
)
def test_layout_becomes_lines(html, text):
    assert html_to_text(html) == text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ('<a href="https://e.example/a">the page</a>', "the page (https://e.example/a)"),
        ('<a href="https://e.example/a">the page</a>, see', "the page (https://e.example/a), see"),
        ('<a href="https://e.example/">https://e.example</a>', "https://e.example"),
        ('<a href="https://e.example/">e.example</a>', "e.example"),
        ('<a href="mailto:a@e.example">a@e.example</a>', "a@e.example"),
        ('<a href="mailto:a@e.example">write</a>', "write (a@e.example)"),
        ('<a href="tel:+491">call</a>', "call (+491)"),
        ("<a>anchor</a>", "anchor"),
    ],
)
def test_link_keeps_its_address_where_the_text_does_not_tell_it(html, text):
    assert html_to_text(html) == text


def test_quoted_mail_stands_behind_marks_level_by_level():
    html = "<p>mine</p><blockquote>theirs<br>more<blockquote>older</blockquote></blockquote>after"

    assert html_to_text(html).split("\n") == ["mine", "", "> theirs", "> more", "> > older", "after"]


@pytest.mark.parametrize("tag", ["div", "blockquote", "span", "ul><li", "table><tr><td"])
@pytest.mark.parametrize("depth", [1, 150, 5_000])
def test_text_is_never_lost_in_deep_nesting(tag, depth):
    closers = "".join(f"</{name}>" for name in reversed(tag.split("><")))

    text = html_to_text(f"<{tag}>" * depth + "deep" + closers * depth)

    assert text.endswith("deep")


def test_first_line_is_the_first_that_shows_something():
    assert first_line("\n  \n  one \ntwo") == "one"
    assert first_line(" \n") == ""


@given(st.text("ab&;#38xlt gmp<>\u00e9", min_size=1).map(lambda text: " ".join(text.split())).filter(bool))
def test_text_comes_back_from_markup_as_it_was(text):
    assert html_to_text(text_to_html(text)) == text


def test_entity_that_a_person_typed_is_text_also_in_quoted_mail():
    markup = "<blockquote>a &amp;amp; b<blockquote>c &amp;lt; d</blockquote></blockquote><p>e &amp;nbsp; f</p>"

    assert html_to_text(markup).split("\n") == ["> a &amp; b", "> > c &lt; d", "", "e &nbsp; f"]


_TEXTS = st.text("ab \n\t\xa0&;\u2003\U000f0000", max_size=8)
_TAGS = st.sampled_from(["p", "div", "span", "b", "ul", "ol", "li", "blockquote", "a", "q", "h1", "br", "table", "td"])
_ATTRIBUTES = st.sampled_from(["", ' style="display:none"', ' style="white-space: pre"', ' style="margin-top: 2em"'])
_MARKUP = st.recursive(
    _TEXTS,
    lambda inner: st.builds(
        lambda tag, attribute, parts: f"<{tag}{attribute}>{''.join(parts)}</{tag}>",
        _TAGS,
        _ATTRIBUTES,
        st.lists(inner, max_size=4),
    ),
    max_leaves=12,
)


@given(st.lists(_MARKUP, max_size=4).map("".join))
def test_layout_is_that_of_the_library_which_preformatted_text_is_left_to(markup):
    assert html_to_text(markup) == html_to_text(f"{markup}<pre></pre>")


_PLAIN = st.recursive(
    st.sampled_from(["a", " b ", "\n", "c &amp; d", "&amp;lt;", "&nbsp;", "<br>", "e.example"]),
    lambda inner: st.builds(
        lambda tag, parts: f"<{tag}>{''.join(parts)}</{tag.split()[0]}>",
        st.sampled_from(
            ["p", "div", "h2", "b", 'span style="color: red"', 'a href="https://e.example/?a=1&amp;b=2"', "a"]
        ),
        st.lists(inner, max_size=4),
    ),
    max_leaves=12,
)


@given(st.lists(_PLAIN, max_size=5).map("".join).map(sanitise))
def test_what_the_tags_alone_say_is_what_the_library_makes_of_them(markup):
    assert html_to_text(markup) == html_to_text(f"{markup}<pre></pre>")
