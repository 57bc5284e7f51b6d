"""People who merge records, and hang activities on them or take them off, through the public APIs of both systems."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import httpx

from activity_sync.systems.hubspot.associations import find_type_id
from activity_sync_tests.end_to_end.bridge import CONTACT_IDS, DYNAMICS_TABLES, HUBSPOT_TYPES, Bridge, ago, iso


class Connected(Protocol):
    """Whatever has the addresses and the credentials of both."""

    @property
    def environ(self) -> Mapping[str, str]: ...


_COLLECTIONS = {"contact": "contacts", "company": "companies"}


def merge_hubspot(bridge: Connected, into: str, other: str, *, kind: str = "contact") -> str:
    """The id of the record that stands for both afterwards."""
    body = {"primaryObjectId": into, "objectIdToMerge": other}
    return str(_hubspot(bridge, f"/crm/objects/2026-09/{_COLLECTIONS[kind]}/merge", body)["id"])


def merge_dynamics(bridge: Connected, into: str, other: str, *, table: str = "contact") -> None:
    """The other row is deactivated, and what hangs on it moves."""
    rows = {
        name: {"@odata.type": f"Microsoft.Dynamics.CRM.{table}", f"{table}id": row_id}
        for name, row_id in (("Target", into), ("Subordinate", other))
    }
    _dynamics(bridge, "POST", "Merge", {**rows, "PerformParentingChecks": False})


def associate(bridge: Bridge, kind: str, record_id: str, contact: str) -> None:
    """Somebody hangs a HubSpot activity on one more contact, and edits it."""
    types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": find_type_id(kind, "contact")}]
    _pair(bridge, "create", kind, record_id, {"to": {"id": contact}, "types": types})


def part(bridge: Bridge, kind: str, record_id: str, other: str, *, of_kind: str = "contact") -> None:
    """Somebody takes a HubSpot activity off a contact, or a record of another kind."""
    _pair(bridge, "archive", kind, record_id, {"to": [{"id": other}]}, of_kind=of_kind)


def set_parties(bridge: Bridge, call_id: str, contacts: list[str]) -> None:
    """Somebody makes these contacts the ones that were called, in Dynamics."""
    parties = [{"participationtypemask": 2, "partyid_contact@odata.bind": f"/contacts({one})"} for one in contacts]
    _dynamics(bridge, "PUT", f"phonecalls({call_id})/phonecall_activity_parties", {"value": parties})


def set_row_parties(bridge: Bridge, table: str, row_id: str, parties: Sequence[tuple[str, str, int]]) -> None:
    """Somebody makes these (table, id, role) the parties of a Dynamics activity."""
    sets = {"contact": "contacts", "account": "accounts"}
    value = [
        {"participationtypemask": role, f"partyid_{of_table}@odata.bind": f"/{sets[of_table]}({one})"}
        for of_table, one, role in parties
    ]
    _dynamics(bridge, "PUT", f"{table}s({row_id})/{table}_activity_parties", {"value": value})


def set_about(bridge: Bridge, call_id: str, record: tuple[str, str] | None) -> None:
    """Somebody makes a Dynamics call one about this (table, id), or about nothing, and takes everybody off it."""
    set_parties(bridge, call_id, [])
    sets = {"contact": "contacts", "account": "accounts"}
    table, bound = ("contact", None) if record is None else (record[0], f"/{sets[record[0]]}({record[1]})")
    _dynamics(bridge, "PATCH", f"phonecalls({call_id})", {f"regardingobjectid_{table}_phonecall@odata.bind": bound})


def hubspot_seed(kind: str, record_id: str, contacts: list[str], **properties: str) -> dict[str, Any]:
    """A HubSpot seed of one activity of 20 minutes ago on these contacts."""
    moment = iso(ago(minutes=20))
    return {
        "hubspot": {
            "objects": {
                HUBSPOT_TYPES[kind]: [
                    {
                        "id": record_id,
                        "properties": {"hs_timestamp": moment, **properties},
                        "createdAt": moment,
                        "updatedAt": moment,
                    }
                ]
            },
            "associations": [
                {
                    "from": [HUBSPOT_TYPES[kind], record_id],
                    "to": ["contacts", contact],
                    "types": [find_type_id(kind, "contact")],
                }
                for contact in contacts
            ],
        }
    }


def dynamics_contacts(bridge: Bridge, kind: str, row_id: str | None) -> set[int]:
    """The contacts that a Dynamics activity hangs on, as party or regarding: their places in `CONTACT_IDS`."""
    assert row_id is not None
    row = bridge.dynamics(DYNAMICS_TABLES[kind])[row_id]
    named = [row.get("regardingobjectid"), row.get("objectid"), *(one.get("partyid") for one in row.get("parties", ()))]
    return {CONTACT_IDS.index(one["id"]) for one in named if one and one["type"] == "contact"}


def hubspot_contacts(bridge: Bridge, kind: str, record_id: str | None) -> set[str]:
    """The ids of the contacts that a HubSpot activity hangs on."""
    assert record_id is not None
    return {one for of_type, one in bridge.associations(HUBSPOT_TYPES[kind], record_id) if of_type == "contacts"}


def _pair(
    bridge: Bridge, verb: str, kind: str, record_id: str, ends: dict[str, Any], *, of_kind: str = "contact"
) -> None:
    others = {"contact": "contacts", "company": "companies", "deal": "deals", "ticket": "tickets"}[of_kind]
    path = f"/crm/associations/2026-09/{HUBSPOT_TYPES[kind]}/{others}/batch/{verb}"
    _hubspot(bridge, path, {"inputs": [{"from": {"id": record_id}, **ends}]})


def _hubspot(bridge: Connected, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = httpx.post(
        bridge.environ["HUBSPOT_BASE_URL"] + path,
        json=body,
        headers={"Authorization": f"Bearer {bridge.environ['HUBSPOT_ACCESS_TOKEN']}"},
    )
    answer.raise_for_status()
    found: dict[str, Any] = answer.json() if answer.content else {}
    return found


def _dynamics(bridge: Connected, method: str, path: str, body: dict[str, Any]) -> None:
    given = bridge.environ
    signed_in = httpx.post(
        f"{given['DYNAMICS_AUTHORITY']}/{given['DYNAMICS_TENANT_ID']}/oauth2/v2.0/token",
        data={
            "grant_type": "client_credentials",
            "client_id": given["DYNAMICS_CLIENT_ID"],
            "client_secret": given["DYNAMICS_CLIENT_SECRET"],
            "scope": f"{given['DYNAMICS_URL']}/.default",
        },
    )
    answer = httpx.request(
        method,
        f"{given['DYNAMICS_URL']}/api/data/v9.2/{path}",
        json=body,
        headers={"Authorization": f"Bearer {signed_in.json()['access_token']}"},
    )
    answer.raise_for_status()
