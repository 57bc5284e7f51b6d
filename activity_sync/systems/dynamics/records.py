"""Reads contacts and accounts in full, and makes them where an activity needs one, under our own primary key."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import Final

from activity_sync.activities.kinds import RecordKind
from activity_sync.errors import RetriableError, ServerUnavailable
from activity_sync.mapping.cut import LengthUnit, cut_text, length
from activity_sync.rules.domains import domain_of
from activity_sync.systems.dynamics.batch import ChangeSet, Operation
from activity_sync.systems.dynamics.filters import chunks, is_one_of, query
from activity_sync.systems.dynamics.metadata import Metadata
from activity_sync.systems.dynamics.operations import Operations
from activity_sync.systems.dynamics.paths import RECORD_TABLES
from activity_sync.systems.dynamics.reader import guids
from activity_sync.systems.dynamics.refusals import judge_create
from activity_sync.systems.records import Profile, RecordRequest, WriteResult

BATCH_RECORDS: Final = 100
_EMAILS: Final = ("emailaddress1", "emailaddress2", "emailaddress3")
_COLUMNS: Final[Mapping[str, Mapping[str, str]]] = {
    RecordKind.CONTACT: {
        "first_name": "firstname",
        "last_name": "lastname",
        "phone": "telephone1",
        "mobile": "mobilephone",
        "job_title": "jobtitle",
    },
    RecordKind.COMPANY: {"name": "name", "website": "websiteurl", "phone": "telephone1"},
}
"""By kind, the column of each field of a profile. A contact's addresses stand apart."""
_CUT: Final = frozenset({"firstname", "lastname", "jobtitle", "name"})
"""Columns of which a part is worth something."""


class DynamicsRecords:
    """Reads contacts and accounts, and makes them. A second row under one key is refused: creates are repeatable."""

    def __init__(self, operations: Operations, metadata: Metadata) -> None:
        self._operations = operations
        self._metadata = metadata

    async def read(self, kind: str, ids: Sequence[str]) -> dict[str, Profile]:
        """What these rows say of themselves, by id."""
        table, columns = RECORD_TABLES[kind], _COLUMNS[kind]
        emails = _EMAILS if kind == RecordKind.CONTACT else ()
        select = ",".join((table.key, *columns.values(), *emails))
        reads = [
            Operation("GET", f"{table.entity_set}?{query({'$select': select, '$filter': is_one_of(table.key, some)})}")
            for some in chunks(guids(ids))
        ]
        profiles = {}
        for row in [row for page in await self._operations.read_rows(reads) for row in page]:
            texts = {field: str(row.get(name) or "").strip() for field, name in columns.items()}
            record_id = str(row[table.key]).lower()
            profiles[record_id] = Profile(
                record_id,
                emails=tuple(address for name in emails if (address := str(row.get(name) or "").strip())),
                domain=domain_of(texts.get("website", "")),
                **texts,
            )
        return profiles

    async def encode(self, kind: str, profile: Profile) -> dict[str, str]:
        """The columns of a row that is made from this: names and titles cut to the organization's own limits."""
        values = {name: getattr(profile, field) for field, name in _COLUMNS[kind].items()}
        if kind == RecordKind.CONTACT:
            values |= dict(zip(_EMAILS, profile.emails, strict=False))
        else:
            values["websiteurl"] = profile.website or profile.domain
            values["name"] = profile.name or profile.domain
        facts = (await self._metadata.read()).tables.get(RECORD_TABLES[kind].name)
        limits = facts.limits if facts is not None else {}
        return {
            name: fitting
            for name, value in values.items()
            if (fitting := _fitting(value, limits.get(name), may_be_cut=name in _CUT))
        }

    async def prepare(self, kinds: Collection[str]) -> None:
        """Nothing has to exist: our key is the primary key."""

    async def create(
        self,
        kind: str,
        requests: Sequence[RecordRequest],
        *,
        non_marketing: bool = False,  # noqa: ARG002 - Dynamics knows no such thing
    ) -> list[WriteResult]:
        """Make the rows, each by itself inside a batch. One that stands under its key already is `exists`."""
        places = asyncio.Semaphore(self._operations.parallelism)

        async def send(some: Sequence[RecordRequest]) -> list[WriteResult]:
            async with places:
                try:
                    return await self._send(kind, some)
                except RetriableError as error:
                    uncertain = isinstance(error, ServerUnavailable) and error.maybe_applied
                    return [
                        WriteResult(
                            "uncertain" if uncertain else "busy",
                            status=error.status,
                            code=error.code or "no_answer",
                            message=error.message,
                            correlation_id=error.correlation_id or "",
                        )
                    ] * len(some)

        runs = [requests[start : start + BATCH_RECORDS] for start in range(0, len(requests), BATCH_RECORDS)]
        answers = await asyncio.gather(*(send(some) for some in runs))
        return [one for answer in answers for one in answer]

    async def repeats_safely(self, kind: str, request: RecordRequest) -> bool:  # noqa: ARG002 - the same for all
        """Always: the key is the primary key."""
        return True

    async def look_up(self, kind: str, keys: Sequence[str]) -> dict[str, str]:
        """The rows under these keys, by key."""
        return {key: key for key in await self.read(kind, keys)}

    async def absent_after(self, kind: str) -> timedelta | None:  # noqa: ARG002 - the same for all
        """At once: rows are read by their key."""
        return timedelta()

    async def _send(self, kind: str, requests: Sequence[RecordRequest]) -> list[WriteResult]:
        """One batch; one that is refused as a whole is split until the bad records stand alone."""
        table = RECORD_TABLES[kind]
        sets = [
            ChangeSet((Operation("POST", table.entity_set, body={table.key: one.key.lower(), **one.fields}),))
            for one in requests
        ]
        answers = await self._operations.batch(sets)
        if answers.refused is not None:
            if len(requests) > 1:
                middle = len(requests) // 2
                return [*await self._send(kind, requests[:middle]), *await self._send(kind, requests[middle:])]
            return [judge_create(requests[0].key.lower(), answers.refused, headers=answers.headers)]
        parts = [*answers.parts, *[None] * (len(requests) - len(answers.parts))]
        return [
            judge_create(one.key.lower(), part, headers=answers.headers)
            for one, part in zip(requests, parts, strict=True)
        ]


def _fitting(value: str, limit: int | None, *, may_be_cut: bool) -> str:
    """The text as far as the column takes it; empty where a part of it would be another address or number."""
    if limit is None or length(value, LengthUnit.UTF16) <= limit:
        return value
    return cut_text(value, limit, unit=LengthUnit.UTF16) if may_be_cut else ""
