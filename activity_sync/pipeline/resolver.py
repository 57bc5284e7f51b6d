"""Finds, for records of the source, their counterparts in the target: batched, and cached for the run's step.

The order: the counterpart that we made or know, the id of the counterpart stored on either record, natural key,
unresolved.
Where several target records match one key, the one that was created first wins, or none does, as configured. A merged
record is found as its survivor, by what either of them had.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from activity_sync.activities.activity import Activity, Participant
from activity_sync.activities.kinds import RecordKind
from activity_sync.configuration import OwnersConfig
from activity_sync.pipeline.known_counterparts import KnownCounterparts, Proved, Tie
from activity_sync.pipeline.on_demand import LEDGER, NO_COUNTERPART, OnDemand, counterpart_in
from activity_sync.pipeline.recently_used import RecentlyUsed
from activity_sync.pipeline.rows import Ref, Resolved
from activity_sync.pipeline.scope import Scope
from activity_sync.pipeline.session import Session
from activity_sync.rules.domains import company_domain, spellings
from activity_sync.rules.names import name_without_form, normal_name
from activity_sync.rules.values import AMBIGUOUS_RECORD, Several
from activity_sync.systems.records import Lookup, NaturalKey, Owner

_KEPT = 25_000
"""So many records are remembered: those that the next activities of the same people and deals hang on. About 1 KB each;
one that has been forgotten is looked up again with the next batch that names it. Those without a counterpart that are
to be made are all kept until the step ends, by `OnDemand`."""

LOOKED_AT = ("owner", "participants")
"""The fields of an activity that its resolution depends on, beside its associations."""

_CARRIED_KINDS = frozenset(kind.value for kind in RecordKind)
_LAST = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Found:
    """The counterpart of one source record. `target` None: unresolved, and `rule` says why.

    `address`: the one that matched, or else the source record's first. `addresses`: all that either record has.
    `former`: the source records that were merged into it. `matched`: the value of the key that found it.
    `candidates`: target records among which there is no telling. `name`: what the source calls it. `create`: the source
    record whose counterpart is to be made; `target` is then the key that it is made under. `not_made`: the one whose
    counterpart could not be made. `properties`: those of the source record that filters ask for.
    """

    target: str | None
    rule: str
    address: str = ""
    addresses: tuple[str, ...] = ()
    former: tuple[str, ...] = ()
    matched: str = ""
    candidates: tuple[str, ...] = ()
    name: str = ""
    create: str = ""
    not_made: str = ""
    properties: Mapping[str, Any] = field(default_factory=dict)

    def address_among(self, participants: Collection[str]) -> str:
        """The address by which an activity with these participants (lower case) knows the record."""
        known = (self.address, *self.addresses)
        return next((one for one in known if one.lower() in participants), self.address)


@dataclass
class Resolver:
    """Resolves references and owners of one scope's activities. Not shared between event loops.

    `makes`: what has no counterpart is to be made, where the configuration says so.
    """

    session: Session
    scope: Scope
    makes: bool = False
    on_demand: OnDemand = field(init=False)
    known: KnownCounterparts = field(init=False)
    _found: RecentlyUsed[tuple[str, str], Found] = field(default_factory=lambda: RecentlyUsed(_KEPT))

    def __post_init__(self) -> None:
        self.on_demand = OnDemand(self.session, self.scope, makes=self.makes)
        self.known = KnownCounterparts(self.session, self.scope)

    async def resolve(self, activities: Sequence[Activity]) -> dict[str, Resolved]:
        """For every activity, by its id: its references with what they are in the target, and its owner there."""
        await self._look_up(
            {
                (one.kind, one.id)
                for activity in activities
                for one in activity.associations
                if one.kind in _CARRIED_KINDS
            }
        )
        owner_of = await self._owners(activity.fields.get("owner") for activity in activities)
        return {
            activity.id: replace(owner_of(activity.fields.get("owner")), refs=self._refs(activity))
            for activity in activities
        }

    def _refs(self, activity: Activity) -> tuple[Ref, ...]:
        refs = []
        people = participants_of(activity)
        for one in sorted(activity.associations):
            if one.kind not in _CARRIED_KINDS:
                continue
            found = self._now(one.kind, one.id)
            address = found.address_among(people)
            refs.append(
                Ref(
                    kind=one.kind,
                    id=one.id,
                    role=one.role.value,
                    primary=one.primary,
                    target=found.target,
                    rule=found.rule,
                    address=address,
                    former=found.former,
                    matched=found.matched,
                    candidates=found.candidates,
                    name=found.name,
                    create=found.create,
                    properties=found.properties,
                )
            )
        return tuple(refs)

    async def _look_up(self, wanted: Collection[tuple[str, str]]) -> None:
        by_kind: defaultdict[str, list[str]] = defaultdict(list)
        for kind, record_id in sorted(self._found.make_room(wanted)):
            by_kind[kind].append(record_id)
        if not by_kind:
            return
        described = await self.session.source(self.scope).directory.describe(by_kind)
        made = {kind: self.on_demand.in_ledger(kind, described[kind].values()) for kind in by_kind}
        proved = await self.known.prove({kind: described[kind].values() for kind in by_kind}, made=made)
        open_ids: dict[str, list[str]] = {}
        for kind, ids in by_kind.items():
            for one in ids:
                key = described[kind].get(one)
                if key is None:
                    self._found[kind, one] = Found(None, "not_in_source")
                elif (kind, key.id) in proved:
                    self._found[kind, one] = _as_described(proved_to_be(key, proved[kind, key.id]), one, key)
                else:
                    open_ids.setdefault(kind, []).append(one)
        if open_ids:
            await self._find(open_ids, described, made)

    async def _find(
        self,
        wanted: Mapping[str, Sequence[str]],
        described: Mapping[str, Mapping[str, NaturalKey]],
        made: Mapping[str, Mapping[str, str]],
    ) -> None:
        """These ids, by kind, are looked up in the target, by what they are described as."""
        keys = {kind: {one: described[kind][one] for one in ids} for kind, ids in wanted.items()}
        lookups = [lookup_for(kind, some.values(), made=made[kind].values()) for kind, some in keys.items()]
        answers = await self.session.target(self.scope).directory.find(lookups)
        several = self.session.configuration.flow(self.scope.flow).of(self.scope.activity_type).associations.several
        for kind, some in keys.items():
            shown = {one.id: one for one in self.on_demand.shown_with(kind, answers.get(kind, []))}
            index = Candidates(shown.values(), several=several)
            ties = []
            for one, key in some.items():
                found = index.match(key, made=counterpart_in(made[kind], key))
                self._found[kind, one] = _as_described(self.on_demand.unless_found(key, found), one, key)
                if found.target is not None:
                    target = shown[found.target]
                    ties.append(Tie(key, target, leads_to(key, target), leads_to(target, key)))
            self.known.note(kind, ties)

    async def look_up(self, wanted: Collection[tuple[str, str]]) -> dict[tuple[str, str], Found]:
        """By the source's record (kind, id), the counterpart that it has now, or is to get, or why there is none."""
        await self._look_up(wanted)
        return {one: self._now(*one) for one in wanted}

    async def still_missing(self, wanted: Collection[tuple[str, str]]) -> list[NaturalKey]:
        """Those of the source's records (kind, id) whose counterpart is still to be made."""
        await self._look_up(wanted)
        return self.on_demand.keys_of((kind, self._now(kind, record_id)) for kind, record_id in wanted)

    def not_made(self, kind: str, record_id: str) -> str:
        """The source record that this one was to be made from, where that could not be done; else empty."""
        return self._now(kind, record_id).not_made if (kind, record_id) in self._found else ""

    def _now(self, kind: str, record_id: str) -> Found:
        return self.on_demand.present(kind, self._found[kind, record_id])

    async def _owners(self, owner_ids: Iterable[object]) -> Callable[[object], Resolved]:
        wanted = {str(one) for one in owner_ids if one}
        if not wanted:
            return lambda _owner: Resolved()
        source = await self.session.source(self.scope).directory.owners(wanted)
        target = await self.session.target(self.scope).directory.owners()
        match = match_owners(self.session.configuration.owners, target)
        return lambda owner_id: match(source.get(str(owner_id))) if owner_id else Resolved()


def match_owners(config: OwnersConfig, target: Mapping[str, Owner]) -> Callable[[Owner | None], Resolved]:
    """The target's owner for a source's owner: override, same address, fallback, else nobody. Inactive users never."""
    overrides = {left.lower(): right.lower() for left, right in config.overrides.items()}
    assignable = {owner.email.lower(): owner for owner in target.values() if owner.active and owner.email}
    fallback = assignable.get(config.fallback.lower()) if config.fallback else None

    def match(owner: Owner | None) -> Resolved:
        address = owner.email.lower() if owner is not None else ""
        if address and overrides.get(address) in assignable:
            return Resolved(owner_id=assignable[overrides[address]].id, owner_rule="override")
        if address in assignable:
            return Resolved(owner_id=assignable[address].id, owner_rule="email")
        if fallback is not None:
            return Resolved(owner_id=fallback.id, owner_rule="fallback")
        return Resolved(owner_rule="unknown_owner" if owner is None else "no_active_counterpart")

    return match


def lookup_for(kind: str, keys: Iterable[NaturalKey], *, made: Iterable[str] = ()) -> Lookup:
    """One look-up for all records of a kind. `made`: counterparts that the ledger names."""
    known = list(keys)
    return Lookup(
        kind=kind,
        ids=unique((*made, *(one for key in known for one in (key.stored_id, *key.former_stored_ids)))),
        stored_ids=unique(one for key in known for one in (key.id, *key.former_ids)),
        emails=unique(address for key in known for address in key.emails),
        domains=unique(
            spelling for key in known for one in key.domains for spelling in spellings(company_domain(one)) if spelling
        ),
        names=unique(key.name for key in known) if kind == RecordKind.COMPANY else (),
    )


class Candidates:
    """Target records of one kind, indexed by each of their keys; the first created stands first.

    `several`: what becomes of a key that several of them have.
    """

    def __init__(self, records: Iterable[NaturalKey], *, several: Several = Several.FIRST_CREATED) -> None:
        self._several = several
        self._by: defaultdict[str, defaultdict[str, list[NaturalKey]]] = defaultdict(lambda: defaultdict(list))
        for one in sorted(records, key=lambda key: (not key.active, key.created_at or _LAST, key.id)):
            for index, value in unique_pairs(_keys_of(one)):
                self._by[index][value].append(one)

    def match(self, key: NaturalKey, *, made: str = "") -> Found:
        """The counterpart of a source record, by the first rule that finds one. `made`: the one that we made for it.

        Of several with one key, those that are active come first. Where more than one is left, `several` decides.
        """
        if made and (found := self._by["id"].get(made.lower())):
            return self._settle(key, found, LEDGER, made)
        for index, value, rule, matched in _attempts(key):
            if value and (found := self._by[index].get(value)):
                return self._settle(key, found, rule, matched)
        # What we made once and people deleted is not made again.
        return Found(None, "made_before" if made else NO_COUNTERPART, key.emails[0].strip() if key.emails else "")

    def _settle(self, key: NaturalKey, found: Sequence[NaturalKey], rule: str, matched: str) -> Found:
        first = found[0]
        addresses = unique(one.strip() for one in (*key.emails, *first.emails))
        address = matched if rule in _BY_ADDRESS else (addresses[0] if key.emails else "")
        equals = [one.id for one in found if one.active == first.active]
        if len(equals) > 1 and self._several is Several.HOLD:
            return Found(None, AMBIGUOUS_RECORD, address, matched=matched, candidates=tuple(equals))
        rule_text = rule if len(found) == 1 else f"{rule} (first created of {len(found)})"
        return Found(first.id, rule_text, address, addresses, matched=matched)


def proved_to_be(key: NaturalKey, proved: Proved) -> Found:
    """A counterpart that needs no look-up. Of its addresses only those are known that the source has, too."""
    addresses = unique(one.strip() for one in key.emails)
    return Found(proved.target_id, LEDGER, next(iter(addresses), ""), addresses, matched="/".join(proved.by))


def leads_to(source: NaturalKey, target: NaturalKey) -> bool:
    """Whether the first thing that the source is looked for by is the target's: its stored id, an address, a domain.

    What else it is found by, such as a name, may be a better one's as well.
    """
    for index, value, rule, _ in _attempts(source):
        if value and index != "stored_id":
            return rule in _SURE and (index, value) in _keys_of(target)
    return False


def _as_described(found: Found, asked_for: str, key: NaturalKey) -> Found:
    """With what the source says of the record that this id leads to."""
    former = tuple(each for each in key.former_ids if each != asked_for)
    return replace(found, former=former, name=key.name, properties=key.properties)


_SURE = frozenset({"stored_id", "email", "domain"})
_BY_ADDRESS = frozenset({"email", "secondary_email"})


def _keys_of(target: NaturalKey) -> Iterator[tuple[str, str]]:
    """Every (index, value) under which a target record is found."""
    for record_id in (target.id, *target.former_ids):
        yield "id", record_id.lower()
    for stored_id in (target.stored_id, *target.former_stored_ids):
        yield "stored_id", stored_id.strip().lower()
    yield from natural_keys(target)


def natural_keys(target: NaturalKey) -> Iterator[tuple[str, str]]:
    """Those of them that are no ids."""
    for address in target.emails:
        yield "email", address.strip().lower()
    for domain in target.domains:
        yield "domain", company_domain(domain)
    if target.kind == RecordKind.COMPANY:
        for name in (target.name, *target.former_names):
            yield "name", normal_name(name)
            yield "core", name_without_form(name)


def _attempts(source: NaturalKey) -> Iterator[tuple[str, str, str, str]]:
    """What to look for, in order: index, value there, rule, and the value as the source has it."""
    for stored_id in (source.stored_id, *source.former_stored_ids):
        yield "id", stored_id.strip().lower(), "stored_id", stored_id
    for record_id in (source.id, *source.former_ids):
        yield "stored_id", record_id.lower(), "stored_id_in_target", record_id
    for position, address in enumerate(source.emails):
        yield "email", address.strip().lower(), "secondary_email" if position else "email", address.strip()
    for domain in source.domains:
        yield "domain", company_domain(domain), "domain", domain
    if source.kind == RecordKind.COMPANY:
        # The same form of company first: "Acme GmbH" and "Acme AG" may well be two.
        yield "name", normal_name(source.name), "name", source.name
        yield "core", name_without_form(source.name), "name_without_legal_form", source.name


def participants_of(activity: Activity) -> frozenset[str]:
    """The addresses of an activity's participants, in lower case."""
    people = activity.fields.get("participants")
    if not isinstance(people, tuple):
        return frozenset()
    return frozenset(one.address.strip().lower() for one in people if isinstance(one, Participant) and one.address)


def unique(values: Iterable[str]) -> tuple[str, ...]:
    """Each non-empty value once, in order of appearance."""
    return tuple(dict.fromkeys(value for value in values if value))


def unique_pairs(pairs: Iterable[tuple[str, str]]) -> Iterable[tuple[str, str]]:
    """Each pair with a value once."""
    return dict.fromkeys(pair for pair in pairs if pair[1])
