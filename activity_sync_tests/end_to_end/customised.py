"""Custom properties and columns in both sandboxes, and activities that hold something in them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from activity_sync_tests.end_to_end.bridge import CONTACT_IDS, DYNAMICS_TABLES, HUBSPOT_TYPES, USER_ID, Bridge, ago, iso

_ASSOCIATION_TYPES = {"note": 202, "task": 204, "call": 194, "email": 198, "meeting": 200}
_SUBJECTS = {
    "task": "hs_task_subject",
    "call": "hs_call_title",
    "email": "hs_email_subject",
    "meeting": "hs_meeting_title",
    "note": "hs_note_body",
}


def customise(
    bridge: Bridge,
    kind: str,
    *,
    hubspot: Mapping[str, str | Mapping[str, Any]] | None = None,
    dynamics: Mapping[str, str | Mapping[str, Any]] | None = None,
) -> None:
    """Custom properties of a type in both systems: name to what it holds, or to more of its definition."""
    properties = [
        {"name": name, "label": name, "groupName": "custom", "fieldType": "text", **_typed(told)}
        for name, told in (hubspot or {}).items()
    ]
    columns = [{"name": name, **_typed(told)} for name, told in (dynamics or {}).items()]
    bridge.seed(
        {
            "hubspot": {"properties": {HUBSPOT_TYPES[kind]: properties}},
            "dynamics": {"schema": {"columns": {DYNAMICS_TABLES[kind]: columns}}},
        }
    )


def hubspot_has(bridge: Bridge, kind: str, record_id: str, **properties: str) -> None:
    """A HubSpot activity on `person-0`, made by a person two hours ago; one that is there already is changed now."""
    record = {"id": record_id, "properties": properties}
    if record_id not in bridge.hubspot(HUBSPOT_TYPES[kind]):
        shipped = {"hs_timestamp": iso(ago(hours=3)), _SUBJECTS[kind]: f"{kind} {record_id}"}
        made = iso(ago(hours=2))
        record |= {"properties": {**shipped, **properties}, "createdAt": made, "updatedAt": made}
    link = {
        "from": [HUBSPOT_TYPES[kind], record_id],
        "to": ["contacts", "1001"],
        "types": [_ASSOCIATION_TYPES[kind]],
    }
    bridge.seed({"hubspot": {"objects": {HUBSPOT_TYPES[kind]: [record]}, "associations": [link]}})


def dynamics_has(bridge: Bridge, kind: str, record_id: str, **columns: Any) -> None:
    """A Dynamics activity about `person-0`, made two hours ago; one that is there already a person changes now."""
    is_note = kind == "note"
    row = {
        "annotationid" if is_note else "activityid": record_id,
        "modifiedby": {"type": "systemuser", "id": USER_ID},
        **columns,
    }
    if record_id not in bridge.dynamics(DYNAMICS_TABLES[kind]):
        about = {"type": "contact", "id": CONTACT_IDS[0]}
        row |= {
            "objectid" if is_note else "regardingobjectid": about,
            "modifiedon": iso(ago(hours=2).replace(microsecond=0)),
        }
    bridge.seed({"dynamics": {"records": {DYNAMICS_TABLES[kind]: [row]}}})


def _typed(told: str | Mapping[str, Any]) -> Mapping[str, Any]:
    return {"type": told} if isinstance(told, str) else told
