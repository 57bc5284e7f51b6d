"""Contents of files in Dynamics: read as Base64, kept as notes of their own under our own key.

Source: Microsoft Learn, "Use file data with Attachment and Note records", read 2026-11.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import IO, Any, Final

from activity_sync.activities.files import AttachedFile
from activity_sync.activities.kinds import ActivityType
from activity_sync.systems.dynamics.batch import ChangeSet, Operation
from activity_sync.systems.dynamics.files import ATTACHMENTS, NOTES
from activity_sync.systems.dynamics.operations import Operations, json_object
from activity_sync.systems.dynamics.paths import ACTIVITY_TABLES, KINDS, RECORD_TABLES, row_path
from activity_sync.systems.dynamics.refusals import (
    explain_failed_read,
    is_transient,
    judge_create,
    read_error,
)
from activity_sync.systems.dynamics.wire import ANNOTATIONS, read_lookup
from activity_sync.systems.records import KeptFile, WriteResult

TOO_LARGE: Final = "0x80044a02"
"""`unManagedidsattachmentinvalidfilesize`."""

_CONTENT: Final[Mapping[str, str]] = {NOTES.name: "documentbody", ATTACHMENTS.name: "body"}
_ENCODED_AT_ONCE: Final = 4 * 256 * 1024
_SUBJECT_CHARS: Final = 500
_NAME_CHARS: Final = 255
_KIND_CHARS: Final = 256


class DynamicsFileStore:
    """Fetches and keeps contents of files."""

    def __init__(self, operations: Operations) -> None:
        self._operations = operations
        self._longest: int | None = None
        self._asked = False

    async def longest(self) -> int | None:
        """The organization's own limit, less what Base64 adds: the limit is for the encoded text."""
        if not self._asked:
            answer = await self._operations.ask("organizations?$select=maxuploadfilesize")
            rows = json_object(answer).get("value") or () if answer.status < 300 else ()
            told = rows[0].get("maxuploadfilesize") if rows else None
            self._longest = told // 4 * 3 if isinstance(told, int) else None
            self._asked = True
        return self._longest

    async def fetch(self, file: AttachedFile, into: IO[bytes], *, at_most: int) -> WriteResult:
        """The file's content, decoded piece by piece. Its size is the server's own word, and is asked for first."""
        table = ATTACHMENTS if file.place == ATTACHMENTS.name else NOTES
        row = await self._operations.ask(f"{row_path(table, file.id)}?$select=filesize")
        if row.status == 404:
            return WriteResult("missing", code="gone", status=404)
        if row.status >= 300:
            raise explain_failed_read(row)
        size = json_object(row).get("filesize")
        if not isinstance(size, int) or size > at_most:
            return WriteResult("refused", code="too_large")
        answer = await self._operations.ask(f"{row_path(table, file.id)}/{_CONTENT[table.name]}/$value")
        if answer.status in {204, 404}:
            return WriteResult("missing", code="gone", status=answer.status)
        if answer.status >= 300:
            raise explain_failed_read(answer)
        return self._decoded(file.id, answer.body, into, at_most=at_most)

    async def find(self, file: KeptFile) -> str | None:
        """The note whose id is the key."""
        answer = await self._operations.ask(f"{row_path(NOTES, file.key)}?$select={NOTES.key}")
        if answer.status == 404:
            return None
        if answer.status >= 300:
            raise explain_failed_read(answer)
        return file.key

    async def keep(self, activity_type: ActivityType, file: KeptFile, content: IO[bytes]) -> WriteResult:
        """A note about the activity holds the file; of a note, one beside it, about the same record.

        Its id is our key, so that a second attempt meets it and makes no other one. A note can be about no note.
        """
        about = await self._about(activity_type, file.record_id)
        if about is None:
            return WriteResult("missing", code="gone")
        columns = {
            NOTES.key: file.key,
            "subject": file.name[:_SUBJECT_CHARS],
            "isdocument": True,
            "filename": _short_name(file.name),
            "mimetype": (file.kind or "application/octet-stream")[:_KIND_CHARS],
            "documentbody": base64.b64encode(content.read()).decode("ascii"),
            **about,
        }
        write = ChangeSet((Operation("POST", NOTES.entity_set, body=columns),))
        answers = await self._operations.batch([write])
        if answers.refused is not None:
            code, message = read_error(answers.refused.body)
            outcome = "busy" if is_transient(answers.refused) else "refused"
            code = "refused_as_too_large" if answers.refused.status == 413 else code
            return WriteResult(outcome, status=answers.refused.status, code=code, message=message)
        judged = judge_create(file.key, answers.parts[0] if answers.parts else None, headers=answers.headers)
        if judged.code == TOO_LARGE:
            return replace(judged, code="refused_as_too_large")
        return judged

    async def attach(
        self,
        activity_type: ActivityType,  # noqa: ARG002 - the same for all
        record_id: str,
        file_ids: Sequence[str],  # noqa: ARG002 - each hangs where it is to since it was kept
    ) -> WriteResult:
        """Nothing is left to do: a note hangs on its activity from the first."""
        return WriteResult("done", record_id)

    async def _about(self, activity_type: ActivityType, record_id: str) -> Mapping[str, str] | None:
        """What the file's note is about; None where the activity is gone. A note may hang on nothing."""
        table = ACTIVITY_TABLES[activity_type]
        if activity_type is not ActivityType.NOTE:
            return {f"objectid_{table.name}@odata.bind": f"/{row_path(table, record_id)}"}
        answer = await self._operations.ask(f"{row_path(table, record_id)}?$select=_objectid_value", prefer=ANNOTATIONS)
        if answer.status == 404:
            return None
        if answer.status >= 300:
            raise explain_failed_read(answer)
        found = read_lookup(json_object(answer), "_objectid_value")
        if found is None or found.table not in KINDS:
            return {}
        record = RECORD_TABLES[KINDS[found.table]]
        return {f"objectid_{record.name}@odata.bind": f"/{row_path(record, found.id)}"}

    @staticmethod
    def _decoded(file_id: str, encoded: bytes, into: IO[bytes], *, at_most: int) -> WriteResult:
        text = memoryview(encoded.strip())
        written = 0
        try:
            for start in range(0, len(text), _ENCODED_AT_ONCE):
                piece: Any = binascii.a2b_base64(text[start : start + _ENCODED_AT_ONCE], strict_mode=True)
                written += len(piece)
                if written > at_most:
                    return WriteResult("refused", code="larger_than_told")
                into.write(piece)
        except binascii.Error:
            return WriteResult("refused", code="not_base64")
        return WriteResult("done", file_id)


def _short_name(name: str) -> str:
    """The name within the column's length, its extension kept."""
    if len(name) <= _NAME_CHARS:
        return name
    stem, dot, extension = name.rpartition(".")
    if not dot or len(extension) > 10:
        return name[:_NAME_CHARS]
    return f"{stem[: _NAME_CHARS - len(extension) - 1]}.{extension}"
