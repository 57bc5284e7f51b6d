"""Writes activities in batches: creates under our own key, updates, and the associations of existing records."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial

from activity_sync.activities.kinds import ActivityType
from activity_sync.errors import RetriableError
from activity_sync.http.message import ApiRequest, ApiResponse
from activity_sync.systems.hubspot.archiving import archive_records
from activity_sync.systems.hubspot.association_writes import write_associations
from activity_sync.systems.hubspot.batches import (
    attribute,
    gather_all,
    in_halves,
    refused,
    unaccounted,
    unanswered,
)
from activity_sync.systems.hubspot.creating import SEND_WITHIN, create_records
from activity_sync.systems.hubspot.metadata import SOURCE_ID, SOURCE_SYSTEM, KeyProperty, Metadata
from activity_sync.systems.hubspot.operations import Operations
from activity_sync.systems.hubspot.refusals import explain, is_record_refusal, read_rows, read_whole
from activity_sync.systems.hubspot.wire import BATCH, Json, millis, read_modified, read_results, split_batches
from activity_sync.systems.records import (
    NOWHERE,
    BackReference,
    CreateRequest,
    Place,
    Stamp,
    UpdateRequest,
    WriteResult,
)


class HubSpotWriter:
    """Writes activities. Batches go side by side, as many as the client allows.

    `places`: where an activity is told what its counterpart is.
    """

    guards_updates = False
    """HubSpot has no conditional write."""

    batch_size = BATCH

    def __init__(
        self,
        operations: Operations,
        metadata: Metadata,
        *,
        places: Mapping[ActivityType, Place] = NOWHERE,
        send_within: timedelta = SEND_WITHIN,
    ) -> None:
        self._operations = operations
        self._places = places
        self._metadata = metadata
        self._send_within = send_within

    @property
    def keys_are_unique(self) -> bool:
        """Whether the portal refuses a second record under one key, of every type looked at so far."""
        schemas = [schema for one in ActivityType if (schema := self._metadata.known(one)) is not None]
        return bool(schemas) and all(schema.key is KeyProperty.UNIQUE for schema in schemas)

    async def prepare(self, types: Collection[ActivityType]) -> None:
        """The tracking properties exist on these types, as far as the portal and the configuration allow."""
        await gather_all(self._metadata.prepare(one) for one in types)

    async def create(self, activity_type: ActivityType, requests: Sequence[CreateRequest]) -> list[WriteResult]:
        """Create; where keys are unique never twice under one key, whatever happens to an answer.

        Elsewhere a create whose answer is lost is `uncertain`, and `busy` one that was certainly not made. A key given
        twice is created once; its second result is `exists`.
        """
        schema = await self._metadata.read(activity_type)
        wanted: dict[str, CreateRequest] = {}
        for one in requests:
            wanted.setdefault(one.key, one)
        by_key = await create_records(
            self._operations, activity_type, schema, list(wanted.values()), send_within=self._send_within
        )
        results = []
        answered: set[str] = set()
        for one in requests:
            result = by_key[one.key]
            if one.key in answered and result.outcome == "done":
                result = WriteResult("exists", id=result.id, version=result.version, status=result.status)
            answered.add(one.key)
            results.append(result)
        return results

    async def update(self, activity_type: ActivityType, requests: Sequence[UpdateRequest]) -> list[WriteResult]:
        """Update properties, then associations. ValueError when a record is given twice: their order would be lost."""
        if len({one.id for one in requests}) != len(requests):
            raise ValueError("one call updates each record once")
        changing = [one for one in requests if one.body.get("properties")]
        send = partial(self._update_batch, activity_type)
        answers = await gather_all(send(some) for some in split_batches(changing, BATCH))
        results = {one.id: WriteResult("done", id=one.id) for one in requests}
        results |= {record_id: result for answer in answers for record_id, result in answer.items()}
        written = [one for one in requests if results[one.id].outcome == "done"]
        failed = await write_associations(self._operations, activity_type, written)
        # The properties are written all the same, and their version says so.
        results |= {one: replace(result, version=results[one].version) for one, result in failed.items()}
        return [results[one.id] for one in requests]

    async def archive(self, activity_type: ActivityType, requests: Sequence[UpdateRequest]) -> list[WriteResult]:
        """Archive, unguarded: the records stay restorable for 90 days. What is gone already is `done`."""
        results = await archive_records(self._operations, activity_type, [one.id for one in requests])
        return [results[one.id] for one in requests]

    async def stamp(self, activity_type: ActivityType, stamps: Sequence[Stamp]) -> list[WriteResult]:
        """The origin stamp is on each of these records; nothing is written where the portal has no place for it."""
        schema = await self._metadata.read(activity_type)
        if not {SOURCE_SYSTEM, SOURCE_ID} <= schema.properties:
            return []
        requests = [
            UpdateRequest(one.id, {"properties": {SOURCE_SYSTEM: one.source_system, SOURCE_ID: one.source_id}})
            for one in stamps
        ]
        return await self.update(activity_type, requests)

    async def refer_back(self, activity_type: ActivityType, references: Sequence[BackReference]) -> list[WriteResult]:
        """What the counterpart of each is; nothing is written where the portal has no place for it. Unguarded."""
        place = self._places.get(activity_type)
        if place is None:
            return []
        known = (await self._metadata.prepare(activity_type)).properties
        if place.id not in known:
            return []
        requests = []
        for one in references:
            values = place.values(one.counterpart_id, one.url)
            kept = {name: value for name, value in values.items() if name in known}
            requests.append(UpdateRequest(one.record_id, {"properties": kept}))
        return await self.update(activity_type, requests)

    # --- updates -------------------------------------------------------------------------------------------------

    async def _update_batch(
        self, activity_type: ActivityType, batch: Sequence[UpdateRequest]
    ) -> dict[str, WriteResult]:
        ids = [one.id for one in batch]
        inputs = [{"id": one.id, "properties": one.body["properties"], "objectWriteTraceId": one.id} for one in batch]
        try:
            answer = await self._post(activity_type, "update", inputs, repeatable=True)
        except RetriableError as error:
            return dict.fromkeys(ids, unanswered(error, repeatable=False))
        if answer.status >= 400:
            if not is_record_refusal(answer.status):
                raise explain(answer, f"a batch of changed {activity_type} records")
            if len(batch) > 1:
                return await in_halves(partial(self._update_batch, activity_type), batch)
            return {ids[0]: refused(read_whole(answer))}
        results = {
            str(one["id"]): WriteResult("done", id=str(one["id"]), version=_version(one), status=answer.status)
            for one in read_results(answer)
            if str(one["id"]) in ids
        }
        silent = [record_id for record_id in ids if record_id not in results]
        rows = list(read_rows(answer))
        by_id = attribute(rows, silent)
        for record_id in silent:
            if record_id in by_id:
                results[record_id] = refused(by_id[record_id])
            elif rows and not all(row.says_missing for row in rows):
                results[record_id] = unaccounted(status=answer.status)
            else:
                # An unknown id is left out without a word, or named by a row that names nobody.
                results[record_id] = WriteResult("missing", status=answer.status, code="not_in_answer")
        return results

    async def _post(
        self, activity_type: ActivityType, verb: str, inputs: Sequence[Json], *, repeatable: bool
    ) -> ApiResponse:
        path = self._operations.paths.batch(activity_type, verb)
        return await self._operations.client.send(
            ApiRequest("POST", path, json={"inputs": inputs}, repeatable=repeatable)
        )


def _version(result: Json) -> str:
    return millis(read_modified(result))
