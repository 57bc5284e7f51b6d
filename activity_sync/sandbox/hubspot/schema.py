"""The properties of a portal: those it has from the start and those that integrations add."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from activity_sync.sandbox.hubspot.errors import ApiError, bad_request
from activity_sync.sandbox.hubspot.property_definition import Option, PropertyDefinition
from activity_sync.sandbox.hubspot.property_tables import initial_groups, initial_properties

UNIQUE_PER_TYPE = 10
CUSTOM_PER_TYPE = 1_000
CUSTOM_PER_ACCOUNT = 10_000

_FIELD_TYPES = {
    "string": {"text", "textarea", "html", "phonenumber", "file", "calculation_equation"},
    "number": {"number", "calculation_equation"},
    "bool": {"booleancheckbox", "calculation_equation"},
    "date": {"date"},
    "datetime": {"date"},
    "enumeration": {"select", "radio", "checkbox", "booleancheckbox", "calculation_equation"},
    "phone_number": {"phonenumber"},
}
_NAME = re.compile(r"[a-z][a-z0-9_]{0,99}")
_NEEDED = ("name", "label", "type", "fieldType", "groupName")
_CHANGEABLE = {
    "label",
    "description",
    "groupName",
    "displayOrder",
    "hidden",
    "formField",
    "options",
    "type",
    "fieldType",
}


@dataclass(frozen=True, slots=True)
class Permissions:
    """Whether this portal lets integrations define properties, and unique ones."""

    custom: bool
    unique: bool


class Schema:
    """Property definitions and groups by object type name."""

    def __init__(self) -> None:
        self.properties = initial_properties()
        self.groups = initial_groups()

    def find(self, object_type: str, name: str) -> PropertyDefinition | None:
        """Find a property that is not archived."""
        found = self.properties[object_type].get(name)
        return found if found is not None and found.archived_ms is None else None

    def get(self, object_type: str, name: str) -> PropertyDefinition:
        """Find a property by name, archived or not; refuses unknown ones with 404."""
        found = self.properties[object_type].get(name)
        if found is None:
            raise ApiError(404, "OBJECT_NOT_FOUND", f'Property "{name}" does not exist')
        return found

    def unique_names(self, object_type: str) -> Iterator[str]:
        """Give the names of the properties that hold each value once."""
        return (each.name for each in self.properties[object_type].values() if each.unique and not each.archived_ms)

    def create(
        self, object_type: str, given: Mapping[str, Any], *, allow: Permissions, now_ms: int
    ) -> PropertyDefinition:
        """Define a property. Refuses what the properties API refuses."""
        definition = self._read(object_type, given, allow=allow, now_ms=now_ms)
        existing = self.properties[object_type].get(definition.name)
        if existing is not None and existing.archived_ms is None:
            raise ApiError(
                409,
                "OBJECT_ALREADY_EXISTS",
                f"A property named '{definition.name}' already exists.",
                sub_category="Properties.PROPERTY_EXISTS",
            )
        self._check_room(object_type, definition)
        self.properties[object_type][definition.name] = definition
        return definition

    def change(self, object_type: str, name: str, given: Mapping[str, Any], *, now_ms: int) -> PropertyDefinition:
        """Change a property's appearance or options; uniqueness and name never change."""
        present = self.get(object_type, name)
        if "hasUniqueValue" in given and bool(given["hasUniqueValue"]) != present.unique:
            raise bad_request("hasUniqueValue cannot be changed once set.", code="INVALID_FIELD")
        if present.custom is False and set(given) & {"type", "fieldType", "options"}:
            raise bad_request(f"Property {name} is defined by HubSpot and cannot be changed so.", code="READ_ONLY")
        merged = {
            "name": name,
            "label": present.label,
            "type": present.type,
            "fieldType": present.field_type,
            "groupName": present.group,
            "description": present.description,
            **{key: value for key, value in given.items() if key in _CHANGEABLE},
        }
        self._check_group(object_type, str(merged["groupName"]))
        options = _options(given["options"]) if "options" in given else present.options
        changed = replace(
            present,
            label=str(merged["label"]),
            group=str(merged["groupName"]),
            description=str(merged["description"]),
            type=str(merged["type"]),
            field_type=str(merged["fieldType"]),
            options=options,
            updated_ms=now_ms,
        )
        self.properties[object_type][name] = changed
        return changed

    def archive(self, object_type: str, name: str, *, now_ms: int) -> None:
        """Archive a property; those that HubSpot defines stay."""
        present = self.get(object_type, name)
        if not present.custom:
            raise bad_request(f"Property {name} is defined by HubSpot and cannot be deleted.", code="READ_ONLY")
        self.properties[object_type][name] = replace(present, archived_ms=now_ms)

    def create_group(self, object_type: str, name: str, label: str) -> None:
        """Define a property group."""
        if name in self.groups[object_type]:
            raise ApiError(409, "OBJECT_ALREADY_EXISTS", f"A property group named '{name}' already exists.")
        self.groups[object_type][name] = label

    def custom_count(self, object_type: str) -> int:
        """Count the properties that integrations and people have added."""
        return sum(1 for each in self.properties[object_type].values() if each.custom and each.archived_ms is None)

    def _read(
        self, object_type: str, given: Mapping[str, Any], *, allow: Permissions, now_ms: int
    ) -> PropertyDefinition:
        lacking = [field for field in _NEEDED if not isinstance(given.get(field), str) or not given[field]]
        if lacking:
            raise bad_request(f"Invalid input JSON: required fields were not set: {lacking}", code="REQUIRED_FIELD")
        kind, field_type, unique = given["type"], given["fieldType"], bool(given.get("hasUniqueValue"))
        if kind not in _FIELD_TYPES or field_type not in _FIELD_TYPES[kind]:
            raise bad_request(f"Field type {field_type} is not valid for type {kind}.", code="INVALID_FIELD_TYPE")
        if not _NAME.fullmatch(given["name"]):
            raise bad_request(
                f"Property name '{given['name']}' is invalid: lower case letters, digits and underscores, "
                "beginning with a letter.",
                code="INVALID_NAME",
            )
        self._check_group(object_type, given["groupName"])
        if not allow.custom:
            raise ApiError(403, "FORBIDDEN", f"Custom properties are not available for {object_type} in this portal.")
        if unique and not allow.unique:
            raise bad_request(f"Unique properties are not supported for object type {object_type}.", code="UNIQUE")
        if unique and kind not in {"string", "number"}:
            raise bad_request(f"A property of type {kind} cannot have unique values.", code="UNIQUE")
        options = _options(given.get("options") or [])
        if kind == "enumeration" and not options:
            raise bad_request("An enumeration needs at least one option.", code="OPTIONS")
        return PropertyDefinition(
            name=given["name"],
            label=given["label"],
            type=kind,
            field_type=field_type,
            group=given["groupName"],
            options=options,
            unique=unique,
            custom=True,
            multiple=field_type == "checkbox",
            description=str(given.get("description") or ""),
            hidden=bool(given.get("hidden")),
            form_field=bool(given.get("formField")),
            display_order=int(given.get("displayOrder", -1)),
            created_ms=now_ms,
            updated_ms=now_ms,
        )

    def _check_group(self, object_type: str, group: str) -> None:
        if group not in self.groups[object_type]:
            raise bad_request(f"The property group '{group}' does not exist.", code="INVALID_GROUP")

    def _check_room(self, object_type: str, definition: PropertyDefinition) -> None:
        custom = [each for each in self.properties[object_type].values() if each.custom and each.archived_ms is None]
        if definition.unique and sum(1 for each in custom if each.unique) >= UNIQUE_PER_TYPE:
            raise bad_request(f"No more than {UNIQUE_PER_TYPE} unique properties per object type.", code="LIMIT")
        if len(custom) >= CUSTOM_PER_TYPE:
            raise bad_request(f"No more than {CUSTOM_PER_TYPE} custom properties per object type.", code="LIMIT")


def _options(given: Any) -> tuple[Option, ...]:
    if not isinstance(given, list) or not all(
        isinstance(each, dict) and isinstance(each.get("value"), str) and isinstance(each.get("label"), str)
        for each in given
    ):
        raise bad_request("Options need a label and a value each.", code="OPTIONS")
    return tuple(Option(each["value"], each["label"]) for each in given)
