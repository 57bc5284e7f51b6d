"""Reads activities with their associations: what changed in a window, single records, keys, and edit times."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Callable, Collection, Mapping, Sequence
from contextlib import aclosing
from datetime import datetime, timedelta
from typing import Any, Final

from activity_sync.activities.kinds import ActivityType
from activity_sync.errors import ActivitySyncError
from activity_sync.systems.hubspot.associations import TARGETS, read_inline
from activity_sync.systems.hubspot.creating import SEND_WITHIN
from activity_sync.systems.hubspot.email_content import EmailContent
from activity_sync.systems.hubspot.files import HubSpotFiles
from activity_sync.systems.hubspot.keys import find_keys
from activity_sync.systems.hubspot.listings import find_deletions, holds_keys, list_keyed
from activity_sync.systems.hubspot.metadata import KEY, KeyProperty, Metadata
from activity_sync.systems.hubspot.operations import Operations
from activity_sync.systems.hubspot.searches import search_whole
from activity_sync.systems.hubspot.windows import calls_of_list, calls_of_search, is_list_cheaper, walk_window
from activity_sync.systems.hubspot.wire import (
    ASSOCIATION_READ,
    CREATED,
    MODIFIED,
    SEARCH_PAGE,
    TOOK_PLACE,
    Hits,
    Json,
    between,
    ceil_millis,
    filter_on,
    fits_search,
    millis,
    read_modified,
    read_record,
    read_time,
    search_body,
    within,
)
from activity_sync.systems.moments import merge_moments
from activity_sync.systems.records import (
    NO_FILES,
    Deletions,
    Expected,
    KeyedRecord,
    Sighting,
    SourceRecord,
    Window,
    unheard,
)

SEARCH_LAG: Final = timedelta(minutes=10)
"""HubSpot promises no bound for its index; this is far beyond what is ever seen."""

_SOURCE: Final = "hs_object_source"
_SOURCE_ID: Final = "hs_object_source_id"
_APP_SOURCES: Final = frozenset({"INTEGRATION", "API"})


class HubSpotReader:
    """Reads activities. `columns`: the properties to read of a type; `properties_of`: those that hold a field."""

    versions_are_ordered = True
    """They are modification times."""

    def __init__(
        self,
        operations: Operations,
        metadata: Metadata,
        *,
        columns: Callable[[ActivityType], Sequence[str]],
        properties_of: Callable[[ActivityType, str], Sequence[str]],
    ) -> None:
        self._operations = operations
        self._content = EmailContent(operations)
        self._files = HubSpotFiles(operations)
        self._metadata = metadata
        self._columns = columns
        self._properties_of = properties_of
        self._totals: dict[str, int] = {}
        self._own_apps: set[str] = set()

    async def oldest_changes(
        self, types: Collection[ActivityType], *, since: datetime | None = None
    ) -> dict[ActivityType, datetime | None]:
        """The oldest modification time per type, at or after `since`, one search each; None where there is none."""
        pages = await asyncio.gather(*(self._oldest(one, since=since) for one in types))
        return {
            one: read_modified(page.results[0]) if page.results else None
            for one, page in zip(types, pages, strict=True)
        }

    async def signs_of_change(self, types: Collection[ActivityType], *, since: datetime) -> dict[ActivityType, str]:
        """How many were modified since, and which ones last; one search per type."""
        pages = await asyncio.gather(*(self._newest(one, since=since) for one in types))
        return {one: _sign(page) for one, page in zip(types, pages, strict=True)}

    async def expected(self, types: Collection[ActivityType], window: Window) -> dict[ActivityType, Expected]:
        """One search each; a list of all records may be cheaper in the end."""
        body = search_body((within(window),), properties=(MODIFIED,), sort=MODIFIED, limit=1)
        pages = await asyncio.gather(*(self._operations.search(one, body) for one in types), return_exceptions=True)
        found = {}
        for kind, page in zip(types, pages, strict=True):
            if isinstance(page, ActivitySyncError):
                continue  # whoever reads the type is told
            if isinstance(page, BaseException):
                raise page
            found[kind] = Expected(page.total, calls_of_search(page))
        return found

    async def changes(
        self, activity_type: ActivityType, window: Window, *, expect: Callable[[Expected], None] = unheard
    ) -> AsyncGenerator[list[SourceRecord], None]:
        """Pages of at most 1,000 records modified inside the window, each with its associations.

        By search, or from a list of all records where that is cheaper. A record edited while we read falls to a later
        window, or comes with its newer state if that still lies inside.
        """
        if window.start >= window.end:
            return
        first = await self._search(activity_type, within(window), MODIFIED)
        by_list = await self._prefers_list(activity_type, first)
        expect(Expected(first.total, calls_of_list(self._totals[activity_type]) if by_list else calls_of_search(first)))
        pages = self._list_pages(activity_type, window) if by_list else self._search_pages(activity_type, window, first)
        async with aclosing(pages):
            async for page in pages:
                yield await self._content.mark(activity_type, page)

    async def read(self, activity_type: ActivityType, ids: Sequence[str]) -> dict[str, SourceRecord]:
        """The records of these ids. Archived ones are `gone`; an id that is neither here nor there is absent."""
        wanted = [one for one in dict.fromkeys(ids) if one.isdigit()]
        columns = self._columns(activity_type)
        living, associated = await asyncio.gather(
            self._operations.batch_read(activity_type, wanted, columns),
            self._operations.read_associations(activity_type, wanted),
        )
        found = {str(one["id"]): read_record(one, associations=associated.get(str(one["id"]))) for one in living}
        if missing := [one for one in wanted if one not in found]:
            archived = await self._operations.batch_read(activity_type, missing, columns, archived=True)
            found |= {str(one["id"]): read_record({**one, "archived": True}) for one in archived}
        return {one.id: one for one in await self._content.mark(activity_type, list(found.values()))}

    async def with_files(
        self,
        activity_type: ActivityType,  # noqa: ARG002 - all types name their files alike
        records: Sequence[SourceRecord],
        *,
        ours: Mapping[str, Collection[str]] = NO_FILES,
    ) -> list[SourceRecord]:
        """One call for each file that is not known yet, side by side."""
        return await self._files.add(records, ours=ours)

    async def newly_filed(
        self,
        activity_type: ActivityType,  # noqa: ARG002 - the same for all
        *,
        since: datetime,  # noqa: ARG002
    ) -> list[str]:
        """None: an activity names its files in a property."""
        return []

    async def associated(
        self, activity_type: ActivityType, ids: Sequence[str]
    ) -> dict[str, frozenset[tuple[str, str]]]:
        """One call per 1,000 activities and kind of record. One that hangs on nothing has an empty set."""
        wanted = [one for one in dict.fromkeys(ids) if one.isdigit()]
        read = await self._operations.read_associations(activity_type, wanted)
        return {
            one: frozenset((kind, str(each["id"])) for kind, some in read.get(one, {}).items() for each in some)
            for one in wanted
        }

    async def find_keys(self, activity_type: ActivityType, keys: Sequence[str]) -> dict[str, str]:
        """Our own keys that exist, with the record's id. How certain "absent" is, `keys_settle_after` says."""
        schema = await self._metadata.read(activity_type)
        return await find_keys(self._operations, activity_type, keys, key_property=schema.key)

    async def keys_settle_after(self, activity_type: ActivityType) -> timedelta | None:
        """At once where `find_keys` reads the records themselves; else when the search index has surely caught up."""
        match (await self._metadata.read(activity_type)).key:
            case KeyProperty.UNIQUE:
                return timedelta()
            case KeyProperty.PLAIN:
                return SEND_WITHIN + SEARCH_LAG
            case KeyProperty.ABSENT:
                return None

    async def keys_kept_since(self, activity_type: ActivityType) -> datetime | None:
        """When our key property was defined, if the portal says; None where there is none."""
        return (await self._metadata.read(activity_type)).key_since

    async def deletions(
        self, activity_type: ActivityType, *, cursor: str | None, linked: Callable[[], Collection[str]]
    ) -> Deletions:
        """The linked records in the recycling bin, a hundred a call of all that lie there."""
        return await find_deletions(self._operations, activity_type, cursor=cursor, linked=linked)

    async def around(
        self, activity_type: ActivityType, moments: Sequence[datetime], *, within: timedelta
    ) -> list[SourceRecord]:
        """The activities that took place within so much of any of these moments, as far as the index knows them."""
        spans = merge_moments(moments, within=within)
        # HubSpot cuts fractions of a millisecond: a span reaches to the next whole one on both sides.
        groups = [[between(TOOK_PLACE, millis(start), ceil_millis(end))] for start, end in spans]
        return await self._find(activity_type, groups)

    async def took_place(self, activity_type: ActivityType, window: Window) -> list[Sighting]:
        """As far as the index knows them; 200 a call. A record without the required time counts as when it was made."""
        key = () if (await self._metadata.read(activity_type)).key is KeyProperty.ABSENT else (KEY,)
        start, end = ceil_millis(window.start), ceil_millis(window.end)
        told = [filter_on(TOOK_PLACE, "GTE", start), filter_on(TOOK_PLACE, "LT", end)]
        silent = [
            {"propertyName": TOOK_PLACE, "operator": "NOT_HAS_PROPERTY"},
            filter_on(CREATED, "GTE", start),
            filter_on(CREATED, "LT", end),
        ]
        properties = (TOOK_PLACE, CREATED, MODIFIED, *key)
        found = await search_whole(self._operations, activity_type, [told, silent], properties=properties)
        return [_sighting(one) for one in found.values()]

    async def made_since(self, activity_type: ActivityType, since: datetime) -> list[SourceRecord]:
        """The activities created at or after `since`, as far as the index knows them."""
        return await self._find(activity_type, [[filter_on(CREATED, "GTE", ceil_millis(since))]])

    def is_made_by_software(self, record: SourceRecord) -> bool:
        """By the record's origin; people's hands leave another."""
        origin = (record.payload.get("properties") or {}).get(_SOURCE)
        return origin is None or origin in _APP_SOURCES

    def keyed(self, activity_type: ActivityType) -> AsyncGenerator[list[KeyedRecord], None]:
        """Pages of all records, from the list, with what our tracking properties hold; those in the bin come last."""
        return list_keyed(self._operations, activity_type)

    async def holds_keys(self, activity_type: ActivityType) -> bool:
        """One search, and only where the portal has the property at all."""
        if (await self._metadata.read(activity_type)).key is KeyProperty.ABSENT:
            return False
        return await holds_keys(self._operations, activity_type)

    def is_behind(self, record: SourceRecord, version: str) -> bool:
        """Whether the search index has not caught up with `version`: both are modification times."""
        return record.version is not None and int(record.version) < int(version)

    async def field_times(
        self, activity_type: ActivityType, ids: Sequence[str], fields: Collection[str], *, ours: bool = False
    ) -> dict[str, dict[str, datetime]]:
        """When each field of each record was last changed, by the history of its properties.

        Our own writes are left out, unless `ours`, once our app's id is known: from a record that carries our key.
        """
        columns = {name: tuple(self._properties_of(activity_type, name)) for name in fields}
        history = sorted({column for some in columns.values() for column in some})
        if not history or not ids:
            return {}
        records = await self._operations.batch_read(activity_type, ids, (KEY, _SOURCE, _SOURCE_ID), history=history)
        self._own_apps.update(own_app(record) for record in records)
        times: dict[str, dict[str, datetime]] = {}
        for record in records:
            edits = last_edits(record, own_apps=frozenset() if ours else self._own_apps - {""})
            times[str(record["id"])] = {
                name: max(edits[column] for column in some if column in edits)
                for name, some in columns.items()
                if any(column in edits for column in some)
            }
        return times

    # --- windows -------------------------------------------------------------------------------------------------

    async def _prefers_list(self, activity_type: ActivityType, first: Hits) -> bool:
        total = self._totals.get(activity_type)
        if total is None:
            # Unknown, it is worth a call only where a list of nothing but the window's records would be cheaper.
            if first.after is None or not is_list_cheaper(
                in_window=first.total, in_all=first.total, kinds=len(TARGETS)
            ):
                return False
            total = (await self._oldest(activity_type)).total
        return is_list_cheaper(in_window=first.total, in_all=total, kinds=len(TARGETS))

    async def _oldest(self, activity_type: ActivityType, *, since: datetime | None = None) -> Hits:
        filters = () if since is None else ((filter_on(MODIFIED, "GTE", ceil_millis(since)),),)
        body = search_body(filters, properties=(MODIFIED,), sort=MODIFIED, limit=1)
        page = await self._operations.search(activity_type, body)
        if since is None:
            self._totals[activity_type] = page.total
        return page

    async def _newest(self, activity_type: ActivityType, *, since: datetime) -> Hits:
        filters = ((filter_on(MODIFIED, "GTE", ceil_millis(since)),),)
        body = search_body(filters, properties=(MODIFIED,), sort=MODIFIED, limit=SEARCH_PAGE, newest_first=True)
        return await self._operations.search(activity_type, body)

    async def _search(self, activity_type: ActivityType, filters: Sequence[Json], sort: str) -> Hits:
        return await self._operations.search(activity_type, self._body(activity_type, filters, sort))

    def _body(self, activity_type: ActivityType, filters: Sequence[Json], sort: str) -> Json:
        return search_body((filters,), properties=self._columns(activity_type), sort=sort)

    async def _search_pages(
        self, activity_type: ActivityType, window: Window, first: Hits
    ) -> AsyncGenerator[list[SourceRecord], None]:
        async def ask(filters: Sequence[Json], sort: str) -> Hits:
            return await self._search(activity_type, filters, sort)

        def fits(filters: Sequence[Json]) -> bool:
            return fits_search(self._body(activity_type, filters, MODIFIED))

        buffer: dict[str, Json] = {}
        walk = walk_window(ask, fits, window, first=first)
        async with aclosing(walk):
            async for results in walk:
                # An association read takes 1,000 ids whatever it costs: no page of 200 is looked up alone.
                for one in results:
                    buffer[str(one["id"])] = one
                    if len(buffer) == ASSOCIATION_READ:
                        yield await self._associated(activity_type, buffer, window)
                        buffer = {}
        if buffer:
            yield await self._associated(activity_type, buffer, window)

    async def _associated(
        self, activity_type: ActivityType, found: Mapping[str, Json], window: Window
    ) -> list[SourceRecord]:
        inside = {key: one for key, one in found.items() if window.start <= read_modified(one) < window.end}
        return await self._with_associations(activity_type, inside)

    async def _with_associations(self, activity_type: ActivityType, found: Mapping[str, Json]) -> list[SourceRecord]:
        associated = await self._operations.read_associations(activity_type, list(found))
        return [read_record(one, associations=associated.get(record_id)) for record_id, one in found.items()]

    async def _find(self, activity_type: ActivityType, groups: Sequence[Sequence[Json]]) -> list[SourceRecord]:
        columns = self._columns(activity_type)
        found = await search_whole(self._operations, activity_type, groups, properties=columns)
        records = await self._with_associations(activity_type, found)
        return await self._content.mark(activity_type, records)

    async def _list_pages(
        self, activity_type: ActivityType, window: Window
    ) -> AsyncGenerator[list[SourceRecord], None]:
        after: str | None = None
        while True:
            page = await self._operations.list_page(activity_type, self._columns(activity_type), after=after)
            inside = [one for one in page.results if window.start <= read_modified(one) < window.end]
            if inside:
                yield await self._inline_associated(activity_type, inside)
            if page.after is None or page.after == after:
                return
            after = page.after

    async def _inline_associated(self, activity_type: ActivityType, records: Sequence[Json]) -> list[SourceRecord]:
        inline: dict[str, dict[str, list[dict[str, Any]]]] = {}
        unfinished: dict[str, list[str]] = {}
        for one in records:
            record_id = str(one["id"])
            inline[record_id], more = read_inline(one)
            for kind in more:
                unfinished.setdefault(kind, []).append(record_id)
        # A list shows the first associations of a record only; those of the others are read in full.
        for kind, ids in unfinished.items():
            whole = await self._operations.read_associations(activity_type, ids, targets=(kind,))
            for record_id, by_kind in whole.items():
                inline[record_id] |= by_kind
        return [read_record(one, associations=inline[str(one["id"])]) for one in records]


def own_app(record: Json) -> str:
    """The id of the app that created a record under one of our keys; empty for all others."""
    properties = record.get("properties") or {}
    ours = properties.get(KEY) and properties.get(_SOURCE) in _APP_SOURCES
    return str(properties.get(_SOURCE_ID) or "") if ours else ""


def last_edits(record: Json, *, own_apps: Collection[str]) -> dict[str, datetime]:
    """When each property was last changed by anyone but `own_apps`; one that nobody else changed is absent."""
    return {
        name: max(times)
        for name, entries in (record.get("propertiesWithHistory") or {}).items()
        if (
            times := [
                read_time(entry["timestamp"])
                for entry in entries or ()
                if not (entry.get("sourceType") in _APP_SOURCES and str(entry.get("sourceId") or "") in own_apps)
            ]
        )
    }


def _sighting(record: Json) -> Sighting:
    properties = record["properties"]
    return Sighting(
        id=str(record["id"]),
        at=read_time(properties.get(TOOK_PLACE) or properties[CREATED]),
        modified_at=read_modified(record),
        key=str(properties.get(KEY) or ""),
    )


def _sign(page: Hits) -> str:
    told = "|".join(f"{one['id']}@{one['properties'].get(MODIFIED)}" for one in page.results)
    return f"{page.total}:{hashlib.blake2b(told.encode(), digest_size=8).hexdigest()}"
