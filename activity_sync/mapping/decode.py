"""From a system's properties to canonical fields."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
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
            with _naming(mapping, name):
                made[name] = compute(rule, rule.computed, read.get(name), read)
    return made


def decode_in_context(
    mapping: TypeMapping, properties: Mapping[str, Any], context: Mapping[str, Value]
) -> dict[str, Value]:
    """As `decode_fields`, for a part of a record: `context` tells the fields whose properties are not there."""
    values: dict[str, Value] = {}
    known: Mapping[str, Value] = {}
    ours = {name: rule for name, rule in mapping.fields.items() if rule.kind is not Kind.TRANSLATOR}
    # A field that depends on another is read after it.
    for name, rule in sorted(ours.items(), key=lambda item: bool(item[1].depends_on)):
        if rule.depends_on:
            told = {field for field in values if _is_there(ours[field], properties)}
            known = {**values, **{field: value for field, value in context.items() if field not in told}}
        values[name] = _decode(mapping, rule, properties, known)
    for body, heading in mapping.headings.items():
        values[heading], values[body] = _split(values[body])
    for body, names in mapping.lists.items():
        listed = values[body]
        if isinstance(listed, RichText):
            rest, entries = split_list(listed)
            values[body] = rest if has_content(rest) else None
            values |= {name: _entry(ours[name], entries) for name in names}
    return {name: values[name] for name in ours}


def _entry(rule: FieldRule, entries: Sequence[Entry]) -> str | None:
    """What a list says of a field."""
    told = [value for label, value in entries if label == rule.label and value]
    return "\n".join(told if rule.several else told[-1:]) or None


def _is_there(rule: FieldRule, properties: Mapping[str, Any]) -> bool:
    return any(column in properties for column in rule.read)


def _decode(mapping: TypeMapping, rule: FieldRule, properties: Mapping[str, Any], known: Mapping[str, Value]) -> Value:
    if rule.kind in {Kind.HEADING, Kind.LISTED} or not fits(rule.when, known):
        return None
    if rule.kind is Kind.STATE:
        with _naming(mapping, rule.read[0]):
            state, reason = (properties.get(column) for column in rule.read)
            return read_state(rule, state, reason, known)
    for column in rule.read:
        raw = properties.get(column)
        if is_empty(raw):
            continue
        with _naming(mapping, column):
            value = _read(rule, raw, known)
        if value is not None:
            return value
    return None


@contextmanager
def _naming(mapping: TypeMapping, column: str) -> Iterator[None]:
    """Turns a ValueError about a value into an InvalidRecord that names its property."""
    try:
        yield
    except ValueError as error:
        raise InvalidRecord(
            f"{mapping.system} {mapping.type}: the value of {column} {error}",
            system=mapping.system,
            code="unreadable_value",
        ) from None


def _read(rule: FieldRule, raw: Any, known: Mapping[str, Value]) -> Value:
    match rule.kind:
        case Kind.MOMENT:
            return read_moment(raw)
        case Kind.DURATION:
            return read_whole_number(raw) * rule.unit_ms
        case Kind.NUMBER | Kind.INTEGER:
            return read_number(raw)
        case Kind.DATE:
            return read_day(raw, rule.zone)
        case Kind.BOOL:
            return read_bool(raw)
        case Kind.CHOICE:
            return read_choice(rule, raw, known)
        case Kind.PLAIN | Kind.HTML | Kind.RICH:
            return _read_body(rule.kind, read_text(raw))
        case _:
            return read_text(raw)


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
