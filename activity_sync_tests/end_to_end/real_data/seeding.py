"""Given activities as seed documents of both sandboxes, with the people and companies that they hang on.

What an activity lacks the sandbox fills in as its server would. What it hangs on is made in both systems under one
invented address or domain, so that it can be found there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from activity_sync.sandbox.hubspot.schema import Schema
from activity_sync_tests.end_to_end.bridge import (
    CONTACT_IDS,
    DYNAMICS_TABLES,
    HUBSPOT_TYPES,
    dynamics_people,
    hubspot_people,
    iso,
)
from activity_sync_tests.end_to_end.real_data.records import Given, new_id

CONTACTS = 12
_SPREAD = timedelta(days=29)
_MARGIN = timedelta(hours=2)
_COMPANY_LIKE = {"companies", "account"}
"""The other records that the data name are contacts."""

_TWIN_IDS = 930_001


def seed_document(given: Sequence[Given], now: datetime) -> dict[str, Any]:
    """What both sandboxes load. Modification times spread evenly over the last 30 days, in the order given."""
    hubspot, dynamics = hubspot_people(CONTACTS), dynamics_people(CONTACTS)
    _add_records(hubspot, dynamics, given)
    _add_owners(hubspot, dynamics, given)
    for system in ("hubspot", "dynamics"):
        ours = [one for one in given if one.system == system]
        for n, one in enumerate(ours):
            modified = now - _MARGIN - _SPREAD * ((len(ours) - n) / len(ours))
            if system == "hubspot":
                _add_hubspot(hubspot, one, n, modified)
            else:
                _add_dynamics(dynamics, one, n, modified)
    hubspot["properties"] = _unknown_properties(hubspot["objects"])
    return {"hubspot": hubspot, "dynamics": dynamics}


def _add_hubspot(document: dict[str, Any], one: Given, n: int, modified: datetime) -> None:
    object_type = HUBSPOT_TYPES[one.kind]
    document["objects"].setdefault(object_type, []).append(
        {
            "id": one.id,
            "properties": dict(one.values),
            "createdAt": iso(_created(one, modified)),
            "updatedAt": iso(modified),
        }
    )
    for kind, record_id in one.hangs_on or (("contacts", str(1001 + n % CONTACTS)),):
        document["associations"].append({"from": [object_type, one.id], "to": [kind, record_id]})


def _add_dynamics(document: dict[str, Any], one: Given, n: int, modified: datetime) -> None:
    table = DYNAMICS_TABLES[one.kind]
    is_note = table == "annotation"
    table_and_id = one.hangs_on[0] if one.hangs_on else ("contact", CONTACT_IDS[n % CONTACTS])
    row = {
        **one.values,
        "annotationid" if is_note else "activityid": one.id,
        "objectid" if is_note else "regardingobjectid": dict(zip(("type", "id"), table_and_id, strict=True)),
        "createdon": _second(_created(one, modified)),
        "modifiedon": _second(modified),
    }
    document["records"].setdefault(table, []).append(row | ({"parties": list(one.parties)} if one.parties else {}))


def _created(one: Given, modified: datetime) -> datetime:
    return min(one.created, modified) if one.created else modified


def _add_records(hubspot: dict[str, Any], dynamics: dict[str, Any], given: Iterable[Given]) -> None:
    """The contacts and companies that the data name, in both systems."""
    named = dict.fromkeys(
        pair
        for one in given
        for pair in (*one.hangs_on, *((party["party"]["type"], party["party"]["id"]) for party in _bound(one)))
        if pair[0] != "systemuser"
    )
    for n, (kind, record_id) in enumerate(named):
        here_is_hubspot = kind in {"contacts", "companies"}
        here, there = record_id, new_id("dynamics" if here_is_hubspot else "hubspot", _TWIN_IDS + n, record_id)
        hubspot_id, dynamics_id = (here, there) if here_is_hubspot else (there, here)
        made = hubspot["objects"]["contacts"][0]["createdAt"]
        dates = {"createdAt": made, "updatedAt": made}
        if kind in _COMPANY_LIKE:
            domain = f"company-{n}.example"
            properties = {"name": f"Company {n}", "domain": domain}
            hubspot["objects"]["companies"].append({"id": hubspot_id, "properties": properties, **dates})
            dynamics["records"]["account"].append(
                {"accountid": dynamics_id, "name": f"Company {n}", "websiteurl": f"https://{domain}/"}
            )
        else:
            address = f"named-{n}@acme.example"
            hubspot["objects"]["contacts"].append({"id": hubspot_id, "properties": {"email": address}, **dates})
            dynamics["records"]["contact"].append(
                {"contactid": dynamics_id, "lastname": f"Named {n}", "emailaddress1": address}
            )


def _add_owners(hubspot: dict[str, Any], dynamics: dict[str, Any], given: Iterable[Given]) -> None:
    """The users that the data name, in both systems."""
    pattern = hubspot["owners"][0]
    owners = {one.values["hubspot_owner_id"] for one in given if one.values.get("hubspot_owner_id")}
    users = {party["party"]["id"]: party["addressused"] for one in given for party in _bound(one, "systemuser")}
    pairs = [
        *(
            (owner, new_id("dynamics", 0, f"owner {owner}"), f"owner-{owner}@ourfirm.example")
            for owner in sorted(owners)
        ),
        *((str(_TWIN_IDS + 500 + n), user, address) for n, (user, address) in enumerate(users.items())),
    ]
    for owner, user, address in pairs:
        hubspot["owners"].append(pattern | {"id": owner, "userId": int(owner), "email": address})
        dynamics["records"]["systemuser"].append(
            {"systemuserid": user, "fullname": address, "internalemailaddress": address, "isdisabled": False}
        )


def _bound(one: Given, *tables: str) -> list[Any]:
    return [party for party in one.parties if "party" in party and (not tables or party["party"]["type"] in tables)]


def _unknown_properties(objects: dict[str, Any]) -> dict[str, list[dict[str, str]]]:
    """Properties of recorded answers that HubSpot's documentation does not name, as text properties of the portal."""
    schema = Schema()
    found: dict[str, list[dict[str, str]]] = {}
    for object_type, records in objects.items():
        names = dict.fromkeys(name for record in records for name in record["properties"])
        found[object_type] = [
            {"name": name, "label": name, "type": "string", "fieldType": "text", "groupName": "recorded"}
            for name in names
            if schema.find(object_type, name) is None
        ]
    return found


def _second(moment: datetime) -> str:
    return moment.astimezone(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")
