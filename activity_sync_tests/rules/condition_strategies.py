"""Random conditions on one kind of record, for properties of any system: `columns` says what each property holds."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from hypothesis import strategies as st

from activity_sync.rules.conditions import ORDERING, All, AnyOf, Condition, Not, Operator, Test

TEXTS = ["Ada", "ada", "ADA B", "Adam", "", " ", "  ada", "50%", "a_b", "[x]", "Zoë", "zoe", "5", "O'Neil", 'say "hi"']
NUMBERS = [0, 5, -3, 7.5, 120]
DAYS = [date(2026, 1, 31), date(2026, 2, 1)]
MOMENTS = [datetime(2026, 1, 31, 23, 59, 59, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)]

_LISTED = {Operator.ONE_OF, Operator.NONE_OF}
_ALONE = {Operator.KNOWN, Operator.UNKNOWN}
_TEXTUAL = {Operator.CONTAINS, Operator.BEGINS_WITH}


def conditions(columns: Mapping[str, list[Any]], *, about: str) -> st.SearchStrategy[Condition]:
    """Conditions of a few tests. `columns`: by property, values worth comparing it with; others are drawn as well."""
    return st.recursive(
        st.sampled_from(sorted(columns)).flatmap(lambda name: _tests(name, columns[name], about)),
        lambda inner: st.one_of(
            st.lists(inner, min_size=1, max_size=3).map(lambda parts: All(tuple(parts))),
            st.lists(inner, min_size=1, max_size=3).map(lambda parts: AnyOf(tuple(parts))),
            inner.map(Not),
        ),
        max_leaves=5,
    )


def _tests(name: str, values: list[Any], about: str) -> st.SearchStrategy[Condition]:
    some = st.sampled_from([*values, *TEXTS, *NUMBERS, True])
    ordered = st.sampled_from([*NUMBERS, *DAYS, *MOMENTS])

    def of(operator: Operator) -> st.SearchStrategy[Condition]:
        if operator in _ALONE:
            return st.just(Test(name, operator, (), about))
        if operator in _LISTED:
            return st.lists(some, min_size=1, max_size=3).map(lambda many: Test(name, operator, tuple(many), about))
        one = ordered if operator in ORDERING else st.sampled_from(TEXTS[:4]) if operator in _TEXTUAL else some
        return one.map(lambda value: Test(name, operator, (value,), about))

    return st.sampled_from(list(Operator)).flatmap(of)
