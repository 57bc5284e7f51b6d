"""A portal's content as one JSON document, read and written outside all rules.

    {"properties": {"deals": [{"name", "label", "type", "fieldType", "groupName", "hasUniqueValue"?, ...}]},
     "owners": [{"id", "email", "firstName", "lastName", "userId"?, "archived"?}],
     "files": [{"id", "name", "extension", "size", "type"?, "access"?, "archived"?, "content"?: Base64}],
     "objects": {"notes": [{"id", "properties": {...}, "createdAt", "updatedAt", "archivedAt"?}]},
     "associations": [{"from": ["notes", "1"], "to": ["contacts", "2"], "types": [202]?}]}

Without `types` an association gets the plain kind of its direction. A record whose id exists is changed by it, as a
person would in HubSpot's own screens, `archived` true or false included. A document with the content of both systems
has this under `hubspot`.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from activity_sync.sandbox.hubspot.computed import computed, owner_properties
from activity_sync.sandbox.hubspot.moments import read_ms, to_iso
from activity_sync.sandbox.hubspot.object_types import ObjectType, object_type
from activity_sync.sandbox.hubspot.property_views import definition_body
from activity_sync.sandbox.hubspot.records import Origin, Record, Version
from activity_sync.sandbox.hubspot.schema import Permissions

if TYPE_CHECKING:
    from activity_sync.sandbox.hubspot.store import HubSpotStore

PERSON = Origin("CRM_UI", "userId:12282590")
_EVERYTHING = Permissions(custom=True, unique=True)


def load(store: HubSpotStore, seed: Mapping[str, Any]) -> dict[str, Any]:
    """Add a document's content to the store; gives how many of each were added."""
    part = seed.get("hubspot", seed)
    for type_name, definitions in part.get("properties", {}).items():
        for definition in definitions:
            _define(store, object_type(type_name).name, definition)
    for owner in part.get("owners", ()):
        store.owners[str(owner["id"])] = _owner(owner, now=to_iso(store.now_ms))
    for file in part.get("files", ()):
        store.files[str(file["id"])] = _file(file, now=to_iso(store.now_ms))
        if "content" in file:
            store.contents[str(file["id"])] = base64.b64decode(file["content"])
    counts: dict[str, Any] = {"owners": len(part.get("owners", ())), "files": len(part.get("files", ()))}
    for type_name, records in part.get("objects", {}).items():
        kind = object_type(type_name)
        for record in records:
            _load_record(store, kind, record)
        counts[kind.name] = len(records)
    for association in part.get("associations", ()):
        _associate(store, association)
    counts["associations"] = len(part.get("associations", ()))
    return counts


def dump(store: HubSpotStore) -> dict[str, Any]:
    """Give the store's content; only properties that integrations added are listed."""
    return {
        "properties": {
            type_name: [definition_body(each) for each in definitions.values() if each.custom]
            for type_name, definitions in store.schema.properties.items()
        },
        "owners": list(store.owners.values()),
        "files": [_shown_file(store, file) for file in store.files.values()],
        "objects": {
            type_name: [_shown(record) for record in records.values()] for type_name, records in store.records.items()
        },
        "associations": [
            {"from": list(source), "to": list(target), "types": sorted(kind.type_id for kind in kinds)}
            for source, target, kinds in store.associations.everything()
        ],
    }


def _define(store: HubSpotStore, type_name: str, definition: Mapping[str, Any]) -> None:
    group = str(definition["groupName"])
    store.schema.groups[type_name].setdefault(group, group)
    if store.schema.find(type_name, str(definition["name"])) is None:
        store.schema.create(type_name, definition, allow=_EVERYTHING, now_ms=store.now_ms)


def _owner(given: Mapping[str, Any], *, now: str) -> dict[str, Any]:
    archived = bool(given.get("archived", False))
    user_id = given.get("userId")
    owner = {
        "id": str(given["id"]),
        "email": given.get("email"),
        "firstName": given.get("firstName", ""),
        "lastName": given.get("lastName", ""),
        "type": given.get("type", "PERSON"),
        "createdAt": given.get("createdAt", now),
        "updatedAt": given.get("updatedAt", now),
        "archived": archived,
        "userIdIncludingInactive": given.get("userIdIncludingInactive", user_id),
    }
    # An archived owner is no user any more; only the field for inactive ones still has the number.
    return owner if archived or user_id is None else owner | {"userId": user_id}


def _file(given: Mapping[str, Any], *, now: str) -> dict[str, Any]:
    file_id, name, extension = str(given["id"]), str(given["name"]), str(given["extension"])
    url = given.get("url", f"https://8727216.fs1.hubspotusercontent-na1.net/hubfs/8727216/{name}.{extension}")
    return {
        "id": file_id,
        "name": name,
        "extension": extension,
        "type": given.get("type", "DOCUMENT"),
        "size": int(given["size"]),
        "access": given.get("access", "PRIVATE"),
        "url": url,
        "defaultHostingUrl": url,
        "path": given.get("path", f"/{name}.{extension}"),
        "encoding": given.get("encoding"),
        "isUsableInContent": bool(given.get("isUsableInContent", True)),
        "sourceGroup": given.get("sourceGroup", "CONTENT"),
        "createdAt": given.get("createdAt", now),
        "updatedAt": given.get("updatedAt", now),
        "archived": bool(given.get("archived", False)),
    }


def _shown_file(store: HubSpotStore, file: dict[str, Any]) -> dict[str, Any]:
    content = store.contents.get(file["id"])
    return file if content is None else file | {"content": base64.b64encode(content).decode("ascii")}


def _load_record(store: HubSpotStore, kind: ObjectType, given: Mapping[str, Any]) -> None:
    record_id = str(given["id"])
    values = {name: str(value) for name, value in given["properties"].items() if value is not None}
    for own in ("hs_object_id", kind.create_date, kind.modified_date):
        values.pop(own, None)
    unknown = [name for name in values if store.schema.find(kind.name, name) is None]
    if unknown:
        raise ValueError(f"{kind.name} {record_id} has unknown properties: {', '.join(unknown)}")
    created_ms = _ms(given.get("createdAt"), store.now_ms)
    present = store.records[kind.name].get(record_id)
    if present is not None:
        _edit(store, present, values, at_ms=_ms(given.get("updatedAt"), store.now_ms))
        match given.get("archived"), present.archived:
            case True, False:
                store.archive(present)
            case False, True:
                store.restore(present)
        return
    updated_ms = _ms(given.get("updatedAt"), created_ms)
    values = computed(kind, values, before={}, now_ms=updated_ms) | values
    if owner_id := values.get("hubspot_owner_id"):
        owner = store.owners.get(owner_id, {"id": owner_id})
        values = owner_properties(owner, now_ms=created_ms) | values
    source = {"hs_object_source": PERSON.type, "hs_object_source_id": PERSON.id, "hs_object_source_label": PERSON.type}
    values = {name: value for name, value in (source | values).items() if value}
    archived_at = given.get("archivedAt")
    record = Record(kind, record_id, created_ms, updated_ms)
    record.properties = values | {
        "hs_object_id": record_id,
        kind.create_date: to_iso(created_ms),
        kind.modified_date: to_iso(updated_ms),
    }
    record.history = {name: [Version(value, created_ms, PERSON)] for name, value in values.items()}
    for name, versions in given.get("history", {}).items():
        record.history[name] = [
            Version(str(each["value"]), _ms(each["timestamp"], created_ms), PERSON) for each in versions
        ]
    record.archived_ms = _ms(archived_at, updated_ms) if archived_at or given.get("archived") else None
    store.add(record, indexed_at_once=True)


def _edit(store: HubSpotStore, record: Record, values: dict[str, str], *, at_ms: int) -> None:
    before = dict(record.properties)
    derived = computed(record.type, before | values, before=before, now_ms=at_ms)
    store.change(record, derived | values, at_ms=at_ms, origin=PERSON)
    store.expect_post_processing(record)


def _associate(store: HubSpotStore, given: Mapping[str, Any]) -> None:
    source = (object_type(given["from"][0]).name, str(given["from"][1]))
    target = (object_type(given["to"][0]).name, str(given["to"][1]))
    kinds = {kind.type_id: kind for kind in store.associations.kinds(source[0], target[0])}
    if not kinds:
        raise ValueError(f"{source[0]} cannot be associated with {target[0]}")
    store.associations.set(source, target, [kinds[type_id] for type_id in given.get("types", ())])


def _shown(record: Record) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "id": record.id,
        "properties": dict(record.properties),
        "createdAt": to_iso(record.created_ms),
        "updatedAt": to_iso(record.updated_ms),
        "archived": record.archived,
    }
    return shown if record.archived_ms is None else shown | {"archivedAt": to_iso(record.archived_ms)}


def _ms(given: Any, otherwise: int) -> int:
    if given is None:
        return otherwise
    ms = read_ms(str(given))
    if ms is None:
        raise ValueError(f"{given!r} is not a time")
    return ms
