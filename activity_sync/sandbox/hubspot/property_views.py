"""Property definitions in the form the properties API answers."""

from __future__ import annotations

from typing import Any

from activity_sync.sandbox.hubspot.moments import to_iso
from activity_sync.sandbox.hubspot.property_definition import PropertyDefinition


def definition_body(definition: PropertyDefinition) -> dict[str, Any]:
    """Give a property as the API shows it."""
    body: dict[str, Any] = {
        "name": definition.name,
        "label": definition.label,
        "type": definition.type,
        "fieldType": definition.field_type,
        "description": definition.description,
        "groupName": definition.group,
        "options": [option.body(display_order=order) for order, option in enumerate(definition.options)],
        "displayOrder": definition.display_order,
        "calculated": False,
        "externalOptions": definition.owner,
        "archived": definition.archived_ms is not None,
        "hasUniqueValue": definition.unique,
        "hidden": definition.hidden,
        "hubspotDefined": not definition.custom,
        "formField": definition.form_field,
        "dataSensitivity": "non_sensitive",
        "createdAt": to_iso(definition.created_ms),
        "updatedAt": to_iso(definition.updated_ms),
        "modificationMetadata": {
            "archivable": definition.custom,
            "readOnlyDefinition": not definition.custom,
            "readOnlyOptions": not definition.custom,
            "readOnlyValue": definition.read_only,
        },
    }
    if definition.owner:
        body["referencedObjectType"] = "OWNER"
    if definition.archived_ms is not None:
        body["archivedAt"] = to_iso(definition.archived_ms)
    return body


def group_body(name: str, label: str, *, display_order: int) -> dict[str, Any]:
    """Give a property group as the API shows it."""
    return {"name": name, "label": label, "displayOrder": display_order, "archived": False}
