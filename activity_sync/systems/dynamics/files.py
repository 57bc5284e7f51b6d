"""The files that hang on Dynamics' activities: a note's own, notes with a file about an activity, and attachments.

Source: Microsoft Learn, table references of annotation and activitymimeattachment, and "Use file data with Attachment
and Note records", read 2026-11.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from activity_sync.activities.files import UNREADABLE, AttachedFile
from activity_sync.activities.identity import is_file_key
from activity_sync.activities.kinds import ActivityType
from activity_sync.systems.dynamics.batch import Answer, Operation
from activity_sync.systems.dynamics.filters import any_of, chunks, moment_literal, query
from activity_sync.systems.dynamics.operations import Operations, Row, json_object
from activity_sync.systems.dynamics.paths import ACTIVITY_TABLES, Table
from activity_sync.systems.dynamics.refusals import explain_failed_read
from activity_sync.systems.records import FILES, SourceRecord

NOTE_COLUMNS: Final = ("isdocument", "filename", "mimetype", "filesize")
"""What a note says of its own file."""

NOTES: Final = Table("annotation", "annotations", "annotationid")
ATTACHMENTS: Final = Table("activitymimeattachment", "activitymimeattachments", "activitymimeattachmentid")
_ABOUT: Final = "_objectid_value"
_CONDITION_CHARS: Final = len(f"{_ABOUT} eq  or ")
_CONDITIONS: Final = 200
"""Rows asked about by one query: each is a condition of its own, and the service counts those."""


class DynamicsFiles:
    """Reads what files there are, but for those that we have put there; their contents never."""

    def __init__(self, operations: Operations) -> None:
        self._operations = operations

    async def add(self, activity_type: ActivityType, records: Sequence[SourceRecord]) -> list[SourceRecord]:
        """The records with their files, in the order of their rows' ids. All in one call, or one per 5,000 records.

        Where our role may not read some of them, every activity has a file that not even an id is known of.
        """
        if activity_type is ActivityType.NOTE:
            return [_with(one, _own_file(one.id, one.payload)) for one in records]
        ids = [one.id for one in records if not one.gone]
        found: dict[str, list[AttachedFile]] = {}
        reads = [(NOTES, _read(NOTES, some, only="isdocument eq true")) for some in _chunks(ids)]
        if activity_type in {ActivityType.EMAIL, ActivityType.MEETING}:
            reads += [(ATTACHMENTS, _read(ATTACHMENTS, some)) for some in _chunks(ids)]
        answers = await self._operations.read_answers([read for _, read in reads]) if reads else []
        is_refused = False
        for (table, read), answer in zip(reads, answers, strict=True):
            if answer.status == 403:
                is_refused = True
                continue
            async for row in self._rows(read, answer):
                file_id = str(row[table.key]).lower()
                if not is_file_key(file_id):
                    found.setdefault(str(row[_ABOUT]).lower(), []).append(_file(file_id, row, table))
        unread = [AttachedFile("", problem=UNREADABLE)] if is_refused else []
        return [_with(one, [*found.get(one.id.lower(), ()), *unread]) for one in records]

    async def newly_filed(self, activity_type: ActivityType, since: datetime) -> list[str]:
        """The ids of activities that a note with a file is about which was modified since, each once."""
        if activity_type is ActivityType.NOTE:
            return []
        options = {
            "$select": f"{NOTES.key},{_ABOUT}",
            "$filter": f"isdocument eq true and objecttypecode eq '{ACTIVITY_TABLES[activity_type].name}' "
            f"and modifiedon ge {moment_literal(since)}",
            "$orderby": NOTES.key,
        }
        read = Operation("GET", f"{NOTES.entity_set}?{query(options)}")
        (answer,) = await self._operations.read_answers([read])
        if answer.status == 403:
            return []
        rows = [row async for row in self._rows(read, answer) if not is_file_key(str(row[NOTES.key]))]
        return list(dict.fromkeys(str(row[_ABOUT]).lower() for row in rows if row.get(_ABOUT)))

    async def _rows(self, read: Operation, answer: Answer) -> AsyncIterator[Row]:
        """All rows of a read, of which `answer` is the first page."""
        if answer.status >= 300:
            raise explain_failed_read(answer)
        page: Row = json_object(answer)
        while True:
            for row in page.get("value") or ():
                yield row
            if not (link := page.get("@odata.nextLink")):
                return
            page = await self._operations.get(str(link), prefer=read.headers.get("Prefer", ""))


def _own_file(record_id: str, row: Mapping[str, Any]) -> list[AttachedFile]:
    """A note's own file. What says that a note has one is not told by all clients: a name is enough."""
    return [_file(record_id, row, NOTES)] if row.get("isdocument") is True or row.get("filename") else []


def _file(file_id: str, row: Mapping[str, Any], table: Table) -> AttachedFile:
    size = row.get("filesize")
    return AttachedFile(
        file_id,
        name=str(row.get("filename") or ""),
        kind=str(row.get("mimetype") or ""),
        size=size if isinstance(size, int) else None,
        place=table.name if table is ATTACHMENTS else "",
    )


def _with(record: SourceRecord, files: Sequence[AttachedFile]) -> SourceRecord:
    return replace(record, payload={**record.payload, FILES: [one.to_json() for one in files]})


def _chunks(ids: Sequence[str]) -> list[list[str]]:
    return list(chunks(ids, at_most=_CONDITIONS, overhead_chars=_CONDITION_CHARS))


def _read(table: Table, ids: Sequence[str], *, only: str = "") -> Operation:
    about = any_of(f"{_ABOUT} eq {one}" for one in ids)
    options = {
        "$select": f"{table.key},filename,mimetype,filesize,{_ABOUT}",
        "$filter": f"{only} and {about}" if only else about,
        "$orderby": table.key,
    }
    return Operation("GET", f"{table.entity_set}?{query(options)}")
