"""Records in the form the API answers."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from activity_sync.sandbox.hubspot.associations import PRIMARY
from activity_sync.sandbox.hubspot.moments import read_ms, to_iso
from activity_sync.sandbox.hubspot.object_types import ObjectType, object_type
from activity_sync.sandbox.hubspot.records import Record
from activity_sync.sandbox.hubspot.store import HubSpotStore
from activity_sync.sandbox.hubspot.versions import ApiVersion

_INLINE_LINKS = 100
_EMAIL_CONTENT = frozenset({"hs_email_html", "hs_email_text"})


@dataclass(frozen=True, slots=True)
class View:
    """What a request asked to see of each record; no `properties` asked for means the type's defaults."""

    properties: tuple[str, ...] = ()
    history: tuple[str, ...] = ()
    associations: tuple[str, ...] = ()


def read_body(store: HubSpotStore, record: Record, view: View, *, version: ApiVersion) -> dict[str, Any]:
    """Give a record as a read answers it. Properties that do not exist are left out without a word."""
    body = _frame(store, record, version)
    body["properties"] = shown_properties(store, record.type, record.properties, view.properties)
    if view.history:
        body["propertiesWithHistory"] = {
            name: [
                {
                    "value": each.value,
                    "timestamp": to_iso(each.at_ms),
                    "sourceType": each.origin.type,
                    **({"sourceId": each.origin.id} if each.origin.id else {}),
                }
                for each in record.history.get(name, ())
            ]
            for name in view.history
            if store.schema.find(record.type.name, name) is not None
        }
    links = {
        found["key"]: found["body"]
        for target in view.associations
        if (found := _inline_links(store, record, object_type(target), version)) is not None
    }
    return body | ({"associations": links} if links else {})


def written_body(
    store: HubSpotStore, record: Record, *, names: Collection[str] | None, version: ApiVersion
) -> dict[str, Any]:
    """Give a record as a write answers it: `names` and the dates, or everything that is not empty."""
    body = _frame(store, record, version)
    shown = names if names is not None else record.properties
    always = record.type.always_read
    body["properties"] = {
        name: record.properties[name] for name in dict.fromkeys((*shown, *always)) if name in record.properties
    }
    return body


def indexed_body(
    store: HubSpotStore, record: Record, indexed: Mapping[str, str], view: View, *, version: ApiVersion
) -> dict[str, Any]:
    """Give a record as search answers it, in the state that search knows."""
    body = _frame(store, record, version)
    body["properties"] = shown_properties(store, record.type, indexed, view.properties)
    updated_ms = read_ms(indexed.get(record.type.modified_date, ""))
    body["updatedAt"] = to_iso(record.updated_ms if updated_ms is None else updated_ms)
    return body


def shown_properties(
    store: HubSpotStore, kind: ObjectType, properties: Mapping[str, str], asked: Iterable[str]
) -> dict[str, str | None]:
    """Pick what was asked for, and what is always shown; empty ones as null or not at all, as set."""
    wanted = dict.fromkeys((*(tuple(asked) or kind.default_properties), *kind.always_read))
    known = (name for name in wanted if store.schema.find(kind.name, name) is not None)
    withheld = _withheld(store, kind)
    if store.controls.settings.hubspot_empty_values == "absent":
        return {name: properties[name] for name in known if name in properties and name not in withheld}
    return {name: None if name in withheld else properties.get(name) for name in known}


def _withheld(store: HubSpotStore, kind: ObjectType) -> frozenset[str]:
    """The properties that need a scope of their own to be seen. Which ones those are, HubSpot does not say exactly."""
    granted = store.controls.settings.hubspot_scopes
    readable = kind.name != "emails" or "*" in granted or "sales-email-read" in granted
    return frozenset() if readable else _EMAIL_CONTENT


def _frame(store: HubSpotStore, record: Record, version: ApiVersion) -> dict[str, Any]:
    frame: dict[str, Any] = {
        "id": record.id,
        "properties": {},
        "createdAt": to_iso(record.created_ms),
        "updatedAt": to_iso(record.updated_ms),
        "archived": record.archived,
    }
    if record.archived_ms is not None:
        frame["archivedAt"] = to_iso(record.archived_ms)
    if version.shows_url:
        settings = store.controls.settings
        frame["url"] = (
            f"https://{settings.hubspot_ui_domain}/contacts/{settings.hubspot_portal_id}"
            f"/record/{record.type.type_id}/{record.id}"
        )
    return frame


def _inline_links(
    store: HubSpotStore, record: Record, target: ObjectType, version: ApiVersion
) -> dict[str, Any] | None:
    """Give a record's associations with one type as reads carry them inline; None when there are none.

    A pair with a label stands there once for each kind.
    """
    plain = f"{record.type.singular}_to_{target.singular}"
    entries: list[dict[str, str]] = []
    ids = list(store.living_links(record, target.name))
    for target_id, kinds in ids[:_INLINE_LINKS]:
        labelled = any(kind.label == PRIMARY for kind in kinds)
        if labelled:
            entries.append({"id": target_id, "type": plain})
        entries.append({"id": target_id, "type": f"{plain}_unlabeled" if labelled else plain})
    if not entries:
        return None
    body: dict[str, Any] = {"results": entries}
    if len(ids) > _INLINE_LINKS:
        after = ids[_INLINE_LINKS][0]
        path = f"{version.name}/objects/{record.type.name}/{record.id}/associations/{target.name}"
        body["paging"] = {"next": {"after": after, "link": f"https://api.hubapi.com/crm/{path}?after={after}"}}
    return {"key": target.name, "body": body}
