"""The mappings as the configuration changes them: the shipped ones with each flow's `fields` worked in. Pure.

One field is one canonical name in both flows. What one flow says of its properties, kinds and values counts for the
other flow too, read backwards, unless that says it itself. A field of one's own is carried by the flows that list it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from activity_sync.activities.identity import Flow
from activity_sync.activities.kinds import ActivityType
from activity_sync.mapping.computed import template_fields
from activity_sync.mapping.configured_rules import build_rules
from activity_sync.mapping.configured_ways import Faulty, Side, Way
from activity_sync.mapping.field_settings import NAME, FieldSettings
from activity_sync.mapping.rules import FieldRule, Kind, SystemMapping, TypeMapping


@dataclass(frozen=True, slots=True)
class TypeFields:
    """What the configuration says of one type in one flow. `enabled`: whether the flow carries the type at all."""

    enabled: bool = True
    fields: Mapping[str, FieldSettings] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """A field that cannot be mapped as it is said. `key`: the setting that is wrong, "" for the field as a whole."""

    flow: str
    type: str
    field: str
    key: str
    message: str


@dataclass(frozen=True, slots=True)
class Carried:
    """What a flow carries of a type. `left_out`: fields that it does not; `one_way`: those that no other flow carries.

    Everything else is carried as the mappings say.
    """

    left_out: frozenset[str] = frozenset()
    one_way: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Mappings:
    """`systems`: the mapping of each system; `carried`: by flow name and type."""

    systems: Mapping[str, SystemMapping]
    carried: Mapping[tuple[str, ActivityType], Carried]
    problems: tuple[FieldProblem, ...] = ()


def configure(
    shipped: Mapping[str, SystemMapping], given: Mapping[Flow, Mapping[ActivityType, TypeFields]]
) -> Mappings:
    """The mappings under this configuration, and what is wrong with that. `given`: both flows, all types.

    Where a field is wrong, its mapping is the shipped one.
    """
    types: dict[str, dict[ActivityType, TypeMapping]] = {name: {} for name in shipped}
    carried: dict[tuple[str, ActivityType], Carried] = {}
    problems: list[FieldProblem] = []
    for kind in ActivityType:
        own = {flow: sections[kind] for flow, sections in given.items()}
        base = {name: mapping.types[kind] for name, mapping in shipped.items()}
        work = _Work(kind, base, own)
        problems += work.run()
        for name, mapping in base.items():
            rules = work.rules[name]
            same = rules == dict(mapping.fields)
            types[name][kind] = (
                mapping
                if same
                else TypeMapping(system=mapping.system, type=mapping.type, notation=mapping.notation, fields=rules)
            )
        carried |= {(flow.name, kind): work.carried(flow) for flow in own}
    systems = {
        name: mapping if types[name] == dict(mapping.types) else SystemMapping(system=name, types=types[name])
        for name, mapping in shipped.items()
    }
    return Mappings(systems, carried, tuple(problems))


class _Work:
    """One type. `rules`: by system, the fields' rules so far."""

    def __init__(self, kind: ActivityType, base: Mapping[str, TypeMapping], given: Mapping[Flow, TypeFields]) -> None:
        self.kind, self.base, self.given = kind, base, given
        self.rules: dict[str, dict[str, FieldRule]] = {name: dict(one.fields) for name, one in base.items()}
        self.names = list(dict.fromkeys(name for section in given.values() for name in section.fields))
        self.shipped = frozenset(name for one in base.values() for name in one.fields)
        self.everywhere = frozenset(name for name in self.shipped if all(name in one.fields for one in base.values()))

    def run(self) -> Iterator[FieldProblem]:
        """The rules hold what the settings say; gives what is wrong with these."""
        for name in self.names:
            try:
                self._field(name)
            except Faulty as fault:
                flow = fault.flow or next(one for one, section in self.given.items() if name in section.fields)
                yield FieldProblem(flow.name, self.kind, name, fault.key, str(fault))
        yield from self._labels()

    def carries(self, flow: Flow, name: str) -> bool:
        """Whether a flow carries a field."""
        section = self.given[flow]
        settings = section.fields.get(name)
        if not section.enabled:
            return False
        return settings.enabled if settings is not None else name in self.everywhere

    def carried(self, flow: Flow) -> Carried:
        """See Carried."""
        section, mirror = self.given[flow], self.given.get(flow.mirror)
        others = mirror.fields if mirror is not None else {}
        left_out = {name for name, one in section.fields.items() if not one.enabled}
        left_out |= {name for name in others if name not in section.fields and name not in self.everywhere}
        back = mirror is not None and mirror.enabled
        one_way = {
            name for name in self.names if back and self.carries(flow, name) and not self.carries(flow.mirror, name)
        }
        return Carried(frozenset(left_out), frozenset(one_way))

    def _field(self, name: str) -> None:
        if name not in self.shipped and not NAME.fullmatch(name):
            raise Faulty("a name of a field is written in small letters, digits and _; correct it, as next_step")
        ways = []
        for flow, section in self.given.items():
            settings = section.fields.get(name)
            if settings is not None:
                self._check(flow, name, settings)
            if self.carries(flow, name) and section.enabled:
                ways.append(Way(flow, settings or FieldSettings(), is_silent=settings is None))
        if not any(not way.is_silent for way in ways):
            return
        sides = {
            system: Side(system, one.fields.get(name), one.notation, one.fields.get("body"))
            for system, one in self.base.items()
        }
        for system, rule in build_rules(name, ways, sides).items():
            if rule is not None:
                self.rules[system][name] = rule

    def _check(self, flow: Flow, name: str, settings: FieldSettings) -> None:
        """What can be said of a field without the other flow."""
        target = self.base[flow.target].fields.get(name)
        if name in self.shipped and any(
            one.fields[name].kind in {Kind.ID, Kind.TRANSLATOR} for one in self.base.values() if name in one.fields
        ):
            if settings.model_fields_set - {"enabled"}:
                raise Faulty(
                    "it is matched by address, and no other way; it can be switched off: {enabled: false}", flow=flow
                )
            return
        if not settings.enabled:
            if settings.model_fields_set != {"enabled"}:
                raise Faulty("it is switched off, so that nothing else has an effect; remove the rest", "enabled", flow)
            if target is not None and target.required:
                raise Faulty(f"{flow.target} refuses a {self.kind} without it; remove the line", "enabled", flow)
            if name not in self.shipped:
                raise Faulty("there is nothing to switch off; remove it", "enabled", flow)
            return
        if name == "body" and (settings.source or settings.target or settings.kind or settings.no_place):
            raise Faulty("the body stays where it is; name a field of your own for another property", flow=flow)
        if settings.template is not None:
            known = self._known(flow)
            if unknown := [one for one in template_fields(settings.template) if one not in known]:
                raise Faulty(
                    f"there is no field {unknown[0]}; the fields of a {self.kind} are {', '.join(known)}",
                    "template",
                    flow,
                )
        if settings.display and self.base[flow.source].notation.display is None:
            raise Faulty(f"{flow.source} has no look-ups; remove it", "display", flow)

    def _known(self, flow: Flow) -> Sequence[str]:
        """What a template may name: what is read in the source."""
        shipped = [n for n, rule in self.base[flow.source].fields.items() if rule.kind is not Kind.TRANSLATOR]
        own = [n for n, one in self.given[flow].fields.items() if one.enabled and not one.is_made]
        return list(dict.fromkeys((*shipped, *own)))

    def _labels(self) -> Iterator[FieldProblem]:
        for system, rules in self.rules.items():
            labels: dict[str, str] = {}
            for name, rule in rules.items():
                if rule.kind is not Kind.LISTED:
                    continue
                if (other := labels.setdefault(rule.label, name)) != name:
                    flow = next(one for one in self.given if one.target == system)
                    message = f"{other} stands under the body as {rule.label!r} already; give it another label"
                    yield FieldProblem(flow.name, self.kind, name, "label", message)
