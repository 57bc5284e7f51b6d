"""Single values between a system's notation and ours: text, numbers, moments, durations, choices.

Reading is tolerant (observed.md: five spellings of "empty", two of a timestamp, numbers and booleans as strings) and
raises ValueError, whose message says what the value is not and never what it is.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from activity_sync.activities.activity import Value
from activity_sync.mapping.richtext import without_forbidden_characters
from activity_sync.mapping.rules import Choice, FieldRule, Notation, Scalar

# An enumeration's value that no mapping knows is kept under this prefix, lower-cased.
OTHER = "other:"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_WHOLE_NUMBER = re.compile(r"[+-]?\d{1,18}(?:\.0*)?")
_MILLISECONDS = re.compile(r"-?\d{1,15}")
_LINE_BREAKS = re.compile(r"\s*[\r\n\t\v\f\x85\u2028\u2029]+\s*")


def is_empty(raw: Any) -> bool:
    """Whether a property is empty: absent, null, or a string that shows nothing."""
    return raw is None or (isinstance(raw, str) and not raw.strip())


def read_text(raw: Any) -> str:
    """A property's text. Numbers, which some answers hold unquoted, are taken as they are written."""
    if isinstance(raw, str):
        return without_forbidden_characters(raw)
    if isinstance(raw, int | float) and not isinstance(raw, bool):
        return str(raw)
    raise ValueError("is not a text")


def read_whole_number(raw: Any) -> int:
    """A whole number, from a number or its digits."""
    if isinstance(raw, int) and not isinstance(raw, bool):
        return raw
    if isinstance(raw, float) and raw.is_integer():
        return int(raw)
    if isinstance(raw, str) and _WHOLE_NUMBER.fullmatch(raw.strip()):
        return int(raw.strip().partition(".")[0])
    raise ValueError("is not a whole number")


def read_bool(raw: Any) -> bool:
    """A truth value: JSON's own, `true`/`false` in any case, or 1/0."""
    match str(raw).strip().lower():
        case "true" | "1":
            return True
        case "false" | "0":
            return False
    raise ValueError("is not true or false")


def read_moment(raw: Any) -> datetime:
    """A point in time, aware and UTC: ISO 8601 with or without fraction and zone (none: UTC), or epoch milliseconds."""
    text = str(raw).strip()
    try:
        if _MILLISECONDS.fullmatch(text):
            return _EPOCH + timedelta(milliseconds=int(text))
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("is not a date and time") from None


def read_day(raw: Any, zone: str) -> datetime:
    """The midnight, in `zone`, of a day: `2026-11-30`, or a point in time that stands for its day in UTC."""
    day = read_moment(raw).date()
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).astimezone(UTC)


def one_line(text: str) -> str:
    """`text` without characters no system takes, on one line."""
    return _LINE_BREAKS.sub(" ", without_forbidden_characters(text))


def write_moment(moment: datetime, notation: Notation) -> str:
    """ISO 8601 in UTC with `Z`; what is finer than the system's precision is left out, not rounded up."""
    moment = moment.astimezone(UTC)
    whole = moment.strftime("%Y-%m-%dT%H:%M:%S").rjust(19, "0")  # strftime does not pad years before 1000
    fraction = f".{moment.microsecond:06d}"[: notation.time_digits + 1] if notation.time_digits else ""
    return f"{whole}{fraction}Z"


def write_day(moment: datetime, zone: str) -> str:
    """The day on which a moment falls in `zone`, as `2026-11-30`."""
    return moment.astimezone(ZoneInfo(zone)).date().isoformat()


def write_scalar(value: Scalar, notation: Notation) -> Scalar:
    """A number, truth value or text as the system writes it."""
    if not notation.strings:
        return value
    return str(value).lower() if isinstance(value, bool) else str(value)


def to_unit(milliseconds: int, unit_ms: int) -> int:
    """A duration in whole units, half a unit rounded up."""
    return (milliseconds + unit_ms // 2) // unit_ms


def fits(conditions: Mapping[str, Sequence[str | None]], known: Mapping[str, Value]) -> bool:
    """Whether every field named in `conditions` has one of the values wanted; a missing field counts as empty."""
    return not conditions or all(known.get(name) in wanted for name, wanted in conditions.items())


def read_choice(rule: FieldRule, raw: Any, known: Mapping[str, Value]) -> str | None:
    """The canonical value of an option; `other:` and the option itself when the mapping does not know it."""
    for choice in rule.choices:
        if choice.is_read and any(_is_same(native, raw) for native in choice.native) and fits(choice.when, known):
            return choice.value
    return OTHER + read_text(raw).strip().lower()


def find_choice(rule: FieldRule, value: Value, known: Mapping[str, Value]) -> Choice | None:
    """The line of the value map that says how to write `value`; None when there is none."""
    return next((c for c in rule.choices if c.write and c.value == value and fits(c.when, known)), None)


def pick_option(wanted: Sequence[Scalar], options: Collection[str]) -> Scalar | None:
    """The first of the spellings that the portal offers, in the portal's own; any, while its options are unknown."""
    if not options:
        return wanted[0]
    offered = {option.casefold(): option for option in options}
    for spelling in wanted:
        if spelling == "" or not isinstance(spelling, str):
            return spelling
        if spelling.casefold() in offered:
            return offered[spelling.casefold()]
    return None


def _is_same(native: Scalar, raw: Any) -> bool:
    try:
        match native:
            case bool():
                return read_bool(raw) == native
            case int():
                return read_whole_number(raw) == native
            case str():
                return read_text(raw).strip().casefold() == native.casefold()
    except ValueError:
        return False
