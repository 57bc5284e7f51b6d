"""The few reading calls that everything here is made of: search, list, batch read, association read.

They give results alone: what an answer leaves out is absent from them, what it refuses is raised.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from activity_sync.errors import MalformedResponse, ServerUnavailable
from activity_sync.http.client import ApiClient
from activity_sync.http.message import ApiRequest, ApiResponse
from activity_sync.systems.hubspot.associations import TARGETS, read_batch_answer
from activity_sync.systems.hubspot.paths import Paths, name_collection
from activity_sync.systems.hubspot.refusals import RowRefusal, explain, read_rows
from activity_sync.systems.hubspot.wire import (
    ASSOCIATION_READ,
    BATCH,
    HISTORY_BATCH,
    LIST_PAGE,
    Hits,
    Json,
    batch_read_body,
    read_hits,
    read_object,
    read_results,
    split_batches,
)


class Operations:
    """Reading calls on one account. All of them are repeatable; batches are sent side by side."""

    def __init__(self, client: ApiClient, paths: Paths) -> None:
        self.client = client
        self.paths = paths

    async def get(self, path: str) -> Json:
        """A JSON object by its address. MalformedResponse when it is refused."""
        response = await self.client.send(ApiRequest("GET", path, repeatable=True))
        return read_object(_accepted(response, "a read"))

    async def get_page(self, path: str, *, params: Mapping[str, str | int]) -> Hits:
        """One page of a list by its address."""
        response = await self.client.send(ApiRequest("GET", path, params=params, repeatable=True))
        return read_hits(_accepted(response, "a list"))

    async def find_one(
        self, kind: str, record_id: str, properties: Sequence[str], *, id_property: str | None = None
    ) -> Json | None:
        """The record that answers to an id, or to the id it had before a merge; None when there is none.

        `record_id` is a value of `id_property` where one is given, percent-encoded.
        """
        request = ApiRequest(
            "GET",
            self.paths.one_record(kind, record_id),
            params={
                "properties": ",".join(properties),
                **({"idProperty": id_property} if id_property else {}),
            },
            repeatable=True,
        )
        response = await self.client.send(request)
        return None if response.status == 404 else read_object(_accepted(response, f"a {kind} record"))

    async def find_file(self, file_id: str) -> Json | None:
        """What a file is; None when there is none. AuthenticationFailed where the token may not ask for it."""
        response = await self.client.send(ApiRequest("GET", self.paths.file(file_id), repeatable=True))
        return None if response.status in {404, 410} else read_object(_accepted(response, "a file"))

    async def search(self, kind: str, body: Json) -> Hits:
        """One page of a search, in the lane of the search limit."""
        request = ApiRequest("POST", self.paths.search(kind), json=body, lane="search", repeatable=True)
        return read_hits(_accepted(await self.client.send(request), f"a search for {kind} records"))

    async def list_page(
        self,
        kind: str,
        properties: Sequence[str],
        *,
        after: str | None,
        associations: Sequence[str] = TARGETS,
        archived: bool = False,
    ) -> Hits:
        """One page of all records of a kind, or of all archived ones, their associations inside."""
        params: dict[str, str | int] = {"limit": LIST_PAGE, "properties": ",".join(properties)}
        if associations:
            params["associations"] = ",".join(name_collection(target) for target in associations)
        if archived:
            params["archived"] = "true"
        if after:
            params["after"] = after
        return await self.get_page(self.paths.list_records(kind), params=params)

    async def batch_read(
        self,
        kind: str,
        ids: Iterable[str],
        properties: Sequence[str],
        *,
        id_property: str | None = None,
        history: Sequence[str] = (),
        archived: bool = False,
    ) -> list[Json]:
        """Those of the records that exist, in no order; `ids` are values of `id_property` where one is given."""
        path = self.paths.batch(kind, "read")
        requests = [
            ApiRequest(
                "POST",
                path,
                json=batch_read_body(some, properties=properties, id_property=id_property, history=history),
                params={"archived": "true"} if archived else None,
                repeatable=True,
            )
            for some in split_batches(dict.fromkeys(ids), HISTORY_BATCH if history else BATCH)
        ]
        answers = await asyncio.gather(*(self.client.send(request) for request in requests))
        found: list[Json] = []
        for answer in answers:
            accepted = _accepted(answer, f"a batch of {kind} records")
            for row in read_rows(accepted):
                if not row.says_missing:
                    raise _unreadable(row)
            found.extend(read_results(accepted))
        return found

    async def read_associations(
        self, kind: str, ids: Sequence[str], *, targets: Sequence[str] = TARGETS
    ) -> dict[str, dict[str, list[dict[str, Any]]]]:
        """By record id and kind of target, the associated records; an id or kind without any is absent."""
        unique = list(dict.fromkeys(ids))
        answers = await asyncio.gather(*(self._associations_to(kind, target, unique) for target in targets))
        found: dict[str, dict[str, list[dict[str, Any]]]] = {}
        for target, by_record in zip(targets, answers, strict=True):
            for record_id, elements in by_record.items():
                if elements:
                    found.setdefault(record_id, {})[str(target)] = elements
        return found

    async def _associations_to(self, kind: str, target: str, ids: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
        results: list[Json] = []
        inputs: list[dict[str, str]] = [{"id": record_id} for record_id in ids]
        while inputs:
            answers = await asyncio.gather(
                *(self._read_pairs(kind, target, some) for some in split_batches(inputs, ASSOCIATION_READ))
            )
            page = [result for answer in answers for result in answer]
            results.extend(page)
            # A record with many associations has pages of its own.
            inputs = [
                {"id": str(result["from"]["id"]), "after": str(after)}
                for result in page
                if (after := ((result.get("paging") or {}).get("next") or {}).get("after"))
            ]
        return read_batch_answer(results)

    async def _read_pairs(self, kind: str, target: str, inputs: Sequence[Json]) -> Sequence[Json]:
        path = self.paths.associations(kind, target, "read")
        answer = await self.client.send(ApiRequest("POST", path, json={"inputs": inputs}, repeatable=True))
        accepted = _accepted(answer, f"the associations of {kind} with {target} records")
        for row in read_rows(accepted):
            if not (row.says_unassociated or row.says_missing):
                raise _unreadable(row)
        return read_results(accepted)


def _accepted(response: ApiResponse, what: str) -> ApiResponse:
    if response.status >= 400:
        raise explain(response, what)
    if response.status < 200 or response.status >= 300:
        raise MalformedResponse(
            f"hubspot answers {what} with status {response.status}.", system="hubspot", status=response.status
        )
    return response


def _unreadable(row: RowRefusal) -> ServerUnavailable:
    """A record that could not be read is not absent: the whole read must be tried again."""
    return ServerUnavailable(
        f"hubspot could not read some records ({row.code}).",
        system="hubspot",
        status=row.status,
        code=row.code or None,
        correlation_id=row.correlation_id or None,
    )
