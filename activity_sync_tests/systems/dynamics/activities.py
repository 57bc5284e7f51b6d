"""Canonical activities as another system gives them, one per type."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from activity_sync.activities.activity import Activity, Participant, RichText
from activity_sync.activities.kinds import ActivityType, Role

WHEN = datetime(2026, 3, 1, 10, 30, tzinfo=UTC)


def plain(text: str) -> RichText:
    return RichText(text, html=False)


def markup(text: str) -> RichText:
    return RichText(text, html=True)


def people(*pairs: tuple[Role, str]) -> tuple[Participant, ...]:
    return tuple(Participant(role, address) for role, address in pairs)


_FIELDS: dict[ActivityType, dict[str, Any]] = {
    ActivityType.NOTE: {"body": markup("<p>Called back</p>"), "time": WHEN},
    ActivityType.TASK: {
        "subject": "Send the offer",
        "body": plain("With the discount"),
        "due": WHEN,
        "status": "not_started",
        "priority": "high",
    },
    ActivityType.CALL: {
        "subject": "First call",
        "body": plain("Asked for a quote"),
        "time": WHEN,
        "direction": "outbound",
        "status": "completed",
        "outcome": "connected",
        "duration_ms": 600_000,
        "to_number": "+49 30 1",
    },
    ActivityType.EMAIL: {
        "subject": "Offer",
        "body": markup("<p>Dear Ada</p>"),
        "time": WHEN,
        "direction": "outgoing",
        "status": "sent",
        "participants": people((Role.SENDER, "sales@ours.example"), (Role.TO, "ada@theirs.example")),
    },
    ActivityType.MEETING: {
        "subject": "Demo",
        "body": plain("Agenda"),
        "start": WHEN,
        "end": WHEN + timedelta(hours=1),
        "location": "Berlin",
        "outcome": "scheduled",
        "all_day": False,
    },
}


def activity(activity_type: ActivityType, **changes: Any) -> Activity:
    """The type's sample with other field values."""
    return Activity("hubspot", activity_type, "101", {**_FIELDS[activity_type], **changes})


def changed(one: Activity, **changes: Any) -> Activity:
    """The activity with other field values."""
    return replace(one, fields={**one.fields, **changes})
