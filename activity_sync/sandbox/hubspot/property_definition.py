"""What a property is: its type, its options, who may write it; and its form in the properties API.

Source: HubSpot developer documentation, "Properties", and the published OpenAPI files of 2026-09.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

RICH_TEXT_LIMIT_CHARS = 65_536
"""Longest body an activity takes; stated for notes, used for the bodies of all five types."""

STRING_LIMIT_CHARS = 65_536
"""Longest value of any other string property."""


@dataclass(frozen=True, slots=True)
class Option:
    """One allowed value of an enumeration."""

    value: str
    label: str

    def body(self, *, display_order: int) -> dict[str, Any]:
        """Give the option as the properties API shows it."""
        return {
            "label": self.label,
            "value": self.value,
            "displayOrder": display_order,
            "hidden": False,
            "description": "",
        }


@dataclass(frozen=True, slots=True)
class PropertyDefinition:
    """One property of one object type.

    `owner` marks an enumeration whose values are the ids of owners, `multiple` one that holds several values
    joined by `;`, `open` one whose options are not listed. `milliseconds_only` marks the datetime that takes
    no ISO text.
    """

    name: str
    label: str
    type: str
    field_type: str
    group: str
    options: tuple[Option, ...] = ()
    read_only: bool = False
    unique: bool = False
    custom: bool = False
    owner: bool = False
    multiple: bool = False
    open: bool = False
    milliseconds_only: bool = False
    filterable: bool = True
    limit_chars: int = STRING_LIMIT_CHARS
    description: str = ""
    hidden: bool = False
    form_field: bool = False
    display_order: int = -1
    created_ms: int = 0
    updated_ms: int = 0
    archived_ms: int | None = None

    @property
    def holds_text(self) -> bool:
        """Whether values are free text, compared without regard to case."""
        return self.type in {"string", "phone_number"}

    def grouped(self, group: str) -> PropertyDefinition:
        """Give the same property in another group."""
        return replace(self, group=group)


def text(
    name: str,
    label: str,
    *,
    read_only: bool = False,
    unique: bool = False,
    area: bool = False,
    filterable: bool = True,
) -> PropertyDefinition:
    """Define a free text property."""
    return PropertyDefinition(
        name,
        label,
        "string",
        "textarea" if area else "text",
        "",
        read_only=read_only,
        unique=unique,
        filterable=filterable,
    )


def rich(name: str, label: str, *, filterable: bool = True) -> PropertyDefinition:
    """Define a body that holds HTML or text."""
    return PropertyDefinition(
        name, label, "string", "html", "", limit_chars=RICH_TEXT_LIMIT_CHARS, filterable=filterable
    )


def number(name: str, label: str, *, read_only: bool = False) -> PropertyDefinition:
    """Define a number."""
    return PropertyDefinition(name, label, "number", "number", "", read_only=read_only)


def moment(name: str, label: str, *, read_only: bool = False, milliseconds_only: bool = False) -> PropertyDefinition:
    """Define a point in time."""
    return PropertyDefinition(
        name, label, "datetime", "date", "", read_only=read_only, milliseconds_only=milliseconds_only
    )


def day(name: str, label: str) -> PropertyDefinition:
    """Define a calendar day."""
    return PropertyDefinition(name, label, "date", "date", "")


def flag(name: str, label: str, *, read_only: bool = False) -> PropertyDefinition:
    """Define a truth value."""
    return PropertyDefinition(
        name,
        label,
        "bool",
        "booleancheckbox",
        "",
        (Option("true", "Yes"), Option("false", "No")),
        read_only=read_only,
    )


def choice(
    name: str,
    label: str,
    values: str | tuple[Option, ...],
    *,
    read_only: bool = False,
    multiple: bool = False,
) -> PropertyDefinition:
    """Define an enumeration; a string of `values` is split at blanks and labelled by its words."""
    options = values if isinstance(values, tuple) else tuple(map(_labelled, values.split()))
    return PropertyDefinition(
        name,
        label,
        "enumeration",
        "checkbox" if multiple else "select",
        "",
        options,
        read_only=read_only,
        multiple=multiple,
    )


def open_choice(
    name: str, label: str, *, read_only: bool = False, owner: bool = False, multiple: bool = False
) -> PropertyDefinition:
    """Define an enumeration whose options live elsewhere: owners, users, teams, merged records."""
    return PropertyDefinition(
        name,
        label,
        "enumeration",
        "checkbox" if multiple else "select",
        "",
        read_only=read_only,
        owner=owner,
        multiple=multiple,
        open=not owner,
    )


def _labelled(value: str) -> Option:
    return Option(value, value.replace("_", " ").capitalize())
