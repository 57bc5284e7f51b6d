"""The rules of one configured field in both systems, from what the flows say of it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from activity_sync.mapping.as_kind import as_kind, read_number
from activity_sync.mapping.configured_values import with_constants, with_default, with_values
from activity_sync.mapping.configured_ways import Faulty, Side, Way
from activity_sync.mapping.field_settings import UNITS_MS, FieldKind, FieldSettings, quoted
from activity_sync.mapping.rules import BODY_KINDS, Computed, Default, FieldRule, Kind

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
    rules = with_constants(ways, sides, rules)
    return with_values(ways, sides, rules)


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
            found["choices"] = with_default(told["choices"], one, side, way)
        else:
            try:
                value = read_number(one.default) if isinstance(one.default, float) else one.default
                as_kind(told["kind"], value)
            except ValueError as error:
                raise Faulty(f"{quoted(one.default)} {error}; use one, or change `kind`", "default", way.flow) from None
            found["default"] = Default(value=one.default)
    return found


def _zone(*settings: FieldSettings) -> str:
    return next((one.zone for one in settings if one.zone), "UTC")
