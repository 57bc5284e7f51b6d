"""Batches of creates: no good record lost with a bad one, and none sent twice that the portal would create twice.

Where the key is unique, a lost answer is asked for by sending again: the portal refuses what is there. Elsewhere what
may have been created is never sent again from here; it is `uncertain`, and whoever calls looks for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from activity_sync.errors import FatalError, MalformedResponse, RetriableError, ServerUnavailable
from activity_sync.http.message import ApiRequest, ApiResponse
from activity_sync.systems.hubspot.batches import (
    attribute,
    gather_all,
    in_halves,
    refused,
    stopped,
    unaccounted,
    unanswered,
)
from activity_sync.systems.hubspot.keys import find_keys
from activity_sync.systems.hubspot.metadata import KEY, SOURCE_ID, SOURCE_SYSTEM, SOURCE_URL, KeyProperty, Schema
from activity_sync.systems.hubspot.operations import Operations
from activity_sync.systems.hubspot.refusals import explain, is_record_refusal, read_rows, read_whole
from activity_sync.systems.hubspot.wire import BATCH, Json, millis, read_modified, read_results, split_batches
from activity_sync.systems.records import CreateRequest, WriteResult

SEND_WITHIN: Final = timedelta(minutes=5)
"""How long creates are on their way at most where the portal would create them twice.

After that, and the lag of the index, what is not found was not created: a create that still waits for its turn then,
behind a rate limit say, would prove that wrong.
"""


async def create_records(
    operations: Operations,
    kind: str,
    schema: Schema,
    requests: Sequence[CreateRequest],
    *,
    send_within: timedelta = SEND_WITHIN,
) -> dict[str, WriteResult]:
    """By key, what became of it. Each key is given once.

    What stops a run (FatalError) is raised only where nothing was created: else it would take with it what is known
    of the others. It then meets the next call.
    """
    until = asyncio.get_running_loop().time() + send_within.total_seconds()
    creating = _Creating(operations, kind, schema, until=until)
    # Without a key in it, only an answer about one record says which record it is about.
    size = BATCH if schema.key is not KeyProperty.ABSENT else 1
    answers = await gather_all(creating.send(some) for some in split_batches(requests, size))
    results = {key: result for answer in answers for key, result in answer.items()}
    if creating.stops and not any(one.outcome in {"done", "exists"} for one in results.values()):
        raise creating.stops[0]
    return results


def create_input(request: CreateRequest, schema: Schema) -> dict[str, Any]:
    """One input of a batch create: our key and the origin stamp go where the portal has properties for them."""
    origin = request.body.get("origin") or {}
    marks = {
        KEY: request.key,
        SOURCE_SYSTEM: origin.get("system"),
        SOURCE_ID: origin.get("id"),
        SOURCE_URL: origin.get("url"),
        **(origin.get("place") or {}),
    }
    kept = {name: value for name, value in marks.items() if value and name in schema.properties}
    return {
        "properties": {**request.body["properties"], **kept},
        "associations": request.body.get("associations") or [],
        # Without one, a bad record makes the whole batch fail.
        "objectWriteTraceId": request.key,
    }


@dataclass(frozen=True, slots=True)
class _Creating:
    """The creates of one call. `until`: no attempt begins later, by the event loop's time, where keys are not unique.

    `stops`: what would have stopped the run.
    """

    operations: Operations
    kind: str
    schema: Schema
    until: float = field(kw_only=True)
    stops: list[FatalError] = field(default_factory=list)

    @property
    def is_unique(self) -> bool:
        return self.schema.key is KeyProperty.UNIQUE

    async def send(self, batch: Sequence[CreateRequest]) -> dict[str, WriteResult]:
        keys = [one.key for one in batch]
        try:
            answer = await self._post([create_input(one, self.schema) for one in batch])
            return await (self._in_parts(batch, answer) if answer.status >= 400 else self._read(keys, answer))
        except RetriableError as error:
            return dict.fromkeys(keys, unanswered(error, repeatable=False))
        except FatalError as error:
            self.stops.append(error)
            # What the credentials or the address forbid was not done, unless an attempt before this one did it.
            untouched = not self.is_unique and not isinstance(error, MalformedResponse)
            return dict.fromkeys(keys, stopped(error, untouched=untouched))

    async def _post(self, inputs: Sequence[Json]) -> ApiResponse:
        path = self.operations.paths.batch(self.kind, "create")
        request = ApiRequest("POST", path, json={"inputs": inputs}, repeatable=self.is_unique)
        if self.is_unique:
            return await self.operations.client.send(request)
        if asyncio.get_running_loop().time() >= self.until:
            raise ServerUnavailable("hubspot takes no creates in time.", system="hubspot", code="not_sent")
        try:
            async with asyncio.timeout_at(self.until):
                return await self.operations.client.send(request)
        except TimeoutError:
            raise ServerUnavailable(
                "hubspot does not answer in time.", system="hubspot", code="no_answer", maybe_applied=True
            ) from None

    async def _read(self, keys: Sequence[str], answer: ApiResponse) -> dict[str, WriteResult]:
        """The results of a batch that was taken, as a whole or in part."""
        results = {
            key: WriteResult("done", id=str(one["id"]), version=millis(read_modified(one)), status=answer.status)
            for one in read_results(answer)
            if (key := _key_of(one, keys))
        }
        silent = [key for key in keys if key not in results]
        # A row that names nobody is about the only one left, surely enough where a mistake would be noticed.
        rows = attribute(read_rows(answer), silent if self.is_unique else keys)
        rows = {key: row for key, row in rows.items() if key in silent}
        results |= {key: refused(row) for key, row in rows.items()}
        duplicates = [key for key, row in rows.items() if self.is_unique and row.says_duplicate_of(KEY)]
        found = await self._find(duplicates) or {}
        results |= {
            key: _exists(found[key], answer.status)
            if key in found
            else unaccounted(status=answer.status, message=rows[key].message)
            for key in duplicates
        }
        return {key: results.get(key) or unaccounted(status=answer.status) for key in keys}

    async def _in_parts(self, batch: Sequence[CreateRequest], answer: ApiResponse) -> dict[str, WriteResult]:
        """The results of a batch that was refused as a whole: nothing of it was created."""
        if not is_record_refusal(answer.status):
            raise explain(answer, f"a batch of new {self.kind} records")
        whole = read_whole(answer)
        if self.is_unique and whole.says_duplicate_of(KEY):
            # Most likely the batch was created before, and only the answer was lost.
            existing = await self._find([one.key for one in batch])
            if existing is None:
                return {one.key: unaccounted(status=answer.status) for one in batch}
            found = {key: _exists(record_id, answer.status) for key, record_id in existing.items()}
            rest = [one for one in batch if one.key not in found]
            if found:
                return found | (await self.send(rest) if rest else {})
        if len(batch) > 1:
            return await in_halves(self.send, batch)
        key = batch[0].key
        if whole.says_duplicate_of(KEY):
            return {key: unaccounted(status=answer.status, correlation_id=whole.correlation_id, message=whole.message)}
        return {key: refused(whole)}

    async def _find(self, keys: Sequence[str]) -> Mapping[str, str] | None:
        """The records that have these keys; None where that could not be read."""
        if not keys:
            return {}
        try:
            return await find_keys(self.operations, self.kind, keys, key_property=self.schema.key)
        except RetriableError:
            return None
        except FatalError as error:
            self.stops.append(error)
            return None


def _key_of(result: Json, keys: Sequence[str]) -> str | None:
    """The key a created record was sent under. The order of results is not promised."""
    stated = (result.get("properties") or {}).get(KEY) or result.get("objectWriteTraceId")
    return stated if stated in keys else keys[0] if len(keys) == 1 and stated is None else None


def _exists(record_id: str, status: int) -> WriteResult:
    return WriteResult("exists", id=record_id, status=status, code="key_exists")
