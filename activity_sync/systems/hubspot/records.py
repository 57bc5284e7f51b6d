"""Reads contacts and companies in full, and makes them where an activity needs one.

A contact's address is unique in a portal, and so is our key where the portal lets a property be unique: a create of
either kind may be sent again. A company, or a contact without an address, elsewhere may not.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final
from urllib.parse import quote

from activity_sync.activities.kinds import RecordKind
from activity_sync.errors import AuthenticationFailed
from activity_sync.rules.domains import company_domain
from activity_sync.systems.hubspot.creating import SEND_WITHIN, create_records
from activity_sync.systems.hubspot.keys import find_keys
from activity_sync.systems.hubspot.metadata import KeyProperty, Metadata, Schema
from activity_sync.systems.hubspot.operations import Operations
from activity_sync.systems.hubspot.reader import SEARCH_LAG
from activity_sync.systems.hubspot.wire import Json, split_list
from activity_sync.systems.records import CreateRequest, Profile, RecordRequest, WriteResult

MADE_AS_MARKETING: Final = "made_as_marketing"
_MARKETING: Final = "hs_marketable_status"
_EMAIL: Final = "email"
_OTHER_EMAILS: Final = "hs_additional_emails"
_COLUMNS: Final[Mapping[str, Mapping[str, str]]] = {
    RecordKind.CONTACT: {
        "first_name": "firstname",
        "last_name": "lastname",
        "phone": "phone",
        "mobile": "mobilephone",
        "job_title": "jobtitle",
    },
    RecordKind.COMPANY: {"name": "name", "domain": "domain", "website": "website", "phone": "phone"},
}
"""By kind, the property of each field of a profile. A contact's addresses stand apart."""
_CONFLICTS: Final = frozenset({"CONFLICT", "OBJECT_ALREADY_EXISTS", "CONFLICTING_UNIQUE_VALUE"})
_EXISTING: Final = re.compile(r"Existing ID:\s*(\d+)", re.IGNORECASE)


class HubSpotRecords:
    """Reads contacts and companies, and makes them."""

    def __init__(self, operations: Operations, metadata: Metadata) -> None:
        self._operations = operations
        self._metadata = metadata

    async def read(self, kind: str, ids: Sequence[str]) -> dict[str, Profile]:
        """What these records say of themselves, by id."""
        columns = _COLUMNS[kind]
        emails = (_EMAIL, _OTHER_EMAILS) if kind == RecordKind.CONTACT else ()
        wanted = [one for one in dict.fromkeys(ids) if one.isdigit()]
        found = await self._operations.batch_read(kind, wanted, (*columns.values(), *emails))
        profiles = {}
        for one in found:
            given = one.get("properties") or {}
            texts = {field: str(given.get(name) or "").strip() for field, name in columns.items()}
            record_id = str(one["id"])
            profiles[record_id] = Profile(record_id, emails=_addresses(one), **texts)
        return profiles

    async def encode(self, kind: str, profile: Profile) -> dict[str, str]:
        """The properties of a record that is made from this.

        Of several addresses the first: further ones are no property that an API may set.
        """
        values = {name: getattr(profile, field) for field, name in _COLUMNS[kind].items()}
        if kind == RecordKind.CONTACT:
            values[_EMAIL] = profile.emails[0] if profile.emails else ""
        else:
            values["domain"] = profile.domain or company_domain(profile.website)
        return {name: value for name, value in values.items() if value}

    async def prepare(self, kinds: Collection[str]) -> None:
        """The tracking properties exist on these kinds, as far as the portal and the configuration allow."""
        for kind in kinds:
            await self._prepared(kind)

    async def create(
        self, kind: str, requests: Sequence[RecordRequest], *, non_marketing: bool = False
    ) -> list[WriteResult]:
        """Make the records. An address that a contact has already, also as a further one, is that contact: `exists`.

        A lost answer is settled by the address where there is one: it is read from the records, not from an index.
        """
        creates = [
            CreateRequest(
                one.key,
                {"properties": one.fields, "origin": {"system": one.source_system, "id": one.source_id}},
            )
            for one in requests
        ]
        try:
            by_key = await create_records(self._operations, kind, await self._prepared(kind), creates)
        except AuthenticationFailed as error:
            if error.status != 403:
                raise
            # Others may well be written: the right to make records is one of its own.
            refusal = WriteResult(
                "refused",
                status=error.status,
                code=error.code or "MISSING_SCOPES",
                message=error.message,
                correlation_id=error.correlation_id or "",
            )
            return [refusal for _ in requests]
        if kind == RecordKind.CONTACT:
            by_key |= await self._by_address([one for one in requests if _is_open(by_key[one.key])], by_key)
            if non_marketing:
                by_key |= await self._marketing(by_key)
        return [by_key[one.key] for one in requests]

    async def repeats_safely(self, kind: str, request: RecordRequest) -> bool:
        """Whether the portal refuses a second record with this key, or with this address."""
        schema = await self._schema(kind)
        return schema.key is KeyProperty.UNIQUE or bool(kind == RecordKind.CONTACT and request.fields.get(_EMAIL))

    async def look_up(self, kind: str, keys: Sequence[str]) -> dict[str, str]:
        """The records that carry these keys, by key."""
        schema = await self._schema(kind)
        return await find_keys(self._operations, kind, keys, key_property=schema.key)

    async def absent_after(self, kind: str) -> timedelta | None:
        """At once where keys are read from the records; else when the search index has surely caught up."""
        match (await self._schema(kind)).key:
            case KeyProperty.UNIQUE:
                return timedelta()
            case KeyProperty.PLAIN:
                return SEND_WITHIN + SEARCH_LAG
            case KeyProperty.ABSENT:
                return None

    async def _by_address(
        self, requests: Sequence[RecordRequest], results: Mapping[str, WriteResult]
    ) -> dict[str, WriteResult]:
        """Those of these requests whose address a contact has, by key."""
        keys = {address: one.key for one in requests if (address := _fold(one.fields.get(_EMAIL, "")))}
        if not keys:
            return {}
        properties = (_EMAIL, _OTHER_EMAILS)
        found = await self._operations.batch_read(RecordKind.CONTACT, keys, properties, id_property=_EMAIL)
        holders = {address: one for one in found for address in map(_fold, _addresses(one)) if address in keys}
        rest = [address for address in keys if address not in holders]
        read = await asyncio.gather(*(self._holder(address, results[keys[address]].message) for address in rest))
        holders |= {address: one for address, one in zip(rest, read, strict=True) if one is not None}
        return {
            keys[address]: WriteResult("exists", id=str(one["id"]), status=409, code="address_exists")
            for address, one in holders.items()
        }

    async def _holder(self, address: str, message: str) -> Json | None:
        """The contact that has this address as a further one, which a batch read may not tell.

        A refusal that names the contact is believed where that contact has the address.
        """
        properties = (_EMAIL, _OTHER_EMAILS)
        found = await self._operations.find_one(
            RecordKind.CONTACT, quote(address, safe="@"), properties, id_property=_EMAIL
        )
        if found is None and (named := _EXISTING.search(message)):
            found = await self._operations.find_one(RecordKind.CONTACT, named[1], properties)
        return found if found is not None and address in map(_fold, _addresses(found)) else None

    async def _marketing(self, results: Mapping[str, WriteResult]) -> dict[str, WriteResult]:
        """Those of the results whose contact became a marketing one, saying so."""
        made = {one.id: key for key, one in results.items() if one.outcome == "done" and one.id}
        shown = await self._operations.batch_read(RecordKind.CONTACT, made, (_MARKETING,)) if made else []
        return {
            key: replace(results[key], code=MADE_AS_MARKETING)
            for one in shown
            if str((one.get("properties") or {}).get(_MARKETING)).lower() == "true"
            for key in [made[str(one["id"])]]
        }

    async def _prepared(self, kind: str) -> Schema:
        try:
            return await self._metadata.prepare(kind)
        except AuthenticationFailed as error:
            if error.status != 403:
                raise
            return Schema()

    async def _schema(self, kind: str) -> Schema:
        return self._metadata.known(kind) or await self._prepared(kind)


def _is_open(result: WriteResult) -> bool:
    """Whether a contact may stand there all the same: the address is taken, or the answer was lost."""
    return result.outcome == "uncertain" or (
        result.outcome == "refused" and (result.status == 409 or result.code in _CONFLICTS)
    )


def _addresses(record: Json) -> tuple[str, ...]:
    given = record.get("properties") or {}
    all_of_them = (str(given.get(_EMAIL) or "").strip(), *split_list(given.get(_OTHER_EMAILS)))
    return tuple(dict.fromkeys(one for one in all_of_them if one))


def _fold(text: str) -> str:
    return text.strip().lower()
