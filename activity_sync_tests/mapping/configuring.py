"""Mappings under a configuration that says something of the fields of one type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from activity_sync.activities.activity import Value
from activity_sync.activities.identity import Flow
from activity_sync.activities.kinds import ActivityType
from activity_sync.mapping import decode_fields, encode_fields, load_mapping
from activity_sync.mapping.configured import Mappings, TypeFields, configure
from activity_sync.mapping.encode import Encoded
from activity_sync.mapping.field_settings import FieldSettings

TO_DYNAMICS, TO_HUBSPOT = Flow("hubspot", "dynamics"), Flow("dynamics", "hubspot")

Fields = Mapping[str, Mapping[str, Any]]


def configured(
    kind: str, to_dynamics: Fields | None = None, to_hubspot: Fields | None = None, *, one_way: bool = False
) -> Mappings:
    """The mappings with these `fields` of a type, as YAML would give them. `one_way`: it goes to Dynamics only."""
    given = {}
    for flow, fields in ((TO_DYNAMICS, to_dynamics), (TO_HUBSPOT, to_hubspot)):
        own = {name: FieldSettings.model_validate(one) for name, one in (fields or {}).items()}
        given[flow] = {
            one: TypeFields(not (one_way and flow is TO_HUBSPOT), own if one == kind else {}) for one in ActivityType
        }
    return configure({system: load_mapping(system) for system in ("hubspot", "dynamics")}, given)


def crossing(found: Mappings, kind: str, flow: Flow, properties: Mapping[str, Any], **more: Any) -> Encoded:
    """A record of the flow's source as a create in its target."""
    assert found.problems == ()
    source, target = (found.systems[one].types[ActivityType(kind)] for one in (flow.source, flow.target))
    left_out = found.carried[flow.name, ActivityType(kind)].left_out
    fields = {name: value for name, value in decode_fields(source, properties).items() if name not in left_out}
    return encode_fields(target, fields, **more)


def read(found: Mappings, kind: str, system: str, properties: Mapping[str, Any]) -> dict[str, Value]:
    """What a record of a system says."""
    return decode_fields(found.systems[system].types[ActivityType(kind)], properties)
