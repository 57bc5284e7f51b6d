"""From a JSON value to a stored value, column by column, refusing what the platform refuses."""

import re
from datetime import UTC, date, datetime
from typing import Any

from activity_sync.sandbox.dynamics.errors import DataverseError, wrong_literal
from activity_sync.sandbox.dynamics.schema import Column, Table

GUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
# Tab, line feed and carriage return are allowed; lone surrogates cannot be stored at all.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_EARLIEST = datetime(1753, 1, 1, tzinfo=UTC)


def stored_value(column: Column, value: Any, table: Table) -> Any:
    """The value as the store keeps it: dates as `2026-11-21T10:00:00Z`, ids in lower case.

    Raises DataverseError for a wrong JSON type, a text too long or with control characters, a number out of range,
    an unknown choice, a date before 1753.
    """
    if value is None:
        return None
    match column.kind:
        case "string" | "memo":
            return _text(column, value, table)
        case "integer" | "bigint":
            return _whole(column, value, table)
        case "decimal" | "double":
            return _decimal(column, value, table)
        case "boolean" if isinstance(value, bool):
            return value
        case "datetime":
            return _moment(column, value, table)
        case "date":
            return _day(column, value, table)
        case "guid" if isinstance(value, str) and GUID.fullmatch(value):
            return value.lower()
        case "choice" | "state" | "status":
            return _choice(column, value, table)
    raise wrong_literal(table.set_name, value, column.edm_type)


def shown_moment(moment: datetime) -> str:
    """A time as rows carry it: UTC, whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def read_moment(text: str) -> str | None:
    """A date literal in its stored form, or None when it is not one. Fractions of a second are dropped."""
    if not _MOMENT.fullmatch(text):
        return None
    try:
        return shown_moment(datetime.fromisoformat(text))
    except (ValueError, OverflowError):
        return None


def utf16_length(text: str) -> int:
    """The length as SQL counts it: characters outside the basic plane count two."""
    return len(text) + sum(1 for character in text if ord(character) > 0xFFFF)


def _text(column: Column, value: Any, table: Table) -> str:
    if not isinstance(value, str):
        raise wrong_literal(table.set_name, value, "Edm.String")
    if _FORBIDDEN.search(value):
        raise DataverseError(
            400, "0x80040278", f"Invalid characters in field '{column.name}' of entity '{table.name}'."
        )
    if column.max_length is not None and utf16_length(value) > column.max_length:
        raise DataverseError(
            400,
            "0x80044331",
            f"A validation error occurred.  The length of the '{column.name}' attribute of the '{table.name}' "
            f"entity exceeded the maximum allowed length of '{column.max_length}'.",
        )
    return value


def _whole(column: Column, value: Any, table: Table) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise wrong_literal(table.set_name, value, column.edm_type)
    if (column.low is not None and value < column.low) or (column.high is not None and value > column.high):
        raise DataverseError(
            400,
            "0x8004432f",
            f"A validation error occurred.  The value of '{column.name}' on record of type '{table.name}' "
            f"is outside the valid range ({column.low} to {column.high}).",
        )
    return value


def _decimal(column: Column, value: Any, table: Table) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise wrong_literal(table.set_name, value, column.edm_type)
    if (column.low is not None and value < column.low) or (column.high is not None and value > column.high):
        raise DataverseError(
            400,
            "0x80044330",
            f"A validation error occurred.  The value of '{column.name}' on record of type '{table.name}' "
            "is outside the valid range.",
        )
    return value


def _moment(column: Column, value: Any, table: Table) -> str:
    moment = read_moment(value) if isinstance(value, str) else None
    if moment is None:
        raise wrong_literal(table.set_name, value, "Edm.DateTimeOffset")
    if moment < shown_moment(_EARLIEST):
        raise _out_of_range(column, value)
    return moment


def _day(column: Column, value: Any, table: Table) -> str:
    """A day alone: neither a time nor a zone belongs to it."""
    try:
        day = date.fromisoformat(value) if isinstance(value, str) and _DAY.fullmatch(value) else None
    except ValueError:
        day = None
    if day is None:
        raise wrong_literal(table.set_name, value, column.edm_type)
    if day < _EARLIEST.date():
        raise _out_of_range(column, value)
    return day.isoformat()


def _out_of_range(column: Column, value: Any) -> DataverseError:
    return DataverseError(
        400,
        "0x80040239",
        f"The date-time format for {value} is invalid, or value is outside the supported range: {column.name}.",
    )


def _choice(column: Column, value: Any, table: Table) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise wrong_literal(table.set_name, value, column.edm_type)
    accepted = [number for number, _ in column.options]
    # A wrong status reason or state is the state machine's to refuse, under its own code.
    if column.kind == "choice" and value not in accepted:
        raise DataverseError(
            400,
            "0x8004431a",
            f"A validation error occurred. The value {value} of '{column.name}' on record of type "
            f"'{table.name}' is outside the valid range. Accepted Values: {','.join(map(str, accepted))}",
        )
    return value
