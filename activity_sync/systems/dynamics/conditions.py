"""Which `$filter` selects what a condition selects, or more. Pure.

The database compares in its own way: without accents and trailing blanks, with wildcards in what is looked for. What it
does not decide as `rules/conditions.py` does is left to that; days and times are, as a column of the format DateOnly
takes another literal and nothing here tells it apart.
Source: Microsoft Learn, "Filter rows using OData", read 2026-11.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from activity_sync.rules.conditions import OPPOSITE, ORDERING, All, AnyOf, Condition, Not, Operator, Scalar, Test
from activity_sync.systems.dynamics.columns import logical
from activity_sync.systems.dynamics.filters import any_of, begins_with, contains, is_one_of
from activity_sync.systems.dynamics.reader import guids

_TEXT: Final = frozenset({"String", "Memo"})
_WHOLE: Final = frozenset({"Integer", "BigInt", "Picklist", "State", "Status"})
_FRACTION: Final = frozenset({"Decimal", "Double", "Money"})
_ID: Final = frozenset({"Lookup", "Customer", "Owner", "Uniqueidentifier"})
_COMPARES: Final = {
    Operator.LESS_THAN: "lt",
    Operator.AT_MOST: "le",
    Operator.MORE_THAN: "gt",
    Operator.AT_LEAST: "ge",
}
_INT64: Final = 2**63 - 1


def filter_of(condition: Condition, types: Mapping[str, str], *, wanted: bool = True) -> str:
    """A filter that holds for every row for which the condition holds (or, not `wanted`, does not); "" for all rows.

    `types`: the columns of the table, by logical name, with what the metadata calls their types.
    """
    match condition:
        case Not(part):
            return filter_of(part, types, wanted=not wanted)
        case All(parts) | AnyOf(parts):
            several = [filter_of(one, types, wanted=wanted) for one in parts]
            if isinstance(condition, All) is wanted:
                return _all_of([one for one in several if one])
            return any_of(several) if all(several) else ""
        case Test():
            return _test(condition, types.get(logical(condition.name), ""), wanted=wanted)


def _all_of(given: list[str]) -> str:
    return given[0] if len(given) == 1 else f"({' and '.join(given)})" if given else ""


def _test(test: Test, held: str, *, wanted: bool) -> str:
    operator = OPPOSITE.get(test.operator, test.operator)
    wanted = wanted is (operator is test.operator)
    if not held:
        return ""
    if operator is Operator.KNOWN:
        # A text of blanks is empty for us.
        return f"{test.name} ne null" if wanted else "" if held in _TEXT else f"{test.name} eq null"
    if not wanted:
        return ""
    if operator in ORDERING:
        return _ordering(test, held, operator)
    if operator in {Operator.IS, Operator.ONE_OF}:
        several = [_equality(test.name, held, one) for one in test.values]
        return any_of(several) if several and all(several) else ""
    text = str(test.values[0])
    if held not in _TEXT or "[" in text:  # a bracket opens a class of characters, and would narrow the search
        return ""
    return contains(test.name, text) if operator is Operator.CONTAINS else begins_with(test.name, text)


def _equality(name: str, held: str, value: Scalar) -> str:
    match value:
        case str() if held in _TEXT:
            return is_one_of(name, [value])
        case str() if held in _ID:
            return f"{name} eq {value.lower()}" if guids([value]) else ""
        case bool():
            return f"{name} eq {str(value).lower()}" if held == "Boolean" else ""
        case int() if held in _WHOLE and abs(value) <= _INT64:
            return f"{name} eq {value}"
    return ""


def _ordering(test: Test, held: str, operator: Operator) -> str:
    value = test.values[0]
    if isinstance(value, int) and held in _WHOLE | _FRACTION and abs(value) <= _INT64:
        return f"{test.name} {_COMPARES[operator]} {value}"
    return ""
