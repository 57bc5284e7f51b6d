"""Open and closed: which writes, in which order, bring an activity into its state. Pure.

A row is created open and closed by a second write; a closed row is read-only until it is reopened.
Source: Microsoft Learn, "Special update operation behavior" and the activity tables' references, read 2026-11.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from activity_sync.activities.activity import Activity
from activity_sync.mapping import Kind, TypeMapping, encode_fields
from activity_sync.systems.dynamics.wire import STATE_COLUMNS

CLOSED = frozenset({1, 2})
"""`statecode` of what is completed or cancelled. 0 is open, 3 a scheduled appointment, which is open too."""


def find_state_field(mapping: TypeMapping) -> str:
    """The field that a type keeps as a state; empty where it has none (notes)."""
    return next((name for name, rule in mapping.fields.items() if rule.kind is Kind.STATE), "")


def shows_closed(mapping: TypeMapping, current: Activity | None) -> bool:
    """Whether what Dynamics holds now is closed; False where that is not known."""
    field = find_state_field(mapping)
    if current is None or not field:
        return False
    return encode_fields(mapping, current.fields, only={field}).properties.get("statecode") in CLOSED


def add_closing_fields(mapping: TypeMapping, only: Collection[str], *, was_closed: bool) -> frozenset[str]:
    """The fields to write on an update: closing fills some with "now", unless they are sent along."""
    if was_closed or find_state_field(mapping) not in only:
        return frozenset(only)
    return frozenset(only) | {name for name, rule in mapping.fields.items() if rule.with_state}


def split_state(columns: dict[str, Any], state: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The write that follows a create, if any. A new row is open, and takes its open reason at once, in `columns`."""
    if state.get("statecode"):
        return state
    columns |= {name: value for name, value in state.items() if name != "statecode"}
    return None


def plan_steps(
    mapping: TypeMapping, columns: dict[str, Any], state: Mapping[str, Any], *, was_closed: bool, touches_parties: bool
) -> dict[str, Any]:
    """`reopen`, `state` and `close_with` of an update; what needs no state is added to `columns`."""
    steps: dict[str, Any] = {"reopen": None, "state": None, "close_with": None}
    if not was_closed:
        if "statecode" in state:
            steps["state"] = state
        else:
            columns |= state
    elif state.get("statecode") == 0:
        # Reopening is the change itself; the other columns follow.
        steps["reopen"] = {name: state[name] for name in STATE_COLUMNS}
        columns |= {name: value for name, value in state.items() if name not in STATE_COLUMNS}
    elif columns or state or touches_parties:
        steps |= {"reopen": _open_state(mapping), "close_with": state}
    return steps


def _open_state(mapping: TypeMapping) -> dict[str, Any]:
    """The first open state of a type."""
    choices = mapping.fields[find_state_field(mapping)].choices
    return dict(zip(STATE_COLUMNS, next(one.native for one in choices if one.native[0] == 0), strict=True))
