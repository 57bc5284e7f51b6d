"""Contents of files in HubSpot: fetched by addresses that expire, kept in a folder of ours, one folder for each file.

Source: HubSpot developer documentation, "Files", and the OpenAPI files of v3, 2026-03 and 2026-09 (upload, stat,
signed URL), read 2026-11.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import IO, Any, Final
from urllib.parse import quote

from activity_sync.activities.files import AttachedFile
from activity_sync.activities.identity import is_file_key
from activity_sync.activities.kinds import ActivityType
from activity_sync.errors import MalformedResponse
from activity_sync.http.client import Transport
from activity_sync.http.download import Download, download
from activity_sync.http.message import ApiRequest
from activity_sync.systems.hubspot.batches import refused
from activity_sync.systems.hubspot.operations import Operations
from activity_sync.systems.hubspot.refusals import read_whole
from activity_sync.systems.hubspot.wire import read_object, split_list
from activity_sync.systems.hubspot.writer import HubSpotWriter
from activity_sync.systems.records import KeptFile, UpdateRequest, WriteResult

ATTACHED: Final = "hs_attachment_ids"
FOLDER: Final = "activity-sync"
"""The folder of the file manager that everything lies in which we bring."""
ACCESS: Final = "PRIVATE"
"""Who may see what we bring: people who are signed in."""

_SENSITIVE: Final = frozenset({"SENSITIVE", "HIDDEN_SENSITIVE"})
_OPEN: Final = frozenset({"PUBLIC_INDEXABLE", "PUBLIC_NOT_INDEXABLE"})
_SECONDS_TO_FETCH: Final = 600
_LONGEST_NAME: Final = 120
_AWKWARD: Final = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|%#]+')
_RESULTS: Final[Mapping[Download, WriteResult]] = {
    Download.TOO_LARGE: WriteResult("refused", code="larger_than_told"),
    Download.GONE: WriteResult("missing", code="gone"),
    Download.REFUSED: WriteResult("refused", code="download_refused"),
    Download.LATER: WriteResult("busy", code="download_failed"),
}


class HubSpotFileStore:
    """Fetches and keeps contents of files. `transport` is for tests."""

    def __init__(self, operations: Operations, writer: HubSpotWriter, *, transport: Transport | None = None) -> None:
        self._operations = operations
        self._writer = writer
        self._transport = transport

    async def longest(self) -> int | None:
        """None: the limit depends on the account and the kind of file, and no answer tells it."""
        return None

    async def fetch(self, file: AttachedFile, into: IO[bytes], *, at_most: int) -> WriteResult:
        """A public file by its own address, a private one by a signed one; our token goes to neither.

        What HubSpot marks as sensitive stays there.
        """
        told = await self._operations.find_file(file.id)
        if told is None or told.get("archived") is True:
            return WriteResult("missing", code="gone")
        if told.get("access") in _SENSITIVE:
            return WriteResult("refused", code="sensitive")
        size = told.get("size")
        if isinstance(size, int) and size > at_most:
            return WriteResult("refused", code="too_large")
        url = str(told.get("url") or "") if told.get("access") in _OPEN else await self._signed(file.id)
        became = await download(url, into, at_most=at_most, transport=self._transport)
        return WriteResult("done", file.id) if became is Download.DONE else _RESULTS[became]

    async def find(self, file: KeptFile) -> str | None:
        """The file at the path that belongs to the key."""
        path = f"{_folder_of(file.key)}/{plain_name(file.name)}"
        client, paths = self._operations.client, self._operations.paths
        answer = await client.send(ApiRequest("GET", paths.file_stat(quote(path)), repeatable=True))
        if answer.status == 404:
            return None
        if answer.status >= 400:
            raise MalformedResponse(
                f"hubspot refuses to say what lies at a path ({answer.status}).", system="hubspot", status=answer.status
            )
        found: Any = read_object(answer).get("file") or {}
        return None if found.get("archived") is True or not found.get("id") else str(found["id"])

    async def keep(
        self,
        activity_type: ActivityType,  # noqa: ARG002 - a file of HubSpot is not of a type
        file: KeptFile,
        content: IO[bytes],
    ) -> WriteResult:
        """The file is uploaded. An upload has no key of its own: whether a lost one happened, its path tells."""
        boundary = uuid.uuid4().hex
        request = ApiRequest(
            "POST",
            self._operations.paths.upload_file(),
            content=_form(boundary, file, content.read()),
            headers={"Content-Type": f"multipart/form-data; boundary={boundary}", "Accept": "application/json"},
            repeatable=False,
        )
        answer = await self._operations.client.send(request)
        if answer.status >= 400:
            refusal = refused(read_whole(answer))
            return replace(refusal, outcome="refused", code="refused_as_too_large") if answer.status == 413 else refusal
        return WriteResult("done", str(read_object(answer)["id"]), status=answer.status)

    async def attach(self, activity_type: ActivityType, record_id: str, file_ids: Sequence[str]) -> WriteResult:
        """The activity names the files, after those that it names now. No write where it names them already."""
        found = await self._operations.batch_read(activity_type, [record_id], [ATTACHED])
        if not found:
            return WriteResult("missing", code="gone")
        named = split_list((found[0].get("properties") or {}).get(ATTACHED))
        wanted = tuple(dict.fromkeys((*named, *file_ids)))
        if wanted == tuple(named):
            return WriteResult("done", record_id)
        request = UpdateRequest(record_id, {"properties": {ATTACHED: ";".join(wanted)}})
        (result,) = await self._writer.update(activity_type, [request])
        return result

    async def _signed(self, file_id: str) -> str:
        path = f"{self._operations.paths.file(file_id)}/signed-url?expirationSeconds={_SECONDS_TO_FETCH}"
        return str((await self._operations.get(path)).get("url") or "")


def is_own_path(path: str) -> bool:
    """Whether a file of this path was brought by us: our folder, and in it the one of a key."""
    parts = path.strip("/").split("/")
    return len(parts) > 2 and parts[0].lower() == FOLDER and is_file_key(parts[1])


def plain_name(name: str) -> str:
    """The name without what a path or an address cannot hold, its extension kept where it is cut."""
    plain = _AWKWARD.sub("-", name).strip(" .") or "file"
    if len(plain) <= _LONGEST_NAME:
        return plain
    stem, dot, extension = plain.rpartition(".")
    if not dot or len(extension) > 10:
        return plain[:_LONGEST_NAME]
    return f"{stem[: _LONGEST_NAME - len(extension) - 1]}.{extension}"


def _folder_of(key: str) -> str:
    return f"{FOLDER}/{key}"


def _form(boundary: str, file: KeptFile, content: bytes) -> bytes:
    """The upload as a form. `options` knows `access` for certain; what else it may say is documented nowhere."""
    name = plain_name(file.name)
    fields = {
        "folderPath": f"/{_folder_of(file.key)}",
        "fileName": name,
        "options": json.dumps({"access": ACCESS}),
    }
    lines = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n{value}\r\n'
        for field, value in fields.items()
    ]
    kind = file.kind if re.fullmatch(r"[\w.+-]+/[\w.+-]+", file.kind) else "application/octet-stream"
    lines.append(
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
        f"Content-Type: {kind}\r\n\r\n"
    )
    return b"".join(("".join(lines).encode(), content, f"\r\n--{boundary}--\r\n".encode()))
