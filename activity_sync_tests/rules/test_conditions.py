"""What a condition means, value by value, and the laws that hold for any."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activity_sync.activities.activity import Participant, RichText
from activity_sync.activities.kinds import Role
from activity_sync.rules.conditions import (
    OPPOSITE,
    All,
    AnyOf,
    Condition,
    Facts,
    Not,
    Operator,
    Test,
    asked_of_one,
    every_test,
    holds,
    passes,
    unmet,
)
from activity_sync_tests.rules.condition_strategies import DAYS, MOMENTS, NUMBERS, TEXTS, conditions
from activity_sync_tests.rules.profile import PROFILE

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
CASES: list[tuple[Any, str, Any, bool]] = [
    # text: case does not count, blanks do
    ("MQL", "is", "mql", True),
    ("MQL ", "is", "mql", False),
    ("MQL", "is_not", "mql", False),
    ("MQL", "one_of", ["SQL", "mql"], True),
    ("a;b", "contains", "B", True),
    ("Follow up", "begins_with", "follow", True),
    ("Follow up", "begins_with", "up", False),
    # empty: only what says "not" holds
    (None, "is", "x", False),
    (None, "is_not", "x", True),
    ("  ", "none_of", ["x"], True),
    ("", "known", None, False),
    (" ", "unknown", None, True),
    (RichText("<p></p>", html=True), "unknown", None, True),
    # numbers, as such and as texts; a text that is none never passes
    (5, "is", 5, True),
    ("5.0", "is", 5, True),
    ("5", "at_least", 5, True),
    ("five", "less_than", 5, False),
    (True, "is", 1, False),
    # truth values, in either system's spelling
    ("true", "is", True, True),
    (False, "is", False, True),
    (0, "is", False, False),
    # a day is all of it
    (NOON, "at_most", date(2026, 1, 31), True),
    (NOON, "more_than", date(2026, 1, 31), False),
    (NOON, "is", date(2026, 1, 31), True),
    (NOON, "at_least", datetime(2026, 1, 31, 12, tzinfo=UTC), True),
    ("2026-01-31T12:00:00.000Z", "less_than", date(2026, 2, 1), True),
    ("1769860800000", "is", date(2026, 1, 31), True),
    ("soon", "at_least", date(2026, 1, 1), False),
    # a body is read, its markup is not
    (RichText("<p>Big <b>deal</b></p>", html=True), "contains", "big deal", True),
    (RichText("<p>Big <b>deal</b></p>", html=True), "contains", "<b>", False),
    # of several values one is enough
    ((Participant(Role.TO, "ada@x.example"), Participant(Role.CC, "ben@y.example")), "contains", "@y.", True),
    ((Participant(Role.TO, "ada@x.example"),), "is_not", "ADA@x.example", False),
]


def of(operator: str, value: Any, *, about: str = "", name: str = "it") -> Test:
    values = () if value is None else tuple(value) if isinstance(value, list) else (value,)
    return Test(name, Operator(operator), values, about)


@pytest.mark.parametrize(("held", "operator", "wanted", "passed"), CASES)
def test_a_value_passes_or_does_not(*, held: Any, operator: str, wanted: Any, passed: bool) -> None:
    assert holds(of(operator, wanted), Facts({"it": held})) is passed


def test_a_test_of_contacts_holds_for_one_of_them_and_its_denial_for_none() -> None:
    facts = Facts(records={"contact": [{"it": "MQL"}, {"it": "customer"}]})

    assert holds(of("is", "MQL", about="contact"), facts)
    assert holds(of("is_not", "MQL", about="contact"), facts)
    assert not holds(Not(of("is", "MQL", about="contact")), facts)


def test_without_a_contact_no_test_of_contacts_holds() -> None:
    for operator, value in (("is_not", "MQL"), ("unknown", None)):
        assert not holds(of(operator, value, about="contact"), Facts())


def test_a_reason_names_what_is_not_met_and_no_value() -> None:
    condition = All((of("is", "secret", about="contact"), of("known", None, name="body")))

    assert unmet(condition, Facts({"body": "text"})) == "contact.it (is)"
    assert unmet(condition, Facts(records={"contact": [{"it": "secret"}]})) == "body (known)"
    assert unmet(Not(of("is", "x")), Facts({"it": "x"})) == "not it (is)"
    assert unmet(AnyOf((of("is", "x"), of("known", None))), Facts()) == "it (is) or it (known)"


VALUES = st.sampled_from([None, *TEXTS, *NUMBERS, *MOMENTS, True, False, "true", "1769860800000", [], ("Ada", "Ben")])
COLUMNS: dict[str, list[Any]] = {"a": [*DAYS], "b": [], "c": []}
RECORD = st.fixed_dictionaries(dict.fromkeys(COLUMNS, VALUES))
KINDS = st.sampled_from(["contact", "company", ""])
MIXED = st.lists(KINDS.flatmap(lambda kind: conditions(COLUMNS, about=kind)), min_size=1, max_size=3)


@PROFILE
@given(MIXED, RECORD, st.lists(RECORD, max_size=2), st.lists(RECORD, max_size=2))
def test_denials_turn_answers_and_what_does_not_hold_has_a_reason(
    parts: list[Condition], fields: dict[str, Any], contacts: list[dict[str, Any]], companies: list[dict[str, Any]]
) -> None:
    facts = Facts(fields, records={"contact": contacts, "company": companies})
    both, either = All(tuple(parts)), AnyOf(tuple(parts))

    assert holds(Not(both), facts) is not holds(both, facts)
    assert holds(Not(both), facts) is holds(AnyOf(tuple(Not(one) for one in parts)), facts)
    assert holds(Not(either), facts) is holds(All(tuple(Not(one) for one in parts)), facts)
    for one in (both, either):
        assert holds(one, facts) or any(str(test) in unmet(one, facts) for test in every_test(one))


@PROFILE
@given(conditions(COLUMNS, about=""), RECORD)
def test_opposite_operators_are_opposite_for_every_value(condition: Condition, fields: dict[str, Any]) -> None:
    for test in every_test(condition):
        if test.operator in OPPOSITE:
            other = Test(test.name, OPPOSITE[test.operator], test.values)
            assert passes(test, fields[test.name]) is not passes(other, fields[test.name])


@PROFILE
@given(MIXED, RECORD, st.lists(RECORD, min_size=1, max_size=3), RECORD, st.sampled_from([All, AnyOf]))
def test_a_contact_whose_change_lets_an_activity_through_meets_what_is_asked_of_one(
    parts: list[Condition], fields: dict[str, Any], contacts: list[dict[str, Any]], changed: dict[str, Any], kind: type
) -> None:
    condition = kind(tuple(parts))
    before = Facts(fields, records={"contact": contacts})
    after = Facts(fields, records={"contact": [changed, *contacts[1:]]})

    if not holds(condition, before) and holds(condition, after):
        asked = asked_of_one(condition, "contact")
        assert asked is not None
        assert holds(asked, Facts(records={"contact": [changed]}))
