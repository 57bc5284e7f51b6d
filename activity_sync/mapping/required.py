"""What a system requires and the source may lack: taken from the record itself by a rule, never invented."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from activity_sync.activities.activity import RichText, Value
from activity_sync.mapping.as_kind import read_number
from activity_sync.mapping.cut import LengthUnit, cut_text
from activity_sync.mapping.readable import first_line
from activity_sync.mapping.richtext import as_text
from activity_sync.mapping.rules import Default, Stamp, TypeMapping
from activity_sync.mapping.state import is_completed
from activity_sync.mapping.values import write_moment


def default_value(default: Default, shown: Mapping[str, Value]) -> Value:
    """The value that a required field gets when it is empty; None when the record has nothing to take it from."""
    if default.value is not None:
        return read_number(default.value) if isinstance(default.value, float) else default.value
    if default.field is not None:
        return shown.get(default.field)
    body = shown.get(default.first_line_of) if default.first_line_of else None
    line = first_line(as_text(body)) if isinstance(body, RichText) else ""
    return cut_text(line, default.chars, unit=LengthUnit.CHARS).strip() or default.text


def completion_stamps(
    mapping: TypeMapping, fields: Mapping[str, Value], properties: Mapping[str, Any]
) -> dict[str, str]:
    """The columns that the server would fill with its own "now" when a create ends completed, with their moments."""
    completed = [
        rule for rule in mapping.fields.values() if rule.stamps and is_completed(properties.get(rule.write[0]))
    ]
    moments = {stamp.column: _moment(stamp, fields) for rule in completed for stamp in rule.stamps}
    return {
        column: write_moment(moment, mapping.notation)
        for column, moment in moments.items()
        if moment is not None and column not in properties
    }


def _moment(stamp: Stamp, fields: Mapping[str, Value]) -> datetime | None:
    moment = fields.get(stamp.moment)
    plus = fields.get(stamp.plus) if stamp.plus else None
    if not isinstance(moment, datetime):
        return None
    return moment + timedelta(milliseconds=plus) if isinstance(plus, int) else moment
