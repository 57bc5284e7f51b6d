"""What staging can hold."""

from __future__ import annotations

import json

import pytest

from activity_sync.pipeline.rows import dumps, loads


def test_half_of_a_surrogate_pair_is_staged_in_a_form_that_can_be_written() -> None:
    value = {"body": "half \ud83d, whole \U0001f680, other half \ude00"}

    staged = dumps(value)

    assert staged.encode("utf-8")
    assert "\U0001f680" in staged
    assert json.loads(staged) == value


@pytest.mark.parametrize("value", [{}, [], (), {"a": []}, [{}], "", "[]", 0, False, None])
def test_cell_is_what_json_makes_of_the_value_and_gives_it_back(value) -> None:
    staged = dumps(value)

    assert staged == json.dumps(value, separators=(",", ":"))
    assert loads(staged) == json.loads(staged)
    assert loads(staged) is not loads(staged) or not isinstance(loads(staged), dict | list)
