"""The files that hang on HubSpot's activities: what the Files API tells of those that a record names.

A record names its files by id alone. The API reads one file a call: its search by id leaves out hidden files, which
attachments may be. Source: HubSpot developer documentation, "Files", and the OpenAPI files of v3 and 2026-09, read
2026-11.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from activity_sync.activities.files import GONE, OURS, UNREADABLE, AttachedFile
from activity_sync.errors import AuthenticationFailed
from activity_sync.systems.hubspot.file_store import ATTACHED, is_own_path
from activity_sync.systems.hubspot.operations import Operations
from activity_sync.systems.hubspot.wire import split_list
from activity_sync.systems.records import FILES, NO_FILES, SourceRecord

_REMEMBERED: Final = 10_000
"""Files known at a time: one that hangs on many activities, as a brochure does, is read once."""
_REFUSALS: Final = 3
"""After so many refusals, and no file that could be read, no further one is asked for: the scope is missing."""
_OPEN: Final = frozenset({"PUBLIC_INDEXABLE", "PUBLIC_NOT_INDEXABLE"})
_KINDS: Final[Mapping[str, str]] = {"IMG": "image", "DOCUMENT": "document", "MOVIE": "video", "AUDIO": "audio"}


class HubSpotFiles:
    """Reads what files are. Remembers them for as long as the connection lives."""

    def __init__(self, operations: Operations) -> None:
        self._operations = operations
        self._known: dict[str, AttachedFile] = {}
        self._refusals = 0
        self._may_read = False

    async def add(
        self, records: Sequence[SourceRecord], *, ours: Mapping[str, Collection[str]] = NO_FILES
    ) -> list[SourceRecord]:
        """The records with their files, in the order of the property; those that we have put there are left out.

        `ours`: by record, what is known to be so; the rest shows by its path. Without the scope ids are all there is.
        """
        named = {one.id: [each for each in _named(one) if each not in ours.get(one.id, ())] for one in records}
        wanted = dict.fromkeys(file_id for ids in named.values() for file_id in ids)
        if len(self._known) > _REMEMBERED:
            self._known.clear()
        missing = [one for one in wanted if one not in self._known]
        while missing and not self._may_read and self._refusals < _REFUSALS:
            # One after the other until it is known whether the scope is there at all.
            first = missing.pop(0)
            self._known[first] = await self._read(first)
        for found in await asyncio.gather(*(self._read(one) for one in missing)):
            self._known[found.id] = found

        def theirs(record: SourceRecord) -> list[str]:
            return [each for each in named[record.id] if self._known[each].problem != OURS]

        return [
            replace(one, payload={**one.payload, FILES: [self._known[each].to_json() for each in theirs(one)]})
            for one in records
        ]

    async def _read(self, file_id: str) -> AttachedFile:
        if not file_id.isdigit():
            return AttachedFile(file_id, problem=GONE)
        if self._refusals >= _REFUSALS and not self._may_read:
            return AttachedFile(file_id, problem=UNREADABLE)
        try:
            told = await self._operations.find_file(file_id)
        except AuthenticationFailed as refused:
            if refused.status != 403:
                raise
            self._refusals += 1
            return AttachedFile(file_id, problem=UNREADABLE)
        self._may_read = True
        return AttachedFile(file_id, problem=GONE) if told is None else read_file(file_id, told)


def read_file(file_id: str, told: Mapping[str, Any]) -> AttachedFile:
    """A file of an answer. The name comes without its extension, and `url` leads on only where the file is public."""
    if told.get("archived") is True:
        return AttachedFile(file_id, problem=GONE)
    if is_own_path(str(told.get("path") or "")):
        return AttachedFile(file_id, problem=OURS)
    name, extension = str(told.get("name") or ""), str(told.get("extension") or "")
    if name and extension and not name.lower().endswith(f".{extension.lower()}"):
        name = f"{name}.{extension}"
    size = told.get("size")
    return AttachedFile(
        file_id,
        name=name,
        kind=_KINDS.get(str(told.get("type") or ""), ""),
        size=size if isinstance(size, int) else None,
        url=str(told.get("url") or "") if told.get("access") in _OPEN else "",
    )


def _named(record: SourceRecord) -> tuple[str, ...]:
    properties = record.payload.get("properties") or {}
    return () if record.gone else tuple(dict.fromkeys(split_list(properties.get(ATTACHED))))
