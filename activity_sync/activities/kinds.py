"""The closed sets: activity types, kinds of record they hang on, roles, and the four steps."""

from __future__ import annotations

from enum import StrEnum


class ActivityType(StrEnum):
    """The five activity types, in the order in which they are shown everywhere."""

    NOTE = "note"
    TASK = "task"
    CALL = "call"
    EMAIL = "email"
    MEETING = "meeting"


class RecordKind(StrEnum):
    """The kinds of record an activity can hang on. HubSpot's words; Dynamics says account, opportunity, incident."""

    CONTACT = "contact"
    COMPANY = "company"
    DEAL = "deal"
    TICKET = "ticket"


class Role(StrEnum):
    """How a record or an address takes part in an activity. `ASSOCIATED`: it just hangs there."""

    ASSOCIATED = "associated"
    SENDER = "sender"
    TO = "to"
    CC = "cc"
    BCC = "bcc"
    ORGANIZER = "organizer"
    REQUIRED = "required"
    OPTIONAL = "optional"


class Step(StrEnum):
    """The four steps of an activity's way, in order."""

    EXTRACTED = "extracted_activities"
    RESOLVED = "resolved_associations"
    TRANSFORMED = "transformed_payloads"
    LOADED = "load_results"
