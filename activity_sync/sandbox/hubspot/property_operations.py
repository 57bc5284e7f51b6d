"""Property definitions and their groups. Source: HubSpot developer documentation, "Properties", read 2026-11."""

from __future__ import annotations

from typing import Any

from activity_sync.sandbox.hubspot.batch_operations import batch_reply
from activity_sync.sandbox.hubspot.errors import ApiError, bad_request, not_found
from activity_sync.sandbox.hubspot.gateway import Call, Reply
from activity_sync.sandbox.hubspot.property_definition import PropertyDefinition
from activity_sync.sandbox.hubspot.property_views import definition_body, group_body
from activity_sync.sandbox.hubspot.schema import Permissions


def list_properties(call: Call) -> Reply:
    """Give all definitions of a type, or the archived ones."""
    archived = call.flag("archived")
    definitions = call.store.schema.properties[call.type.name].values()
    return Reply(
        200, {"results": [definition_body(each) for each in definitions if bool(each.archived_ms) is archived]}
    )


def get_property(call: Call) -> Reply:
    """Give one definition."""
    definition = call.store.schema.get(call.type.name, call.path["name"])
    if (definition.archived_ms is not None) is not call.flag("archived"):
        raise ApiError(404, "OBJECT_NOT_FOUND", f'Property "{definition.name}" does not exist')
    return Reply(200, definition_body(definition))


def create_property(call: Call) -> Reply:
    """Define one property."""
    return Reply(201, definition_body(_create(call, call.json())))


def change_property(call: Call) -> Reply:
    """Change one definition."""
    changed = call.store.schema.change(call.type.name, call.path["name"], call.json(), now_ms=call.store.now_ms)
    return Reply(200, definition_body(changed))


def archive_property(call: Call) -> Reply:
    """Archive one definition."""
    call.store.schema.archive(call.type.name, call.path["name"], now_ms=call.store.now_ms)
    return Reply(204)


def batch_read(call: Call) -> Reply:
    """Give named definitions."""
    results, missing = [], []
    for name in _names(call):
        definition = call.store.schema.find(call.type.name, name)
        if definition is None:
            missing.append(name)
        else:
            results.append(definition_body(definition))
    return batch_reply(call, results, [not_found(missing).row()] if missing else [], status=200)


def batch_create(call: Call) -> Reply:
    """Define several properties; those refused are named in `errors`, the others are made."""
    results, errors = [], []
    for each in call.inputs():
        try:
            results.append(definition_body(_create(call, each)))
        except ApiError as refused:
            errors.append(refused.row(context={"name": [str(each.get("name"))]}))
    return batch_reply(call, results, errors, status=201)


def batch_archive(call: Call) -> Reply:
    """Archive several definitions."""
    for name in _names(call):
        call.store.schema.archive(call.type.name, name, now_ms=call.store.now_ms)
    return Reply(204)


def list_groups(call: Call) -> Reply:
    """Give all groups of a type."""
    groups = call.store.schema.groups[call.type.name]
    shown = [group_body(name, label, display_order=order) for order, (name, label) in enumerate(groups.items())]
    return Reply(200, {"results": shown})


def get_group(call: Call) -> Reply:
    """Give one group."""
    label = call.store.schema.groups[call.type.name].get(call.path["name"])
    if label is None:
        raise not_found()
    return Reply(200, group_body(call.path["name"], label, display_order=0))


def create_group(call: Call) -> Reply:
    """Define a group."""
    match call.json():
        case {"name": str(name), "label": str(label)} if name and label:
            call.store.schema.create_group(call.type.name, name, label)
            return Reply(201, group_body(name, label, display_order=-1))
    raise bad_request("Invalid input JSON: a group needs name and label.", code="REQUIRED_FIELD")


def _create(call: Call, given: dict[str, Any]) -> PropertyDefinition:
    settings = call.store.controls.settings
    allow = Permissions(custom=settings.allow_custom_properties, unique=settings.allow_unique_properties)
    return call.store.schema.create(call.type.name, given, allow=allow, now_ms=call.store.now_ms)


def _names(call: Call) -> list[str]:
    names = [each.get("name") for each in call.inputs()]
    if not all(isinstance(name, str) for name in names):
        raise bad_request("Invalid input JSON: every input needs a name.", code="INVALID_JSON")
    return [str(name) for name in names]
