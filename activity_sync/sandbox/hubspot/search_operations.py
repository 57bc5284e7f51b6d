"""Search over one object type, in the state in which its index knows the records."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from activity_sync.sandbox.hubspot.errors import bad_request
from activity_sync.sandbox.hubspot.gateway import Call, Reply
from activity_sync.sandbox.hubspot.object_types import ObjectType
from activity_sync.sandbox.hubspot.record_views import View, indexed_body
from activity_sync.sandbox.hubspot.records import Record
from activity_sync.sandbox.hubspot.search_query import (
    BODY_LIMIT_CHARS,
    AssociationTest,
    Query,
    Typed,
    read_query,
    typed,
)
from activity_sync.sandbox.hubspot.store import HubSpotStore

Hit = tuple[Record, Mapping[str, str]]
_SEARCHED = {
    "contacts": ("firstname", "lastname", "email", "phone", "hs_additional_emails", "company"),
    "companies": ("name", "domain", "website", "phone"),
    "deals": ("dealname", "description"),
    "tickets": ("subject", "content"),
    "notes": ("hs_note_body",),
    "tasks": ("hs_task_subject", "hs_task_body"),
    "calls": ("hs_call_title", "hs_call_body"),
    "emails": ("hs_email_subject",),
    "meetings": ("hs_meeting_title", "hs_meeting_body"),
}
_REMEMBERED = 8


class Search:
    """The search of a portal. Remembers the last results, so that paging costs no second sort."""

    def __init__(self) -> None:
        self._remembered: OrderedDict[tuple[str, str], tuple[int, list[Hit]]] = OrderedDict()

    def search(self, call: Call) -> Reply:
        """Answer one page of a search."""
        if len(call.raw.decode("utf-8", "replace")) > BODY_LIMIT_CHARS:
            raise bad_request(f"The search body is longer than {BODY_LIMIT_CHARS} characters.")
        body = call.json()
        query = read_query(body, call.type, call.store.schema)
        hits = self._hits(call.store, call.type, body, query)
        page = hits[query.after : query.after + query.limit]
        view = View(query.properties)
        answer: dict[str, Any] = {
            "total": len(hits),
            "results": [
                indexed_body(call.store, record, indexed, view, version=call.version) for record, indexed in page
            ],
        }
        if query.after + query.limit < len(hits):
            answer["paging"] = {"next": {"after": str(query.after + query.limit)}}
        return Reply(200, answer)

    def _hits(self, store: HubSpotStore, kind: ObjectType, body: Mapping[str, Any], query: Query) -> list[Hit]:
        asked = {name: body.get(name) for name in ("filterGroups", "filters", "sorts", "query")}
        key = (kind.name, json.dumps(asked, sort_keys=True))
        generation = store.generation[kind.name]
        remembered = self._remembered.get(key)
        if remembered is not None and remembered[0] == generation:
            return remembered[1]
        hits = _matching(store, kind, query)
        has_association_filter = any(isinstance(test, AssociationTest) for group in query.groups for test in group)
        if store.is_indexed(kind) and not has_association_filter:
            self._remembered[key] = (generation, hits)
            while len(self._remembered) > _REMEMBERED:
                self._remembered.popitem(last=False)
        return hits


def _matching(store: HubSpotStore, kind: ObjectType, query: Query) -> list[Hit]:
    now_ms = store.now_ms
    hits = [
        (record, indexed)
        for record in store.records[kind.name].values()
        if not record.archived
        and (indexed := record.indexed(now_ms)) is not None
        and _answers(store, record, indexed, query)
    ]
    hits.sort(key=lambda hit: (hit[0].created_ms, int(hit[0].id)))
    if query.sort_by is not None:
        definition = query.sort_by

        def position(hit: Hit) -> tuple[bool, Typed]:
            value = hit[1].get(definition.name)
            return (False, "") if value is None else (True, typed(definition, value))

        present = [hit for hit in hits if definition.name in hit[1]]
        absent = [hit for hit in hits if definition.name not in hit[1]]
        hits = sorted(present, key=position, reverse=query.descending) + absent
    return hits


def _answers(store: HubSpotStore, record: Record, indexed: Mapping[str, str], query: Query) -> bool:
    if query.words and not _has_words(record.type, indexed, query.words):
        return False
    if not query.groups:
        return True
    return any(
        all(_hangs_on(store, record, test) if isinstance(test, AssociationTest) else test(indexed) for test in group)
        for group in query.groups
    )


def _hangs_on(store: HubSpotStore, record: Record, test: AssociationTest) -> bool:
    return any(target == test.record_id for target, _ in store.living_links(record, test.target))


def _has_words(kind: ObjectType, indexed: Mapping[str, str], words: tuple[str, ...]) -> bool:
    text = " ".join(indexed.get(name, "") for name in _SEARCHED[kind.name]).lower()
    return all(word in text for word in words)
