"""Which filters of a search select what a condition selects, or more. Pure.

A search compares in its own way: its tokens are no parts of a text, "is not" leaves out the empty ones, a value with
blanks is not an empty one. What it does not decide as `rules/conditions.py` does is left to that.
Source: HubSpot developer documentation, "Search the CRM", read 2026-11.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import product
from typing import Any, Final

from activity_sync.rules.conditions import OPPOSITE, ORDERING, All, AnyOf, Condition, Not, Operator, Test
from activity_sync.systems.hubspot.metadata import Schema
from activity_sync.systems.hubspot.wire import SEARCH_VALUES, filter_on, millis

Group = tuple[Mapping[str, Any], ...]
"""Filters that must all hold; none: every record."""
EVERYTHING: Final[tuple[Group, ...]] = ((),)
_GROUPS: Final = 5
_FILTERS: Final = 4
"""Of six in a group: two are the modification time and the place in the listing."""
_ALL_FILTERS: Final = 18
_OWN_FILTERS: Final = 2
_TEXT: Final = frozenset({"string", "phone_number"})
_COMPARES: Final = {
    Operator.LESS_THAN: "LT",
    Operator.AT_MOST: "LTE",
    Operator.MORE_THAN: "GT",
    Operator.AT_LEAST: "GTE",
}
_DAY: Final = timedelta(days=1)


def groups_of(condition: Condition, schema: Schema) -> tuple[Group, ...]:
    """The groups, of which any must hold, that every record answers for which the condition holds."""
    found = _groups(condition, schema, wanted=True)
    return found if _fits(found) else EVERYTHING


def _fits(groups: Sequence[Group]) -> bool:
    filters = sum(len(one) + _OWN_FILTERS for one in groups)
    return len(groups) <= _GROUPS and all(len(one) <= _FILTERS for one in groups) and filters <= _ALL_FILTERS


def _groups(condition: Condition, schema: Schema, *, wanted: bool) -> tuple[Group, ...]:
    match condition:
        case Not(part):
            return _groups(part, schema, wanted=not wanted)
        case All(parts) | AnyOf(parts):
            several = [_groups(one, schema, wanted=wanted) for one in parts]
            if isinstance(condition, All) is wanted:
                # What a search cannot ask narrows nothing; what it cannot carry is left out.
                kept: tuple[Group, ...] = EVERYTHING
                for some in several:
                    joined = tuple(left + right for left, right in product(kept, some))
                    kept = joined if _fits(joined) else kept
                return kept
            united = tuple(one for some in several for one in some)
            return EVERYTHING if () in united else united
        case Test():
            found = _filter(condition, schema, wanted=wanted)
            return EVERYTHING if found is None else ((found,),)


def _filter(test: Test, schema: Schema, *, wanted: bool) -> Mapping[str, Any] | None:
    """What every record answers for which the test holds (or, not `wanted`, does not); None where nothing says it."""
    operator = OPPOSITE.get(test.operator, test.operator)
    wanted = wanted is (operator is test.operator)
    held = schema.types.get(test.name)
    if held is None:
        return None
    if operator is Operator.KNOWN:
        if wanted:
            return {"propertyName": test.name, "operator": "HAS_PROPERTY"}
        return None if held in _TEXT else {"propertyName": test.name, "operator": "NOT_HAS_PROPERTY"}
    if not wanted:
        return None
    if operator in ORDERING:
        return _ordering(test.name, held, operator, test.values[0])
    if operator in {Operator.IS, Operator.ONE_OF}:
        return _equality(test, held, schema)
    return None


def _equality(test: Test, held: str, schema: Schema) -> Mapping[str, Any] | None:
    texts = [one for one in test.values if isinstance(one, str)]
    if held == "number":
        numbers = [one for one in test.values if isinstance(one, int | float) and not isinstance(one, bool)]
        sound = len(numbers) == len(test.values) == 1
        return filter_on(test.name, "EQ", str(numbers[0])) if sound else None
    if held == "bool":
        sound = len(test.values) == 1 and isinstance(test.values[0], bool)
        return filter_on(test.name, "EQ", str(test.values[0]).lower()) if sound else None
    if len(texts) != len(test.values) or len(texts) > SEARCH_VALUES or not all(one.strip() for one in texts):
        return None
    if held in _TEXT:
        return filter_on(test.name, "IN", [one.lower() for one in texts])
    if held == "enumeration":
        # Options keep their case. What is none may still stand in a record: several of them, or a removed one.
        options = [[each for each in schema.options.get(test.name, ()) if each.lower() == one.lower()] for one in texts]
        return filter_on(test.name, "IN", [each for some in options for each in some]) if all(options) else None
    return None


def _ordering(name: str, held: str, operator: Operator, value: Any) -> Mapping[str, Any] | None:
    if held == "number" and isinstance(value, int | float):
        return filter_on(name, _COMPARES[operator], str(value))
    if held != "datetime" or not isinstance(value, date):
        return None
    if isinstance(value, datetime):
        moment = value if value.tzinfo else value.replace(tzinfo=UTC)
        return None if moment.microsecond % 1000 else filter_on(name, _COMPARES[operator], millis(moment))
    first = datetime.combine(value, time(), tzinfo=UTC)
    match operator:
        case Operator.LESS_THAN:
            return filter_on(name, "LT", millis(first))
        case Operator.AT_MOST:
            return filter_on(name, "LT", millis(first + _DAY))
        case Operator.MORE_THAN:
            return filter_on(name, "GTE", millis(first + _DAY))
        case _:
            return filter_on(name, "GTE", millis(first))
