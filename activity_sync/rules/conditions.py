"""Conditions on an activity and on the records it hangs on: what a `filter` says, and whether it holds. Pure.

A test of a record asks every record of that kind, and holds where it holds for at least one of them. Texts compare
without regard to case; a field that cannot be read as what it is compared with does not pass. docs/filters.md tells it
to people.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any

from activity_sync.activities.activity import Participant, RichText
from activity_sync.activities.fingerprint import visible_text
from activity_sync.activities.kinds import RecordKind

Scalar = str | bool | int | float | date
"""What a field is compared with. A day stands for all of it, UTC."""

OWN = "activity"
"""What a test is about that names one of the activity's own properties, as its system calls it."""
ABOUT = (OWN, *(kind.value for kind in RecordKind))
"""What stands before the dot of a property's name."""

_NAMED = 3
"""Tests that a reason names."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECONDS = re.compile(r"-?\d{11,15}")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)")
_SPACE = re.compile(r"\s+")


class Operator(StrEnum):
    """How a field is compared. `is_not`, `none_of` and `unknown` hold for an empty field, the others do not."""

    IS = "is"
    IS_NOT = "is_not"
    ONE_OF = "one_of"
    NONE_OF = "none_of"
    CONTAINS = "contains"
    BEGINS_WITH = "begins_with"
    LESS_THAN = "less_than"
    AT_MOST = "at_most"
    MORE_THAN = "more_than"
    AT_LEAST = "at_least"
    KNOWN = "known"
    UNKNOWN = "unknown"


ORDERING = frozenset({Operator.LESS_THAN, Operator.AT_MOST, Operator.MORE_THAN, Operator.AT_LEAST})
"""Operators that compare numbers, days and times."""
OPPOSITE = {
    Operator.IS_NOT: Operator.IS,
    Operator.NONE_OF: Operator.ONE_OF,
    Operator.UNKNOWN: Operator.KNOWN,
}
"""Operators that hold where the other one does not."""


@dataclass(frozen=True, slots=True)
class Test:
    """One comparison. `about`: "" for a field of our own, else one of `ABOUT`. `values`: empty for `known`, `unknown`.

    `name`: the field; of a property, how its own system calls it.
    """

    __test__ = False  # pytest takes it for a test class else

    name: str
    operator: Operator
    values: tuple[Scalar, ...] = ()
    about: str = ""

    def __str__(self) -> str:
        """How a reason calls it: never by its values, which may be a person's."""
        return f"{self.about}.{self.name} ({self.operator})" if self.about else f"{self.name} ({self.operator})"


@dataclass(frozen=True, slots=True)
class All:
    """Holds where every part does."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Holds where at least one part does."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """Holds where the part does not."""

    part: Condition


Condition = Test | All | AnyOf | Not


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one activity. `records`: by kind, the properties of every record it hangs on.

    `fields`: our own; `properties`: those of the activity, as its system calls them. Values are canonical ones, or what
    an API gave.
    """

    fields: Mapping[str, Any] = field(default_factory=dict)
    properties: Mapping[str, Any] = field(default_factory=dict)
    records: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)


def holds(condition: Condition, facts: Facts) -> bool:
    """Whether the condition holds. Total: no value makes it raise."""
    match condition:
        case All(parts):
            return all(holds(one, facts) for one in parts)
        case AnyOf(parts):
            return any(holds(one, facts) for one in parts)
        case Not(part):
            return not holds(part, facts)
        case Test():
            return any(passes(condition, properties.get(condition.name)) for properties in _asked(condition, facts))


def unmet(condition: Condition, facts: Facts) -> str:
    """The tests for which the condition does not hold, as a reason names them; it does not hold."""
    named = list(dict.fromkeys(_unmet(condition, facts)))
    more = f" and {len(named) - _NAMED} more" if len(named) > _NAMED else ""
    return " or ".join(named[:_NAMED]) + more


def every_test(condition: Condition) -> Iterator[Test]:
    """Every test, in order."""
    match condition:
        case Test():
            yield condition
        case Not(part):
            yield from every_test(part)
        case All(parts) | AnyOf(parts):
            for one in parts:
                yield from every_test(one)


def asked_of_one(condition: Condition, kind: str) -> Condition | None:
    """What a record of this kind meets, asked by itself, if a change of it made the condition hold; None: nothing.

    Such a change makes one test of its kind hold that did not (or, where it is negated, the other way round).
    """
    wanted = tuple(dict.fromkeys(_changed(condition, kind, wanted=True)))
    return None if not wanted else wanted[0] if len(wanted) == 1 else AnyOf(wanted)


def passes(test: Test, value: Any) -> bool:
    """Whether one value passes; a list passes where one of its values does."""
    if isinstance(value, tuple | list):
        given = [_address(one) for one in value]
        if opposite := OPPOSITE.get(test.operator):
            return not any(_compares(opposite, test.values, one) for one in given)
        return any(_compares(test.operator, test.values, one) for one in given)
    if opposite := OPPOSITE.get(test.operator):
        return not _compares(opposite, test.values, value)
    return _compares(test.operator, test.values, value)


def _asked(test: Test, facts: Facts) -> Sequence[Mapping[str, Any]]:
    if not test.about:
        return (facts.fields,)
    return (facts.properties,) if test.about == OWN else facts.records.get(test.about, ())


def _unmet(condition: Condition, facts: Facts) -> Iterator[str]:
    match condition:
        case All(parts):
            yield from _unmet(next(one for one in parts if not holds(one, facts)), facts)
        case AnyOf(parts):
            for one in parts:
                yield from _unmet(one, facts)
        case Not(part):
            yield "not " + " and ".join(str(one) for one in every_test(part))
        case Test():
            yield str(condition)


def _changed(condition: Condition, kind: str, *, wanted: bool) -> Iterator[Condition]:
    match condition:
        case Not(part):
            yield from _changed(part, kind, wanted=not wanted)
        case All(parts) | AnyOf(parts):
            for one in parts:
                yield from _changed(one, kind, wanted=wanted)
        case Test(about=about) if about == kind:
            yield condition if wanted else Not(condition)


def _address(value: Any) -> Any:
    return value.address or value.name if isinstance(value, Participant) else value


def _compares(operator: Operator, wanted: tuple[Scalar, ...], value: Any) -> bool:
    if is_blank(value):
        return False
    match operator:
        case Operator.KNOWN:
            return True
        case Operator.CONTAINS:
            return any(_folded(str(one), value) in text for one in wanted for text in _texts(value))
        case Operator.BEGINS_WITH:
            return any(text.startswith(_folded(str(one), value)) for one in wanted for text in _texts(value))
        case Operator.LESS_THAN | Operator.AT_MOST | Operator.MORE_THAN | Operator.AT_LEAST:
            return any(_is_ordered(operator, value, one) for one in wanted)
        case _:
            return any(_equals(value, one) for one in wanted)


def is_blank(value: Any) -> bool:
    """Whether a value is empty, however a system spells it."""
    if isinstance(value, RichText):
        return not visible_text(value)
    return value is None or value in ((), []) or (isinstance(value, str) and not value.strip())


def _texts(value: Any) -> tuple[str, ...]:
    """The value as a text, folded; none where it has no text that people would write."""
    if isinstance(value, RichText):
        return (visible_text(value).lower(),)
    if isinstance(value, bool):
        return ("true" if value else "false",)
    if isinstance(value, str):
        return (value.lower(),)
    return (str(value),) if isinstance(value, int | float) else ()


def _folded(wanted: str, value: Any) -> str:
    """What a text is compared with; a body shows its characters without any white space."""
    return _SPACE.sub("", wanted).lower() if isinstance(value, RichText) else wanted.lower()


def _equals(value: Any, wanted: Scalar) -> bool:
    match wanted:
        case bool():
            return _texts(value) == (("true" if wanted else "false"),)
        case int() | float():
            return as_number(value) == wanted
        case date():
            return _pair(value, wanted) is not None and _is_ordered(Operator.IS, value, wanted)
        case _:
            return _folded(wanted, value) in _texts(value)


def _is_ordered(operator: Operator, value: Any, wanted: Scalar) -> bool:
    pair = _pair(value, wanted)
    if pair is None:
        return False
    left, right = pair
    match operator:
        case Operator.LESS_THAN:
            return bool(left < right)
        case Operator.AT_MOST:
            return bool(left <= right)
        case Operator.MORE_THAN:
            return bool(left > right)
        case Operator.AT_LEAST:
            return bool(left >= right)
        case _:
            return bool(left == right)


def _pair(value: Any, wanted: Scalar) -> tuple[Any, Any] | None:
    """Both in a form in which they compare; None where the value has none."""
    match wanted:
        case datetime():
            moment = as_moment(value)
            return None if moment is None else (moment, wanted if wanted.tzinfo else wanted.replace(tzinfo=UTC))
        case date():
            moment = as_moment(value)
            return None if moment is None else (moment.date(), wanted)
        case int() | float() if not isinstance(wanted, bool):
            number = as_number(value)
            return None if number is None else (number, wanted)
    return None


def as_number(value: Any) -> float | int | None:
    """The number that a value is, or that its text writes."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        text = value.strip()
        return float(text) if "." in text else int(text)
    return None


def as_moment(value: Any) -> datetime | None:
    """The time that a value is, or that its text writes: ISO 8601, a day, or milliseconds since 1970. Aware, UTC."""
    try:
        if isinstance(value, datetime):
            moment = value
        elif isinstance(value, str) and _MILLISECONDS.fullmatch(value.strip()):
            moment = _EPOCH + timedelta(milliseconds=int(value))
        elif isinstance(value, str):
            moment = datetime.fromisoformat(value.strip())
        else:
            return None
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def records_in(condition: Condition | None) -> dict[str, tuple[str, ...]]:
    """By kind, the properties of records that the condition asks for; those of the activity itself under `OWN`."""
    found: dict[str, list[str]] = {}
    for one in every_test(condition) if condition is not None else ():
        if one.about:
            found.setdefault(one.about, []).append(one.name)
    return {about: tuple(dict.fromkeys(names)) for about, names in found.items()}


def joined(several: Iterable[Mapping[str, Sequence[str]]]) -> dict[str, tuple[str, ...]]:
    """Several of `records_in` in one."""
    found: dict[str, list[str]] = {}
    for one in several:
        for about, names in one.items():
            found.setdefault(about, []).extend(names)
    return {about: tuple(dict.fromkeys(names)) for about, names in found.items()}
