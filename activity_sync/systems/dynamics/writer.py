"""Writes activities: one change set each, many change sets to a batch.

Each activity is written wholly or not at all, and a refused one does not hold up the others. Creates are repeatable
because their keys are the rows' primary keys; updates because they are guarded by the version seen.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from activity_sync.activities.kinds import ActivityType
from activity_sync.errors import AuthenticationFailed, RetriableError, ServerUnavailable
from activity_sync.systems.dynamics.batch import ChangeSet, PartAnswer
from activity_sync.systems.dynamics.metadata import Metadata
from activity_sync.systems.dynamics.operations import BatchAnswers, Operations, Row
from activity_sync.systems.dynamics.paths import ACTIVITY_TABLES, Table
from activity_sync.systems.dynamics.present_rows import complete_body, judge_present, needs_present_row
from activity_sync.systems.dynamics.reader import rows_by_id
from activity_sync.systems.dynamics.refusals import MISSING_PRIVILEGE, judge_create, judge_delete, judge_update
from activity_sync.systems.dynamics.wire import (
    PARTY_COLUMNS,
    STATE_COLUMNS,
    create_operations,
    delete_operation,
    update_operations,
)
from activity_sync.systems.records import (
    NOWHERE,
    BackReference,
    CreateRequest,
    Place,
    Stamp,
    UpdateRequest,
    WriteResult,
)

BATCH_ACTIVITIES = 150
"""Activities in one batch, most of which take one operation each when they are made."""
BATCH_OPERATIONS = 300
"""Operations in one batch, of the 1,000 that it may have. They are carried out one after the other, and the answer is
to come within the two minutes that it may take: 0.4 s each (not measured against a real organization)."""
BATCH_CHARS = 8_000_000
"""Longest batch, roughly: bodies of e-mails can be long, and a request's time counts against the limits."""
WRITE_RIGHTS = "create, write, append and assign"

_Request = TypeVar("_Request", CreateRequest, UpdateRequest)
_Judge = Callable[[_Request, PartAnswer | None, Mapping[str, str]], WriteResult]


class DynamicsWriter:
    """Writes activities. Nothing has to exist before the first write: our key is the primary key.

    `places`: where an activity is told what its counterpart is.
    """

    batch_size = BATCH_ACTIVITIES
    guards_updates = True
    keys_are_unique = True

    def __init__(
        self, operations: Operations, metadata: Metadata, *, places: Mapping[ActivityType, Place] = NOWHERE
    ) -> None:
        self._operations = operations
        self._metadata = metadata
        self._places = places

    async def prepare(self, types: Collection[ActivityType]) -> None:  # noqa: ARG002 - the same for every type
        """The schema has been read, so that a missing right shows before the first write."""
        await self._metadata.read()

    async def create(self, activity_type: ActivityType, requests: Sequence[CreateRequest]) -> list[WriteResult]:
        """Create each activity under its own key, closed ones in two steps of one change set.

        A row that exists under a key is `exists`: sent twice, or by an attempt whose answer was lost.
        """
        table = ACTIVITY_TABLES[activity_type]

        def judge(request: CreateRequest, answer: PartAnswer | None, headers: Mapping[str, str]) -> WriteResult:
            return judge_create(request.key.lower(), answer, headers=headers)

        sets = [create_operations(table, request.key.lower(), request.body) for request in requests]
        return await self._write(list(zip(requests, sets, strict=True)), judge)

    async def update(self, activity_type: ActivityType, requests: Sequence[UpdateRequest]) -> list[WriteResult]:
        """Change each activity, guarded by the version seen; never creates, never resurrects.

        What is replaced as a whole or restored (parties, the state of a closed row) is read first, in one call for
        all; a row whose version is another by then is `stale` without a write.
        """
        table = ACTIVITY_TABLES[activity_type]
        present = await self._present(table, requests)
        results: dict[int, WriteResult] = {}
        writes: list[tuple[UpdateRequest, ChangeSet]] = []
        for number, request in enumerate(requests):
            row = present.get(request.id.lower())
            if row is None and needs_present_row(request.body):
                results[number] = WriteResult("missing", status=404, message="The row was not found.")
                continue
            if row is not None and (judged := judge_present(table, request, row)) is not None:
                results[number] = judged
                continue
            body = complete_body(table, request.body, row) if row is not None else request.body
            operations = update_operations(table, request.id, body, version=request.version)
            if operations.operations:
                writes.append((request, operations))
            else:
                results[number] = WriteResult("done", request.id, version=request.version)
        rest = iter(await self._write(writes, _judge_update))
        return [results[number] if number in results else next(rest) for number in range(len(requests))]

    async def archive(self, activity_type: ActivityType, requests: Sequence[UpdateRequest]) -> list[WriteResult]:
        """Delete each activity, open or closed, guarded by the version seen. What is gone already is `done`.

        E-mails are read first, in one call for all: one that is being delivered is `busy`.
        """
        table = ACTIVITY_TABLES[activity_type]
        ids = [request.id for request in requests] if activity_type is ActivityType.EMAIL else []
        shown = await self._rows(table, ids, {"$select": ",".join((table.key, *STATE_COLUMNS))})
        results: dict[int, WriteResult] = {}
        writes: list[tuple[UpdateRequest, ChangeSet]] = []
        for number, request in enumerate(requests):
            row = shown.get(request.id.lower())
            if row is not None and (judged := judge_present(table, request, row)) is not None:
                results[number] = judged
                continue
            # Between that read and the delete, an e-mail may be sent off.
            version = request.version or (row or {}).get("@odata.etag")
            writes.append((request, delete_operation(table, request.id, version=version)))
        rest = iter(await self._write(writes, _judge_delete, rights="delete"))
        return [results[number] if number in results else next(rest) for number in range(len(requests))]

    async def stamp(self, activity_type: ActivityType, stamps: Sequence[Stamp]) -> list[WriteResult]:  # noqa: ARG002 - see below
        """Nothing: a row has no place for it."""
        return []

    async def refer_back(self, activity_type: ActivityType, references: Sequence[BackReference]) -> list[WriteResult]:
        """What the counterpart of each is, in the configured columns; guarded by the version seen."""
        place = self._places.get(activity_type)
        if place is None:
            return []
        table = ACTIVITY_TABLES[activity_type]
        writes = []
        for one in references:
            columns = place.values(one.counterpart_id, one.url)
            body = {"columns": columns, "parties": None, "reopen": None, "state": None, "close_with": None}
            request = UpdateRequest(one.record_id, body, one.version)
            writes.append((request, update_operations(table, one.record_id, body, version=one.version)))
        return await self._write(writes, _judge_update)

    async def _present(self, table: Table, requests: Sequence[UpdateRequest]) -> dict[str, Row]:
        """Rows whose present state or parties an update needs, by id."""
        ids = [request.id for request in requests if needs_present_row(request.body)]
        state = ("actualend", *STATE_COLUMNS) if table.key == "activityid" else ()
        parties = f"{table.parties}($select={','.join(PARTY_COLUMNS)})" if table.parties else ""
        return await self._rows(table, ids, {"$select": ",".join((table.key, *state)), "$expand": parties})

    async def _rows(self, table: Table, ids: Sequence[str], shape: dict[str, str]) -> dict[str, Row]:
        """What these rows show now, by id; no call for none."""
        if not ids:
            return {}
        reads = rows_by_id(table, ids, shape, annotated=True)
        rows = [row for page in await self._operations.read_rows(reads) for row in page]
        return {str(row[table.key]).lower(): row for row in rows}

    async def _write(
        self, writes: Sequence[tuple[_Request, ChangeSet]], judge: _Judge[_Request], *, rights: str = WRITE_RIGHTS
    ) -> list[WriteResult]:
        """The results of the change sets, in order. Raises when nothing at all got through, or rights are missing."""
        places = asyncio.Semaphore(self._operations.parallelism)

        async def send(some: Sequence[tuple[_Request, ChangeSet]]) -> list[WriteResult] | RetriableError:
            async with places:
                try:
                    return await self._send(some, judge)
                except RetriableError as error:
                    return error

        runs = list(_runs(writes))
        answers = await asyncio.gather(*(send(some) for some in runs))
        errors = [answer for answer in answers if isinstance(answer, RetriableError)]
        if runs and len(errors) == len(runs):
            raise errors[0]
        results: list[WriteResult] = []
        for some, answer in zip(runs, answers, strict=True):
            results += [_unreached(answer)] * len(some) if isinstance(answer, RetriableError) else answer
        if results and all(result.status == 403 and result.code == MISSING_PRIVILEGE for result in results):
            raise AuthenticationFailed(
                f"Dynamics denies every write: give the application user's role the privileges to {rights} "
                "activities and notes.",
                system="dynamics",
                setting="DYNAMICS_CLIENT_ID",
                status=403,
                code=MISSING_PRIVILEGE,
                correlation_id=results[0].correlation_id or None,
            )
        return results

    async def _send(self, writes: Sequence[tuple[_Request, ChangeSet]], judge: _Judge[_Request]) -> list[WriteResult]:
        """One batch; one that is refused as a whole is split until the bad records stand alone."""
        answers: BatchAnswers = await self._operations.batch([operations for _, operations in writes])
        if answers.refused is not None:
            if len(writes) > 1:
                middle: int = len(writes) // 2
                return [*await self._send(writes[:middle], judge), *await self._send(writes[middle:], judge)]
            return [judge(writes[0][0], answers.refused, answers.headers)]
        parts: list[PartAnswer | None] = [*answers.parts, *[None] * (len(writes) - len(answers.parts))]
        results = [judge(request, part, answers.headers) for (request, _), part in zip(writes, parts, strict=True)]
        # Repeated after a lost answer, "the version moved" may be our own doing.
        return [
            replace(one, outcome="uncertain") if one.outcome == "stale" and answers.repeated else one for one in results
        ]


def _judge_update(request: UpdateRequest, answer: PartAnswer | None, headers: Mapping[str, str]) -> WriteResult:
    return judge_update(request.id, answer, headers=headers)


def _judge_delete(request: UpdateRequest, answer: PartAnswer | None, headers: Mapping[str, str]) -> WriteResult:
    return judge_delete(request.id, answer, headers=headers)


def _runs(writes: Sequence[tuple[_Request, ChangeSet]]) -> Iterator[list[tuple[_Request, ChangeSet]]]:
    """Batches of bounded count, operations and length."""
    run: list[tuple[_Request, ChangeSet]] = []
    chars = operations = 0
    for write in writes:
        length = sum(len(json.dumps(operation.body)) for operation in write[1].operations)
        more = len(write[1].operations)
        if run and (
            len(run) >= BATCH_ACTIVITIES or operations + more > BATCH_OPERATIONS or chars + length > BATCH_CHARS
        ):
            yield run
            run, chars, operations = [], 0, 0
        run.append(write)
        chars += length
        operations += more
    if run:
        yield run


def _unreached(error: RetriableError) -> WriteResult:
    """The result of a record whose batch was not answered."""
    uncertain = isinstance(error, ServerUnavailable) and error.maybe_applied
    return WriteResult(
        "uncertain" if uncertain else "busy",
        status=error.status,
        code=error.code or "",
        message=error.message,
        correlation_id=error.correlation_id or "",
    )
