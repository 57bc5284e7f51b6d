"""The properties and groups of a new portal."""

from __future__ import annotations

from activity_sync.sandbox.hubspot.object_types import ACTIVITY_NAMES, OBJECT_TYPES
from activity_sync.sandbox.hubspot.property_definition import PropertyDefinition
from activity_sync.sandbox.hubspot.property_tables_activities import (
    CALLS,
    EMAILS,
    EVERY_ACTIVITY,
    MEETINGS,
    NOTES,
    TASKS,
)
from activity_sync.sandbox.hubspot.property_tables_records import (
    COMPANIES,
    CONTACTS,
    DEALS,
    EVERY_RECORD,
    EVERY_TYPE,
    TICKETS,
)

_OWN = {
    "notes": ("note", NOTES),
    "tasks": ("task", TASKS),
    "calls": ("call", CALLS),
    "emails": ("email", EMAILS),
    "meetings": ("meeting", MEETINGS),
    "contacts": ("contactinformation", CONTACTS),
    "companies": ("companyinformation", COMPANIES),
    "deals": ("dealinformation", DEALS),
    "tickets": ("ticketinformation", TICKETS),
}


def initial_groups() -> dict[str, dict[str, str]]:
    """Give the property groups of a new portal: object type to group name to label."""
    return {
        object_type.name: {
            _OWN[object_type.name][0]: f"{object_type.singular.capitalize()} information",
            **({"engagement": "Engagement information"} if object_type.name in ACTIVITY_NAMES else {}),
        }
        for object_type in OBJECT_TYPES
    }


def initial_properties() -> dict[str, dict[str, PropertyDefinition]]:
    """Give the properties of a new portal: object type to property name to definition."""
    tables: dict[str, dict[str, PropertyDefinition]] = {}
    for object_type in OBJECT_TYPES:
        group, own = _OWN[object_type.name]
        shared = EVERY_ACTIVITY if object_type.name in ACTIVITY_NAMES else EVERY_RECORD
        tables[object_type.name] = {
            definition.name: definition.grouped(group) for definition in (*EVERY_TYPE, *shared, *own)
        }
    return tables
