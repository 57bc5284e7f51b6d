"""Value maps, constants and defaults of one configured field, in the words of the two systems. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from activity_sync.activities.identity import Flow
from activity_sync.mapping import value_maps
from activity_sync.mapping.as_kind import as_kind, read_number
from activity_sync.mapping.configured_ways import Faulty, Side, Way
from activity_sync.mapping.field_settings import FieldSettings, quoted
from activity_sync.mapping.rules import Choice, Computed, FieldRule, Kind, Notation, Scalar


def with_values(
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


def with_constants(
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


def with_default(choices: Sequence[Choice], one: FieldSettings, side: Side, way: Way) -> tuple[Choice, ...]:
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
        told["choices"] = with_default(rule.choices, one, Side(side.system, own, side.notation, None), way)
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
