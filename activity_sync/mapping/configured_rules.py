"""The rules of one configured field in both systems, from what the flows say of it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from activity_sync.activities.identity import Flow
from activity_sync.mapping import value_maps
from activity_sync.mapping.as_kind import as_kind, read_number
from activity_sync.mapping.field_settings import UNITS_MS, FieldKind, FieldSettings, quoted
from activity_sync.mapping.rules import BODY_KINDS, Choice, Computed, Default, FieldRule, Kind, Notation, Scalar

_KINDS = {
    FieldKind.TEXT: Kind.TEXT,
    FieldKind.HTML: Kind.HTML,
    FieldKind.PLAIN: Kind.PLAIN,
    FieldKind.RICH: Kind.RICH,
    FieldKind.NUMBER: Kind.NUMBER,
    FieldKind.INTEGER: Kind.INTEGER,
    FieldKind.BOOLEAN: Kind.BOOL,
    FieldKind.DATE: Kind.DATE,
    FieldKind.DATETIME: Kind.MOMENT,
    FieldKind.DURATION: Kind.DURATION,
}
_TIED = frozenset({Kind.CHOICE, Kind.STATE, Kind.HEADING, Kind.ID, Kind.TRANSLATOR})
"""Kinds that belong to the shipped property: another property of the same field is plain text."""

_DECIMALS = 2
"""Digits that a decimal column keeps unless its maker says otherwise."""


class Faulty(ValueError):
    """A field that cannot be mapped as it is said. `key`: the setting; `flow`: whose, None for the one that speaks."""

    def __init__(self, message: str, key: str = "", flow: Flow | None = None) -> None:
        super().__init__(message)
        self.key = key
        self.flow = flow


@dataclass(frozen=True, slots=True)
class Way:
    """A flow that carries the field, with what it says of it. `is_silent`: nothing."""

    flow: Flow
    settings: FieldSettings
    is_silent: bool


@dataclass(frozen=True, slots=True)
class Side:
    """One system: the field's shipped rule, if it has one, and the rule of the body."""

    system: str
    rule: FieldRule | None
    notation: Notation
    body: FieldRule | None


@dataclass(frozen=True, slots=True)
class _Place:
    """What the flows say of the field in one system. None or empty: nothing."""

    reads: tuple[str, ...] = ()
    writes: str | None = None
    kind: Kind | None = None
    unit_ms: int | None = None


def build_rules(name: str, ways: Sequence[Way], sides: Mapping[str, Side]) -> dict[str, FieldRule | None]:
    """The field's rule by system; None where it has none. Raises Faulty. `ways`: one or both flows, one not silent."""
    _check_made(name, ways)
    places = {system: _place(system, ways) for system in sides}
    rules: dict[str, FieldRule | None] = {}
    for system, side in sides.items():
        source = next((way for way in ways if way.flow.source == system), None)
        target = next((way for way in ways if way.flow.target == system), None)
        other = next((one for each, one in sides.items() if each != system), side)
        rules[system] = _rule(name, side, other, places[system], source=source, target=target)
    rules = _with_constants(ways, sides, rules)
    return _with_values(ways, sides, rules)


def _check_made(name: str, ways: Sequence[Way]) -> None:
    for way in ways:
        one = way.settings
        reason = (
            "it is made and not read" if one.is_made else "what a look-up shows is no look-up" if one.display else ""
        )
        reason = reason or ("what is listed under the body is not read back" if one.no_place == "append" else "")
        other = next((each for each in ways if each is not way), None)
        if reason and other is not None:
            raise Faulty(
                f"{reason}, so that it cannot be carried back; write `{name}: {{enabled: false}}` under "
                f"flows.{other.flow.name} as well"
                if other.is_silent
                else f"{reason}, so that it cannot be carried back; remove it under flows.{other.flow.name}",
                flow=way.flow,
            )


def _place(system: str, ways: Sequence[Way]) -> _Place:
    """What is said of a system: by the flow it is the source of as `from`, by the other one as `to`."""
    found = _Place()
    for way in ways:
        one, is_source = way.settings, way.flow.source == system
        here = _Place(
            reads=one.source if is_source else (),
            writes=None if is_source else one.target,
            kind=None if one.kinds is None else _KINDS[one.kinds[0 if is_source else 1]],
            unit_ms=None if one.unit is None else UNITS_MS[one.unit.source if is_source else one.unit.target],
        )
        for key, before, now in (("kind", found.kind, here.kind), ("unit", found.unit_ms, here.unit_ms)):
            if before is not None and now is not None and before != now:
                raise Faulty(f"the other flow says something else of {system}; say the same, backwards", key, way.flow)
        found = _Place(
            here.reads or found.reads,
            here.writes or found.writes,
            here.kind or found.kind,
            here.unit_ms or found.unit_ms,
        )
    if found.writes is not None and found.reads and found.writes not in found.reads:
        way = next(one for one in ways if one.flow.target == system)
        raise Faulty(
            f"the other flow reads {', '.join(found.reads)} of {system}, and this one writes {found.writes}: a change "
            f"would never come back; use {found.reads[0]}",
            "to",
            way.flow,
        )
    return found


def _rule(
    name: str,
    side: Side,
    other: Side,
    place: _Place,
    *,
    source: Way | None,
    target: Way | None,
) -> FieldRule | None:
    """The field's rule in one system, but for `values`."""
    base = side.rule
    settings = (source or target).settings if source or target else FieldSettings()  # type: ignore[union-attr]
    columns = place.reads or ((place.writes,) if place.writes else ())
    append = target is not None and target.settings.no_place == "append"
    if append and side.body is not None:
        label = target.settings.label or name.replace("_", " ").capitalize()  # type: ignore[union-attr]
        columns = side.body.write
        return FieldRule(
            kind=Kind.LISTED, read=columns, write=columns, inside="body", label=label, zone=_zone(settings)
        )
    made = source.settings if source is not None and source.settings.is_made else None
    if base is None and not columns and made is None:
        if target is not None and target.settings.no_place is None:
            raise Faulty(
                f"it says of no property of {side.system} that it is to be written; add `to`, or `no_place: append` or "
                "`drop`",
                "to",
                target.flow,
            )
        if source is not None:
            raise Faulty(
                f"it says of no property of {side.system} that it is to be read; add `from`", "from", source.flow
            )
        return None
    told: dict[str, Any] = {}
    if base is None or (columns and columns not in {base.read, base.write}):
        if base is not None and (base.kind is Kind.STATE or (target is not None and (base.required or base.default))):
            way = target if place.writes and target is not None else source
            raise Faulty(
                f"{side.system} keeps {name} in {', '.join(base.write or base.read)} and needs it there; remove "
                "it, and name a field of your own for another property",
                "to" if way is target else "from",
                way.flow if way is not None else None,
            )
        display = source is not None and source.settings.display
        shows = side.notation.display or "{}"
        model = base or other.rule
        kind = place.kind or (Kind.TEXT if model is None or model.kind in _TIED else model.kind)
        told = {
            "kind": kind,
            "read": tuple(shows.format(one) for one in columns) if display else columns,
            "write": (place.writes or columns[0],) if target is not None and columns else (),
            "limit": side.notation.text_limit if kind in BODY_KINDS | {Kind.TEXT} else None,
            "unit_ms": base.unit_ms if base is not None else 1,
            "source_only": target is None,
            "configured": True,
        }
        if kind is Kind.NUMBER and not side.notation.strings:
            told["digits"] = _DECIMALS
    else:
        told = {one: getattr(base, one) for one in FieldRule.model_fields}
        if place.kind is not None and place.kind is not base.kind:
            if base.kind in _TIED:
                raise Faulty(
                    f"{name} is a {base.kind} in {side.system}; remove `kind`, or name another property", "kind"
                )
            told["kind"] = place.kind
    if place.unit_ms is not None:
        told["unit_ms"] = place.unit_ms
    elif told["kind"] is Kind.DURATION and base is None:
        raise Faulty("a duration is counted in something; add `unit: {from: minutes, to: seconds}`", "kind")
    told["zone"] = _zone(*(way.settings for way in (source, target) if way is not None))
    if made is not None:
        told["computed"] = Computed(constant=made.constant, template=made.template, function=made.function)
        told.setdefault("read", ())
    if target is not None:
        told |= _as_target(told, side, target)
    return FieldRule.model_validate(told)


def _as_target(told: Mapping[str, Any], side: Side, way: Way) -> dict[str, Any]:
    """What the flow says of its target alone."""
    found: dict[str, Any] = {}
    one = way.settings
    if one.limit is not None:
        found["most"] = one.limit
    if one.digits is not None:
        found["digits"] = one.digits
    if one.default is not None and one.values is None:
        if told["kind"] in {Kind.CHOICE, Kind.STATE}:
            found["choices"] = _defaulted(told["choices"], one, side, way)
        else:
            try:
                value = read_number(one.default) if isinstance(one.default, float) else one.default
                as_kind(told["kind"], value)
            except ValueError as error:
                raise Faulty(f"{quoted(one.default)} {error}; use one, or change `kind`", "default", way.flow) from None
            found["default"] = Default(value=one.default)
    return found


def _defaulted(choices: Sequence[Choice], one: FieldSettings, side: Side, way: Way) -> tuple[Choice, ...]:
    """The value map whose line for "empty" is the default."""
    if isinstance(one.default, float) or one.default is None:
        raise Faulty(f"{quoted(one.default)} is no value of it; use one of its own", "default", way.flow)
    written = _native(one.default, side.rule, side.notation, "default", way.flow)
    kept = tuple(line if line.value is not None else line.model_copy(update={"write": False}) for line in choices)
    return (*kept, Choice(value=None, native=written, read=False))


def _native(value: Scalar, rule: FieldRule | None, notation: Notation, key: str, flow: Flow) -> tuple[Scalar, ...]:
    try:
        written = value_maps.native(value, rule, notation)
    except ValueError as error:
        raise Faulty(str(error), key, flow) from None
    if rule is not None and rule.kind is Kind.STATE:
        lines = [line for line in rule.choices if line.native == written]
        if lines and not any(line.write for line in lines):
            raise Faulty(f"{value} makes the server act and is never written; use another state", key, flow)
    return written


def _zone(*settings: FieldSettings) -> str:
    return next((one.zone for one in settings if one.zone), "UTC")


def _with_values(
    ways: Sequence[Way], sides: Mapping[str, Side], rules: dict[str, FieldRule | None]
) -> dict[str, FieldRule | None]:
    """The rules with the lines of the value maps, where there are any."""
    speaking = next((way for way in ways if way.settings.values is not None), None)
    if speaking is None:
        return rules
    flow, there = speaking.flow, speaking.settings.values or {}
    here, target = rules[flow.source], rules[flow.target]
    if here is None or target is None:
        raise Faulty("it has no place, so that `values` maps nothing; remove one of them", "values", flow)
    if target.kind is Kind.LISTED:
        raise Faulty("what is listed under the body is not mapped; remove `values`", "values", flow)
    shipped = {system: _own(side, rules[system]) for system, side in sides.items()}
    for way in ways:
        if way.settings.values is not None:
            _check_values(way, shipped, sides)
    mirror = next((way for way in ways if way is not speaking), None)
    back = mirror.settings.values if mirror is not None else None
    lines = value_maps.source_lines([*there, *(back or {}).values()], shipped[flow.source], sides[flow.source].notation)
    if mirror is not None and "otherwise" in mirror.settings.model_fields_set:
        own = shipped[flow.source]
        named = {value_maps.canonical(one, own, sides[flow.source].notation) for one in (back or {}).values()}
        lines = tuple(
            line if line.value in named or line.value is None else line.model_copy(update={"write": False})
            for line in lines
        )
    others = value_maps.target_lines(
        there,
        back,
        source=shipped[flow.source],
        source_notation=sides[flow.source].notation,
        target=shipped[flow.target],
        notation=sides[flow.target].notation,
        is_whole="otherwise" in speaking.settings.model_fields_set,
    )
    found = {flow.source: _mapped(here, lines), flow.target: _mapped(target, others)}
    for way in ways:
        found[way.flow.target] = _with_rest(found[way.flow.target], way, sides[way.flow.target])
    if mirror is not None and back is not None:
        for one, other in ((speaking, mirror), (mirror, speaking)):
            _check_pair(one, other, shipped, sides, found)
    return {**rules, **found}


def _own(side: Side, rule: FieldRule | None) -> FieldRule | None:
    """The shipped value map, if the field still stands where it maps."""
    base = side.rule
    is_map = base is not None and base.kind in {Kind.CHOICE, Kind.STATE}
    return base if base is not None and is_map and rule is not None and rule.read == base.read else None


def _mapped(rule: FieldRule, lines: Sequence[Choice]) -> FieldRule:
    told = {one: getattr(rule, one) for one in FieldRule.model_fields}
    kind = rule.kind if rule.kind is Kind.STATE else Kind.CHOICE
    return FieldRule.model_validate({**told, "kind": kind, "choices": tuple(lines)})


def _with_rest(rule: FieldRule, way: Way, side: Side) -> FieldRule:
    """With what the target gets for an empty value, and for one that the map lacks."""
    one = way.settings
    told = {name: getattr(rule, name) for name in FieldRule.model_fields}
    own = side.rule if rule.kind is Kind.STATE else None
    if one.values is not None and "otherwise" in one.model_fields_set:
        told["otherwise"] = None
        if one.otherwise is not None:
            if rule.kind is Kind.STATE:
                raise Faulty("of a state every value is listed; list those that are meant", "otherwise", way.flow)
            told["otherwise"] = _native(one.otherwise, own, side.notation, "otherwise", way.flow)[0]
    if one.default is not None:
        told["choices"] = _defaulted(rule.choices, one, Side(side.system, own, side.notation, None), way)
    return FieldRule.model_validate(told)


def _check_values(way: Way, shipped: Mapping[str, FieldRule | None], sides: Mapping[str, Side]) -> None:
    """Every value is one that the systems can hold, and every value of the source is mapped."""
    flow, one = way.flow, way.settings
    values = one.values or {}
    source, target = shipped[flow.source], shipped[flow.target]
    for value in values:
        _readable(value, source, sides[flow.source].notation, flow)
    for value in values.values():
        _native(value, target, sides[flow.target].notation, "values", flow)
    is_open = "otherwise" not in one.model_fields_set
    if is_open and source is None and not {True, False} <= {value for value in values if isinstance(value, bool)}:
        raise Faulty(
            f"what other values {flow.source} may hold is not known; add `otherwise: VALUE`, or `otherwise: null` to "
            "drop them and record the loss",
            "values",
            flow,
        )
    if is_open and source is not None and target is None:
        lacking = value_maps.unmapped(values, source, sides[flow.source].notation)
        if lacking:
            raise Faulty(
                f"it lacks {', '.join(lacking)} of {flow.source}; add them, or `otherwise` for all others",
                "values",
                flow,
            )


def _readable(value: Scalar, rule: FieldRule | None, notation: Notation, flow: Flow) -> None:
    try:
        value_maps.native(value, rule, notation)
    except ValueError as error:
        raise Faulty(str(error), "values", flow) from None


def _check_pair(
    one: Way,
    other: Way,
    shipped: Mapping[str, FieldRule | None],
    sides: Mapping[str, Side],
    rules: Mapping[str, FieldRule],
) -> None:
    """The two flows' maps are each other's way back."""
    source, target = one.flow.source, one.flow.target
    natives = [value_maps.native(value, shipped[source], sides[source].notation) for value in one.settings.values or {}]
    drift = value_maps.drifting(natives, rules[source], rules[target])
    if drift is not None:
        here, image, at_last = drift
        raise Faulty(
            f"{here} becomes {image}, and after the way back under flows.{other.flow.name} it is {at_last}: the two "
            f"flows would change each other's values for ever; map {image} back to a value that becomes {image}",
            "values",
            one.flow,
        )


def _with_constants(
    ways: Sequence[Way], sides: Mapping[str, Side], rules: dict[str, FieldRule | None]
) -> dict[str, FieldRule | None]:
    """A constant for a value map is given as the target spells it; in the middle it is our word."""
    for way in ways:
        constant, target, source = way.settings.constant, rules[way.flow.target], rules[way.flow.source]
        if constant is None or target is None or source is None:
            continue
        if target.kind in {Kind.CHOICE, Kind.STATE}:
            side = sides[way.flow.target]
            if isinstance(constant, float):
                raise Faulty(f"{quoted(constant)} is no value of it; use one of its own", "constant", way.flow)
            _native(constant, target, side.notation, "constant", way.flow)
            word = value_maps.canonical(constant, target, side.notation)
            if not any(line.write and line.value == word for line in target.choices):
                known = [value_maps.told(line.native) for line in target.choices if line.is_read and line.write]
                raise Faulty(
                    f"{quoted(constant)} is no value of it; use {', '.join(dict.fromkeys(known))}",
                    "constant",
                    way.flow,
                )
            told = {name: getattr(source, name) for name in FieldRule.model_fields}
            rules[way.flow.source] = FieldRule.model_validate({**told, "computed": Computed(constant=word)})
            continue
        try:
            as_kind(target.kind, read_number(constant) if isinstance(constant, float) else constant)
        except ValueError as error:
            raise Faulty(f"{quoted(constant)} {error}; use one, or change `kind`", "constant", way.flow) from None
    return rules
