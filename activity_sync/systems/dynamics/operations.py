"""Calls on one organization: single reads, and batches of reads or of change sets.

Batches are sent with `continue-on-error`: without it the server stops at the first error and keeps what it did.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from activity_sync.errors import MalformedResponse
from activity_sync.http.client import ApiClient
from activity_sync.http.message import ApiRequest, ApiResponse
from activity_sync.systems.dynamics.batch import (
    Answer,
    ChangeSet,
    Operation,
    PartAnswer,
    build_batch,
    parse_batch,
)
from activity_sync.systems.dynamics.paths import API_PATH
from activity_sync.systems.dynamics.refusals import explain_failed_read, is_transient

Row = Mapping[str, Any]

BASE_HEADERS = {"Accept": "application/json", "OData-Version": "4.0", "OData-MaxVersion": "4.0"}
READ_ROUNDS = 4
"""How often a read inside a batch is sent while the server answers "later"."""
USUAL_PARALLELISM = 4
MOST_PARALLELISM = 8


@dataclass(frozen=True, slots=True)
class BatchAnswers:
    """What a batch was answered: by its parts, or by `refused` when it was refused as a whole.

    `repeated`: an earlier attempt may have been carried out, its answer is lost.
    """

    parts: tuple[PartAnswer, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    refused: Answer | None = None
    repeated: bool = False


class Operations:
    """Calls on one organization. `sleep` is for tests."""

    def __init__(self, client: ApiClient, *, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self._client = client
        self._sleep = sleep
        self._parallelism = USUAL_PARALLELISM

    @property
    def parallelism(self) -> int:
        """How many batches to have under way: what the server recommends (`x-ms-dop-hint`), within reason."""
        return max(1, min(self._parallelism, MOST_PARALLELISM))

    async def get(self, path: str, *, prefer: str = "") -> Row:
        """One JSON object, by a path below the service root or a next link, followed as it stands."""
        answer = await self.ask(path, prefer=prefer)
        if answer.status >= 300:
            raise explain_failed_read(answer)
        return json_object(answer)

    async def ask(self, path: str, *, prefer: str = "") -> Answer:
        """The answer to a read, also where it is a refusal that judges the request. `path` as for `get`."""
        headers = {**BASE_HEADERS, "If-None-Match": "null", **({"Prefer": prefer} if prefer else {})}
        url = path if "://" in path else API_PATH + path
        response = await self._send(ApiRequest("GET", url, headers=headers, repeatable=True))
        return Answer(response.status, response.headers, response.body)

    async def batch(self, parts: Sequence[Operation | ChangeSet]) -> BatchAnswers:
        """The answers to one batch, in the order of its parts; fewer when the server stopped early.

        Everything sent here bears repeating: reads, creates under their own keys, updates guarded by a version.
        """
        built = build_batch(parts, root=API_PATH)
        headers = {**BASE_HEADERS, "Content-Type": built.content_type, "Prefer": "odata.continue-on-error"}
        request = ApiRequest("POST", f"{API_PATH}$batch", content=built.content, headers=headers, repeatable=True)
        response = await self._send(request)
        content_type = response.headers.get("content-type", "")
        if response.status >= 300 and not content_type.startswith("multipart/"):
            refused = Answer(response.status, response.headers, response.body)
            return BatchAnswers(headers=response.headers, refused=refused, repeated=response.earlier_answer_lost)
        answers = parse_batch(content_type, response.body)
        if len(answers) > len(parts):
            raise MalformedResponse("Dynamics answered a batch with more parts than it had.", system="dynamics")
        return BatchAnswers(answers, response.headers, repeated=response.earlier_answer_lost)

    async def read_answers(self, reads: Sequence[Operation], *, at_once: int = 100) -> list[Answer]:
        """The answer to each read, in order, whatever it says; `at_once` reads go into one call.

        Reads that the server postpones are sent again, alone. ServerUnavailable when it goes on postponing.
        """
        answers: dict[int, Answer] = {}
        for attempt in range(READ_ROUNDS):
            open_reads = [number for number in range(len(reads)) if number not in answers]
            if not open_reads:
                break
            if attempt:
                await self._sleep(2.0 ** (attempt - 1))
            postponed: list[Answer] = []
            for numbers in _runs(open_reads, at_once):
                for number, answer in zip(numbers, await self._read_batch([reads[n] for n in numbers]), strict=False):
                    if is_transient(answer):
                        postponed.append(answer)
                    else:
                        answers[number] = answer
            if attempt == READ_ROUNDS - 1 and postponed:
                raise explain_failed_read(postponed[0])
        if len(answers) < len(reads):
            raise MalformedResponse("Dynamics left reads of a batch unanswered.", system="dynamics")
        return [answers[number] for number in range(len(reads))]

    async def read_rows(self, reads: Sequence[Operation], *, at_once: int = 100) -> list[list[Row]]:
        """All rows of each collection read, in order. Raises what the first refusal means."""
        found: list[list[Row]] = []
        for read, answer in zip(reads, await self.read_answers(reads, at_once=at_once), strict=True):
            if answer.status >= 300:
                raise explain_failed_read(answer)
            page = json_object(answer)
            rows = list(page.get("value") or ())
            while link := page.get("@odata.nextLink"):
                # Preferences must be the same on every page.
                page = await self.get(str(link), prefer=read.headers.get("Prefer", ""))
                rows.extend(page.get("value") or ())
            found.append(rows)
        return found

    async def _read_batch(self, reads: Sequence[Operation]) -> list[Answer]:
        answers = await self.batch(reads)
        if answers.refused is not None:
            raise explain_failed_read(answers.refused)
        return [part for part in answers.parts if isinstance(part, Answer)]

    async def _send(self, request: ApiRequest) -> ApiResponse:
        response = await self._client.send(request)
        hint = response.headers.get("x-ms-dop-hint", "")
        if hint.isdigit():
            self._parallelism = int(hint)
        return response


def _runs(numbers: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    for start in range(0, len(numbers), size):
        yield numbers[start : start + size]


def json_object(answer: Answer) -> Row:
    """An answer's body. MalformedResponse when it is no JSON object."""
    body = answer.json()
    if not isinstance(body, dict):
        raise MalformedResponse("Dynamics answered with something that is no JSON object.", system="dynamics")
    return body
