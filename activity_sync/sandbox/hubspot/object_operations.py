"""Records one at a time: list, get, create, update, archive, merge, and deletion for good.

Source: HubSpot developer documentation, "Using object APIs", and the published OpenAPI files, read 2026-11.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import Any

from activity_sync.sandbox.hubspot.errors import bad_request, not_found
from activity_sync.sandbox.hubspot.gateway import Call, Reply
from activity_sync.sandbox.hubspot.merging import gdpr_delete, merge
from activity_sync.sandbox.hubspot.record_views import View, read_body, written_body
from activity_sync.sandbox.hubspot.records import Record
from activity_sync.sandbox.hubspot.writing import apply_create, apply_update, prepare_create, prepare_update

_PAGE_LIMIT = 100
_PAGE_LIMIT_WITH_HISTORY = 50


def list_records(call: Call) -> Reply:
    """Page through all records of a type by ascending id."""
    view = _view(call)
    page_limit = _PAGE_LIMIT_WITH_HISTORY if view.history else _PAGE_LIMIT
    limit = call.count("limit", default=10, at_most=page_limit)
    after = call.query.get("after", "0")
    if not after.isdigit():
        raise bad_request(f"Invalid after cursor: {after}")
    records = call.store.in_order(call.type, archived=call.flag("archived"))
    first = bisect_left(records, int(after), key=lambda each: int(each.id))
    page = records[first : first + limit]
    body: dict[str, Any] = {"results": [read_body(call.store, each, view, version=call.version) for each in page]}
    if first + limit < len(records):
        cursor = records[first + limit].id
        link = f"https://api.hubapi.com/crm/objects/{call.type.name}?limit={limit}&after={cursor}"
        body["paging"] = {"next": {"after": cursor, "link": link}}
    return Reply(200, body)


def get_record(call: Call) -> Reply:
    """Read one record by id, by a merged id, or by a unique property."""
    return Reply(200, read_body(call.store, _find(call), _view(call), version=call.version))


def create_record(call: Call) -> Reply:
    """Create one record with its associations."""
    create = prepare_create(call.store, call.type, call.json(), reserved=set())
    record = apply_create(call.store, create)
    return Reply(201, written_body(call.store, record, names=None, version=call.version))


def update_record(call: Call) -> Reply:
    """Change one record; the answer shows what was sent and computed, not the whole record."""
    record = _find(call)
    update = prepare_update(call.store, record, call.json().get("properties", {}), reserved=set())
    names = apply_update(call.store, update)
    shown = names if call.store.controls.settings.hubspot_patch_answers_subset else None
    return Reply(200, written_body(call.store, record, names=shown, version=call.version))


def archive_record(call: Call) -> Reply:
    """Move one record to the recycling bin; one that is not there is archived already."""
    record = call.store.get(call.type, call.path["record_id"])
    if record is not None:
        call.store.archive(record)
        call.store.controls.wrote(call.type.name, "delete", record.id)
    return Reply(204)


def merge_records(call: Call) -> Reply:
    """Merge two records; the first survives."""
    body = call.json()
    if not call.type.merges:
        raise bad_request(f"Records of type {call.type.name} cannot be merged.")
    survivor = merge(call.store, call.type, str(body.get("primaryObjectId")), other_id=str(body.get("objectIdToMerge")))
    return Reply(200, written_body(call.store, survivor, names=None, version=call.version))


def gdpr_delete_contact(call: Call) -> Reply:
    """Remove a contact for good, and what is known of it on its activities."""
    if call.type.name != "contacts":
        raise bad_request(f"Records of type {call.type.name} cannot be deleted for good.")
    body = call.json()
    given = str(body.get("objectId", ""))
    if body.get("idProperty") == "email":
        record = call.store.by_email(call.type, given)
    else:
        record = call.store.get(call.type, given) or call.store.get(call.type, given, archived=True)
    if record is not None:
        gdpr_delete(call.store, record)
        call.store.controls.wrote(call.type.name, "delete", record.id)
    return Reply(204)


def find_by_property(call: Call, id_property: str, value: str) -> Record | None:
    """Find a record by a unique property; refuses properties that are not unique."""
    if id_property == "hs_object_id":
        return call.store.get(call.type, value)
    if id_property not in call.store.schema.unique_names(call.type.name):
        raise bad_request(f"Property {id_property} is not a unique property of {call.type.name}.")
    return call.store.by_unique(call.type, id_property, value)


def _find(call: Call) -> Record:
    given, id_property = call.path["record_id"], call.query.get("idProperty")
    if id_property == "email" and call.type.name == "contacts":
        record = call.store.by_email(call.type, given)
    elif id_property:
        record = find_by_property(call, id_property, given)
    elif call.flag("archived"):
        record = call.store.get(call.type, given, archived=True)
    else:
        record = call.store.get(call.type, call.store.survivor(call.type, given))
    if record is None:
        raise not_found()
    return record


def _view(call: Call) -> View:
    return View(call.names("properties"), call.names("propertiesWithHistory"), call.names("associations"))
