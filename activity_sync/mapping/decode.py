"""From a system's properties to canonical fields."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from activity_sync.activities.activity import RichText, Value
from activity_sync.errors import InvalidRecord
from activity_sync.mapping.as_kind import read_number
from activity_sync.mapping.computed import compute
from activity_sync.mapping.heading import split_heading
from activity_sync.mapping.listed import Entry, split_list
from activity_sync.mapping.richtext import has_content, is_html, is_wrapped_in_html
from activity_sync.mapping.rules import FieldRule, Kind, TypeMapping
from activity_sync.mapping.state import read_state
from activity_sync.mapping.values import (
    fits,
    is_empty,
    read_bool,
    read_choice,
    read_day,
    read_moment,
    read_text,
    read_whole_number,
)


def decode_fields(mapping: TypeMapping, properties: Mapping[str, Any]) -> dict[str, Value]:
    """Every field of the mapping, in its order; None where the record has no value. Fields of kind `translator` lack.

    Unknown properties are ignored. InvalidRecord, naming the property and never its content, when a value is broken,
    or naming the field, when a function fails.
    """
    read = decode_in_context(mapping, properties, {})
    made = dict(read)
    for name, rule in mapping.fields.items():
        if rule.computed is not None:
            try:
                made[name] = compute(rule, rule.computed, read.get(name), read)
            except ValueError as error:
                raise _unreadable(mapping, name, error) from None
    return made


def decode_in_context(
    mapping: TypeMapping, properties: Mapping[str, Any], context: Mapping[str, Value]
) -> dict[str, Value]:
    """As `decode_fields`, for a part of a record: `context` tells the fields whose properties are not there."""
    values: dict[str, Value] = {}
    known = dict(context)
    for name, rule in mapping.reading_order:
        values[name] = _decode(mapping, rule, properties, known)
        if name not in context or _is_there(rule, properties):
            known[name] = values[name]
    for body, heading in mapping.headings.items():
        values[heading], values[body] = _split(values[body])
    for body, names in mapping.lists.items():
        listed = values[body]
        if isinstance(listed, RichText):
            rest, entries = split_list(listed)
            values[body] = rest if has_content(rest) else None
            values |= {name: _entry(mapping.fields[name], entries) for name in names}
    return {name: values[name] for name in mapping.fields if name in values}


def _entry(rule: FieldRule, entries: Sequence[Entry]) -> str | None:
    """What a list says of a field."""
    told = [value for label, value in entries if label == rule.label and value]
    return "\n".join(told if rule.several else told[-1:]) or None


def _is_there(rule: FieldRule, properties: Mapping[str, Any]) -> bool:
    return any(column in properties for column in rule.read)


def _decode(mapping: TypeMapping, rule: FieldRule, properties: Mapping[str, Any], known: Mapping[str, Value]) -> Value:
    if rule.inside is not None or not fits(rule.when, known):
        return None
    column = ""
    try:
        if rule.kind is Kind.STATE:
            column, second = rule.read
            return read_state(rule, properties.get(column), properties.get(second), known)
        for column in rule.read:
            raw = properties.get(column)
            if raw is None or is_empty(raw):
                continue
            value = _READERS.get(rule.kind, _read_words)(rule, raw, known)
            if value is not None:
                return value
    except ValueError as error:
        raise _unreadable(mapping, column, error) from None
    return None


def _unreadable(mapping: TypeMapping, column: str, error: ValueError) -> InvalidRecord:
    """An error about a value that names its property."""
    return InvalidRecord(
        f"{mapping.system} {mapping.type}: the value of {column} {error}",
        system=mapping.system,
        code="unreadable_value",
    )


def _read_words(_rule: FieldRule, raw: Any, _known: Mapping[str, Value]) -> Value:
    return read_text(raw)


_READERS: Mapping[Kind, Callable[[FieldRule, Any, Mapping[str, Value]], Value]] = {
    Kind.MOMENT: lambda _rule, raw, _known: read_moment(raw),
    Kind.DURATION: lambda rule, raw, _known: read_whole_number(raw) * rule.unit_ms,
    Kind.NUMBER: lambda _rule, raw, _known: read_number(raw),
    Kind.INTEGER: lambda _rule, raw, _known: read_number(raw),
    Kind.DATE: lambda rule, raw, _known: read_day(raw, rule.zone),
    Kind.BOOL: lambda _rule, raw, _known: read_bool(raw),
    Kind.CHOICE: read_choice,
    Kind.PLAIN: lambda rule, raw, _known: _read_body(rule.kind, read_text(raw)),
    Kind.HTML: lambda rule, raw, _known: _read_body(rule.kind, read_text(raw)),
    Kind.RICH: lambda rule, raw, _known: _read_body(rule.kind, read_text(raw)),
}
"""How a property of each kind is read; text, where the kind is not named."""


def holds_markup(kind: Kind, text: str) -> bool:
    """Whether this value of a body's property is read as HTML."""
    return is_wrapped_in_html(text) if kind is Kind.PLAIN else is_html(text)


def _read_body(kind: Kind, text: str) -> RichText | None:
    body = RichText(text, html=holds_markup(kind, text))
    return body if has_content(body) else None


def _split(body: Value) -> tuple[str | None, RichText | None]:
    if not isinstance(body, RichText) or not body.html:
        return None, body if isinstance(body, RichText) else None
    subject, rest = split_heading(body.text)
    left = RichText(rest, html=True)
    return subject, left if has_content(left) else None
