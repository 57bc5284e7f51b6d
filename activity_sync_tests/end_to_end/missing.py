"""Activities on contacts and companies that one system has and the other lacks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from activity_sync_tests.end_to_end.bridge import ago, iso
from activity_sync_tests.end_to_end.ordinary import hubspot_activities

BOTH = "create_missing: {hubspot_to_dynamics: {contact: true, company: true}, dynamics_to_hubspot: {contact: true, company: true}}\n"  # noqa: E501

NEW_CONTACT = "c0000000-0000-4000-8000-00000000000a"
NEW_ACCOUNT = "a0000000-0000-4000-8000-00000000000a"
_MADE = ago(days=3)


def hubspot_contact(record_id: str, **properties: str) -> dict[str, Any]:
    """A seed of one contact."""
    return {"objects": {"contacts": [_object(record_id, properties)]}}


def hubspot_company(record_id: str, **properties: str) -> dict[str, Any]:
    """A seed of one company."""
    return {"objects": {"companies": [_object(record_id, properties)]}}


def hubspot_calls(contact: str, number: int = 1, *, first_id: int = 501) -> dict[str, Any]:
    """A seed of so many calls on a contact, of the last hour."""
    moments = [ago(minutes=40, seconds=-number) for number in range(number)]
    return hubspot_activities("call", moments, first_id=first_id, contact=contact)


def dynamics_contact(record_id: str = NEW_CONTACT, **columns: Any) -> dict[str, Any]:
    """A seed of one contact."""
    return {"records": {"contact": [{"contactid": record_id, **_times(), **columns}]}}


def dynamics_account(record_id: str = NEW_ACCOUNT, **columns: Any) -> dict[str, Any]:
    """A seed of one account."""
    return {"records": {"account": [{"accountid": record_id, **_times(), **columns}]}}


def dynamics_calls(
    regarding: str, number: int = 1, *, table: str = "contact", first: int = 1, kind: str = "phonecall"
) -> dict[str, Any]:
    """A seed of so many calls about a record, of the last hour."""
    moment = _seconds(ago(minutes=40))
    rows = [
        {
            "activityid": f"f0000000-0000-4000-8000-{at:012d}",
            "subject": f"{kind} {at}",
            "createdon": moment,
            "modifiedon": moment,
            "regardingobjectid": {"type": table, "id": regarding},
        }
        for at in range(first, first + number)
    ]
    return {"records": {kind: rows}}


def said(rows: Sequence[Mapping[str, Any]], *names: str) -> list[tuple[Any, ...]]:
    """These values of each row."""
    return [tuple(row.get(name) for name in names) for row in rows]


def _object(record_id: str, properties: Mapping[str, str]) -> dict[str, Any]:
    return {"id": record_id, "properties": dict(properties), "createdAt": iso(_MADE), "updatedAt": iso(_MADE)}


def _times() -> dict[str, str]:
    return {"createdon": _seconds(_MADE), "modifiedon": _seconds(_MADE)}


def _seconds(moment: Any) -> str:
    return str(moment.replace(microsecond=0).isoformat().replace("+00:00", "Z"))
