"""Reads activities: what changed in a window, single records, keys, and edit times."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from math import ceil

from activity_sync.activities.kinds import ActivityType
from activity_sync.errors import ActivitySyncError
from activity_sync.systems.dynamics.associations import read_associations
from activity_sync.systems.dynamics.batch import Answer, Operation
from activity_sync.systems.dynamics.deletions import PAGE_ROWS, find_deletions, list_ids
from activity_sync.systems.dynamics.files import DynamicsFiles
from activity_sync.systems.dynamics.filters import any_of, chunks, is_one_of, moment_literal, query
from activity_sync.systems.dynamics.metadata import Metadata
from activity_sync.systems.dynamics.moments import first_moment, is_near, lies_in
from activity_sync.systems.dynamics.operations import Operations, Row, json_object
from activity_sync.systems.dynamics.paths import ACTIVITY_TABLES, RECORD_TABLES, Table, regarding_lookup, row_path
from activity_sync.systems.dynamics.refusals import explain_failed_read
from activity_sync.systems.dynamics.wire import (
    ANNOTATIONS,
    PARTY_COLUMNS,
    is_carried,
    read_lookup,
    read_moment,
    read_record,
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

READS_AT_ONCE = 4
"""Reads of whole activities that go into one call: some 1,200 rows, their bodies included."""

NARROW_READS_AT_ONCE = 10
"""The same of reads without bodies, some 3,000 rows: a call that answers within seconds, not at its time limit."""

_NEWEST_ROWS = 100
"""Of so many the newest ones are told apart: what is committed late shows an older time than what was seen before."""


class DynamicsReader:
    """Reads activities.

    `columns`: what to select of a type. `time_columns`: those that say when an activity took place; the first that is
    not empty counts. `own_user`: the id of the user we write as.
    """

    versions_are_ordered = False
    """Etags are opaque."""

    def __init__(
        self,
        operations: Operations,
        metadata: Metadata,
        *,
        columns: Callable[[ActivityType], Sequence[str]],
        time_columns: Callable[[ActivityType], Sequence[str]],
        own_user: Callable[[], Awaitable[str]],
        now: Callable[[], datetime],
    ) -> None:
        self._operations = operations
        self._files = DynamicsFiles(operations)
        self._metadata = metadata
        self._columns = columns
        self._time_columns = time_columns
        self._own_user = own_user
        self._now = now

    async def oldest_changes(
        self, types: Collection[ActivityType], *, since: datetime | None = None
    ) -> dict[ActivityType, datetime | None]:
        """The oldest modification time per type, at or after `since`, all in one call; None where there is none."""
        reads = [_oldest(ACTIVITY_TABLES[one], since) for one in types]
        answers = await self._operations.read_rows(reads)
        return {
            one: read_moment(rows[0]["modifiedon"]) if rows else None for one, rows in zip(types, answers, strict=True)
        }

    async def signs_of_change(self, types: Collection[ActivityType], *, since: datetime) -> dict[ActivityType, str]:
        """The rows modified last, with their versions; all types in one call."""
        answers = await self._operations.read_rows([_newest(ACTIVITY_TABLES[one], since) for one in types])
        return {one: _sign(ACTIVITY_TABLES[one], rows) for one, rows in zip(types, answers, strict=True)}

    async def expected(self, types: Collection[ActivityType], window: Window) -> dict[ActivityType, Expected]:
        """All types in one call; one with more than 50,000 rows in the window is not counted, none where it fails."""
        counts = [Operation("GET", _count(ACTIVITY_TABLES[one], _within(window))) for one in types]
        try:
            answers = await self._operations.read_answers(counts)
        except ActivitySyncError:
            return {}  # whoever reads the types is told
        found = {kind: _counted(answer) for kind, answer in zip(types, answers, strict=True)}
        return {kind: _expected(count) for kind, count in found.items() if count is not None}

    async def changes(
        self, activity_type: ActivityType, window: Window, *, expect: Callable[[Expected], None] = unheard
    ) -> AsyncIterator[list[SourceRecord]]:
        """Pages of at most 5,000 activities modified inside the window, parties included, oldest first.

        A row that changes while we read moves to the end, or out of the window into a later one. Notes come only
        where they hang on a contact, account, opportunity or incident, or on nothing.
        Source: Microsoft Learn, "Page results", read 2026-11: the next link is followed as it stands.
        """
        if window.start >= window.end:
            return
        table = ACTIVITY_TABLES[activity_type]
        within = _within(window)
        options = {**self._shape(activity_type), "$filter": within, "$orderby": f"modifiedon asc,{table.key} asc"}
        link: str | None = f"{table.entity_set}?{query(options)}"
        is_first = True
        while link is not None:
            # Preferences must be the same on every page.
            page = await self._operations.get(link, prefer=f"odata.maxpagesize={PAGE_ROWS},{ANNOTATIONS}")
            rows = page.get("value") or ()
            if is_first and (count := await self._count(table, within, page)) is not None:
                expect(_expected(count))
            is_first = False
            if records := [read_record(row, table) for row in rows if is_carried(activity_type, row)]:
                yield records
            link = page.get("@odata.nextLink")

    async def _count(self, table: Table, within: str, first: Row) -> int | None:
        """How many rows the condition finds, of which this is the first page; None where Dynamics does not say.

        `$count` stops at 5,000, which is a page; aggregates are refused beyond 50,000 rows.
        Source: Microsoft Learn, "Aggregate data", read 2026-11.
        """
        if "@odata.nextLink" not in first:
            return len(first.get("value") or ())
        return _counted(await self._operations.ask(_count(table, within)))

    async def read(self, activity_type: ActivityType, ids: Sequence[str]) -> dict[str, SourceRecord]:
        """The activities of these ids as they are now; deleted ones come with `gone`.

        Reads by primary key are strongly consistent. A list answer leaves out what our role may not see, so an id
        that a list lacks is asked for by itself: only 404 counts as deleted, anything else leaves it unseen.
        """
        table = ACTIVITY_TABLES[activity_type]
        wanted = guids(ids)
        shape = self._shape(activity_type)
        rows = await self._rows_by_id(table, wanted, shape, annotated=True, at_once=READS_AT_ONCE)
        found = {record.id: record for record in (read_record(row, table) for row in rows)}
        missing = [record_id for record_id in wanted if record_id not in found]
        now = self._now()
        for record_id in await self._deleted(table, missing):
            found[record_id] = SourceRecord(id=record_id, modified_at=now, payload={}, gone=True)
        return {given: found[given.lower()] for given in ids if given.lower() in found}

    async def with_files(
        self,
        activity_type: ActivityType,
        records: Sequence[SourceRecord],
        *,
        ours: Mapping[str, Collection[str]] = NO_FILES,  # noqa: ARG002 - ours show by their ids
    ) -> list[SourceRecord]:
        """A note tells of its own file; those of all other activities are one further call."""
        return await self._files.add(activity_type, records)

    async def newly_filed(self, activity_type: ActivityType, *, since: datetime) -> list[str]:
        """Those that a note with a file is about: one call, and none for notes. Attachments show no time."""
        return await self._files.newly_filed(activity_type, since)

    async def associated(
        self, activity_type: ActivityType, ids: Sequence[str]
    ) -> dict[str, frozenset[tuple[str, str]]]:
        """The regarding record and the parties only; some 3,000 activities a call. Rows we may not see are absent."""
        table = ACTIVITY_TABLES[activity_type]
        shape = {"$select": f"{table.key},{regarding_lookup(activity_type)}"}
        if table.parties:
            shape["$expand"] = f"{table.parties}($select={','.join(PARTY_COLUMNS)})"
        rows = await self._rows_by_id(table, guids(ids), shape, annotated=True, at_once=NARROW_READS_AT_ONCE)
        found = {
            str(row[table.key]).lower(): frozenset(
                (one.kind, one.id) for one in read_associations(activity_type, row) if one.kind in RECORD_TABLES
            )
            for row in rows
        }
        return {given: found[given.lower()] for given in ids if given.lower() in found}

    async def find_keys(self, activity_type: ActivityType, keys: Sequence[str]) -> dict[str, str]:
        """Our own keys that exist. A key is the primary key of the row that was created under it."""
        table = ACTIVITY_TABLES[activity_type]
        rows = await self._rows_by_id(table, guids(keys), {"$select": table.key})
        present = {str(row[table.key]).lower() for row in rows}
        return {key: key.lower() for key in keys if key.lower() in present}

    async def keys_settle_after(self, activity_type: ActivityType) -> timedelta:  # noqa: ARG002 - the same for all
        """At once: a read by primary key sees every committed write."""
        return timedelta()

    async def keys_kept_since(self, activity_type: ActivityType) -> None:
        """Always: our key is the primary key."""

    async def deletions(
        self, activity_type: ActivityType, *, cursor: str | None, linked: Callable[[], Collection[str]]
    ) -> Deletions:
        """What may have been deleted since `cursor`: told by change tracking, or found by comparison.

        Notes that hang on what we do not carry are listed too: such a note exists, and is no suspect.
        """
        schema = await self._metadata.read()
        table = ACTIVITY_TABLES[activity_type]
        tracked = schema.tracks_changes(activity_type)
        return await find_deletions(self._operations, table, tracked=tracked, cursor=cursor, linked=linked)

    async def around(
        self, activity_type: ActivityType, moments: Sequence[datetime], *, within: timedelta
    ) -> list[SourceRecord]:
        """The activities that took place within so much of any of these moments, parties included; each once."""
        columns = self._time_columns(activity_type)
        conditions = [lies_in(columns, stretch) for stretch in merge_moments(moments, within=within)]
        # A row is found by any of its times; which of them is the activity's own is for the row to say.
        ordered = sorted(moments)
        return [
            record
            for record in await self._matching(activity_type, [any_of(some) for some in chunks(conditions)])
            if (told := first_moment(record.payload, columns)) is not None
            and is_near(read_moment(told), ordered, within=within)
        ]

    async def took_place(self, activity_type: ActivityType, window: Window) -> list[Sighting]:
        """The rows whose first time that is not empty lies inside; 5,000 a call."""
        table, columns = ACTIVITY_TABLES[activity_type], self._time_columns(activity_type)
        start, end = moment_literal(window.start), moment_literal(window.end)
        about = (regarding_lookup(activity_type),) if activity_type is ActivityType.NOTE else ()
        options = {
            "$select": ",".join(dict.fromkeys((table.key, "modifiedon", *columns, *about))),
            "$filter": any_of(f"({one} ge {start} and {one} lt {end})" for one in columns),
            "$orderby": table.key,
        }
        found: list[Sighting] = []
        link: str | None = f"{table.entity_set}?{query(options)}"
        while link is not None:
            page = await self._operations.get(link, prefer=f"odata.maxpagesize={PAGE_ROWS},{ANNOTATIONS}")
            for row in page.get("value") or ():
                told = first_moment(row, columns)
                if told is None or not is_carried(activity_type, row):
                    continue
                if window.start <= (at := read_moment(told)) < window.end:
                    found.append(Sighting(str(row[table.key]), at, read_moment(row["modifiedon"])))
            link = page.get("@odata.nextLink")
        return found

    async def made_since(self, activity_type: ActivityType, since: datetime) -> list[SourceRecord]:
        """The activities created at or after `since`, parties included; imported ones by the moment of the import.

        A row made with `overriddencreatedon` shows the given past time in one of the two columns and the real one
        in the other: whichever is which, the later is the real one. Both are in whole seconds.
        """
        from_here = moment_literal(since.replace(microsecond=0))
        made = any_of(f"{column} ge {from_here}" for column in ("createdon", "overriddencreatedon"))
        return await self._matching(activity_type, [made])

    def is_made_by_software(self, record: SourceRecord) -> bool:  # noqa: ARG002 - no row tells
        """A row names the user who made it, which may be an application's or a person's."""
        return True

    async def keyed(self, activity_type: ActivityType) -> AsyncIterator[list[KeyedRecord]]:
        """Pages of the ids of all rows of the type, `key` empty: a key of ours is the id of the row made under it.

        Notes are listed wherever they hang.
        """
        async for ids in list_ids(self._operations, ACTIVITY_TABLES[activity_type]):
            yield [KeyedRecord(record_id) for record_id in ids]

    async def holds_keys(self, activity_type: ActivityType) -> bool:  # noqa: ARG002 - the same for all
        """False: a key has no place of its own here, and no query tells an id that is one."""
        return False

    def is_behind(self, record: SourceRecord, version: str) -> bool:  # noqa: ARG002 - the same for every record
        """False: a list sees every committed write."""
        return False

    async def field_times(
        self, activity_type: ActivityType, ids: Sequence[str], fields: Collection[str], *, ours: bool = False
    ) -> dict[str, dict[str, datetime]]:
        """The row's modification time for every field: columns have none of their own.

        A row that we modified last has no entry, unless `ours`: when a person last changed it is not known any more.
        """
        table = ACTIVITY_TABLES[activity_type]
        own_user = None if ours else await self._own_user()
        rows = await self._rows_by_id(table, guids(ids), {"$select": f"{table.key},modifiedon,_modifiedby_value"})
        times: dict[str, dict[str, datetime]] = {}
        for row in rows:
            by = read_lookup(row, "_modifiedby_value")
            if by is None or by.id != own_user:
                times[str(row[table.key]).lower()] = dict.fromkeys(fields, read_moment(row["modifiedon"]))
        return {given: times[given.lower()] for given in ids if given.lower() in times}

    def _shape(self, activity_type: ActivityType) -> dict[str, str]:
        table = ACTIVITY_TABLES[activity_type]
        parties = f"{table.parties}($select={','.join(PARTY_COLUMNS)})" if table.parties else ""
        return {"$select": ",".join(self._columns(activity_type)), "$expand": parties}

    async def _matching(self, activity_type: ActivityType, conditions: Sequence[str]) -> list[SourceRecord]:
        """The activities that meet any of the conditions, each once."""
        table = ACTIVITY_TABLES[activity_type]
        reads = [
            Operation(
                "GET",
                f"{table.entity_set}?{query({**self._shape(activity_type), '$filter': condition})}",
                {"Prefer": ANNOTATIONS},
            )
            for condition in conditions
        ]
        found: dict[str, SourceRecord] = {}
        for rows in await self._operations.read_rows(reads, at_once=READS_AT_ONCE):
            records = (read_record(row, table) for row in rows if is_carried(activity_type, row))
            found |= {record.id: record for record in records}
        return list(found.values())

    async def _rows_by_id(
        self, table: Table, ids: Iterable[str], shape: dict[str, str], *, annotated: bool = False, at_once: int = 100
    ) -> list[Row]:
        reads = rows_by_id(table, ids, shape, annotated=annotated)
        return [row for rows in await self._operations.read_rows(reads, at_once=at_once) for row in rows]

    async def _deleted(self, table: Table, ids: Sequence[str]) -> list[str]:
        reads = [Operation("GET", f"{row_path(table, one)}?$select={table.key}") for one in ids]
        answers = await self._operations.read_answers(reads) if reads else []
        for answer in answers:
            if answer.status not in {200, 403, 404}:
                raise explain_failed_read(answer)
        return [one for one, answer in zip(ids, answers, strict=True) if answer.status == 404]


def rows_by_id(table: Table, ids: Iterable[str], shape: dict[str, str], *, annotated: bool = False) -> list[Operation]:
    """The reads, for one batch, that together find the rows of these ids."""
    headers = {"Prefer": ANNOTATIONS} if annotated else {}
    return [
        Operation("GET", f"{table.entity_set}?{query({**shape, '$filter': is_one_of(table.key, some)})}", headers)
        for some in chunks(ids)
    ]


def _within(window: Window) -> str:
    return f"modifiedon ge {moment_literal(window.start)} and modifiedon lt {moment_literal(window.end)}"


def _count(table: Table, within: str) -> str:
    """The path of an aggregate, which is refused beyond 50,000 rows. Source: Microsoft Learn, "Aggregate data"."""
    return f"{table.entity_set}?{query({'$apply': f'filter({within})/aggregate($count as found)'})}"


def _counted(answer: Answer) -> int | None:
    if answer.status >= 300:
        return None
    rows = json_object(answer).get("value") or ()
    return int(rows[0]["found"]) if rows else None


def _expected(count: int) -> Expected:
    return Expected(count, {"default": ceil(count / PAGE_ROWS)})


def _oldest(table: Table, since: datetime | None) -> Operation:
    options = {"$select": "modifiedon", "$orderby": f"modifiedon asc,{table.key} asc", "$top": "1"}
    if since is not None:
        options["$filter"] = f"modifiedon ge {moment_literal(since)}"
    return Operation("GET", f"{table.entity_set}?{query(options)}")


def _newest(table: Table, since: datetime) -> Operation:
    options = {
        "$select": f"{table.key},modifiedon",
        "$orderby": f"modifiedon desc,{table.key} desc",
        "$filter": f"modifiedon ge {moment_literal(since)}",
        "$top": str(_NEWEST_ROWS),
    }
    return Operation("GET", f"{table.entity_set}?{query(options)}")


def _sign(table: Table, rows: Iterable[Row]) -> str:
    told = "|".join(f"{row[table.key]}@{row.get('@odata.etag')}@{row['modifiedon']}" for row in rows)
    return hashlib.blake2b(told.encode(), digest_size=8).hexdigest()


def guids(ids: Iterable[str]) -> list[str]:
    """Ids that can be a row's, each once. Anything else is no id of Dynamics, and its query would be refused."""
    return [one for one in dict.fromkeys(given.lower() for given in ids) if _is_guid(one)]


def _is_guid(text: str) -> bool:
    groups = text.split("-")
    digits = "".join(groups)
    return [len(group) for group in groups] == [8, 4, 4, 4, 12] and all(one in "0123456789abcdef" for one in digits)
