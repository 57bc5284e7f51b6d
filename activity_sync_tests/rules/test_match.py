from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activity_sync.activities.activity import RichText
from activity_sync.activities.kinds import ActivityType
from activity_sync.rules.match import (
    Twin,
    TwinIndex,
    TwinRule,
    find_own_creates,
    find_twins,
    is_twin,
    similarity,
    words_of,
)
from activity_sync_tests.rules.states import prints

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HERE = Twin(
    "here",
    ActivityType.CALL,
    NOON,
    words_of("Call with Petra", RichText("<p>Renewal of the <b>contract</b></p>", html=True)),
    frozenset({"contact/1/associated"}),
)
THERE = replace(HERE, id="there", time=NOON + timedelta(minutes=10), words=words_of("call with PETRA renewal"))
RULE = TwinRule()


def test_the_same_call_entered_twice_is_a_twin():
    assert is_twin(HERE, THERE, RULE)
    assert is_twin(THERE, HERE, RULE)


@pytest.mark.parametrize(
    "changes",
    [
        {"type": ActivityType.MEETING},
        {"time": NOON + timedelta(minutes=16)},
        {"time": None},
        {"records": frozenset({"contact/2/associated"})},
        {"records": frozenset()},
        {"words": words_of("lunch")},
        {"words": frozenset()},
    ],
    ids=["type", "later", "no time", "other contact", "no contact", "other text", "no text"],
)
def test_what_differs_is_none(changes):
    assert not is_twin(HERE, replace(THERE, **changes), RULE)


def test_words_are_those_that_people_see():
    body = RichText("<style>p {color: red}</style><!-- x --><p>M&uuml;ller&nbsp;&amp; <b>S&ouml;hne</b></p>", html=True)

    assert words_of(body) == {"müller", "söhne"}
    assert words_of("a <b> c", RichText("x < y &amp; z", html=False)) == {"a", "b", "c", "x", "y", "amp", "z"}


def test_the_contact_may_be_left_out_of_the_rule():
    assert is_twin(HERE, replace(THERE, records=frozenset()), TwinRule(same_record=False))


def test_all_candidates_are_named_and_none_is_chosen():
    others = [replace(THERE, id="b"), replace(THERE, id="a"), replace(THERE, id="c", type=ActivityType.NOTE)]

    assert find_twins(HERE, others, RULE) == ("a", "b")


_CANDIDATES = st.lists(
    st.builds(
        Twin,
        st.uuids().map(str),
        st.sampled_from([ActivityType.CALL, ActivityType.NOTE]),
        st.none() | st.integers(-20, 20).map(lambda minutes: NOON + timedelta(minutes=minutes)),
        st.frozensets(st.sampled_from(["call", "with", "petra", "lunch"])),
        st.frozensets(st.sampled_from(["contact/1/associated", "contact/2/associated"])),
    ),
    max_size=12,
)


@given(_CANDIDATES, st.sampled_from([RULE, TwinRule(timedelta(), same_record=False, similarity=0.3)]))
def test_the_index_finds_what_comparing_each_with_each_finds(candidates, rule):
    index = TwinIndex(candidates, rule)

    for one in [HERE, replace(HERE, time=None), *candidates]:
        assert index.find(one) == find_twins(one, candidates, rule)


def test_a_cut_text_resembles_the_whole_one():
    assert similarity(words_of("one two three four"), words_of("one two")) == 1.0
    assert similarity(words_of("one two"), words_of("one six")) == 0.5
    assert similarity(words_of(None), words_of("", None)) == 0.0


def test_an_uncertain_create_is_found_by_all_that_it_meant_to_write():
    intended = prints(subject="s", body="<p>b|b")
    candidates = {
        "same": prints(subject="s", body="<div>b|b", room="1"),
        "other": prints(subject="s", body="c"),
        "blank": prints(room="1"),
    }

    assert find_own_creates(intended, candidates) == ("same",)
    assert find_own_creates(intended, candidates, fields=["subject", "time"]) == ("other", "same")
