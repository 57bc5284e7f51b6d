"""Knows contacts, companies, deals, tickets and owners."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from math import ceil
from typing import Final

from activity_sync.activities.kinds import ActivityType, RecordKind
from activity_sync.rules.conditions import Condition, Facts, every_test, holds
from activity_sync.rules.domains import domain_of
from activity_sync.rules.names import name_without_form, normal_name, search_words
from activity_sync.systems.hubspot.conditions import groups_of
from activity_sync.systems.hubspot.metadata import Metadata
from activity_sync.systems.hubspot.operations import Operations
from activity_sync.systems.hubspot.searches import search_tokens, search_values, search_whole, search_words_of
from activity_sync.systems.hubspot.wire import (
    ASSOCIATION_READ,
    BATCH,
    MODIFIED,
    OWNER_PAGE,
    RECORD_ID,
    Json,
    filter_on,
    fits_search,
    millis,
    read_time,
    search_body,
    split_list,
)
from activity_sync.systems.records import NOTHING, Lookup, NaturalKey, Owner

_OTHER_EMAILS: Final = "hs_additional_emails"
_LONGEST_ADDRESS: Final = 254
_OTHER_DOMAINS: Final = "hs_additional_domains"
_COMPANY_NAME: Final = "name"
_MERGED_IDS: Final = "hs_merged_object_ids"
_PROPERTIES: Final[Mapping[str, tuple[str, ...]]] = {
    RecordKind.CONTACT: ("email", _OTHER_EMAILS, "firstname", "lastname", _MERGED_IDS),
    RecordKind.COMPANY: ("name", "domain", _OTHER_DOMAINS, _MERGED_IDS),
    RecordKind.DEAL: ("dealname", _MERGED_IDS),
    RecordKind.TICKET: ("subject", _MERGED_IDS),
}
_NAME: Final[Mapping[str, tuple[str, ...]]] = {
    RecordKind.CONTACT: ("firstname", "lastname"),
    RecordKind.COMPANY: ("name",),
    RecordKind.DEAL: ("dealname",),
    RecordKind.TICKET: ("subject",),
}
_MODIFIED: Final[Mapping[str, str]] = {RecordKind.CONTACT: "lastmodifieddate"}
"""By kind, where its modification time stands if not where most have it."""
_MERGED_KINDS: Final = frozenset({RecordKind.CONTACT, RecordKind.COMPANY})


class HubSpotDirectory:
    """Looks records up. `stored_id_properties`: by kind, the property that holds the counterpart's id, if any.

    `also_read`: by kind, properties that are read along.
    """

    proves_by_activities = True

    def __init__(
        self,
        operations: Operations,
        metadata: Metadata,
        *,
        stored_id_properties: Mapping[str, str],
        also_read: Mapping[str, Sequence[str]] = NOTHING,
    ) -> None:
        self._operations = operations
        self._metadata = metadata
        self._stored_ids = dict(stored_id_properties)
        self._also_read = also_read
        self._owners: dict[str, Owner] | None = None
        self._former_owners: dict[str, Owner] | None = None
        self._owners_lock = asyncio.Lock()

    async def describe(self, wanted: Mapping[str, Sequence[str]]) -> dict[str, dict[str, NaturalKey]]:
        """By kind, the natural keys of these records by the id asked for: a merged record's id gives its survivor.

        Ids that lead to nothing are absent.
        """
        answers = await asyncio.gather(*(self._describe(kind, ids) for kind, ids in wanted.items()))
        return dict(zip(wanted, answers, strict=True))

    async def find(self, lookups: Sequence[Lookup]) -> dict[str, list[NaturalKey]]:
        """Per kind, every record that has one of the ids, stored ids, addresses, domains or names, each once.

        An id that a merge has ended finds the survivor.

        Further addresses and domains are searched for those that are nobody's primary one, names for what no domain
        finds, and a name without its legal form for what no name finds.
        """
        kinds = list(dict.fromkeys(lookup.kind for lookup in lookups))
        answers = await asyncio.gather(
            *(self._find(kind, [one for one in lookups if one.kind == kind]) for kind in kinds)
        )
        return dict(zip(kinds, answers, strict=True))

    async def still_hanging(self, kind: str, seen_on: Mapping[str, tuple[ActivityType, str]]) -> frozenset[str]:
        """A call for every 1,000 activities of a type; a look-up takes one for every 100 records.

        None where records of this kind store the ids of their counterparts: only reading them shows who names whom.
        """
        of_type: defaultdict[ActivityType, list[str]] = defaultdict(list)
        for activity_type, activity_id in seen_on.values():
            of_type[activity_type].append(activity_id)
        calls = sum(ceil(len(set(ids)) / ASSOCIATION_READ) for ids in of_type.values())
        if kind in self._stored_ids or calls >= ceil(len(seen_on) / BATCH):
            return frozenset()
        answers = await asyncio.gather(
            *(self._operations.read_associations(one, ids, targets=[kind]) for one, ids in of_type.items())
        )
        hangs_on = {
            (activity_type, activity_id, str(end["id"]))
            for activity_type, answer in zip(of_type, answers, strict=True)
            for activity_id, by_kind in answer.items()
            for end in by_kind.get(kind, ())
        }
        return frozenset(record_id for record_id, activity in seen_on.items() if (*activity, record_id) in hangs_on)

    async def matching(self, kind: str, condition: Condition, *, since: datetime) -> list[str]:
        """By modification time, as far as the index knows it, and by what a search decides as we do."""
        names = tuple(dict.fromkeys(one.name for one in every_test(condition)))
        changed = filter_on(_MODIFIED.get(kind, MODIFIED), "GTE", millis(since))
        groups = [(*one, changed) for one in groups_of(condition, await self._metadata.read(kind))]
        if not fits_search(search_body(groups, properties=names, sort=RECORD_ID)):
            groups = [(changed,)]
        found = await search_whole(self._operations, kind, groups, properties=names)
        return [
            record_id
            for record_id, one in found.items()
            if holds(condition, Facts(records={kind: [one.get("properties") or {}]}))
        ]

    async def lacking(self, asked_for: Mapping[str, Sequence[str]]) -> list[str]:
        """By the portal's property definitions: one call for each kind that is not known yet."""
        schemas = await asyncio.gather(*(self._metadata.read(kind) for kind in asked_for))
        return [
            f"{kind}.{name}"
            for (kind, names), schema in zip(asked_for.items(), schemas, strict=True)
            for name in names
            if name not in schema.properties
        ]

    async def owners(self, ids: Collection[str] = ()) -> Mapping[str, Owner]:
        """All owners by id. Those of deactivated users are a list of their own, read only where one of `ids` needs it.

        Each list is read once.
        """
        async with self._owners_lock:
            if self._owners is None:
                self._owners = await self._read_owners(active=True)
            if self._former_owners is None and not self._owners.keys() >= set(ids):
                self._former_owners = await self._read_owners(active=False)
            return {**(self._former_owners or {}), **self._owners}

    async def _describe(self, kind: str, ids: Sequence[str]) -> dict[str, NaturalKey]:
        wanted = [one for one in dict.fromkeys(ids) if one.isdigit()]
        found = {
            str(one["id"]): self._key(kind, one)
            for one in await self._operations.batch_read(kind, wanted, self._properties(kind))
        }
        return found | await self._survivors(kind, wanted, found.values())

    async def _survivors(self, kind: str, ids: Iterable[str], found: Iterable[NaturalKey]) -> dict[str, NaturalKey]:
        """By id, the survivors of those records that no batch read has found, and that a merge has ended."""
        known = {one.id: one for one in found}
        into = {former: one for one in known.values() for former in one.former_ids}
        missing = [one for one in dict.fromkeys(ids) if one not in known]
        # A batch read does not know the ids that a merge has ended; reading one record does.
        unknown = [one for one in missing if one not in into and kind in _MERGED_KINDS]
        read = await asyncio.gather(*(self._operations.find_one(kind, one, self._properties(kind)) for one in unknown))
        return {old: into[old] for old in missing if old in into} | {
            old: self._key(kind, survivor) for old, survivor in zip(unknown, read, strict=True) if survivor is not None
        }

    async def _find(self, kind: str, lookups: Sequence[Lookup]) -> list[NaturalKey]:
        ids = [one for lookup in lookups for one in lookup.ids if one.isdigit()]
        stored_ids = [one for lookup in lookups for one in lookup.stored_ids]
        emails = [_fold(one) for lookup in lookups for one in lookup.emails if _is_address(one)]
        domains = [one for lookup in lookups for one in lookup.domains]
        at_once = await asyncio.gather(
            self._operations.batch_read(kind, ids, self._properties(kind)),
            self._by_email(kind, emails),
            self._by_domain(kind, domains),
        )
        found = self._unique(kind, (one for some in at_once for one in some))
        if stored_ids and not (found.keys() >= set(ids) and len(set(ids)) >= len(set(stored_ids))):
            # A record that names its counterpart, and rightly, is found by that; some here do not.
            found |= self._unique(kind, await self._by_stored_id(kind, stored_ids))
        found |= {one.id: one for one in (await self._survivors(kind, ids, found.values())).values()}
        if kind == RecordKind.COMPANY and (names := open_names(lookups, found.values())):
            found |= self._unique(kind, await self._by_value(kind, _COMPANY_NAME, names))
            found |= self._unique(kind, await self._by_name_without_form(kind, open_names(lookups, found.values())))
        return list(found.values())

    async def _by_stored_id(self, kind: str, stored_ids: Sequence[str]) -> list[Json]:
        name = self._stored_ids.get(kind)
        # A filter on a property that does not exist is refused.
        if not (name and stored_ids) or name not in (await self._metadata.read(kind)).properties:
            return []
        return await self._by_value(kind, name, stored_ids)

    async def _by_email(self, kind: str, emails: Sequence[str]) -> list[Json]:
        if kind != RecordKind.CONTACT or not emails:
            return []
        properties = self._properties(kind)
        found = await self._operations.batch_read(kind, emails, properties, id_property="email")
        known = {address for one in found for address in self._addresses(one)}
        rest = [address for address in dict.fromkeys(emails) if address not in known]
        # A token is part of a value: what merely resembles the address is left out here.
        similar = await search_tokens(self._operations, kind, _OTHER_EMAILS, rest, properties=properties)
        return [*found, *(one for one in similar if self._addresses(one) & set(rest))]

    async def _by_domain(self, kind: str, domains: Sequence[str]) -> list[Json]:
        if kind != RecordKind.COMPANY or not domains:
            return []
        found = await self._by_value(kind, "domain", domains)
        known = {domain for one in found for domain in self._company_domains(one)}
        rest = [domain for domain in dict.fromkeys(domains) if domain_of(domain) not in known]
        if not rest or _OTHER_DOMAINS not in (await self._metadata.read(kind)).properties:
            return found
        properties = self._properties(kind)
        similar = await search_tokens(self._operations, kind, _OTHER_DOMAINS, rest, properties=properties)
        wanted = {domain_of(domain) for domain in rest}
        return [*found, *(one for one in similar if self._company_domains(one) & wanted)]

    async def _by_name_without_form(self, kind: str, names: Sequence[str]) -> list[Json]:
        wanted = {name_without_form(name) for name in names}
        # What merely has all the words of a name is left out here.
        similar = await search_words_of(
            self._operations,
            kind,
            _COMPANY_NAME,
            [search_words(name) for name in names],
            properties=self._properties(kind),
        )
        return [one for one in similar if name_without_form(str(one["properties"].get(_COMPANY_NAME) or "")) in wanted]

    async def _by_value(self, kind: str, name: str, values: Sequence[str]) -> list[Json]:
        return await search_values(self._operations, kind, name, values, properties=self._properties(kind))

    async def _read_owners(self, *, active: bool) -> dict[str, Owner]:
        found: dict[str, Owner] = {}
        after: str | None = None
        while True:
            params: dict[str, str | int] = {"limit": OWNER_PAGE, "archived": "false" if active else "true"}
            if after:
                params["after"] = after
            page = await self._operations.get_page(self._operations.paths.owners(), params=params)
            found |= {owner.id: owner for owner in (_owner(one, active=active) for one in page.results)}
            if page.after is None or page.after == after:
                return found
            after = page.after

    def _properties(self, kind: str) -> tuple[str, ...]:
        stored = self._stored_ids.get(kind)
        names = (*_PROPERTIES[kind], *((stored,) if stored else ()), *self._also_read.get(kind, ()))
        return tuple(dict.fromkeys(names))

    def _unique(self, kind: str, records: Iterable[Json]) -> dict[str, NaturalKey]:
        return {str(one["id"]): self._key(kind, one) for one in records}

    def _addresses(self, record: Json) -> set[str]:
        return {_fold(address) for address in _emails(record["properties"])}

    @staticmethod
    def _company_domains(record: Json) -> set[str]:
        return {domain_of(domain) for domain in _domains(record["properties"])}

    def _key(self, kind: str, record: Json) -> NaturalKey:
        properties = record.get("properties") or {}
        created = record.get("createdAt")
        return NaturalKey(
            id=str(record["id"]),
            kind=str(kind),
            name=" ".join(part for name in _NAME[kind] if (part := str(properties.get(name) or "").strip())),
            emails=_emails(properties) if kind == RecordKind.CONTACT else (),
            domains=_domains(properties) if kind == RecordKind.COMPANY else (),
            stored_id=str(properties.get(self._stored_ids.get(kind, "")) or ""),
            created_at=read_time(created) if created else None,
            former_ids=tuple(one for one in split_list(properties.get(_MERGED_IDS)) if one != str(record["id"])),
            properties={name: properties.get(name) for name in self._also_read.get(kind, ())},
        )


def open_names(lookups: Iterable[Lookup], found: Iterable[NaturalKey]) -> list[str]:
    """The names still to search for. None of a look-up whose every domain has been found: names are the last resort."""
    keys = list(found)
    names = {normal_name(key.name) for key in keys}
    domains = {domain_of(domain) for key in keys for domain in key.domains}
    return [
        name
        for lookup in lookups
        if not _is_settled(lookup, domains)
        for name in dict.fromkeys(lookup.names)
        if normal_name(name) not in names
    ]


def _is_settled(lookup: Lookup, found_domains: set[str]) -> bool:
    domains = {domain_of(one) for one in lookup.domains}
    return len(set(lookup.names)) <= len(domains) and domains <= found_domains


def _owner(given: Json, *, active: bool) -> Owner:
    name = " ".join(str(part) for part in (given.get("firstName"), given.get("lastName")) if part)
    return Owner(id=str(given["id"]), email=str(given.get("email") or ""), name=name, active=active)


def _emails(properties: Json) -> tuple[str, ...]:
    primary = str(properties.get("email") or "").strip()
    return tuple(dict.fromkeys(one for one in (primary, *split_list(properties.get(_OTHER_EMAILS))) if one))


def _domains(properties: Json) -> tuple[str, ...]:
    primary = str(properties.get("domain") or "").strip()
    return tuple(dict.fromkeys(one for one in (primary, *split_list(properties.get(_OTHER_DOMAINS))) if one))


def _is_address(text: str) -> bool:
    """Whether it may be anybody's address: longer ones do not exist (RFC 5321, 4.5.3.1), nor such without `@`."""
    return "@" in text and len(text) <= _LONGEST_ADDRESS


def _fold(text: str) -> str:
    return text.strip().lower()
