"""What staging can hold."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activity_sync.activities.fingerprint import FieldPrint
from activity_sync.pipeline.rows import dumps, loads


def test_half_of_a_surrogate_pair_is_staged_in_a_form_that_can_be_written() -> None:
    value = {"body": "half \ud83d, whole \U0001f680, other half \ude00"}

    staged = dumps(value)

    assert staged.encode("utf-8")
    assert "\U0001f680" in staged
    assert json.loads(staged) == value
    assert loads(staged) == value
    assert loads(staged.strip()) == value, "as older versions staged it"


@pytest.mark.parametrize("number", [2**64, -(2**63) - 1, 10**29, 2**64 - 1, -(2**63)])
def test_number_of_any_size_is_staged_to_the_last_digit(number) -> None:
    again = loads(dumps({"number": number}))["number"]

    assert (type(again), again) == (int, number)


# Two halves that stand together are one character once they are read.
_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")
_TEXT = st.text(st.characters(exclude_categories=())).filter(lambda text: not _PAIR.search(text))
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | _TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(_TEXT, inner),
    max_leaves=8,
)


@given(_VALUES)
def test_any_value_comes_back_from_a_cell_that_can_be_written_and_that_json_reads_alike(value) -> None:
    staged = dumps(value)

    assert staged.encode("utf-8")
    assert repr(loads(staged)) == repr(json.loads(staged)) == repr(value)


@pytest.mark.parametrize("value", [datetime(2026, 11, 30, tzinfo=UTC), FieldPrint("a", "b"), {1, 2}])
def test_what_is_no_json_is_an_error(value) -> None:
    with pytest.raises(TypeError):
        dumps({"value": value})


@pytest.mark.parametrize("value", [{}, [], (), {"a": []}, [{}], "", "[]", 0, False, None])
def test_cell_is_what_json_makes_of_the_value_and_gives_it_back(value) -> None:
    staged = dumps(value)

    assert staged == json.dumps(value, separators=(",", ":"))
    assert loads(staged) == json.loads(staged)
    assert loads(staged) is not loads(staged) or not isinstance(loads(staged), dict | list)
