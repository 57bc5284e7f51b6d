"""The state machine: which status reasons go with which state, and what closing and reopening do.

Source: the tables' reference pages and option sets; a `statecode` on create is ignored, a closed status reason on
create is refused, a status reason alone never moves the state.
"""

from collections.abc import Mapping
from typing import Any

from activity_sync.sandbox.dynamics.errors import DataverseError
from activity_sync.sandbox.dynamics.schema import State, Table

Row = dict[str, Any]
STATE_COLUMNS = frozenset({"statecode", "statuscode"})
DELIVERY_REASONS = frozenset({6, 7})
"""Status reasons of an e-mail that hand it to the send pipeline: Pending Send and Sending."""


def initial_state(table: Table, given: Mapping[str, Any], row_id: str) -> Row:
    """State columns of a new row: the first state, with the given status reason if it belongs to it."""
    first = table.states[0]
    status = given.get("statuscode")
    if status is None:
        return {"statecode": first.value, "statuscode": first.reasons[0][0]}
    _check_reason(table, first, status, row_id)
    return {"statecode": first.value, "statuscode": status}


def changed_state(table: Table, row: Mapping[str, Any], given: Mapping[str, Any], *, now: str) -> Row:
    """What an update of the state columns changes, dates included. Raises DataverseError for a mismatch."""
    row_id = row[table.key]
    number = given.get("statecode", row["statecode"])
    state = table.state(number) if isinstance(number, int) else None
    if state is None:
        raise DataverseError(400, "0x80048408", f"{number} is not a valid state code on {table.name} with Id {row_id}.")
    status = given.get("statuscode")
    if status is None:
        moved = state.value != row["statecode"] or "statuscode" in given
        status = state.reasons[0][0] if moved else row["statuscode"]
    _check_reason(table, state, status, row_id)
    changes: Row = {"statecode": state.value, "statuscode": status}
    if not table.is_activity:
        return changes
    if state.closed and state.label == "Completed" and row.get("actualend") is None:
        changes["actualend"] = now
    was = table.state(row["statecode"])
    if was is not None and was.closed and not state.closed:
        changes["actualend"] = None
    return changes


def is_closed(table: Table, row: Mapping[str, Any]) -> bool:
    """Whether the row is a completed or cancelled activity."""
    state = table.state(row["statecode"]) if table.states else None
    return state is not None and state.closed


def _check_reason(table: Table, state: State, status: object, row_id: str) -> None:
    if status not in [number for number, _ in state.reasons]:
        raise DataverseError(
            400,
            "0x80048408",
            f"{status} is not a valid status code for state code {table.name.capitalize()}State.{state.label} "
            f"on {table.name} with Id {row_id}.",
        )
