"""Making links again between records that both exist: their bases come from the same rule as any adoption's.

Where both sides differ, the times of people's edits tell on which side the ledger missed one: what only we have
written there is no edit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from activity_sync.activities.fingerprint import Fingerprint
from activity_sync.activities.identity import Flow, RecordRef
from activity_sync.activities.kinds import ActivityType
from activity_sync.errors import InvalidRecord
from activity_sync.ledger.rows import AdoptedLink, Element, LinkChange, LinkState, Tombstone
from activity_sync.pipeline.elements import key as key_of
from activity_sync.pipeline.elements import of_create, stored
from activity_sync.pipeline.observe import Card, Observer, Seen
from activity_sync.pipeline.resolve import decodable
from activity_sync.pipeline.resolver import Resolver
from activity_sync.pipeline.rows import WINDOW, Extracted, Resolved
from activity_sync.pipeline.scope import Partitions, Scope, day_of, midnight
from activity_sync.pipeline.session import Session
from activity_sync.rules.actions import Adopt
from activity_sync.rules.adopt import adopt, as_edited
from activity_sync.rules.elements import ElementState
from activity_sync.rules.kinship import Pair
from activity_sync.rules.values import Present
from activity_sync.systems.records import SourceRecord, Window


@dataclass(frozen=True, slots=True)
class Relinked:
    """What became of some pairs. `unseen`: one of the two could not be read. `ended`: one of the two is deleted."""

    linked: int
    ended: tuple[Pair, ...]
    unseen: tuple[Pair, ...]


class Relinker:
    """Links pairs of one type and origin. Nothing is written to either system."""

    def __init__(self, session: Session, activity_type: ActivityType, *, origin: str, copy: str) -> None:
        self.session = session
        self.kind = activity_type
        flow = Flow(origin, copy)
        enabled = session.configuration.enabled
        # Bases mean what the flow that is on makes of them: it may be the mirror of the one that made the copies.
        mirrored = activity_type not in enabled(flow) and activity_type in enabled(flow.mirror)
        self.scope = scope_of(session, flow.mirror if mirrored else flow, activity_type)
        self.observer = Observer(session, self.scope)
        self.resolver = Resolver(session, self.scope)
        self.policy = session.policy(self.scope)

    async def link(self, pairs: Sequence[Pair]) -> Relinked:
        """These pairs are linked, or told apart from those that cannot be. Safe to repeat."""
        flow = self.scope.flow
        here = {pair: _in(pair, flow.source) for pair in pairs}
        there = {pair: _in(pair, flow.target) for pair in pairs}
        await self.observer.source.learn([self.kind])
        await self.observer.target.learn([self.kind])
        sources = await self.observer.source.reader.read(self.kind, [one.id for one in here.values()])
        targets = await self.observer.target.reader.read(self.kind, [one.id for one in there.values()])
        both, ended, unseen = [], [], []
        for pair in pairs:
            source, target = sources.get(here[pair].id), targets.get(there[pair].id)
            if source is None or target is None:
                unseen.append(pair)
            elif source.gone or target.gone:
                gone = {one for one, read in ((here[pair], source), (there[pair], target)) if read.gone}
                ended.append(replace(pair, gone=frozenset(gone)))
            else:
                both.append((pair, source, target))
        linked = await self._adopt(both)
        return Relinked(linked, tuple(ended), tuple(unseen))

    async def _adopt(self, found: Sequence[tuple[Pair, SourceRecord, SourceRecord]]) -> int:
        extracted = [Extracted(source, self.scope.partitions.last, _day(source), WINDOW) for _, source, _ in found]
        resolved = await self.resolver.resolve(decodable(self.session, self.scope, extracted))
        cards = []
        for one, (_, _, target) in zip(extracted, found, strict=True):
            card = self.observer.card(Seen(one, resolved.get(one.record.id, Resolved())), None)
            self.observer.see_target(card, target)
            cards.append(card)
        bases = {id(card): bases_of(card, self._agreed(card)) for card in cards}
        if differing := [card for card in cards if (agreed := self._agreed(card)) is not None and agreed.then_update]:
            bases |= await self._as_edited(differing)
        made = self.session.ledger.adopt(
            [self._link(pair, card, *bases[id(card)]) for card, (pair, _, _) in zip(cards, found, strict=True)],
            now=self.session.clock(),
        )
        return sum(row.fresh for row in made.values())

    def _agreed(self, card: Card) -> Adopt | None:
        """What the two sides agree on; None where one of them breaks its own system's contract."""
        match card.source, card.target:
            case Present(invalid=None) as source, Present() as target:
                return adopt(source, target, self.policy, target_id=_there(card))
        return None

    async def _as_edited(self, cards: Sequence[Card]) -> dict[int, tuple[Fingerprint, Fingerprint]]:
        """The bases of pairs that differ: the ledger missed an edit, on the side that was written last."""
        fields = {name for card in cards if (agreed := self._agreed(card)) is not None for name in agreed.then_update}
        by_people, by_anyone = [
            (
                await self.observer.source.reader.field_times(self.kind, [_here(c) for c in cards], fields, ours=ours),
                await self.observer.target.reader.field_times(self.kind, [_there(c) for c in cards], fields, ours=ours),
            )
            for ours in (False, True)
        ]
        bases = {}
        for card in cards:
            agreed = self._agreed(card)
            if agreed is None or not (isinstance(card.source, Present) and isinstance(card.target, Present)):
                continue
            source = replace(card.source, field_times=by_people[0].get(_here(card), {}))
            target = replace(card.target, field_times=by_people[1].get(_there(card), {}))
            here, there = by_anyone[0].get(_here(card), {}), by_anyone[1].get(_there(card), {})
            bases[id(card)] = bases_of(card, as_edited(agreed, source, target, here=here, there=there))
        return bases

    def _link(self, pair: Pair, card: Card, source: Fingerprint, target: Fingerprint) -> AdoptedLink:
        flow = self.scope.flow
        return replace(
            self._bare(pair),
            bases={flow.source: source, flow.target: target},
            versions={
                flow.source: card.seen.extracted.record.version,
                flow.target: card.target_record.version if card.target_record is not None else None,
            },
            elements=tuple(self._elements(pair, card)),
        )

    def _bare(self, pair: Pair) -> AdoptedLink:
        """Which record is which, and nothing of what they show."""
        return AdoptedLink(
            activity_type=self.kind,
            origin=pair.origin.system,
            counterpart=pair.copy.system,
            origin_id=pair.origin.id,
            counterpart_id=pair.copy.id,
            key=pair.key,
            generation=pair.generation,
        )

    def _elements(self, pair: Pair, card: Card) -> list[Element]:
        """Associations as the create left them: on both sides, waiting, or without a place. What differs is an edit."""
        if card.wire is None or card.target_activity is None:
            return []
        shown = {key_of(one.kind, one.id) for one in card.target_activity.associations}
        hold, _ = stored(
            None,
            self.scope.flow,
            [
                one
                for one in of_create(card.seen.resolved.refs, card.wire.losses)
                if one["state"] != ElementState.CARRIED.value or key_of(one["kind"], one["target"]) in shown
            ],
        )
        if pair.origin.system == self.scope.flow.source:
            return hold
        return [
            replace(one, origin_record_id=one.counterpart_record_id, counterpart_record_id=one.origin_record_id)
            for one in hold
        ]

    async def end(self, pairs: Sequence[Pair]) -> list[Pair]:
        """Those of the pairs, one of whose records is deleted, that are ended links now: never to be created again."""
        left: dict[str, list[Pair]] = {}
        for pair in pairs:
            for record in {pair.origin, pair.copy} - pair.gone:
                left.setdefault(record.system, []).append(pair)
        done: list[Pair] = []
        for system, some in left.items():
            done += await self._end(system, some)
        return done

    async def _end(self, system: str, pairs: Sequence[Pair]) -> list[Pair]:
        records = await self.session.systems[system].reader.read(self.kind, [_in(pair, system).id for pair in pairs])
        living = [pair for pair in pairs if not getattr(records.get(_in(pair, system).id), "gone", True)]
        made = self.session.ledger.adopt(
            [
                replace(self._bare(pair), bases={system: self._prints(system, records[_in(pair, system).id])})
                for pair in living
            ],
            now=self.session.clock(),
        )
        ended = [(pair, row) for pair in living if (row := made[pair.origin.id]).fresh]
        self.session.ledger.settle(
            [
                LinkChange(
                    row.id,
                    expect_revision=row.revision,
                    state=LinkState.TOMBSTONED,
                    tombstone=Tombstone(
                        mapped=frozenset(row.sides[system].base),
                        gone=frozenset(one.system for one in pair.gone),
                    ),
                )
                for pair, row in ended
            ],
            now=self.session.clock(),
        )
        return [pair for pair, _ in ended]

    def _prints(self, system: str, record: SourceRecord) -> Fingerprint:
        try:
            activity = self.session.systems[system].translator.decode(self.kind, record)
        except InvalidRecord:
            return {}  # nothing was ever agreed on, and nothing is to be carried
        return self.observer.prints(activity.fields)


def bases_of(card: Card, agreed: Adopt | None) -> tuple[Fingerprint, Fingerprint]:
    """The bases of both sides. A side that cannot be decoded has none: it is taken as it is first read."""
    if agreed is not None:
        return agreed.moves.source, agreed.moves.target
    prints = [
        side.prints if isinstance(side, Present) and side.invalid is None else {} for side in (card.source, card.target)
    ]
    return prints[0], prints[1]


def scope_of(session: Session, flow: Flow, activity_type: ActivityType) -> Scope:
    """A scope that is no run's: today, of one flow and type."""
    today = session.clock()
    start = midnight(today.date())
    return Scope(flow, activity_type, "", Partitions((day_of(today),), Window(start, today)))


def _here(card: Card) -> str:
    return card.seen.id


def _there(card: Card) -> str:
    return card.target_record.id if card.target_record is not None else ""


def _in(pair: Pair, system: str) -> RecordRef:
    return pair.origin if pair.origin.system == system else pair.copy


def _day(record: SourceRecord) -> str:
    return day_of(record.modified_at)
