"""Columns that the server works out from others whenever a row is written."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from activity_sync.sandbox.dynamics.rewriting import safe_html
from activity_sync.sandbox.dynamics.schema import Reference, Table

if TYPE_CHECKING:
    from activity_sync.sandbox.dynamics.store import Store

Row = dict[str, Any]


def derived_columns(store: "Store", table: Table, row: Row) -> Row:
    """What follows from the row's own columns."""
    derived: Row = {}
    owner = row.get("ownerid")
    if isinstance(owner, Reference):
        holder = store.get(owner.table, owner.id) or {}
        derived |= {
            "owninguser": owner if owner.table == "systemuser" else None,
            "owningteam": owner if owner.table == "team" else None,
            "owningbusinessunit": holder.get("businessunitid"),
        }
    if table.is_activity:
        derived["activitytypecode"] = table.name
        derived |= _duration(row)
    match table.name:
        case "contact" | "lead" | "systemuser":
            names = (row.get("firstname"), row.get("middlename"), row.get("lastname"))
            full = " ".join(name for name in names if name)
            derived["fullname"] = full or row.get("fullname")
        case "email" | "appointment":
            text = row.get("description")
            safe, unsafe = safe_html(text) if text is not None else (None, False)
            derived |= {"safedescription": safe, "isunsafe": int(unsafe)}
        case "activitymimeattachment":
            derived["filesize"] = _decoded_size(row.get("body"))
        case "annotation":
            about = row.get("objectid")
            derived["objecttypecode"] = about.table if about is not None else None
            derived["filesize"] = _decoded_size(row.get("documentbody"))
    if table.name == "contact":
        customer = row.get("parentcustomerid")
        derived["accountid"] = customer if customer is not None and customer.table == "account" else None
    return derived


def _decoded_size(encoded: str | None) -> int:
    return len(encoded) * 3 // 4 - encoded[-2:].count("=") if encoded else 0


def email_addresses(parties: Sequence[Row]) -> Row:
    """The sender and the recipients of an e-mail as text columns."""
    senders = [p["addressused"] for p in parties if p["participationtypemask"] == 1 and p.get("addressused")]
    recipients = [p["addressused"] for p in parties if p["participationtypemask"] == 2 and p.get("addressused")]
    return {
        "sender": senders[0][:250] if senders else None,
        "torecipients": "".join(f"{address};" for address in recipients)[:500] or None,
    }


def _duration(row: Row) -> Row:
    start, end = row.get("scheduledstart"), row.get("scheduledend")
    if start is None or end is None:
        return {}
    span = datetime.fromisoformat(end) - datetime.fromisoformat(start)
    return {"scheduleddurationminutes": max(int(span.total_seconds() // 60), 0)}
