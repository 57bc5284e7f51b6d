"""What a search body may say, and whether a record's values answer it.

Source: HubSpot developer documentation, "Search the CRM", read 2026-11.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from activity_sync.sandbox.hubspot.errors import ApiError, bad_request
from activity_sync.sandbox.hubspot.moments import read_day, read_ms
from activity_sync.sandbox.hubspot.object_types import ObjectType, object_type
from activity_sync.sandbox.hubspot.property_definition import PropertyDefinition
from activity_sync.sandbox.hubspot.schema import Schema

BODY_LIMIT_CHARS = 3_000
HIT_LIMIT = 10_000
PAGE_LIMIT = 200
_GROUPS, _FILTERS_EACH, _FILTERS_ALL = 5, 6, 18
_ASSOCIATION = "associations."

Typed = str | float
Test = Callable[[Mapping[str, str]], bool]


@dataclass(frozen=True, slots=True)
class AssociationTest:
    """A filter by the record that one hangs on: `associations.contact EQ id`."""

    target: str
    record_id: str


@dataclass(frozen=True, slots=True)
class Query:
    """A search, read and checked: any of the groups must hold whole."""

    groups: tuple[tuple[Test | AssociationTest, ...], ...]
    sort_by: PropertyDefinition | None
    descending: bool
    properties: tuple[str, ...]
    limit: int
    after: int
    words: tuple[str, ...]


def read_query(body: Mapping[str, Any], kind: ObjectType, schema: Schema) -> Query:
    """Read a search body; refuses everything the search refuses, limits of the body's size aside."""
    groups = _list(body, "filterGroups")
    if "filters" in body:
        groups = [*groups, {"filters": _list(body, "filters")}]
    filters = [_list(group, "filters") for group in groups if isinstance(group, dict)]
    if len(filters) > _GROUPS or any(len(each) > _FILTERS_EACH for each in filters):
        raise bad_request(f"A search takes {_GROUPS} filter groups of {_FILTERS_EACH} filters at most.")
    if sum(map(len, filters)) > _FILTERS_ALL:
        raise bad_request(f"A search takes {_FILTERS_ALL} filters at most.")
    limit, after = _whole(body, "limit", default=10), _whole(body, "after", default=0)
    if not 0 < limit <= PAGE_LIMIT:
        raise bad_request(f"limit must be between 1 and {PAGE_LIMIT}, not {limit}.")
    if after + limit > HIT_LIMIT:
        raise bad_request(
            f"A search gives no more than {HIT_LIMIT} records: after {after} with limit {limit} is past it."
        )
    sort_by, descending = _sort(_list(body, "sorts"), kind, schema)
    return Query(
        groups=tuple(tuple(_read_filter(each, kind, schema) for each in group) for group in filters),
        sort_by=sort_by,
        descending=descending,
        properties=tuple(str(name) for name in _list(body, "properties")),
        limit=limit,
        after=after,
        words=tuple(str(body.get("query") or "").lower().split()),
    )


def typed(definition: PropertyDefinition, value: str) -> Typed:
    """Give a kept value in the form in which search compares it."""
    match definition.type:
        case "number":
            return float(value)
        case "datetime":
            ms = read_ms(value)
            return float("-inf") if ms is None else float(ms)
        case "string" | "phone_number":
            return value.lower()
        case _:
            # Enumerations and truth values keep their case; a calendar day sorts as text.
            return value


def _read_filter(given: Any, kind: ObjectType, schema: Schema) -> Test | AssociationTest:
    match given:
        case {"propertyName": str(name), "operator": str(operator)}:
            pass
        case _:
            raise bad_request("Invalid input JSON: a filter needs propertyName and operator.", code="INVALID_JSON")
    if name.startswith(_ASSOCIATION):
        if operator != "EQ":
            raise bad_request(f"{name} takes EQ only.")
        return AssociationTest(object_type(name.removeprefix(_ASSOCIATION)).name, str(given.get("value", "")))
    definition = schema.find(kind.name, name)
    if definition is None:
        raise ApiError(
            400,
            "VALIDATION_ERROR",
            "There was a problem with the request.",
            errors=[
                {
                    "message": f"Property {name} does not exist",
                    "code": "PROPERTY_DOESNT_EXIST",
                    "context": {"propertyName": [name]},
                }
            ],
        )
    if not definition.filterable:
        raise bad_request(f"Property {name} cannot be used in a search filter.")
    return _test(definition, operator, given)


def _test(definition: PropertyDefinition, operator: str, given: Mapping[str, Any]) -> Test:
    name = definition.name
    if operator in {"HAS_PROPERTY", "NOT_HAS_PROPERTY"}:
        wanted = operator == "HAS_PROPERTY"
        return lambda record: (name in record) is wanted
    if operator in {"IN", "NOT_IN"}:
        return _membership(definition, operator, given)
    value = given.get("value")
    if value is None or isinstance(value, (dict, list)):
        raise bad_request(f"The filter on {name} with operator {operator} needs a value.")
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if operator in {"CONTAINS_TOKEN", "NOT_CONTAINS_TOKEN"}:
        pattern, wanted = _token_pattern(text), operator == "CONTAINS_TOKEN"
        return lambda record: name in record and bool(pattern.search(record[name].lower())) is wanted
    low = _operand(definition, text)
    match operator:
        case "EQ":
            return lambda record: name in record and low in _held(definition, record[name])
        case "NEQ":
            return lambda record: name in record and low not in _held(definition, record[name])
        case "BETWEEN":
            if given.get("highValue") is None:
                raise bad_request(f"The filter on {name} with operator BETWEEN needs a highValue.")
            high = _operand(definition, str(given["highValue"]))
            return lambda record: name in record and _ordered(low, typed(definition, record[name]), high)
        case "LT" | "LTE" | "GT" | "GTE":
            compare = _COMPARISONS[operator]
            return lambda record: name in record and compare(typed(definition, record[name]), low)
    raise bad_request(f"Invalid input JSON: operator {operator} is unknown.", code="INVALID_JSON")


_COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "LT": lambda left, right: left < right,
    "LTE": lambda left, right: left <= right,
    "GT": lambda left, right: left > right,
    "GTE": lambda left, right: left >= right,
}


def _membership(definition: PropertyDefinition, operator: str, given: Mapping[str, Any]) -> Test:
    values = given.get("values")
    if not isinstance(values, list) or not values:
        raise bad_request(f"The filter on {definition.name} with operator {operator} needs values.")
    # Text is indexed in lower case and IN compares as given: a value with capitals finds nothing.
    wanted = {str(each) if definition.holds_text else _operand(definition, str(each)) for each in values}
    name, inside = definition.name, operator == "IN"
    return lambda record: name in record and bool(wanted & _held(definition, record[name])) is inside


def _held(definition: PropertyDefinition, value: str) -> set[Typed]:
    if definition.multiple:
        return {part for part in value.split(";") if part}
    return {typed(definition, value)}


def _operand(definition: PropertyDefinition, text: str) -> Typed:
    match definition.type:
        case "number":
            if re.fullmatch(r"-?\d+(\.\d+)?", text) is None:
                raise bad_request(f"{text} is not a number, which the filter on {definition.name} needs.")
        case "datetime":
            if read_ms(text) is None:
                raise bad_request(f"{text} is not a time, which the filter on {definition.name} needs.")
        case "date":
            day = read_day(text)
            if day is None:
                raise bad_request(f"{text} is not a day, which the filter on {definition.name} needs.")
            return day
    return typed(definition, text)


def _ordered(low: Any, value: Any, high: Any) -> bool:
    return bool(low <= value <= high)


def _token_pattern(value: str) -> re.Pattern[str]:
    parts = [".*" if part == "*" else re.escape(part) for part in re.split(r"(\*)", value.lower()) if part]
    joined = "".join(part.replace(".*", r"[\w@.+-]*") for part in parts)
    return re.compile(rf"(?<![\w]){joined}(?![\w])")


def _sort(given: list[Any], kind: ObjectType, schema: Schema) -> tuple[PropertyDefinition | None, bool]:
    if len(given) > 1:
        raise bad_request("A search takes one sort rule only.")
    if not given:
        return None, False
    match given[0]:
        case {"propertyName": str(name), **rest}:
            direction = rest.get("direction", "ASCENDING")
        case str(text):
            name, direction = text.lstrip("-"), "DESCENDING" if text.startswith("-") else "ASCENDING"
        case _:
            raise bad_request("Invalid input JSON: a sort needs propertyName.", code="INVALID_JSON")
    definition = schema.find(kind.name, name)
    if definition is None or direction not in {"ASCENDING", "DESCENDING"}:
        raise bad_request(f"Records cannot be sorted by {name} {direction}.")
    return definition, direction == "DESCENDING"


def _list(body: Mapping[str, Any], name: str) -> list[Any]:
    given = body.get(name)
    if given is None:
        return []
    if not isinstance(given, list):
        raise bad_request(f"Invalid input JSON: {name} must be a list.", code="INVALID_JSON")
    return given


def _whole(body: Mapping[str, Any], name: str, *, default: int) -> int:
    given = body.get(name)
    if given in (None, ""):
        return default
    if isinstance(given, bool) or not str(given).isdigit():
        raise bad_request(f"{name} must be a whole number, not {given!r}.")
    return int(str(given))
