"""From canonical fields to a system's properties, with what the system will show and what was lost on the way."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from activity_sync.activities.activity import RichText, Value
from activity_sync.activities.loss import Loss
from activity_sync.mapping.as_kind import as_kind, in_words, round_number
from activity_sync.mapping.bodies import body_as, fits_unheaded, write_body, write_headed_body
from activity_sync.mapping.cut import cut_text, length
from activity_sync.mapping.decode import decode_in_context, holds_markup
from activity_sync.mapping.listed import Entry, write_list
from activity_sync.mapping.required import completion_stamps, default_value
from activity_sync.mapping.richtext import as_html, as_text, is_html
from activity_sync.mapping.rules import BODY_KINDS, Choice, FieldRule, Kind, Notation, TypeMapping
from activity_sync.mapping.state import read_state
from activity_sync.mapping.values import (
    OTHER,
    find_choice,
    fits,
    one_line,
    pick_option,
    read_choice,
    to_unit,
    write_day,
    write_moment,
    write_scalar,
)

_LONGEST_LINE = 500
"""Characters of a value that is only listed under a body."""
_LIST_SHARE = 4
"""The list takes no more than this part of its property."""

_NO_LIMITS: Mapping[str, int] = {}
_NO_OPTIONS: Mapping[str, Collection[str]] = {}


@dataclass(frozen=True, slots=True)
class Encoded:
    """A write in a system's own properties.

    `create_only`: those of the properties that the system takes on a create alone. `with_state`: those that belong to
    the operation that sets the state. `intended`: the canonical fields as a later read will show them.
    """

    properties: dict[str, Any]
    create_only: frozenset[str]
    with_state: frozenset[str]
    intended: dict[str, Value]
    losses: tuple[Loss, ...]


@dataclass(frozen=True, slots=True)
class _Job:
    """What every step of one encoding needs. `shown`: the fields as the record will have them after the write."""

    mapping: TypeMapping
    fields: Mapping[str, Value]
    shown: Mapping[str, Value]
    only: Collection[str] | None
    limits: Mapping[str, int]
    options: Mapping[str, Collection[str]]


@dataclass(frozen=True, slots=True)
class _Piece:
    """What one field contributes. `shows`: the fields that the record will show by it; none if nothing was written."""

    properties: dict[str, Any] = field(default_factory=dict)
    shows: tuple[str, ...] = ()
    losses: tuple[Loss, ...] = ()


def encode_fields(
    mapping: TypeMapping,
    fields: Mapping[str, Value],
    *,
    only: Collection[str] | None = None,
    limits: Mapping[str, int] = _NO_LIMITS,
    options: Mapping[str, Collection[str]] = _NO_OPTIONS,
    current: Mapping[str, Value] | None = None,
) -> Encoded:
    """The properties that make a record of `mapping`'s system hold `fields`.

    `fields` may come from another system; `only` names the ones to write on an update (None: a create, with the
    required fields). `limits` and `options` are the system's own metadata by property: text lengths, which override
    the mapping's, and option values. `current` is what the record shows now, for a property that holds two fields.
    A value that the system cannot hold is a Loss; where it is not written at all, `intended` lacks the field.
    """
    shown = dict(fields)
    if only is not None:
        shown = {**fields, **(current or {}), **{name: fields[name] for name in only if name in fields}}
    job = _Job(mapping, fields, shown, only, limits, options)
    pieces = list(_pieces(job))
    properties = {column: value for piece in pieces for column, value in piece.properties.items()}
    stamps = completion_stamps(mapping, fields, properties) if only is None else {}
    shows = {name for piece in pieces for name in piece.shows}
    decoded = decode_in_context(mapping, _as_shown(mapping, properties), shown)
    rules = mapping.fields.values()
    states = {c for rule in rules if rule.kind is Kind.STATE or rule.with_state for c in rule.write}
    return Encoded(
        properties=properties | stamps,
        create_only=frozenset(c for rule in rules if rule.create_only for c in rule.write if c in properties),
        with_state=frozenset((states & properties.keys()) | stamps.keys()),
        intended={name: value for name, value in decoded.items() if name in shows},
        losses=(*_homeless(job), *(loss for piece in pieces for loss in piece.losses)),
    )


def _pieces(job: _Job) -> Iterator[_Piece]:
    headings, lists = job.mapping.headings, job.mapping.lists
    done: set[str] = set()
    for name in _to_write(job):
        rule = job.mapping.fields[name]
        body = rule.inside or (name if name in headings or name in lists else None)
        if body is None:
            yield _encode(job, name, rule)
        elif body not in done:
            done.add(body)
            yield _encode_listed(job, body) if body in lists else _encode_headed(job, headings[body], body)


def _to_write(job: _Job) -> Iterator[str]:
    """The fields to write: those given, those required, and those whose place hangs on one that is written."""
    for name, rule in job.mapping.fields.items():
        if rule.kind is Kind.TRANSLATOR or not rule.write:
            continue
        if job.only is None:
            if name in job.fields or rule.default or find_choice(rule, None, job.shown):
                yield name
        elif name in job.only:
            if name in job.fields:
                yield name
        elif job.fields.get(name) is not None and any(field in job.only for field in rule.when):
            yield name


def _homeless(job: _Job) -> Iterator[Loss]:
    """A loss for each value that the system has no field for."""
    rules = job.mapping.fields
    stamped = {name for rule in rules.values() for stamp in rule.stamps for name in (stamp.moment, stamp.plus)}
    for name in job.fields if job.only is None else job.only:
        rule = rules.get(name)
        has_place = name in stamped or (rule is not None and (rule.write or rule.kind is Kind.TRANSLATOR))
        if not has_place and job.fields.get(name) not in (None, "", (), False):
            yield Loss(name, "no_counterpart")


def _encode(job: _Job, name: str, rule: FieldRule) -> _Piece:
    value = job.fields.get(name)
    if rule.create_only and job.only is not None:
        return _Piece(losses=(Loss(name, "no_counterpart", "can be set on create only"),))
    if not fits(rule.when, job.shown):
        losses = (Loss(name, "no_counterpart"),) if value is not None else ()
        return _Piece(shows=(name,), losses=losses)
    if rule.kind is Kind.TEXT and isinstance(value, str) and not one_line(value).strip():
        value = None
    if value is None and rule.default is not None:
        value = default_value(rule.default, job.shown)
    try:
        value = as_kind(rule.kind, value, zone=rule.zone)
    except ValueError as error:
        return _Piece(losses=(Loss(name, "dropped", str(error)),))
    if rule.kind in {Kind.CHOICE, Kind.STATE}:
        return _encode_choice(job, name, rule, value)
    if rule.kind is Kind.BOOL:
        value = bool(value)  # neither system has a third truth value
    if value is None:
        return _cleared(job, name, rule)
    raw, loss = _write(job, name, rule, value)
    if raw is None:
        piece = _cleared(job, name, rule)
        return _Piece(piece.properties, piece.shows, losses=(loss,) if loss else ())
    properties = dict.fromkeys(rule.write, raw)
    if rule.plain_copy:
        properties[rule.plain_copy] = _plain_copy(job, rule, body_as(value))
    shows = () if rule.create_only else (name,)
    return _Piece(properties, shows, losses=(loss,) if loss else ())


def _plain_copy(job: _Job, rule: FieldRule, body: RichText) -> str:
    """The body as text, cut like the body itself; links and lists can make it the longer one."""
    limit = job.limits.get(rule.plain_copy or "", _limit(job, rule))
    text = as_text(body)
    return text if limit is None else cut_text(text, limit, unit=job.mapping.notation.length_unit)


def _cleared(job: _Job, name: str, rule: FieldRule) -> _Piece:
    """An empty value: left out of a create, sent as the system's own "empty" on an update."""
    if job.only is None:
        return _Piece(shows=() if rule.create_only else (name,))
    if not rule.clearable:
        return _Piece()
    columns = (*rule.write, *((rule.plain_copy,) if rule.plain_copy else ()))
    return _Piece(dict.fromkeys(columns, job.mapping.notation.empty), shows=(name,))


def _write(job: _Job, name: str, rule: FieldRule, value: Value) -> tuple[Any, Loss | None]:
    notation = job.mapping.notation
    match rule.kind, value:
        case Kind.MOMENT, datetime():
            return write_moment(value, notation), None
        case Kind.DURATION, int():
            units = to_unit(value, rule.unit_ms)
            lost = units * rule.unit_ms != value
            loss = Loss(name, "rounded", f"{value} ms to {units} x {rule.unit_ms} ms") if lost else None
            return write_scalar(units, notation), loss
        case Kind.DATE, datetime():
            return write_day(value, rule.zone), None
        case ((Kind.NUMBER | Kind.INTEGER), (int() | str())):
            return _write_number(name, rule, value, notation)
        case Kind.BOOL, bool():
            return write_scalar(value, notation), None
        case Kind.ID, str():
            return value, None
        case kind, str() | RichText() if kind in BODY_KINDS:
            return write_body(name, kind, body_as(value), limit=_limit(job, rule), unit=notation.length_unit)
        case Kind.TEXT, str() | RichText():
            return _write_text(job, name, rule, value)
        case _:
            raise TypeError(f"field {name} of kind {rule.kind} cannot hold a {type(value).__name__}")


def _write_number(name: str, rule: FieldRule, value: int | str, notation: Notation) -> tuple[Any, Loss | None]:
    digits = 0 if rule.kind is Kind.INTEGER else rule.digits
    rounded, lost = (value, False) if digits is None else round_number(value, digits)
    loss = Loss(name, "rounded", f"kept {digits} digits") if lost else None
    return (str(rounded) if notation.strings else float(rounded) if isinstance(rounded, str) else rounded), loss


def _write_text(job: _Job, name: str, rule: FieldRule, value: str | RichText) -> tuple[str | None, Loss | None]:
    unit = job.mapping.notation.length_unit
    text = one_line(value if isinstance(value, str) else as_text(value))
    limit = _limit(job, rule)
    if limit is None or length(text, unit) <= limit:
        return text if text.strip() else None, None
    kept = cut_text(text, limit, unit=unit)
    return kept, Loss(name, "cut", f"kept {length(kept, unit)} of {length(text, unit)}")


def _encode_choice(job: _Job, name: str, rule: FieldRule, value: Value) -> _Piece:
    notation = job.mapping.notation
    choice = find_choice(rule, value, job.shown)
    if choice is None and value is None:
        return _cleared(job, name, rule)
    if rule.kind is Kind.STATE and choice is not None:
        return _Piece(dict(zip(rule.write, choice.native, strict=True)), (name,), _neighbour(job, name, choice))
    if choice is not None:
        native = pick_option(choice.native, job.options.get(rule.write[0], ()))
        if native is not None:
            raw = write_scalar(native, notation)
            return _Piece(dict.fromkeys(rule.write, raw), (name,), _neighbour(job, name, choice))
    elif isinstance(value, str) and value.startswith(OTHER):
        own = pick_option((value.removeprefix(OTHER),), job.options.get(rule.write[0], ()))
        if own is not None and job.options.get(rule.write[0]):
            return _Piece(dict.fromkeys(rule.write, own), (name,))
    loss = Loss(name, "dropped", f"no such value: {value}")
    if rule.otherwise is not None:
        raw = write_scalar(rule.otherwise, notation)
        return _Piece(dict.fromkeys(rule.write, raw), (name,), (loss,))
    required = find_choice(rule, None, job.shown) if job.only is None and value is not None else None
    if required is None:
        return _Piece(losses=(loss,))
    piece = _encode_choice(job, name, rule, None)
    return _Piece(piece.properties, piece.shows, (loss,))


def _neighbour(job: _Job, name: str, choice: Choice) -> tuple[Loss, ...]:
    """The loss of a value that the system shows as another; both in canonical words, not in the system's codes."""
    if not choice.loss:
        return ()
    rule = job.mapping.fields[name]
    native, is_state = choice.native, rule.kind is Kind.STATE
    read = read_state(rule, native[0], native[1], job.shown) if is_state else read_choice(rule, native[0], job.shown)
    return (Loss(name, "no_counterpart", f"{choice.value} is shown as {read}"),)


def _encode_headed(job: _Job, heading: str, body: str) -> _Piece:
    """Both fields of a property; the one that is not written keeps its current value."""
    rule = job.mapping.fields[body]
    unit = job.mapping.notation.length_unit
    limit = _limit(job, rule)
    subject = job.shown.get(heading)
    text = job.shown.get(body)
    is_ours = job.only is not None and body not in job.only
    raw, loss = write_headed_body(
        body,
        subject if isinstance(subject, str) else None,
        None if text is None else body_as(text),
        is_ours=is_ours,
        limit=limit,
        unit=unit,
    )
    if is_ours and loss is not None and fits_unheaded(job.fields.get(body), limit, unit=unit):
        # What stands there is no cut copy: it stays whole, and the heading finds no room.
        return _Piece(losses=(Loss(heading, "dropped", "no room above the body"),))
    shows = tuple(name for name in (heading, body) if name in job.shown)
    losses = (loss,) if loss else ()
    if raw is None:
        return _Piece(_cleared(job, body, rule).properties, shows, losses)
    return _Piece(dict.fromkeys(rule.write, raw), shows, losses)


def _encode_listed(job: _Job, body: str) -> _Piece:
    """A body, by itself or under its heading, with the list at its end; a body that is not written stays as it is."""
    rule, heading, names = job.mapping.fields[body], job.mapping.headings.get(body), job.mapping.lists[body]
    unit = job.mapping.notation.length_unit
    limit = _limit(job, rule)
    held = job.shown.get(body)
    standing = body_as(held) if isinstance(held, str | RichText) else None
    is_kept = job.only is not None and body not in job.only and (heading is None or heading not in job.only)
    kept = ""
    if is_kept and heading is None and standing is not None:
        kept = standing.text if standing.html or rule.kind is not Kind.HTML else as_html(standing)
    room = None if limit is None else min(limit // _LIST_SHARE, max(0, limit - length(kept, unit)))
    forms = _forms(rule.kind, kept)
    entries, losses = _entries(job, names, room, forms)
    size = max(length(write_list(entries, markup=one, under=True), unit) for one in forms)
    if is_kept and heading is None:
        piece = _Piece({}, (body,) if body in job.shown else ())
    else:
        columns = (*rule.write, *((rule.plain_copy,) if rule.plain_copy else ()))
        left = {} if limit is None else dict.fromkeys(columns, limit - size)
        inner = replace(job, limits={**job.limits, **left})
        piece = _encode(inner, body, rule) if heading is None else _encode_headed(inner, heading, body)
        kept = next((piece.properties[one] for one in rule.write if piece.properties.get(one)), "")
    markup = rule.kind is Kind.HTML or holds_markup(rule.kind, kept)
    text = kept + write_list(entries, markup=markup, under=bool(kept))
    shows = tuple(name for name in names if name in job.shown)
    if not text:
        piece = _Piece(_cleared(job, body, rule).properties | piece.properties, piece.shows, piece.losses)
    else:
        piece = replace(piece, properties={**piece.properties, **dict.fromkeys(rule.write, text)})
    return replace(piece, shows=(*piece.shows, *shows), losses=(*piece.losses, *losses))


def _forms(kind: Kind, kept: str) -> tuple[bool, ...]:
    """Whether the list may be written as HTML, as text, or as either. `kept`: the body that stays as it is."""
    if kind is Kind.HTML or kept:
        return (kind is Kind.HTML or holds_markup(kind, kept),)
    return (False,) if kind is Kind.PLAIN else (True, False)


def _entries(
    job: _Job, names: Collection[str], room: int | None, forms: Collection[bool]
) -> tuple[list[Entry], list[Loss]]:
    """The list's lines, as many as there is room for, and what became of each of the fields."""
    unit = job.mapping.notation.length_unit
    entries: list[Entry] = []
    losses = []
    for name in names:
        rule = job.mapping.fields[name]
        lines = _lines(rule, job.shown.get(name))
        kept = 0
        for line in lines:
            longer = [*entries, (rule.label, cut_text(line, _LONGEST_LINE, unit=unit).strip())]
            if room is not None and any(
                length(write_list(longer, markup=one, under=True), unit) > room for one in forms
            ):
                break
            entries, kept = longer, kept + 1
        if kept:
            losses.append(Loss(name, "appended"))
        if kept < len(lines):
            which = f" for {len(lines) - kept} of {len(lines)}" if rule.several else ""
            losses.append(Loss(name, "dropped", f"no room under the body{which}"))
    return entries, losses


def _lines(rule: FieldRule, value: Value) -> list[str]:
    """The lines that a field has in the list."""
    words = in_words(value, rule.zone)
    # In a property that may hold either, markup would make markup of the whole text.
    shown = [
        one_line(as_text(RichText(one, html=True)) if is_html(one) else one).strip()
        for one in (words.split("\n") if rule.several else [words])
    ]
    return [one for one in shown if one]


def _limit(job: _Job, rule: FieldRule) -> int | None:
    limit = next((job.limits[column] for column in rule.write if column in job.limits), rule.limit)
    return limit if rule.most is None else min(rule.most, rule.most if limit is None else limit)


def _as_shown(mapping: TypeMapping, properties: Mapping[str, Any]) -> dict[str, Any]:
    """The properties under the names that the system shows them by (a lookup is read by another name)."""
    shown = dict(properties)
    for rule in mapping.fields.values():
        for column in rule.write:
            if column in properties and column not in rule.read and not rule.create_only:
                shown[rule.read[0]] = properties[column]
    return shown
