"""The block under a body: what is named in it, and that taking it off is the inverse of writing it."""

from __future__ import annotations

import pytest

from activity_sync.mapping.cut import LengthUnit
from activity_sync.mapping.rules import Kind
from activity_sync.systems.dynamics.appendix import Column, make_block, split_block
from activity_sync.systems.records import TargetLink

PLAIN = Column("description", Kind.PLAIN, 2_000, LengthUnit.UTF16)
HTML = Column("notetext", Kind.HTML, 100_000, LengthUnit.UTF16)
RICH = Column("description", Kind.RICH, 1_000_000, LengthUnit.UTF16)


def link(kind: str, record_id: str, name: str = "") -> TargetLink:
    return TargetLink(kind, record_id, "associated", name=name)


LINKS = [link("ticket", "t1", "Broken & <b>old</b>"), link("contact", "c1", "Ann\nLee"), link("deal", "d1")]


@pytest.mark.parametrize("column", [PLAIN, HTML, RICH], ids=["text", "markup", "either"])
@pytest.mark.parametrize(
    "text", ["", "Hello", "Two\nlines\n\n", "<p>Hello</p>", "<div>a</div>", "a & b", "--\nAlso related to:\nnobody"]
)
def test_taking_the_block_off_leaves_the_text(column: Column, text: str) -> None:
    block = make_block(LINKS, column)

    written = block.under(text, column)

    assert block.records == {("ticket", "t1"), ("contact", "c1"), ("deal", "d1")}
    assert split_block(written) == (text, written.removeprefix(text))
    assert len(written) - len(text) <= block.size(column)


def test_contacts_come_first_and_a_record_without_a_name_is_its_id() -> None:
    named = ("• Contact: Ann Lee", "• Opportunity: d1", "• Case: Broken & <b>old</b>")
    assert make_block(LINKS, PLAIN).lines == named
    assert make_block(LINKS, HTML).lines == named
    # Else it would make markup of the whole text.
    assert make_block(LINKS, RICH).lines[-1] == "• Case: t1"
    assert "• Case: Broken &amp; &lt;b&gt;old&lt;/b&gt;" in make_block(LINKS, HTML).under("", HTML)


def test_a_block_takes_no_more_than_its_share_and_what_is_left_out_is_not_named() -> None:
    block = make_block([link("contact", f"{n:02}", "x" * 300) for n in range(40)], PLAIN)

    assert len(block.under("Hello", PLAIN)) - 5 <= 500
    assert len(block.records) == len(block.lines) == 4
    assert make_block(LINKS, PLAIN, room=10).lines == ()


@pytest.mark.parametrize(
    "text",
    [
        "Also related to: the fair",
        "--\nAlso related to:\nthe fair",
        "Also related to:\n• Case: 7",
        "<p>Also related to:<br>• Case: 7</p>",
        "<p><strong>Also related to:</strong></p>",
    ],
)
def test_what_people_write_is_no_block(text: str) -> None:
    assert split_block(text) == (text, "")


def test_a_block_is_known_wherever_people_and_editors_have_left_it() -> None:
    markup = '<div><p>a</p><hr /><p dir="ltr"><b>Also related to:</b><br/>• Case: 7</p><p>b</p></div>'

    assert split_block(markup)[0] == "<div><p>a</p><p>b</p></div>"
    assert split_block("a\r\n\r\n--\r\nAlso related to:\r\n• Case: 7\r\nb")[0] == "a\r\nb"
