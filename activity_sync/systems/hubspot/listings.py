"""What complete lists tell: which records lie in the recycling bin, and what each carries of ours.

A list reads the records themselves, has no cap and no lag, but takes no filter and promises no order: it is read whole.
Source: HubSpot developer documentation, "Using object APIs", read 2026-11.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Collection, Sequence
from contextlib import aclosing
from datetime import datetime

from activity_sync.errors import MalformedResponse
from activity_sync.systems.hubspot.metadata import KEY, SOURCE_ID, SOURCE_SYSTEM, TRACKING
from activity_sync.systems.hubspot.operations import Operations
from activity_sync.systems.hubspot.wire import RECORD_ID, Json, read_time, search_body
from activity_sync.systems.records import Deletions, KeyedRecord


async def find_deletions(
    operations: Operations, kind: str, *, cursor: str | None, linked: Callable[[], Collection[str]]
) -> Deletions:
    """Those of `linked` that lie in the recycling bin, where a record stays for 90 days.

    The cursor is the newest time of a deletion, for people: there is no list of what was deleted since.
    """
    archived: set[str] = set()
    newest = read_time(cursor) if cursor else None
    async with aclosing(_list_all(operations, kind, (RECORD_ID,), archived=True)) as pages:
        async for page in pages:
            archived.update(str(one["id"]) for one in page)
            newest = max((newest, *map(_archived_at, page)), key=_none_first)
    suspects = archived.intersection(linked()) if archived else set()
    return Deletions(frozenset(suspects), cursor=newest.isoformat() if newest else "")


async def list_keyed(operations: Operations, kind: str) -> AsyncGenerator[list[KeyedRecord], None]:
    """Pages of all records with what our tracking properties hold, empty where they hold nothing; then of the bin's.

    The bin comes last: what is moved there meanwhile is seen twice, and never not at all.
    """
    for archived in (False, True):
        async with aclosing(_list_all(operations, kind, TRACKING, archived=archived)) as pages:
            async for page in pages:
                yield [_read_keyed(one, gone=archived) for one in page]


async def holds_keys(operations: Operations, kind: str) -> bool:
    """Whether the index knows a living record that carries a key. The property must exist."""
    body = search_body(([{"propertyName": KEY, "operator": "HAS_PROPERTY"}],), properties=(KEY,), limit=1)
    return bool((await operations.search(kind, body)).results)


async def _list_all(
    operations: Operations, kind: str, properties: Sequence[str], *, archived: bool = False
) -> AsyncGenerator[Sequence[Json], None]:
    after: str | None = None
    while True:
        page = await operations.list_page(kind, properties, after=after, associations=(), archived=archived)
        if page.results:
            yield page.results
        if page.after is None:
            return
        if page.after == after:
            raise MalformedResponse("hubspot's list gives the same page again.", system="hubspot")
        after = page.after


def _read_keyed(record: Json, *, gone: bool) -> KeyedRecord:
    properties = record.get("properties") or {}
    return KeyedRecord(
        id=str(record["id"]),
        key=str(properties.get(KEY) or ""),
        source_system=str(properties.get(SOURCE_SYSTEM) or ""),
        source_id=str(properties.get(SOURCE_ID) or ""),
        gone=gone,
    )


def _archived_at(record: Json) -> datetime | None:
    return read_time(record["archivedAt"]) if record.get("archivedAt") else None


def _none_first(moment: datetime | None) -> tuple[bool, float]:
    return (moment is not None, moment.timestamp() if moment else 0.0)
