"""Knows the records that activities hang on, and the users.

All look-ups of all kinds travel in one batch. The server compares text without regard to case, and by a collation of
its own; what it finds is compared again here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from activity_sync.activities.kinds import ActivityType, RecordKind
from activity_sync.rules.conditions import Condition, Facts, every_test, holds
from activity_sync.rules.domains import domain_of
from activity_sync.rules.names import name_without_form, searchable
from activity_sync.systems.dynamics.batch import Operation
from activity_sync.systems.dynamics.columns import Columns, logical
from activity_sync.systems.dynamics.conditions import filter_of
from activity_sync.systems.dynamics.filters import (
    any_of,
    begins_with,
    chunks,
    contains,
    is_one_of,
    moment_literal,
    query,
)
from activity_sync.systems.dynamics.merges import Entry, each_once, each_text, is_dead_end, merged_with, survivors
from activity_sync.systems.dynamics.metadata import Metadata, Schema
from activity_sync.systems.dynamics.operations import Operations, Row
from activity_sync.systems.dynamics.paths import RECORD_TABLES, Table
from activity_sync.systems.dynamics.reader import guids
from activity_sync.systems.dynamics.wire import read_lookup, read_moment
from activity_sync.systems.records import NOTHING, Lookup, NaturalKey, Owner

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
_OWNERS_STAND = timedelta(minutes=10)
_DOMAINS_AT_ONCE = 25
_NAMES_AT_ONCE = 25


class DynamicsDirectory:
    """Looks records up. `stored_ids`: by kind, the column that holds the id of a record's counterpart.

    `also_read`: by kind, columns that are read along and given as `properties`.
    """

    proves_by_activities = False

    def __init__(
        self,
        operations: Operations,
        metadata: Metadata,
        *,
        stored_ids: Mapping[str, str],
        also_read: Mapping[str, Sequence[str]] = NOTHING,
        now: Callable[[], datetime],
    ) -> None:
        self._operations = operations
        self._metadata = metadata
        self._stored_ids = stored_ids
        self._also_read = also_read
        self._columns = Columns(operations)
        self._now = now
        self._owners: Mapping[str, Owner] = {}
        self._owners_read_at: datetime | None = None
        self._owners_lock = asyncio.Lock()

    async def describe(self, wanted: Mapping[str, Sequence[str]]) -> dict[str, dict[str, NaturalKey]]:
        """By kind, the natural keys of these records; a merged one is described by its survivor, whose `id` it gets.

        Survivors know the records that were merged into them. Empty for a kind whose table the organization lacks.
        """
        schema = await self._metadata.read()
        families = await self._families(
            schema,
            {kind: {} for kind in wanted if kind in RECORD_TABLES and schema.has(RECORD_TABLES[kind].name)},
            {kind: guids(ids) for kind, ids in wanted.items()},
        )
        described = {kind: survivors(known) for kind, known in families.items()}
        return {
            kind: {given: keys[given.lower()] for given in ids if given.lower() in keys}
            for kind, ids in wanted.items()
            for keys in [described.get(kind, {})]
        }

    async def find(self, lookups: Sequence[Lookup]) -> dict[str, list[NaturalKey]]:
        """Per kind, the records that match any of the keys, each once; merged ones as their survivor.

        Contacts by any of three addresses, accounts by the domain of their web site or by name but for its legal form,
        any kind by id or by stored counterpart id. Inactive records are among them, but none that was merged.
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
        found: dict[str, dict[str, Entry]] = {one.kind: {} for one in lookups}
        for (kind, wanted, _), rows in zip(reads, pages, strict=True):
            for row in rows:
                entry = self._read(kind, row)
                if wanted.matches(entry.key):
                    found[kind][entry.key.id] = entry
        families = await self._families(schema, found, {})
        described = {kind: survivors(known) for kind, known in families.items()}
        return {
            kind: each_once(
                described[kind][record_id] for record_id, one in some.items() if not is_dead_end(one, families[kind])
            )
            for kind, some in found.items()
        }

    async def still_hanging(self, kind: str, seen_on: Mapping[str, tuple[ActivityType, str]]) -> frozenset[str]:  # noqa: ARG002 - see below
        """None: the look-ups of a whole batch travel in one call or two."""
        return frozenset()

    async def matching(self, kind: str, condition: Condition, *, since: datetime) -> list[str]:
        """By modification time, and by what the database decides as we do."""
        table = RECORD_TABLES[kind]
        if not (await self._metadata.read()).has(table.name):
            return []
        types = (await self._columns.types([kind]))[kind]
        names = sorted({one.name for one in every_test(condition) if logical(one.name) in types})
        narrowed = filter_of(condition, types)
        read = _select(
            table,
            ",".join(dict.fromkeys((table.key, *names))),
            f"modifiedon ge {moment_literal(since.replace(microsecond=0))}" + (f" and {narrowed}" if narrowed else ""),
        )
        (rows,) = await self._operations.read_rows([read])
        return [str(row[table.key]).lower() for row in rows if holds(condition, Facts(records={kind: [row]}))]

    async def lacking(self, asked_for: Mapping[str, Sequence[str]]) -> list[str]:
        """By the tables' definitions; nothing is said to lack where these cannot be read."""
        types = await self._columns.types(asked_for)
        return [
            f"{kind}.{name}"
            for kind, names in asked_for.items()
            if types[kind]
            for name in names
            if logical(name) not in types[kind]
        ]

    async def owners(self, ids: Collection[str] = ()) -> Mapping[str, Owner]:  # noqa: ARG002 - one list of all
        """All users by id. Disabled and application users are not active: nothing is assigned to them.

        Read again after ten minutes: a session may last for hours, and who was disabled meanwhile owns nothing more.
        """
        async with self._owners_lock:
            now = self._now()
            if self._owners_read_at is None or now - self._owners_read_at > _OWNERS_STAND:
                self._owners = await self._read_owners()
                self._owners_read_at = now
            return self._owners

    async def _read_owners(self) -> dict[str, Owner]:
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
                for some in chunks(each_text(lookup.emails), chars=4_000)
            ]
        if lookup.kind == RecordKind.COMPANY:
            # A bracket would narrow the search: it opens a class of characters.
            domains = [one for one in each_text(lookup.domains) if "[" not in one]
            conditions += [
                any_of(contains("websiteurl", domain) for domain in some)
                for some in chunks(domains, at_most=_DOMAINS_AT_ONCE, overhead_chars=30)
            ]
            conditions += [is_one_of("name", some) for some in chunks(each_text(lookup.names))]
            beginnings = each_text(beginning_of(name) for name in lookup.names)
            conditions += [
                any_of(begins_with("name", beginning) for beginning in some)
                for some in chunks(beginnings, at_most=_NAMES_AT_ONCE, overhead_chars=30)
            ]
        if column := self._stored_column(schema, lookup.kind):
            conditions += [is_one_of(column, some) for some in chunks(each_text(lookup.stored_ids))]
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
        return ",".join(dict.fromkeys((*columns, *self._also_read.get(kind, ()))))

    def _stored_column(self, schema: Schema, kind: str) -> str:
        """The column that holds the counterpart's id; empty where the organization does not have it."""
        column = self._stored_ids.get(kind, "")
        return column if column and schema.has_text(RECORD_TABLES[kind].name, column) else ""

    def _read(self, kind: str, row: Row) -> Entry:
        master = read_lookup(row, "_masterid_value")
        key = NaturalKey(
            id=str(row[RECORD_TABLES[kind].key]).lower(),
            kind=kind,
            name=(row.get(_NAMES[kind]) or "").strip(),
            emails=each_text(row.get(column) or "" for column in _EMAILS),
            domains=each_text([domain_of(row.get("websiteurl") or "")]),
            stored_id=str(row.get(self._stored_ids.get(kind, "")) or ""),
            created_at=read_moment(row["createdon"]) if row.get("createdon") else None,
            active=kind not in _DEACTIVATED or not row.get("statecode"),
            properties={name: row.get(name) for name in self._also_read.get(kind, ())},
        )
        return Entry(key, master.id if master and row.get("merged") else "")

    async def _families(
        self, schema: Schema, found: Mapping[str, Mapping[str, Entry]], wanted: Mapping[str, Sequence[str]]
    ) -> dict[str, dict[str, Entry]]:
        """Per kind of `found`, the records by id: those found, those of the ids `wanted`, and all merged with these.

        The wanted ones are read together with what was merged into them, in one call. Each further generation costs
        one, and there is none where nothing was merged.
        """
        known = {kind: dict(some) for kind, some in found.items()}
        asked: dict[str, set[str]] = {kind: set() for kind in known}
        for _ in range(1 + _MERGES_FOLLOWED):
            reads = []
            for kind, by_id in known.items():
                ids = sorted({*wanted.get(kind, ()), *merged_with(by_id)} - asked[kind])
                asked[kind].update(ids)
                reads += [(kind, self._read_family(schema, kind, some)) for some in chunks(ids)]
            if not reads:
                break
            pages = await self._operations.read_rows([read for _, read in reads])
            for (kind, _), rows in zip(reads, pages, strict=True):
                known[kind] |= {entry.key.id: entry for entry in (self._read(kind, row) for row in rows)}
        return known

    def _read_family(self, schema: Schema, kind: str, ids: Sequence[str]) -> Operation:
        table = RECORD_TABLES[kind]
        columns = (table.key, "masterid") if kind in _MERGEABLE else (table.key,)
        return _select(table, self._shape(schema, kind), any_of(is_one_of(column, ids) for column in columns))


@dataclass(frozen=True, slots=True)
class _Wanted:
    """The keys of a look-up, for comparison without regard to case."""

    ids: frozenset[str]
    emails: frozenset[str]
    domains: frozenset[str]
    names: frozenset[str]
    cores: frozenset[str]
    stored_ids: frozenset[str]

    @classmethod
    def of(cls, lookup: Lookup) -> _Wanted:
        def folded(values: Iterable[str]) -> frozenset[str]:
            return frozenset(_folded(one) for one in values if one)

        return cls(
            ids=folded(lookup.ids),
            emails=folded(lookup.emails),
            domains=frozenset(domain_of(one) for one in lookup.domains if one),
            names=folded(lookup.names),
            cores=frozenset(name_without_form(one) for one in lookup.names if one),
            stored_ids=folded(lookup.stored_ids),
        )

    def matches(self, key: NaturalKey) -> bool:
        return (
            _folded(key.id) in self.ids
            or not self.emails.isdisjoint(map(_folded, key.emails))
            or not self.domains.isdisjoint(map(_folded, key.domains))
            or _folded(key.name) in self.names
            or (bool(self.cores) and name_without_form(key.name) in self.cores)
            or _folded(key.stored_id) in self.stored_ids
        )


def beginning_of(name: str) -> str:
    """What the names of this company begin with, whatever their legal form, for a search; empty where it is nothing.

    A bracket would narrow the search, as it opens a class of characters: the beginning ends before it. `%` between the
    words allows for runs of blanks.
    """
    return "%".join(searchable(name).partition("[")[0].split())


def _folded(text: str) -> str:
    return text.strip().casefold()


def _select(table: Table, columns: str, condition: str) -> Operation:
    return Operation("GET", f"{table.entity_set}?{query({'$select': columns, '$filter': condition})}")
