"""Names in Dataverse: tables, entity sets, keys and navigation properties, per activity type and record kind.

Source: Microsoft Learn, table references of task, phonecall, email, appointment and annotation, read 2026-11.
"""

from __future__ import annotations

from dataclasses import dataclass

from activity_sync.activities.kinds import ActivityType, RecordKind

API_PATH = "/api/data/v9.2/"
"""Path of the service below the organization's address. The version is part of the contract."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table as the Web API names it. `parties`: the collection of its activity parties, where we use them."""

    name: str
    entity_set: str
    key: str
    parties: str = ""


ACTIVITY_TABLES: dict[ActivityType, Table] = {
    ActivityType.NOTE: Table("annotation", "annotations", "annotationid"),
    # A task has none but the owner's and the regarding record's, which the server makes.
    ActivityType.TASK: Table("task", "tasks", "activityid"),
    ActivityType.CALL: Table("phonecall", "phonecalls", "activityid", "phonecall_activity_parties"),
    ActivityType.EMAIL: Table("email", "emails", "activityid", "email_activity_parties"),
    ActivityType.MEETING: Table("appointment", "appointments", "activityid", "appointment_activity_parties"),
}

RECORD_TABLES: dict[str, Table] = {
    RecordKind.CONTACT: Table("contact", "contacts", "contactid"),
    RecordKind.COMPANY: Table("account", "accounts", "accountid"),
    RecordKind.DEAL: Table("opportunity", "opportunities", "opportunityid"),
    RecordKind.TICKET: Table("incident", "incidents", "incidentid"),
}
"""By kind. Opportunity and incident exist only where the Dynamics apps are installed."""

KINDS: dict[str, str] = {table.name: str(kind) for kind, table in RECORD_TABLES.items()}
"""Our kind of each table that activities hang on, by the table's name."""

PARTY_KINDS = frozenset({RecordKind.CONTACT, RecordKind.COMPANY})
"""Kinds that can be an activity party in every organization."""


def row_path(table: Table, record_id: str) -> str:
    """Path of one row below the service root."""
    return f"{table.entity_set}({record_id})"


def regarding_lookup(activity_type: ActivityType) -> str:
    """The read-only column that holds the id of the record an activity hangs on."""
    return "_objectid_value" if activity_type is ActivityType.NOTE else "_regardingobjectid_value"


def regarding_binding(activity_type: ActivityType, kind: str) -> str:
    """The property that binds an activity to a record of this kind. The suffixed name is the typed table's own."""
    target = RECORD_TABLES[kind].name
    if activity_type is ActivityType.NOTE:
        return f"objectid_{target}@odata.bind"
    return f"regardingobjectid_{target}_{ACTIVITY_TABLES[activity_type].name}@odata.bind"


def bind_party(table: str, record_id: str) -> dict[str, str]:
    """The property that binds an activity party to a row of any table that can be one, and its value."""
    sets = {one.name: one.entity_set for one in RECORD_TABLES.values()}
    return {f"partyid_{table}@odata.bind": f"/{sets.get(table, f'{table}s')}({record_id})"}


def reference(kind: str, record_id: str) -> str:
    """A record as the value of a binding."""
    return f"/{row_path(RECORD_TABLES[kind], record_id)}"


OWNER_BINDING = "ownerid@odata.bind"


def owner_reference(user_id: str) -> str:
    """A user as the value of the owner's binding."""
    return f"/systemusers({user_id})"
