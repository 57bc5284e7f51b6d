"""How each type is written down in both systems: a subject, one more field, and a state.

`other` and the states are given by number and by name, so that a scenario reads the same for every type.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from activity_sync_tests.crashes.world import START
from activity_sync_tests.end_to_end.bridge import iso

_WHEN = iso(START.replace(hour=9))
_ENDS = iso(START.replace(hour=10))


@dataclass(frozen=True)
class Form:
    """One type in one system. `other`: the property and its three values. `always`: what a new record has besides."""

    subject: str
    other: str
    others: tuple[Any, Any, Any]
    open: dict[str, Any]
    closed: dict[str, Any]
    always: dict[str, Any]


_TEXTS = ("Text 0", "Text 1", "Text 2")
_HTML = ("<p>Text 0</p>", "<p>Text 1</p>", "<p>Text 2</p>")
_ROOMS = ("Room 0", "Room 1", "Room 2")

HUBSPOT = {
    "note": Form("", "hs_note_body", _HTML, {}, {}, {"hs_timestamp": _WHEN}),
    "task": Form(
        "hs_task_subject",
        "hs_task_priority",
        ("LOW", "MEDIUM", "HIGH"),
        {"hs_task_status": "NOT_STARTED"},
        {"hs_task_status": "COMPLETED"},
        {"hs_timestamp": _WHEN},
    ),
    "call": Form(
        "hs_call_title",
        "hs_call_body",
        _HTML,
        {"hs_call_status": "QUEUED"},
        {"hs_call_status": "COMPLETED"},
        {"hs_timestamp": _WHEN, "hs_call_direction": "OUTBOUND"},
    ),
    "email": Form(
        "hs_email_subject",
        "hs_email_html",
        _HTML,
        {"hs_email_status": "SCHEDULED"},
        {"hs_email_status": "SENT"},
        {"hs_timestamp": _WHEN, "hs_email_direction": "EMAIL"},
    ),
    "meeting": Form(
        "hs_meeting_title",
        "hs_meeting_location",
        _ROOMS,
        {"hs_meeting_outcome": "SCHEDULED"},
        {"hs_meeting_outcome": "COMPLETED"},
        {"hs_timestamp": _WHEN, "hs_meeting_start_time": _WHEN, "hs_meeting_end_time": _ENDS},
    ),
}
DYNAMICS = {
    "note": Form("subject", "notetext", _HTML, {}, {}, {}),
    "task": Form(
        "subject",
        "prioritycode",
        (0, 1, 2),
        {"statecode": 0, "statuscode": 2},
        {"statecode": 1, "statuscode": 5},
        {"scheduledend": _WHEN},
    ),
    "call": Form(
        "subject",
        "description",
        _TEXTS,
        {"statecode": 0, "statuscode": 1},
        {"statecode": 1, "statuscode": 2},
        {"actualstart": _WHEN, "directioncode": True},
    ),
    "email": Form(
        "subject",
        "description",
        _HTML,
        {"statecode": 0, "statuscode": 1},
        {"statecode": 1, "statuscode": 3},
        {"actualend": _WHEN, "directioncode": True},
    ),
    "meeting": Form(
        "subject",
        "location",
        _ROOMS,
        {"statecode": 3, "statuscode": 5},
        {"statecode": 1, "statuscode": 3},
        {"scheduledstart": _WHEN, "scheduledend": _ENDS},
    ),
}


@dataclass(frozen=True)
class Words:
    """What somebody writes. None leaves a thing as it is; `other` is the number of its value."""

    subject: str | None = None
    other: int | None = None
    closed: bool | None = None

    def in_form(self, form: Form) -> dict[str, Any]:
        """The properties or columns. A HubSpot note has its subject above its text, so that both are written."""
        if not form.subject:
            return {form.other: f"<p><strong>{self.subject}</strong></p>{form.others[self.other or 0]}"}
        written = {} if self.subject is None else {form.subject: self.subject}
        if self.other is not None:
            written[form.other] = form.others[self.other]
        if self.closed is not None:
            written |= form.closed if self.closed else form.open
        return written
