"""The conditions that filters are made of, with SQL's three answers: true, false, unknown (None)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from activity_sync.sandbox.dynamics.comparing import comparable, folded, guid_order
from activity_sync.sandbox.dynamics.errors import bad_query
from activity_sync.sandbox.dynamics.filter_tokens import moment_value
from activity_sync.sandbox.dynamics.schema import Column
from activity_sync.sandbox.dynamics.values import GUID, shown_moment

if TYPE_CHECKING:
    from activity_sync.sandbox.dynamics.store import Store

Row = dict[str, Any]
Truth = bool | None
Test = Callable[[Row], Truth]
NAMESPACE = "Microsoft.Dynamics.CRM."
_NUMBERS = frozenset({"integer", "bigint", "decimal", "double", "choice", "state", "status"})


@dataclass(frozen=True)
class Operand:
    """One side of a comparison: a column read from a row, or a literal. `edm` is its type for messages."""

    read: Callable[[Row], Any]
    edm: str
    column: Column | None = None


def comparison(left: Operand, operator: str, right: Operand) -> Test:
    """Compares two operands of like types; null equals null and nothing else."""
    families = {_family(left), _family(right)} - {"null"}
    if len(families) > 1:
        raise bad_query(
            "A binary operator with incompatible types was detected. Found operand types "
            f"'{left.edm}' and '{right.edm}' for operator kind '{operator}'."
        )
    a, b = left.read, right.read
    against_null = "null" in (left.edm, right.edm)
    match operator:
        case "eq":
            if against_null:
                return lambda row: a(row) == b(row)
            return lambda row: _known_equal(a(row), b(row))
        case "ne":
            # "Does not equal" finds empty columns too, as the platform's own condition does.
            return lambda row: a(row) != b(row)
        case "gt":
            return lambda row: None if (x := a(row)) is None or (y := b(row)) is None else x > y
        case "ge":
            return lambda row: None if (x := a(row)) is None or (y := b(row)) is None else x >= y
        case "lt":
            return lambda row: None if (x := a(row)) is None or (y := b(row)) is None else x < y
    return lambda row: None if (x := a(row)) is None or (y := b(row)) is None else x <= y


def _known_equal(x: Any, y: Any) -> Truth:
    return None if x is None or y is None else bool(x == y)


def _family(operand: Operand) -> str:
    if operand.column is not None and operand.column.kind in _NUMBERS:
        return "number"
    return "number" if operand.edm in ("Edm.Int32", "Edm.Int64", "Edm.Decimal", "Edm.Double") else operand.edm


def all_of(tests: list[Test], row: Row) -> Truth:
    """`and`: false wins over unknown."""
    unknown = False
    for test in tests:
        truth = test(row)
        if truth is None:
            unknown = True
        elif not truth:
            return False
    return None if unknown else True


def any_of(tests: list[Test], row: Row) -> Truth:
    """`or`: true wins over unknown."""
    unknown = False
    for test in tests:
        truth = test(row)
        if truth is None:
            unknown = True
        elif truth:
            return True
    return None if unknown else False


def named_function(name: str, read: Callable[[Row], Any], column: Column, values: list[str], store: "Store") -> Test:
    """The platform's own query functions."""

    def known(test: Callable[[Any], bool]) -> Test:
        return lambda row: None if (value := comparable(column, read(row))) is None else test(value)

    match name:
        case "In" | "ContainValues":
            wanted = {_function_value(column, value) for value in values}
            return known(lambda value: value in wanted)
        case "NotIn":
            unwanted = {_function_value(column, value) for value in values}
            return known(lambda value: value not in unwanted)
        case "Between" | "NotBetween" if len(values) == 2:
            low, high = (_function_value(column, value) for value in values)
            inside = name == "Between"
            return known(lambda value: (low <= value <= high) == inside)
        case "OnOrAfter" if values:
            start = _function_value(column, values[0][:10])
            return known(lambda value: value >= start)
        case "OnOrBefore" if values:
            day = values[0][:10]
            return known(lambda value: value[:10] <= day)
        case "On" if values:
            on = values[0][:10]
            return known(lambda value: value[:10] == on)
        case "LastXHours" | "LastXDays" | "LastXMinutes" if values:
            unit = name.removeprefix("LastX").lower()
            now = store.controls.clock.now()
            since = shown_moment(now - timedelta(**{unit: int(values[0])}))
            until = shown_moment(now)
            return known(lambda value: since <= value <= until)
        case "Today":
            today = store.now()[:10]
            return known(lambda value: value[:10] == today)
    raise bad_query(f"An unknown function with name '{NAMESPACE}{name}' was found.")


def _function_value(column: Column, text: str) -> Any:
    """A function's argument, always written as text, in the column's comparable form."""
    try:
        match column.kind:
            case "guid" | "lookup" if GUID.fullmatch(text):
                return guid_order(text.lower())
            case "datetime" if (moment := moment_value(text)) is not None:
                return moment
            case "boolean" if text in ("true", "false", "0", "1"):
                return text in ("true", "1")
            case "string" | "memo":
                return folded(text)
            case "decimal" | "double":
                return float(text)
            case kind if kind in _NUMBERS:
                return int(text)
    except ValueError as wrong:
        raise bad_query(f"'{text}' is not a value of '{column.name}'.") from wrong
    raise bad_query(f"'{text}' is not a value of '{column.name}'.")
