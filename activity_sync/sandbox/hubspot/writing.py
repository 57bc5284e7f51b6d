"""What may be written, and what a write makes of a record.

Every write is prepared first, which refuses or accepts it as a whole without touching anything, and applied after:
so a batch of which one row is bad can be refused with nothing done.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from activity_sync.sandbox.hubspot.association_types import AssociationType
from activity_sync.sandbox.hubspot.associations import Ref
from activity_sync.sandbox.hubspot.computed import DEFAULTS, computed, owner_properties, rewritten
from activity_sync.sandbox.hubspot.errors import (
    ApiError,
    PropertyProblem,
    bad_request,
    invalid_properties,
    missing_required,
)
from activity_sync.sandbox.hubspot.moments import to_iso
from activity_sync.sandbox.hubspot.object_types import ObjectType
from activity_sync.sandbox.hubspot.records import Origin, Record
from activity_sync.sandbox.hubspot.store import HubSpotStore
from activity_sync.sandbox.hubspot.values import accept

Reserved = set[tuple[str, str]]
"""Unique values (property, value) that earlier rows of the same request will take."""


@dataclass(frozen=True, slots=True)
class Create:
    """An accepted create."""

    type: ObjectType
    values: Mapping[str, str]
    links: Mapping[Ref, list[AssociationType]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Update:
    """An accepted update."""

    record: Record
    values: Mapping[str, str]


def prepare_create(
    store: HubSpotStore, object_type: ObjectType, given: Mapping[str, Any], *, reserved: Reserved
) -> Create:
    """Accept a create, given as `{properties, associations?}`, or refuse it."""
    values = _accepted(store, object_type, given.get("properties", {}), before={})
    present = {name for name, value in values.items() if value}
    if object_type.name == "meetings" and "hs_meeting_start_time" in present:
        present.add("hs_timestamp")
    if lacking := [name for name in object_type.required if name not in present]:
        raise missing_required(lacking)
    if object_type.required_any and not present & set(object_type.required_any):
        raise missing_required(object_type.required_any)
    _check_unique(store, object_type, values, own_id=None, reserved=reserved)
    links = _links(store, object_type, given.get("associations") or [])
    return Create(object_type, values, links)


def prepare_update(store: HubSpotStore, record: Record, properties: Any, *, reserved: Reserved) -> Update:
    """Accept a change of a record's properties, or refuse it."""
    values = _accepted(store, record.type, properties, before=record.properties)
    _check_unique(store, record.type, values, own_id=record.id, reserved=reserved)
    return Update(record, values)


def apply_create(store: HubSpotStore, create: Create) -> Record:
    """Make the record; gives it with everything the service added."""
    kind, now_ms = create.type, store.now_ms
    written = {name: value for name, value in create.values.items() if value}
    values = {**DEFAULTS.get(kind.name, {}), **_kept(store, kind, written)}
    values |= computed(kind, values, before={}, now_ms=now_ms)
    if owner_id := values.get("hubspot_owner_id"):
        values |= owner_properties(store.owners.get(owner_id), now_ms=now_ms)
    origin = _origin(store)
    values |= {
        "hs_object_source": origin.type,
        "hs_object_source_id": origin.id,
        "hs_object_source_label": origin.type,
    }
    if kind.name == "contacts":
        # Read-only for everybody else: the app's own setting decides.
        marketing = store.controls.settings.hubspot_app_makes_marketing_contacts
        values["hs_marketable_status"] = "true" if marketing else "false"
    record = Record(kind, store.new_id(kind), now_ms, now_ms)
    record.change(values, at_ms=now_ms, origin=origin)
    record.properties |= {"hs_object_id": record.id, kind.create_date: to_iso(now_ms)}
    store.add(record)
    for target, kinds in create.links.items():
        store.associations.set((kind.name, record.id), target, kinds)
    store.expect_post_processing(record)
    store.controls.wrote(kind.name, "create", record.id)
    return record


def apply_update(store: HubSpotStore, update: Update) -> tuple[str, ...]:
    """Change the record; names the properties that were sent or computed anew."""
    record, now_ms = update.record, store.now_ms
    before = dict(record.properties)
    values = _kept(store, record.type, update.values)
    after = {name: value for name, value in (before | values).items() if value}
    derived = computed(record.type, after, before=before, now_ms=now_ms)
    if "hubspot_owner_id" in values and values["hubspot_owner_id"] != before.get("hubspot_owner_id", ""):
        derived |= owner_properties(store.owners.get(values["hubspot_owner_id"]), now_ms=now_ms)
    # A value that was sent wins over the one the service would derive.
    store.change(record, {**derived, **values}, at_ms=now_ms, origin=_origin(store))
    store.expect_post_processing(record)
    store.controls.wrote(record.type.name, "update", record.id)
    return (*values, *derived)


def reserve(store: HubSpotStore, object_type: ObjectType, values: Mapping[str, str], reserved: Reserved) -> None:
    """Keep the unique values of an accepted row from the rows after it."""
    for name in store.schema.unique_names(object_type.name):
        if values.get(name):
            reserved.add((name, values[name].lower()))


def _accepted(
    store: HubSpotStore, object_type: ObjectType, properties: Any, *, before: Mapping[str, str]
) -> dict[str, str]:
    if not isinstance(properties, dict):
        raise bad_request("Invalid input JSON: properties must be an object.", code="INVALID_JSON")
    active = [owner_id for owner_id, owner in store.owners.items() if not owner["archived"]]
    accepted: dict[str, str] = {}
    problems: list[PropertyProblem] = []
    for name, value in properties.items():
        if not isinstance(value, str):
            # Every value travels as a string; clearing is the empty string.
            raise bad_request(f"Invalid input JSON: the value of {name} is not a string.", code="INVALID_JSON")
        definition = store.schema.find(object_type.name, name)
        if definition is None:
            problems.append(PropertyProblem(name, "PROPERTY_DOESNT_EXIST", f'Property "{name}" does not exist'))
            continue
        outcome = accept(definition, value, owner_ids=active, before=before.get(name, ""))
        if isinstance(outcome, PropertyProblem):
            problems.append(outcome)
        else:
            accepted[name] = outcome
    if problems:
        raise invalid_properties(problems, portal_id=store.controls.settings.hubspot_portal_id)
    return accepted


def _check_unique(
    store: HubSpotStore,
    object_type: ObjectType,
    values: Mapping[str, str],
    *,
    own_id: str | None,
    reserved: Reserved,
) -> None:
    for name in store.schema.unique_names(object_type.name):
        value = values.get(name, "")
        if not value:
            continue
        is_email = object_type.name == "contacts" and name == "email"
        holder = store.by_email(object_type, value) if is_email else store.by_unique(object_type, name, value)
        if holder is not None and holder.id != own_id:
            raise _duplicate(store, object_type, name, value, holder.id)
        if (name, value.lower()) in reserved:
            raise _duplicate(store, object_type, name, value, "another input of this request")


def _duplicate(store: HubSpotStore, object_type: ObjectType, name: str, value: str, holder: str) -> ApiError:
    if object_type.name == "contacts" and name == "email":
        return ApiError(409, "CONFLICT", f"Contact already exists. Existing ID: {holder}")
    portal_id = store.controls.settings.hubspot_portal_id
    message = (
        f"Cannot set PropertyValueCoordinates{{portalId={portal_id}, objectTypeId={object_type.type_id}, "
        f"propertyName={name}, value={value}}}. {holder} already has that value."
    )
    return invalid_properties([PropertyProblem(name, "CONFLICTING_UNIQUE_VALUE", message)], portal_id=portal_id)


def _links(store: HubSpotStore, source: ObjectType, given: Any) -> dict[Ref, list[AssociationType]]:
    if not isinstance(given, list):
        raise bad_request("Invalid input JSON: associations must be a list.", code="INVALID_JSON")
    links: dict[Ref, list[AssociationType]] = {}
    for each in given:
        target_id, types = _read_link(each)
        for category, type_id in types:
            kind = _kind_from(store, source, category=category, type_id=type_id)
            if store.records[kind.target].get(target_id) is None or store.records[kind.target][target_id].archived:
                raise bad_request(
                    f"No {kind.target} record with id {target_id} exists to associate with.",
                    code="ASSOCIATION_TARGET_NOT_FOUND",
                )
            links.setdefault((kind.target, target_id), []).append(kind)
    return links


def _read_link(each: Any) -> tuple[str, list[tuple[str, int]]]:
    match each:
        case {"to": {"id": str() | int() as target_id}, "types": [_, *_] as types}:
            read = [
                (str(one.get("associationCategory")), int(one["associationTypeId"]))
                for one in types
                if isinstance(one, dict) and str(one.get("associationTypeId", "")).isdigit()
            ]
            if len(read) == len(types):
                return str(target_id), read
    raise bad_request("Invalid input JSON: an association needs to.id and types.", code="INVALID_JSON")


def _kind_from(store: HubSpotStore, source: ObjectType, *, category: str, type_id: int) -> AssociationType:
    for target in store.records:
        if (kind := store.associations.find(source.name, target, category=category, type_id=type_id)) is not None:
            return kind
    raise bad_request(
        f"Association type {type_id} of category {category} is not valid from object type {source.type_id}.",
        code="INVALID_ASSOCIATION_TYPE",
    )


def _kept(store: HubSpotStore, object_type: ObjectType, values: Mapping[str, str]) -> dict[str, str]:
    return rewritten(object_type, values) if store.controls.settings.rewrite_bodies else dict(values)


def _origin(store: HubSpotStore) -> Origin:
    return Origin("INTEGRATION", store.controls.settings.hubspot_app_id)
