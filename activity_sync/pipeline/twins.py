"""Twins: activities that people entered in both systems, so that neither carries a key of ours (cases 2 to 4).

The rule (`rules/match.py`) only proposes. A match counts when it is the only one in both directions: a target record
that is like two unlinked source records is as ambiguous as a source record that is like two in the target, and so both
flows come to the same answer, whichever runs first and whatever else its window holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from activity_sync.activities.activity import Activity, RichText, Value
from activity_sync.activities.kinds import RecordKind
from activity_sync.errors import InvalidRecord
from activity_sync.ledger.rows import LinkRow
from activity_sync.pipeline.decided import Decided, decided
from activity_sync.pipeline.elements import key
from activity_sync.pipeline.observe import Card
from activity_sync.pipeline.resolver import Resolver
from activity_sync.pipeline.rows import Ref
from activity_sync.pipeline.scope import Scope
from activity_sync.pipeline.session import Session
from activity_sync.rules.match import Twin, TwinIndex, TwinMode, words_of
from activity_sync.rules.values import NoLink, Present
from activity_sync.systems.records import SourceRecord
from activity_sync.systems.system import System

_KINDS = frozenset(kind.value for kind in RecordKind)


@dataclass(frozen=True, slots=True)
class Matches:
    """The target records that may be a source record's twin, and the source records that may be theirs instead."""

    ids: tuple[str, ...]
    rivals: tuple[str, ...] = ()


class TwinFinder:
    """Finds the twins of one scope's records."""

    def __init__(self, session: Session, scope: Scope) -> None:
        self.session = session
        self.scope = scope
        setting = session.configuration.flow(scope.flow).of(scope.activity_type).twins
        self.mode = setting.mode
        self.rule = setting.rule
        self.resolver = Resolver(session, scope)

    async def mark(self, cards: Sequence[Card]) -> None:
        """Records without a link know their matches: `link` puts them into the link, `report` beside it.

        No call where the setting is off, or where nothing here can have a twin.
        """
        if self.mode is TwinMode.OFF:
            return
        unlinked = [card for card in cards if is_open(card)]
        if not unlinked:
            return
        known = self._decided()
        entered = {
            card.seen.id: twin
            for card in unlinked
            if card.activity is not None and card.seen.id not in known.settled_here
            for twin in [self.twin(card.activity, targets(card.seen.resolved.refs))]
            if twin is not None
        }
        found = await self.find(entered, known)
        if self.mode is TwinMode.LINK:
            found |= self._as_decided({card.seen.id for card in unlinked}, known)
        for card in unlinked:
            matches = found.get(card.seen.id)
            if matches is None:
                continue
            if self.mode is TwinMode.REPORT:
                card.twins = matches.ids
            else:
                card.link = NoLink(matches.ids, matches.rivals)

    async def find(self, entered: Mapping[str, Twin], known: Decided) -> dict[str, Matches]:
        """By source id, those of `entered` that have a match. Ids of records are the target's."""
        target = self.session.target(self.scope)
        there = await self._around(target, entered.values())
        links = self.session.ledger.links(target.name, self.scope.activity_type, list(there))
        free = {
            record_id: twin
            for record_id, record in there.items()
            if record_id not in known.settled_there and not self._is_taken(links.get(record_id))
            for activity in [self._decode(target, record)]
            if activity is not None
            for twin in [self.twin(activity, own(activity))]
            if twin is not None
        }
        pairs = matched(entered, TwinIndex(free.values(), self.rule), known)
        if not pairs:
            return {}
        if announced := await self._announced(target):
            free = {record_id: twin for record_id, twin in free.items() if record_id not in announced}
            pairs = matched(entered, TwinIndex(free.values(), self.rule), known)
        if self.mode is TwinMode.REPORT:
            return {source_id: Matches(ids) for source_id, ids in pairs.items()}
        wanted = {record_id: free[record_id] for ids in pairs.values() for record_id in ids}
        others = await self._others(wanted, known, but=entered)
        rivals = matched(others, TwinIndex(wanted.values(), self.rule), known)
        claims: dict[str, set[str]] = {}
        for source_id, ids in (pairs | rivals).items():
            for one in ids:
                claims.setdefault(one, set()).add(source_id)
        return {
            source_id: Matches(ids, tuple(sorted(set().union(*(claims[one] for one in ids)) - {source_id})))
            for source_id, ids in pairs.items()
        }

    def twin(self, activity: Activity, records: frozenset[str]) -> Twin | None:
        """What the rule compares of an activity; None where there is nothing to tell a twin by."""
        words = words_of(*(_text(activity.fields.get(name)) for name in ("subject", "body")))
        if activity.time is None or not words or (self.rule.same_record and not records):
            return None
        return Twin(activity.id, activity.type, activity.time, words, records)

    async def _around(self, system: System, twins: Iterable[Twin]) -> dict[str, SourceRecord]:
        """The living records of `system` that took place at the time of one of these, by id."""
        moments = sorted({one.time for one in twins if one.time is not None})
        if not moments:
            return {}
        found = await system.reader.around(self.scope.activity_type, moments, within=self.rule.window)
        return {one.id: one for one in found if not one.gone}

    async def _others(self, wanted: Mapping[str, Twin], known: Decided, *, but: Mapping[str, Twin]) -> dict[str, Twin]:
        """Unlinked records of the source, besides those at hand, that may be one of `wanted`."""
        source = self.session.source(self.scope)
        there = await self._around(source, wanted.values())
        ids = [one for one in there if one not in but and one not in known.settled_here]
        linked = self.session.ledger.links(source.name, self.scope.activity_type, ids)
        # What they hang on is looked up only where text and time would do.
        alike = TwinIndex(wanted.values(), replace(self.rule, same_record=False))
        activities = [
            activity
            for one in ids
            if one not in linked
            for activity in [self._decode(source, there[one])]
            if activity is not None
            for twin in [self.twin(activity, own(activity))]
            if twin is not None and alike.find(twin)
        ]
        resolved = await self.resolver.resolve(activities)
        return {
            activity.id: twin
            for activity in activities
            for twin in [self.twin(activity, targets(resolved[activity.id].refs))]
            if twin is not None
        }

    def _is_taken(self, row: LinkRow | None) -> bool:
        """Whether a target record has its counterpart, or is our copy of one that is gone: nobody entered it there."""
        return row is not None and (row.is_living or (row.origin == self.scope.flow.source and bool(row.key)))

    async def _announced(self, target: System) -> set[str]:
        """The target's records that are creates of ours whose end is unknown. No call where none pends."""
        pending = self.session.ledger.pending(self.scope.flow.source, self.scope.activity_type)
        if not pending:
            return set()
        found = await target.reader.find_keys(self.scope.activity_type, [one.key for one in pending])
        return set(found.values())

    def _decided(self) -> Decided:
        flow, kind, ledger = self.scope.flow, self.scope.activity_type, self.session.ledger
        return decided(ledger.choices(flow.source, kind).values(), ledger.choices(flow.target, kind).values())

    def _as_decided(self, ids: set[str], known: Decided) -> dict[str, Matches]:
        """The matches that a person named, as long as they are nobody else's counterpart."""
        chosen = {one: known.linked[one] for one in ids if one in known.linked}
        links = self.session.ledger.links(self.scope.flow.target, self.scope.activity_type, list(chosen.values()))
        living = {record_id for record_id, row in links.items() if row.is_living}
        return {one: Matches((other,)) for one, other in chosen.items() if other not in living}

    def _decode(self, system: System, record: SourceRecord) -> Activity | None:
        try:
            return system.translator.decode(self.scope.activity_type, record)
        except InvalidRecord:
            return None  # a record that breaks its own system's contract is like none, and fails where it is carried


def is_open(card: Card) -> bool:
    """Whether the record has no counterpart, none was proposed yet, and it can be compared."""
    return (
        isinstance(card.link, NoLink)
        and not card.link.matches
        and isinstance(card.source, Present)
        and card.source.invalid is None
    )


def matched(activities: Mapping[str, Twin], candidates: TwinIndex, known: Decided) -> dict[str, tuple[str, ...]]:
    """The candidates that each of these is like, those left out that a person has parted from it."""
    found = {
        source_id: tuple(one for one in candidates.find(twin) if (source_id, one) not in known.parted)
        for source_id, twin in activities.items()
    }
    return {source_id: ids for source_id, ids in found.items() if ids}


def targets(refs: Iterable[Ref]) -> frozenset[str]:
    """What a source activity hangs on, in the target's ids."""
    return frozenset(key(ref.kind, ref.target) for ref in refs if ref.target is not None)


def own(activity: Activity) -> frozenset[str]:
    """What an activity hangs on, in its own system's ids."""
    return frozenset(key(one.kind, one.id) for one in activity.associations if one.kind in _KINDS)


def named(scope: Scope, ids: Iterable[str]) -> tuple[str, ...]:
    """How possible twins stand in a report."""
    return tuple(f"twin? {scope.flow.target}:{scope.activity_type}/{one}" for one in ids)


def _text(value: Value) -> str | RichText | None:
    return value if isinstance(value, str | RichText) else None
