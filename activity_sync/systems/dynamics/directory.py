"""Knows the records that activities hang on, and the users.

All look-ups of all kinds travel in one batch. The server compares text without regard to case, and by a collation of
its own; what it finds is compared again here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from activity_sync.activities.kinds import RecordKind
from activity_sync.systems.dynamics.batch import Operation
from activity_sync.systems.dynamics.filters import any_of, chunks, contains, is_one_of, query
from activity_sync.systems.dynamics.metadata import Metadata, Schema
from activity_sync.systems.dynamics.operations import Operations, Row
from activity_sync.systems.dynamics.paths import RECORD_TABLES, Table
from activity_sync.systems.dynamics.reader import guids
from activity_sync.systems.dynamics.wire import read_lookup, read_moment
from activity_sync.systems.system import Lookup, NaturalKey, Owner

_EMAILS = ("emailaddress1", "emailaddress2", "emailaddress3")
_NAMES: dict[str, str] = {
    RecordKind.CONTACT: "fullname",
    RecordKind.COMPANY: "name",
    RecordKind.DEAL: "name",
    RecordKind.TICKET: "title",
}
# Tables whose rows can be merged, and that are inactive when their state says so: a won opportunity is no dead record.
_MERGEABLE = frozenset({RecordKind.CONTACT, RecordKind.COMPANY, RecordKind.TICKET})
_DEACTIVATED = frozenset({RecordKind.CONTACT, RecordKind.COMPANY})
_MERGES_FOLLOWED = 5
_DOMAINS_AT_ONCE = 25


class DynamicsDirectory:
    """Looks records up. `stored_ids`: by kind, the column that holds the id of a record's counterpart."""

    def __init__(self, operations: Operations, metadata: Metadata, *, stored_ids: Mapping[str, str]) -> None:
        self._operations = operations
        self._metadata = metadata
        self._stored_ids = stored_ids

    async def describe(self, wanted: Mapping[str, Sequence[str]]) -> dict[str, dict[str, NaturalKey]]:
        """By kind, the natural keys of these records; a merged one is described by its survivor, whose `id` it gets.

        Empty for a kind whose table the organization does not have.
        """
        schema = await self._metadata.read()
        reads = [
            (kind, _select(table, self._shape(schema, kind), is_one_of(table.key, some)))
            for kind, ids in wanted.items()
            if (table := RECORD_TABLES.get(kind)) is not None and schema.has(table.name)
            for some in chunks(guids(ids))
        ]
        entries: dict[str, list[_Entry]] = {kind: [] for kind in wanted}
        pages = await self._operations.read_rows([read for _, read in reads])
        for (kind, _), rows in zip(reads, pages, strict=True):
            entries[kind] += [self._read(kind, row) for row in rows]
        survivors = await self._survivors(schema, entries)
        described = {
            kind: {one.key.id: _follow(one, survivors[kind]) for one in found} for kind, found in entries.items()
        }
        return {
            kind: {given: described[kind][given.lower()] for given in ids if given.lower() in described[kind]}
            for kind, ids in wanted.items()
        }

    async def find(self, lookups: Sequence[Lookup]) -> dict[str, list[NaturalKey]]:
        """Per kind, the records that match any of the keys, each once; merged ones as their survivor.

        Contacts by any of three addresses, accounts by the domain of their web site or by name, any kind by id or
        by stored counterpart id. Inactive records are among them.
        """
        schema = await self._metadata.read()
        reads = [
            (lookup.kind, wanted, read)
            for lookup in lookups
            if lookup.kind in RECORD_TABLES and schema.has(RECORD_TABLES[lookup.kind].name)
            for wanted in [_Wanted.of(lookup)]
            for read in self._reads(schema, lookup)
        ]
        pages = await self._operations.read_rows([read for *_, read in reads])
        found: dict[str, dict[str, _Entry]] = {one.kind: {} for one in lookups}
        for (kind, wanted, _), rows in zip(reads, pages, strict=True):
            for row in rows:
                entry = self._read(kind, row)
                if wanted.matches(entry.key):
                    found[kind][entry.key.id] = entry
        entries = {kind: list(by_id.values()) for kind, by_id in found.items()}
        survivors = await self._survivors(schema, entries)
        return {kind: _each_once(_follow(one, survivors[kind]) for one in some) for kind, some in entries.items()}

    async def owners(self, ids: Collection[str] = ()) -> Mapping[str, Owner]:  # noqa: ARG002 - one list of all
        """All users by id. Disabled ones and application users are not active: nothing is assigned to them."""
        select = "systemuserid,fullname,internalemailaddress,isdisabled,applicationid"
        (rows,) = await self._operations.read_rows([Operation("GET", f"systemusers?$select={select}")])
        return {
            owner.id: owner
            for owner in (
                Owner(
                    id=str(row["systemuserid"]).lower(),
                    email=(row.get("internalemailaddress") or "").strip(),
                    name=row.get("fullname") or "",
                    active=not row.get("isdisabled") and not row.get("applicationid"),
                )
                for row in rows
            )
        }

    def _reads(self, schema: Schema, lookup: Lookup) -> list[Operation]:
        table = RECORD_TABLES[lookup.kind]
        conditions = [is_one_of(table.key, some) for some in chunks(guids(lookup.ids))]
        if lookup.kind == RecordKind.CONTACT:
            # Each address stands in the condition once per column.
            conditions += [
                any_of(is_one_of(column, some) for column in _EMAILS)
                for some in chunks(_texts(lookup.emails), chars=4_000)
            ]
        if lookup.kind == RecordKind.COMPANY:
            # A bracket would narrow the search: it opens a class of characters.
            domains = [one for one in _texts(lookup.domains) if "[" not in one]
            conditions += [
                any_of(contains("websiteurl", domain) for domain in some)
                for some in chunks(domains, at_most=_DOMAINS_AT_ONCE, overhead_chars=30)
            ]
            conditions += [is_one_of("name", some) for some in chunks(_texts(lookup.names))]
        if column := self._stored_column(schema, lookup.kind):
            conditions += [is_one_of(column, some) for some in chunks(_texts(lookup.stored_ids))]
        shape = self._shape(schema, lookup.kind)
        return [_select(table, shape, condition) for condition in conditions]

    def _shape(self, schema: Schema, kind: str) -> str:
        columns = [RECORD_TABLES[kind].key, _NAMES[kind], "statecode", "createdon"]
        if kind == RecordKind.CONTACT:
            columns += _EMAILS
        if kind == RecordKind.COMPANY:
            columns.append("websiteurl")
        if kind in _MERGEABLE:
            columns += ["merged", "_masterid_value"]
        if stored := self._stored_column(schema, kind):
            columns.append(stored)
        return ",".join(columns)

    def _stored_column(self, schema: Schema, kind: str) -> str:
        """The column that holds the counterpart's id; empty where the organization does not have it."""
        column = self._stored_ids.get(kind, "")
        return column if column and schema.has_text(RECORD_TABLES[kind].name, column) else ""

    def _read(self, kind: str, row: Row) -> _Entry:
        master = read_lookup(row, "_masterid_value")
        key = NaturalKey(
            id=str(row[RECORD_TABLES[kind].key]).lower(),
            kind=kind,
            name=(row.get(_NAMES[kind]) or "").strip(),
            emails=tuple(_texts(row.get(column) or "" for column in _EMAILS)),
            domains=tuple(_texts([domain_of(row.get("websiteurl") or "")])),
            stored_id=str(row.get(self._stored_ids.get(kind, "")) or ""),
            created_at=read_moment(row["createdon"]) if row.get("createdon") else None,
            active=kind not in _DEACTIVATED or not row.get("statecode"),
        )
        return _Entry(key, master.id if master and row.get("merged") else "")

    async def _survivors(self, schema: Schema, entries: Mapping[str, Sequence[_Entry]]) -> dict[str, dict[str, _Entry]]:
        """Per kind, the merged entries' masters by id, and theirs: one call a generation, mostly none."""
        known = {kind: {one.key.id: one for one in some} for kind, some in entries.items()}
        for _ in range(_MERGES_FOLLOWED):
            missing = {
                kind: sorted({one.master for one in by_id.values() if one.master} - by_id.keys())
                for kind, by_id in known.items()
            }
            if not any(missing.values()):
                break
            kinds, reads = [], []
            for kind, ids in missing.items():
                for some in chunks(ids):
                    kinds.append(kind)
                    reads.append(
                        _select(
                            RECORD_TABLES[kind], self._shape(schema, kind), is_one_of(RECORD_TABLES[kind].key, some)
                        )
                    )
            before = sum(map(len, known.values()))
            for kind, rows in zip(kinds, await self._operations.read_rows(reads), strict=True):
                known[kind] |= {entry.key.id: entry for entry in (self._read(kind, row) for row in rows)}
            if sum(map(len, known.values())) == before:
                break  # masters that have been deleted
        return known


@dataclass(frozen=True, slots=True)
class _Entry:
    """A record, and the record it was merged into; empty when it was not."""

    key: NaturalKey
    master: str


def domain_of(website: str) -> str:
    """The host of a web address as a domain, without `www.`; empty when there is none."""
    text = website.strip().lower()
    try:
        host = urlsplit(text if "://" in text else f"//{text}").hostname or ""
    except ValueError:
        return ""
    return host.removeprefix("www.").rstrip(".") if "." in host else ""


def _follow(entry: _Entry, known: Mapping[str, _Entry]) -> NaturalKey:
    """The survivor of a merged record, findable by its predecessor's addresses too; the record itself otherwise."""
    survivor, seen = entry, {entry.key.id}
    while survivor.master and survivor.master not in seen and survivor.master in known:
        survivor = known[survivor.master]
        seen.add(survivor.key.id)
    if survivor is entry:
        return replace(entry.key, active=False) if entry.master else entry.key
    return _united(survivor.key, entry.key)


def _united(one: NaturalKey, other: NaturalKey) -> NaturalKey:
    return replace(
        one,
        emails=tuple(_texts((*one.emails, *other.emails))),
        domains=tuple(_texts((*one.domains, *other.domains))),
        stored_id=one.stored_id or other.stored_id,
    )


def _each_once(keys: Iterable[NaturalKey]) -> list[NaturalKey]:
    by_id: dict[str, NaturalKey] = {}
    for key in keys:
        by_id[key.id] = _united(by_id[key.id], key) if key.id in by_id else key
    return list(by_id.values())


@dataclass(frozen=True, slots=True)
class _Wanted:
    """The keys of a look-up, for comparison without regard to case."""

    ids: frozenset[str]
    emails: frozenset[str]
    domains: frozenset[str]
    names: frozenset[str]
    stored_ids: frozenset[str]

    @classmethod
    def of(cls, lookup: Lookup) -> _Wanted:
        return cls(
            *(
                frozenset(_folded(one) for one in values if one)
                for values in (lookup.ids, lookup.emails, lookup.domains, lookup.names, lookup.stored_ids)
            )
        )

    def matches(self, key: NaturalKey) -> bool:
        return (
            _folded(key.id) in self.ids
            or not self.emails.isdisjoint(map(_folded, key.emails))
            or not self.domains.isdisjoint(map(_folded, key.domains))
            or _folded(key.name) in self.names
            or _folded(key.stored_id) in self.stored_ids
        )


def _folded(text: str) -> str:
    return text.strip().casefold()


def _texts(values: Iterable[str]) -> list[str]:
    """The values that say something, each once whatever its case, as first written."""
    return list({one.casefold(): one for value in reversed(list(values)) if (one := value.strip())}.values())[::-1]


def _select(table: Table, columns: str, condition: str) -> Operation:
    return Operation("GET", f"{table.entity_set}?{query({'$select': columns, '$filter': condition})}")
