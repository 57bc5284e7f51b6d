"""The people that test records hang on, by short names: the same two contacts, company, deal and owners on both sides.

Two more owners work in one system only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from activity_sync_tests.end_to_end.bridge import (
    ACCOUNT_ID,
    CONTACT_IDS,
    DYNAMICS_TABLES,
    HUBSPOT_TYPES,
    USER_ID,
    Bridge,
    ago,
    dynamics_people,
    hubspot_people,
    iso,
)

DEAL_ID = "00000000-0000-4000-8000-000000003001"
SECOND_USER_ID = "00000000-0000-4000-8000-000000007002"
USER_ONLY_THERE = "00000000-0000-4000-8000-000000007009"

HUBSPOT_RECORDS = {
    "ann": ("contacts", "1001"),
    "ben": ("contacts", "1002"),
    "acme": ("companies", "2001"),
    "deal": ("deals", "3001"),
}
DYNAMICS_RECORDS = {
    "ann": ("contact", CONTACT_IDS[0]),
    "ben": ("contact", CONTACT_IDS[1]),
    "acme": ("account", ACCOUNT_ID),
    "deal": ("opportunity", DEAL_ID),
}
HUBSPOT_OWNERS = {"olga": "7001", "omar": "7002", "hubert": "7008"}
DYNAMICS_OWNERS = {"olga": USER_ID, "omar": SECOND_USER_ID, "dyna": USER_ONLY_THERE}

_DEAL_KEY = "dynamics_opportunity_id"


def populate(bridge: Bridge) -> None:
    """Everybody is there, on both sides."""
    hubspot, dynamics = hubspot_people(), dynamics_people()
    made = iso(ago(days=40))
    hubspot["owners"] += [_hubspot_owner(name, made) for name in ("omar", "hubert")]
    hubspot["properties"] = {
        "deals": [
            {
                "name": _DEAL_KEY,
                "label": "Dynamics opportunity",
                "groupName": "dealinformation",
                "type": "string",
                "fieldType": "text",
            }
        ]
    }
    hubspot["objects"]["deals"] = [
        {
            "id": HUBSPOT_RECORDS["deal"][1],
            "properties": {
                "dealname": "Fair",
                "pipeline": "default",
                "dealstage": "qualifiedtobuy",
                _DEAL_KEY: DEAL_ID,
            },
            "createdAt": made,
            "updatedAt": made,
        }
    ]
    dynamics["records"]["systemuser"] += [_dynamics_user(name) for name in ("omar", "dyna")]
    dynamics["records"]["opportunity"] = [{"opportunityid": DEAL_ID, "name": "Fair"}]
    bridge.seed({"hubspot": hubspot, "dynamics": dynamics})


def _hubspot_owner(name: str, made: str) -> dict[str, Any]:
    return {
        "id": HUBSPOT_OWNERS[name],
        "userId": int(HUBSPOT_OWNERS[name]) + 100,
        "email": f"{name}@ourfirm.example",
        "firstName": name.capitalize(),
        "lastName": "Owner",
        "archived": False,
        "createdAt": made,
        "updatedAt": made,
    }


def _dynamics_user(name: str) -> dict[str, Any]:
    return {
        "systemuserid": DYNAMICS_OWNERS[name],
        "fullname": f"{name.capitalize()} Owner",
        "internalemailaddress": f"{name}@ourfirm.example",
        "isdisabled": False,
    }


def hubspot_activity(
    bridge: Bridge, kind: str, record_id: str, properties: Mapping[str, str], *, on: Iterable[str] = ("ann",)
) -> None:
    """An activity that somebody made in HubSpot a while ago; `on`: the records it is associated with, by name."""
    object_type = HUBSPOT_TYPES[kind]
    moment = iso(ago(minutes=20))
    bridge.seed(
        {
            "hubspot": {
                "objects": {
                    object_type: [
                        {
                            "id": record_id,
                            "properties": {"hs_timestamp": "2025-05-06T07:08:09.871Z", **properties},
                            "createdAt": "2025-05-05T05:05:05.555Z",
                            "updatedAt": moment,
                        }
                    ]
                },
                "associations": [{"from": [object_type, record_id], "to": list(HUBSPOT_RECORDS[name])} for name in on],
            }
        }
    )


def dynamics_activity(
    bridge: Bridge,
    kind: str,
    record_id: str,
    columns: Mapping[str, Any],
    *,
    about: str | None = "ann",
    parties: Iterable[Mapping[str, Any]] = (),
) -> None:
    """An activity that somebody made in Dynamics a while ago, regarding a record by name."""
    table = DYNAMICS_TABLES[kind]
    row: dict[str, Any] = {
        ("annotationid" if kind == "note" else "activityid"): record_id,
        "createdon": "2025-05-05T05:05:05Z",
        "modifiedon": ago(minutes=20).replace(microsecond=0).isoformat().replace("+00:00", "Z"),
        **columns,
    }
    if about is not None:
        kind_of, key = DYNAMICS_RECORDS[about]
        row["objectid" if kind == "note" else "regardingobjectid"] = {"type": kind_of, "id": key}
    if kind not in {"note", "task"}:
        row["parties"] = list(parties)
    bridge.seed({"dynamics": {"records": {table: [row]}}})
