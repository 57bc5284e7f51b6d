"""Whether a value may be written to a property, and the form in which it is kept.

Every value is a string; the empty string clears. Source: HubSpot developer documentation, "Properties"
(value formats), read 2026-11. Codes marked "seen" come from recorded answers, not from the documentation.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection

from activity_sync.sandbox.hubspot.errors import PropertyProblem
from activity_sync.sandbox.hubspot.moments import read_day, read_ms, to_iso
from activity_sync.sandbox.hubspot.property_definition import PropertyDefinition

_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_EMAIL = re.compile(r"[^@\s<>,;\"]+@[^@\s<>,;\"]+\.[^@\s<>,;\".]+")
_SHOWN_CHARS = 100


def accept(
    definition: PropertyDefinition, value: str, *, owner_ids: Collection[str], before: str = ""
) -> str | PropertyProblem:
    """Give the value as it will be kept, or why it is refused.

    `before` is the present value: a leading `;` appends to it where several values are allowed.
    """
    if definition.read_only:
        return _problem(definition, "READ_ONLY_VALUE", f"{definition.name} is a read only property and cannot be set")
    if value == "":
        return value
    match definition.type:
        case "number":
            return _number(definition, value)
        case "datetime":
            return _moment(definition, value)
        case "date":
            return read_day(value) or _problem(definition, "INVALID_DATE", f"{_shown(value)} is not a valid date.")
        case "bool":
            return _option(definition, value, {"true", "false"})
        case "enumeration" if definition.owner:
            if value not in owner_ids:
                return _problem(definition, "INVALID_OWNER_ID", f"{_shown(value)} is not the id of an active owner.")
            return value
        case "enumeration":
            return _enumeration(definition, value, before)
        case _:
            return _text(definition, value)


def is_email(value: str) -> bool:
    """Whether a value has the form of an e-mail address."""
    return _EMAIL.fullmatch(value) is not None


def length_chars(value: str) -> int:
    """Count a value's characters as the service does: in UTF-16 units, so that an emoji counts two."""
    return len(value.encode("utf-16-le", "surrogatepass")) // 2


def _number(definition: PropertyDefinition, value: str) -> str | PropertyProblem:
    if _NUMBER.fullmatch(value) is None:
        return _problem(definition, "INVALID_INTEGER", f"{_shown(value)} was not a valid number.")
    return value


def _moment(definition: PropertyDefinition, value: str) -> str | PropertyProblem:
    if definition.milliseconds_only:
        if not all(re.fullmatch(r"\d{1,14}", part) for part in value.split(";")):
            return _problem(definition, "INVALID_LONG", f"{_shown(value)} was not a valid long.")
        return value
    ms = read_ms(value)
    if ms is None:
        return _problem(definition, "INVALID_DATE", f"{_shown(value)} was not a valid datetime.")
    return to_iso(ms)


def _enumeration(definition: PropertyDefinition, value: str, before: str) -> str | PropertyProblem:
    allowed = None if definition.open else {option.value for option in definition.options}
    if not definition.multiple:
        return _option(definition, value, allowed)
    appended = value.startswith(";")
    parts = [part for part in value.split(";") if part]
    for part in parts:
        if isinstance(refused := _option(definition, part, allowed), PropertyProblem):
            return refused
    kept = [*(before.split(";") if appended and before else []), *parts]
    return ";".join(dict.fromkeys(kept))


def _option(definition: PropertyDefinition, value: str, allowed: Collection[str] | None) -> str | PropertyProblem:
    if allowed is None or value in allowed:
        return value
    listed = ", ".join(sorted(allowed))
    return _problem(definition, "INVALID_OPTION", f"{_shown(value)} was not one of the allowed options: [{listed}]")


def _text(definition: PropertyDefinition, value: str) -> str | PropertyProblem:
    if length_chars(value) > definition.limit_chars:
        return _problem(
            definition,
            "INVALID_LENGTH",
            f"The value of {definition.name} is longer than {definition.limit_chars} characters.",
        )
    if definition.name == "email":
        if not is_email(value.strip()):
            return _problem(definition, "INVALID_EMAIL", f"Email address {_shown(value)} is invalid")
        return value.strip().lower()
    if definition.name == "hs_email_headers" and not _is_json_object(value):
        return _problem(definition, "INVALID_JSON", "hs_email_headers must be a JSON object written as a string.")
    return value


def _is_json_object(value: str) -> bool:
    try:
        return isinstance(json.loads(value), dict)
    except ValueError:
        return False


def _problem(definition: PropertyDefinition, code: str, message: str) -> PropertyProblem:
    return PropertyProblem(definition.name, code, message)


def _shown(value: str) -> str:
    return value if len(value) <= _SHOWN_CHARS else value[:_SHOWN_CHARS] + "…"
