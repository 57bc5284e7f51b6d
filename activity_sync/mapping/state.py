"""The pair of columns that together say how far an activity is: a state and, within it, a reason.

Dynamics keeps `statecode` and `statuscode`; a reason belongs to one state, and a reason that a tenant has added is
read as its state (facts: dataverse 2.2). Which reason is written may hang on another field: a completed call was
`Made` or `Received`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from activity_sync.activities.activity import Value
from activity_sync.mapping.rules import FieldRule
from activity_sync.mapping.values import fits, is_empty, read_whole_number


def read_state(rule: FieldRule, state: Any, reason: Any, known: Mapping[str, Value]) -> str | None:
    """The canonical value of a pair: by both, else by the state alone; None when nothing tells.

    A row that shows only the reason is read by it where it belongs to one state alone.
    """
    state_code = None if is_empty(state) else read_whole_number(state)
    reason_code = None if is_empty(reason) else read_whole_number(reason)
    for choice in rule.choices:
        is_pair = choice.native[1] == reason_code and (state_code is None or choice.native[0] == state_code)
        if choice.is_read and is_pair and fits(choice.when, known):
            return choice.value
    return None if state_code is None else rule.by_state.get(state_code, f"other:{state_code}")


def is_completed(state: Any) -> bool:
    """Whether a `statecode` says that the activity took place; 0 is open, 2 cancelled, 3 scheduled."""
    return bool(state == 1)
