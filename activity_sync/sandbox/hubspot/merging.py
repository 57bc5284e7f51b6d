"""Merging two records, and removing a person for good."""

from __future__ import annotations

from activity_sync.sandbox.hubspot.errors import bad_request, not_found
from activity_sync.sandbox.hubspot.object_types import ACTIVITY_NAMES, ObjectType
from activity_sync.sandbox.hubspot.records import Origin, Record
from activity_sync.sandbox.hubspot.store import HubSpotStore

_MERGE = Origin("MERGE_OBJECTS", "")
_ERASURE = Origin("GDPR_DELETE", "")


def merge(store: HubSpotStore, kind: ObjectType, primary_id: str, *, other_id: str) -> Record:
    """Merge a record into another: empty values are filled, associations move, the old id leads to the survivor."""
    primary, other = store.get(kind, primary_id), store.get(kind, other_id)
    if primary is None or other is None:
        raise not_found([each for each in (primary_id, other_id) if store.get(kind, each) is None])
    if primary is other:
        raise bad_request("A record cannot be merged into itself.")
    survivor = primary
    if store.controls.settings.hubspot_merge_makes_new_record:
        survivor = _successor(store, primary)
    gone = [record for record in (primary, other) if record is not survivor]
    values = {name: value for name, value in other.properties.items() if name not in survivor.properties}
    if kind.name == "contacts":
        further = [
            *_list(survivor, "hs_additional_emails"),
            *_list(other, "email"),
            *_list(other, "hs_additional_emails"),
        ]
        values["hs_additional_emails"] = ";".join(dict.fromkeys(further))
    merged_ids = [*_list(survivor, "hs_merged_object_ids"), *_list(other, "hs_merged_object_ids")]
    values["hs_merged_object_ids"] = ";".join(dict.fromkeys([*merged_ids, *(record.id for record in gone)]))
    for record in gone:
        store.associations.move((kind.name, record.id), (kind.name, survivor.id))
        store.purge(record)
        store.merged[(kind.name, record.id)] = survivor.id
    store.change(survivor, values, at_ms=store.now_ms, origin=_MERGE)
    store.controls.wrote(kind.name, "update", survivor.id)
    return survivor


def gdpr_delete(store: HubSpotStore, record: Record) -> None:
    """Purge a contact; activities that hung on it alone lose their text and are marked."""
    own = (record.type.name, record.id)
    for type_name, activity_id in list(store.associations.all_of(own)):
        activity = store.records[type_name].get(activity_id)
        if activity is None or type_name not in ACTIVITY_NAMES:
            continue
        contacts = [each for each, _ in store.living_links(activity, "contacts") if each != record.id]
        cleared = {} if contacts else dict.fromkeys((*activity.type.bodies, "hs_body_preview"), "")
        store.change(activity, {"hs_gdpr_deleted": "true", **cleared}, at_ms=store.now_ms, origin=_ERASURE)
    store.purge(record)


def _successor(store: HubSpotStore, primary: Record) -> Record:
    """Make the new record that stands for both where merging gives a new id."""
    now_ms = store.now_ms
    successor = Record(primary.type, store.new_id(primary.type), primary.created_ms, now_ms)
    successor.change(primary.properties, at_ms=now_ms, origin=_MERGE)
    successor.properties["hs_object_id"] = successor.id
    store.add(successor)
    return successor


def _list(record: Record, name: str) -> list[str]:
    return [each for each in record.properties.get(name, "").split(";") if each]
