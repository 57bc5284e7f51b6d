from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activity_sync.activities.activity import Participant, RichText, Value
from activity_sync.activities.fingerprint import FieldPrint, fingerprint, visible_text
from activity_sync.activities.kinds import Role

KEY = b"0123456789abcdef"
TEN = datetime(2026, 3, 1, 10, tzinfo=UTC)
PETRA = Participant(Role.TO, "petra@example.com", "Petra")


def entry(value: Value) -> FieldPrint:
    return fingerprint({"field": value}, key=KEY)["field"]


def html(text: str) -> RichText:
    return RichText(text, html=True)


def text(content: str) -> RichText:
    return RichText(content, html=False)


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.text(),
    st.datetimes(timezones=st.just(UTC)),
    st.builds(RichText, st.text(alphabet="<p>/b &amp;éx\u200b\n"), st.booleans()),
    st.lists(st.builds(Participant, st.sampled_from(Role), st.emails(), st.text())).map(tuple),
)


@given(VALUES)
def test_a_print_is_stable_keyed_and_survives_being_stored(value):
    assert entry(value) == entry(value)
    assert FieldPrint.parse(str(entry(value))) == entry(value)
    assert fingerprint({"f": value}, key=b"another key")["f"].exact != entry(value).exact


@given(VALUES, VALUES)
def test_equal_values_look_equal(one, other):
    if entry(one).exact == entry(other).exact:
        assert entry(one).visible == entry(other).visible
        assert entry(one).reads_like(entry(other))
    assert entry(one).reads_like(entry(other)) == entry(other).reads_like(entry(one))


@given(st.text(min_size=12, alphabet="abcdefghijklm"))
def test_a_print_does_not_hold_the_value(value):
    assert value not in str(entry(value))


@pytest.mark.parametrize(
    "empty", [None, "", (), "  ", text(""), html("<p></p>"), html("<p>&nbsp;</p>"), text("\u200b")], ids=repr
)
def test_empty_is_empty_however_it_is_spelt(empty):
    assert entry(empty) == entry(None)


@pytest.mark.parametrize("full", [False, 0, "0", html('<img src="a.png">')], ids=repr)
def test_what_holds_something_is_not_empty(full):
    assert entry(full).exact != entry(None).exact


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a\r\nb", "a\nb"),
        ("caf\u00e9", "cafe\u0301"),
        ("a ", "a"),
        (TEN, TEN.replace(microsecond=999_000)),
        (TEN, TEN.astimezone(timezone(timedelta(hours=5, minutes=30)))),
        ((PETRA,), (Participant(Role.TO, " Petra@Example.com "),)),
        ((PETRA, PETRA), (PETRA,)),
        (text("plain"), html("plain")),
        (html("<p>a</p>\r\n"), html("<p>a</p>")),
    ],
    ids=repr,
)
def test_spellings_of_one_value_are_equal(one, other):
    assert entry(one) == entry(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a", "b"),
        ("1", 1),
        (True, 1),
        (TEN, TEN + timedelta(hours=1)),
        (TEN, datetime(2026, 3, 1, tzinfo=UTC)),
        ((PETRA,), (Participant(Role.CC, "petra@example.com"),)),
        ((Participant(Role.TO, "", "Petra"),), (Participant(Role.TO, "", "Paul"),)),
        (html("<p>a</p>"), html("<p>b</p>")),
        (html("a &amp; b"), text("a &amp; b")),
    ],
    ids=repr,
)
def test_different_values_do_not_read_alike(one, other):
    assert not entry(one).reads_like(entry(other))
    assert not entry(one).settles(entry(other))


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        (html("<p>Hello <b>you</b></p>"), html("<div>Hello&nbsp;<strong>you</strong></div>")),
        (text("one\ntwo"), html("<p>one</p><p>two</p>")),
        (html("a &amp; b"), text("a & b")),
        (html("x<br>y"), html("x<br/>\n y")),
        ("two  words", "two words"),
        (TEN, datetime(2026, 3, 1, tzinfo=UTC)),
    ],
    ids=repr,
)
def test_a_servers_rewriting_settles_and_is_still_told_apart(sent, read):
    assert entry(read).settles(entry(sent))
    assert entry(read).exact != entry(sent).exact


def test_only_a_column_that_keeps_the_day_settles_a_time():
    eleven, midnight = TEN + timedelta(hours=1), datetime.combine(date(2026, 3, 1), time(), UTC)

    assert not entry(eleven).settles(entry(TEN))
    assert not entry(TEN).settles(entry(midnight))
    assert not entry(midnight + timedelta(days=1)).settles(entry(TEN))
    assert not entry(midnight).reads_like(entry(TEN))


@pytest.mark.parametrize(
    ("body", "seen"),
    [
        (html("<p>a <b>b</b></p>"), "ab"),
        (html("a &lt;b&gt; c"), "a<b>c"),
        (html("<script>alert(1)</script>x"), "x"),
        (text("1 < 2\n3"), "1<23"),
        (text("soft\u00adhyphen"), "softhyphen"),
    ],
    ids=repr,
)
def test_visible_text_is_what_a_reader_sees(body, seen):
    assert visible_text(body) == seen


_PIECES = st.one_of(
    st.text("ab \n\r\xa0&;<>\u00e9\u0301\x01\u200b", max_size=4),
    st.sampled_from(["&amp;", "&lt;", "&nbsp;", "&copy", "&#1;", "&amp;lt;", "&am", "<!--a-->", "<br/>", "</br>"]),
    st.sampled_from(["<p>", "</p>", '<div class="x y">', "</div>", "<b>", "</b>", "<li>", '<a href="b">', "</a>"]),
    st.sampled_from(["<td>", "<script>", "</script>", "<p hidden>", '<i title="a&b">']),
)


@given(st.lists(_PIECES, max_size=10).map("".join))
def test_visible_text_of_plain_markup_is_what_a_parser_sees(markup):
    shown_by_a_parser = f"{markup}<wbr>"  # which no look at the tags alone knows

    assert visible_text(html(markup)) == visible_text(html(shown_by_a_parser))
