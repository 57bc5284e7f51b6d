"""Owners, the account's details, and what is used of its limits."""

from __future__ import annotations

from typing import Any

from activity_sync.sandbox.hubspot.errors import bad_request, not_found
from activity_sync.sandbox.hubspot.gateway import Call, Reply
from activity_sync.sandbox.hubspot.object_types import OBJECT_TYPES
from activity_sync.sandbox.hubspot.property_tables_activities import CALL_DISPOSITIONS
from activity_sync.sandbox.hubspot.schema import CUSTOM_PER_ACCOUNT, CUSTOM_PER_TYPE

_OWNERS_PAGE, _OWNERS_PAGE_LIMIT = 100, 500
_RECORD_LIMIT = 15_000_000


def list_owners(call: Call) -> Reply:
    """Page through owners, the active or the archived ones, or those of one address."""
    limit = call.count("limit", default=_OWNERS_PAGE, at_most=_OWNERS_PAGE_LIMIT)
    email, archived = call.query.get("email", "").lower(), call.flag("archived")
    after = call.query.get("after") or "0"
    if not after.isdigit():
        raise bad_request(f"Invalid after cursor: {after}")
    rest = [
        owner
        for owner in sorted(call.store.owners.values(), key=lambda each: int(each["id"]))
        if owner["archived"] is archived
        and (not email or (owner["email"] or "").lower() == email)
        and int(owner["id"]) >= int(after)
    ]
    body: dict[str, Any] = {"results": rest[:limit]}
    if len(rest) > limit:
        body["paging"] = {"next": {"after": rest[limit]["id"], "link": f"?after={rest[limit]['id']}"}}
    return Reply(200, body)


def get_owner(call: Call) -> Reply:
    """Give one owner, by its id or by its user's id."""
    given, archived = call.path["owner_id"], call.flag("archived")
    match call.query.get("idProperty", "id"):
        case "id":
            found = call.store.owners.get(given)
        case "userId":
            key = "userIdIncludingInactive" if archived else "userId"
            found = next((each for each in call.store.owners.values() if str(each.get(key)) == given), None)
        case other:
            raise bad_request(f"idProperty is id or userId, not {other}.")
    if found is None or found["archived"] is not archived:
        raise not_found()
    return Reply(200, found)


def details(call: Call) -> Reply:
    """Give the account's details."""
    settings = call.store.controls.settings
    return Reply(
        200,
        {
            "portalId": settings.hubspot_portal_id,
            "accountType": "DEVELOPER_TEST",
            "timeZone": "Europe/Berlin",
            "companyCurrency": "EUR",
            "additionalCurrencies": [],
            "utcOffset": "+01:00",
            "utcOffsetMilliseconds": 3_600_000,
            "uiDomain": settings.hubspot_ui_domain,
            "dataHostingLocation": "eu1" if "eu1" in settings.hubspot_ui_domain else "na1",
        },
    )


def custom_properties(call: Call) -> Reply:
    """Give how many custom properties there are, and may be."""
    by_type = [
        _usage(each.type_id, each.name, used=call.store.schema.custom_count(each.name), limit=CUSTOM_PER_TYPE)
        for each in OBJECT_TYPES
    ]
    used = sum(each["usage"] for each in by_type)
    return Reply(
        200,
        {
            "overallLimit": CUSTOM_PER_ACCOUNT,
            "overallUsage": used,
            "overallPercentage": used / CUSTOM_PER_ACCOUNT,
            "byObjectType": by_type,
        },
    )


def records(call: Call) -> Reply:
    """Give how many records there are, and may be."""
    by_type = [
        _usage(each.type_id, each.name, used=len(call.store.records[each.name]), limit=_RECORD_LIMIT)
        for each in OBJECT_TYPES
    ]
    return Reply(200, {"hubspotDefinedObjectTypes": by_type, "customObjectTypes": {"byObjectType": []}})


def call_dispositions(_: Call) -> Reply:
    """Give the outcomes a call may have."""
    return Reply(200, [{"id": each.value, "label": each.label, "deleted": False} for each in CALL_DISPOSITIONS])


def _usage(type_id: str, name: str, *, used: int, limit: int) -> dict[str, Any]:
    return {
        "objectTypeId": type_id,
        "singularLabel": name.removesuffix("s").capitalize(),
        "pluralLabel": name.capitalize(),
        "usage": used,
        "limit": limit,
        "percentage": used / limit,
    }
