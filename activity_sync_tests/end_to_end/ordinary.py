"""Ordinary activities in HubSpot, many at a time: one contact each, and the modification time that a test needs."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from activity_sync.activities.kinds import ActivityType
from activity_sync_tests.end_to_end.bridge import HUBSPOT_TYPES, ago, iso

_ASSOCIATION_TYPES = {"note": 202, "task": 204, "call": 194, "email": 198, "meeting": 200}


def hubspot_activities(
    kind: str, moments: Iterable[datetime], *, first_id: int = 501, contact: str = "1001"
) -> dict[str, Any]:
    """A HubSpot seed of one record of a type per moment, made and last modified then, on `person-0` by default."""
    objects, associations = [], []
    for number, moment in enumerate(moments):
        record_id = str(first_id + number)
        objects.append(
            {
                "id": record_id,
                "properties": _properties(kind, record_id, moment),
                "createdAt": iso(moment),
                "updatedAt": iso(moment),
            }
        )
        associations.append(
            {
                "from": [HUBSPOT_TYPES[kind], record_id],
                "to": ["contacts", contact],
                "types": [_ASSOCIATION_TYPES[kind]],
            }
        )
    return {"objects": {HUBSPOT_TYPES[kind]: objects}, "associations": associations}


def dynamics_row(kind: ActivityType, number: int, contact: str) -> dict[str, Any]:
    """A row of two hours ago about a contact."""
    moment = ago(hours=2).replace(microsecond=0).isoformat().replace("+00:00", "Z")
    key, about = ("annotationid", "objectid") if kind is ActivityType.NOTE else ("activityid", "regardingobjectid")
    return {
        key: f"f{list(ActivityType).index(kind)}000000-0000-4000-8000-{number:012d}",
        "subject": f"{kind} {number}",
        "createdon": moment,
        "modifiedon": moment,
        about: {"type": "contact", "id": contact},
        **({"scheduledstart": moment, "scheduledend": moment} if kind is ActivityType.MEETING else {}),
    }


def _properties(kind: str, record_id: str, moment: datetime) -> dict[str, str]:
    shared = {"hs_timestamp": iso(moment)}
    match kind:
        case "note":
            return shared | {"hs_note_body": f"<p>Note {record_id}</p>"}
        case "task":
            return shared | {"hs_task_subject": f"Task {record_id}", "hs_task_status": "NOT_STARTED"}
        case "call":
            return shared | {
                "hs_call_title": f"Call {record_id}",
                "hs_call_direction": "OUTBOUND",
                "hs_call_status": "COMPLETED",
                "hs_call_duration": "60000",
            }
        case "email":
            return shared | {
                "hs_email_subject": f"Mail {record_id}",
                "hs_email_direction": "EMAIL",
                "hs_email_status": "SENT",
                "hs_email_html": f"<p>Mail {record_id}</p>",
            }
        case _:
            return shared | {
                "hs_meeting_title": f"Meeting {record_id}",
                "hs_meeting_start_time": iso(moment),
                "hs_meeting_end_time": iso(moment + timedelta(minutes=30)),
                "hs_meeting_outcome": "SCHEDULED",
            }
