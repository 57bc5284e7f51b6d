"""The object types the sandbox knows: names, type ids, what a create needs and what a read always shows.

Source: HubSpot developer documentation, "Using object APIs" and "Search the CRM", read 2026-11.
"""

from __future__ import annotations

from dataclasses import dataclass

from activity_sync.sandbox.hubspot.errors import ApiError


@dataclass(frozen=True, slots=True)
class ObjectType:
    """One object type.

    `singular` makes the names of inline association types (`note_to_contact`). Of `required` every property
    must be given on create, of `required_any` at least one. `read_scopes` and `write_scopes` hold what a
    token needs, all of them: the contact scopes gate activities.
    """

    name: str
    type_id: str
    singular: str
    create_date: str
    modified_date: str
    read_scopes: tuple[str, ...]
    write_scopes: tuple[str, ...]
    required: tuple[str, ...] = ()
    required_any: tuple[str, ...] = ()
    default_properties: tuple[str, ...] = ()
    bodies: tuple[str, ...] = ()
    merges: bool = False

    @property
    def always_read(self) -> tuple[str, ...]:
        """Properties of every answer that did not ask for others by name."""
        return (self.create_date, self.modified_date, "hs_object_id")

    @property
    def is_activity(self) -> bool:
        """Whether records of this type are logged on the timeline of others."""
        return self.name in ACTIVITY_NAMES


ACTIVITY_NAMES = frozenset({"notes", "tasks", "calls", "emails", "meetings"})


def _activity(name: str, type_id: str, *bodies: str, required: tuple[str, ...] = ("hs_timestamp",)) -> ObjectType:
    return ObjectType(
        name=name,
        type_id=type_id,
        singular=name.removesuffix("s"),
        create_date="hs_createdate",
        modified_date="hs_lastmodifieddate",
        read_scopes=("crm.objects.contacts.read",),
        write_scopes=("crm.objects.contacts.write",),
        required=required,
        bodies=bodies,
    )


def _record(
    name: str,
    type_id: str,
    singular: str,
    *,
    modified_date: str = "hs_lastmodifieddate",
    scope: str = "",
    required: tuple[str, ...] = (),
    required_any: tuple[str, ...] = (),
    default_properties: tuple[str, ...] = (),
) -> ObjectType:
    return ObjectType(
        name=name,
        type_id=type_id,
        singular=singular,
        create_date="createdate",
        modified_date=modified_date,
        read_scopes=(scope or f"crm.objects.{name}.read",),
        write_scopes=(scope or f"crm.objects.{name}.write",),
        required=required,
        required_any=required_any,
        default_properties=default_properties,
        merges=True,
    )


OBJECT_TYPES: tuple[ObjectType, ...] = (
    _record(
        "contacts",
        "0-1",
        "contact",
        modified_date="lastmodifieddate",
        default_properties=("email", "firstname", "lastname"),
    ),
    _record("companies", "0-2", "company", required_any=("name", "domain"), default_properties=("name", "domain")),
    _record(
        "deals",
        "0-3",
        "deal",
        required=("dealname", "dealstage", "pipeline"),
        default_properties=("amount", "closedate", "dealname", "dealstage", "pipeline"),
    ),
    _record(
        "tickets",
        "0-5",
        "ticket",
        scope="tickets",
        required=("subject", "hs_pipeline", "hs_pipeline_stage"),
        default_properties=("content", "hs_pipeline", "hs_pipeline_stage", "hs_ticket_priority", "subject"),
    ),
    _activity("tasks", "0-27", "hs_task_body"),
    _activity("notes", "0-46", "hs_note_body"),
    _activity("meetings", "0-47", "hs_meeting_body", "hs_internal_meeting_notes"),
    _activity("calls", "0-48", "hs_call_body"),
    _activity("emails", "0-49", "hs_email_html", required=("hs_timestamp", "hs_email_direction")),
)

_BY_SPELLING = {
    spelling: object_type
    for object_type in OBJECT_TYPES
    for spelling in (object_type.name, object_type.type_id, object_type.singular)
}


def object_type(spelling: str) -> ObjectType:
    """Find a type by its plural name, singular name or type id (`notes`, `note`, `0-46`); refuses others."""
    found = _BY_SPELLING.get(spelling.lower())
    if found is None:
        raise ApiError(400, "VALIDATION_ERROR", f"Unable to infer object type from: {spelling}")
    return found
