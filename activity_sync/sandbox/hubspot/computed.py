"""What the service itself makes of a record's properties: previews, address fields, completion, defaults.

Seen in recorded create and list answers; none of it is promised by the documentation.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from activity_sync.sandbox.hubspot.moments import read_ms, to_iso
from activity_sync.sandbox.hubspot.object_types import ObjectType
from activity_sync.sandbox.hubspot.rewriting import preview, rewrite_body, visible_text

_TASK_PIPELINE = "3d314325-1b2a-4225-9388-375f49c57ec3"
_TASK_STAGES = {
    "NOT_STARTED": "dd5826e4-c976-4654-a527-b59ada542e52",
    "IN_PROGRESS": "fc8148fb-3a2d-4b59-834e-69b7859347cb",
    "WAITING": "60b5c368-04c4-4d32-9b4a-457e159f49b7",
    "COMPLETED": "61bafb31-e7fa-46ed-aaa9-1322438d6e67",
    "DEFERRED": "af0e6a5c-2ea3-4c72-b69f-7c6cb3fdb591",
}
_ROLES = ("from", "sender", "to", "cc", "bcc")
_PARTS = {"email": "email", "firstname": "firstName", "lastname": "lastName"}

DEFAULTS: Mapping[str, Mapping[str, str]] = {
    "tasks": {"hs_task_status": "NOT_STARTED", "hs_task_priority": "NONE", "hs_task_type": "TODO"},
}
"""What a create sets where the caller gave nothing."""


def rewritten(object_type: ObjectType, written: Mapping[str, str]) -> dict[str, str]:
    """Give written values as the service keeps them: bodies rewritten, headers of mails completed."""
    kept = dict(written)
    for name in object_type.bodies:
        if kept.get(name):
            kept[name] = rewrite_body(kept[name], wrap=object_type.name != "emails")
    if headers := kept.get("hs_email_headers"):
        kept["hs_email_headers"] = _completed_headers(headers)
    return kept


def computed(
    object_type: ObjectType, properties: Mapping[str, str], *, before: Mapping[str, str], now_ms: int
) -> dict[str, str]:
    """Give the derived properties that follow from a record's properties; `""` where one becomes empty.

    `before` holds the properties before the write, empty on a create.
    """
    derived: dict[str, str] = {}
    match object_type.name:
        case "tasks":
            derived |= _of_task(properties, before, now_ms)
        case "emails":
            derived |= _of_email(properties, before)
        case "meetings" if not properties.get("hs_timestamp"):
            derived["hs_timestamp"] = properties.get("hs_meeting_start_time", "")
        case "contacts":
            email = properties.get("email", "")
            names = f"{properties.get('firstname', '')} {properties.get('lastname', '')}".strip()
            derived |= {"hs_email_domain": email.partition("@")[2], "hs_full_name_or_email": names or email}
            derived["hs_is_contact"] = "true"
    if object_type.is_activity:
        derived |= _previews(object_type, properties, before)
    return derived


def owner_properties(owner: Mapping[str, Any] | None, *, now_ms: int) -> dict[str, str]:
    """Give the properties that follow from a changed owner; None where the owner was cleared."""
    if owner is None:
        return dict.fromkeys(("hs_all_owner_ids", "hs_user_ids_of_all_owners", "hubspot_owner_assigneddate"), "")
    return {
        "hs_all_owner_ids": str(owner["id"]),
        "hs_user_ids_of_all_owners": str(owner.get("userId") or ""),
        "hubspot_owner_assigneddate": to_iso(now_ms),
    }


def overdue(properties: Mapping[str, str], *, now_ms: int) -> dict[str, str]:
    """Give a task's overdue fields at this moment."""
    due = read_ms(properties.get("hs_timestamp", ""))
    late = due is not None and due < now_ms and properties.get("hs_task_status") != "COMPLETED"
    return {
        "hs_task_is_overdue": _flag(late),
        "hs_task_is_past_due_date": _flag(late),
        "hs_task_missed_due_date": _flag(late),
        "hs_task_missed_due_date_count": "1" if late else "0",
    }


def _of_task(properties: Mapping[str, str], before: Mapping[str, str], now_ms: int) -> dict[str, str]:
    status = properties.get("hs_task_status", "")
    completed = status == "COMPLETED"
    was_completed = before.get("hs_task_status") == "COMPLETED"
    kind = properties.get("hs_task_type", "")
    derived = {
        "hs_task_is_completed": "1" if completed else "0",
        "hs_task_is_completed_call": "1" if completed and kind == "CALL" else "0",
        "hs_task_is_completed_email": "1" if completed and kind == "EMAIL" else "0",
        "hs_task_is_completed_linked_in": "1" if completed and kind.startswith("LINKED_IN") else "0",
        "hs_task_is_completed_sequence": "0",
        "hs_task_is_open": _flag(not completed),
        "hs_task_is_all_day": properties.get("hs_task_is_all_day", "false"),
        "hs_task_family": "SALES",
        "hs_task_for_object_type": "OWNER",
        "hs_pipeline": _TASK_PIPELINE,
        "hs_pipeline_stage": _TASK_STAGES.get(status, ""),
        **overdue(properties, now_ms=now_ms),
    }
    if completed and not was_completed:
        count = int(before.get("hs_task_completion_count") or 0) + 1
        derived |= {"hs_task_completion_date": to_iso(now_ms), "hs_task_completion_count": str(count)}
    elif not completed:
        derived |= {
            "hs_task_completion_date": "",
            "hs_task_completion_count": before.get("hs_task_completion_count") or "0",
        }
    return derived


def _of_email(properties: Mapping[str, str], before: Mapping[str, str]) -> dict[str, str]:
    derived: dict[str, str] = {}
    html, text = properties.get("hs_email_html", ""), properties.get("hs_email_text", "")
    text_was_derived = text == visible_text(before.get("hs_email_html", ""))
    if html != before.get("hs_email_html", "") and (not text or text_was_derived):
        derived["hs_email_text"] = visible_text(html)
    headers = _headers(properties.get("hs_email_headers", ""))
    for role in _ROLES:
        people = headers.get(role) or []
        people = [people] if isinstance(people, dict) else people
        people = [person for person in people if isinstance(person, dict)]
        for part, key in _PARTS.items():
            derived[f"hs_email_{role}_{part}"] = ";".join(str(person[key]) for person in people if person.get(key))
    return derived


def _previews(object_type: ObjectType, properties: Mapping[str, str], before: Mapping[str, str]) -> dict[str, str]:
    sources = ("hs_email_html", "hs_email_text") if object_type.name == "emails" else object_type.bodies[:1]
    value = next((properties[name] for name in sources if properties.get(name)), "")
    same = all(properties.get(name) == before.get(name) for name in sources)
    if same and "hs_body_preview_is_truncated" in before:
        return {}
    shown, document, cut = preview(value) if value else ("", "", False)
    return {
        "hs_body_preview": shown,
        "hs_body_preview_html": document,
        "hs_body_preview_is_truncated": _flag(cut),
    }


def _completed_headers(headers: str) -> str:
    """Add what the service adds: a sender without names, raw addresses, empty lists of copies."""
    given = _headers(headers)
    sender = given.get("from")
    if isinstance(sender, dict) and sender.get("email"):
        given.setdefault("sender", {"email": sender["email"]})
    for role in ("to", "cc", "bcc"):
        people = given.get(role) or []
        given[role] = [
            {"raw": person["email"], **person} if isinstance(person, dict) and person.get("email") else person
            for person in (people if isinstance(people, list) else [people])
        ]
    return json.dumps(given, separators=(",", ":"), ensure_ascii=False)


def _headers(value: str) -> dict[str, Any]:
    if not value:
        return {}
    read = json.loads(value)
    return read if isinstance(read, dict) else {}


def _flag(truth: bool) -> str:  # noqa: FBT001 - a truth value is the whole of the argument
    return "true" if truth else "false"
