"""Copies that could carry no key, found again by what they show, where that is unmistakable.

For a lost ledger only: a copy shows all that we would create today, and nothing else could be meant. What took place
in the same second and is less alike may be an edited copy: that is a person's to decide.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from activity_sync.activities.activity import Activity
from activity_sync.activities.fingerprint import Fingerprint
from activity_sync.activities.identity import Flow, RecordRef
from activity_sync.activities.kinds import ActivityType
from activity_sync.errors import InvalidRecord
from activity_sync.pipeline.observe import Observer, Seen
from activity_sync.pipeline.relink import scope_of
from activity_sync.pipeline.resolve import decodable
from activity_sync.pipeline.resolver import Resolver
from activity_sync.pipeline.rows import WINDOW, Extracted, Resolved
from activity_sync.pipeline.scope import day_of
from activity_sync.pipeline.session import Session
from activity_sync.pipeline.settle_creates import unmistakable
from activity_sync.rules.kinship import Pair
from activity_sync.rules.values import Present

_AT_ONCE = 500

Shown = dict[int | None, dict[str, Fingerprint]]
"""Prints by record id, by the second in which the activity took place; None where it does not say."""


@dataclass(frozen=True, slots=True)
class Lookalikes:
    """`pairs`: certainly one activity. `doubtful`: records that may have a counterpart, with what it may be."""

    pairs: tuple[Pair, ...]
    doubtful: Mapping[RecordRef, tuple[RecordRef, ...]]


class LookalikeFinder:
    """Compares records of `origin` with records of `copy` that carry no key."""

    def __init__(self, session: Session, activity_type: ActivityType, *, origin: str, copy: str) -> None:
        self.session = session
        self.kind = activity_type
        self.scope = scope_of(session, Flow(origin, copy), activity_type)
        self.observer = Observer(session, self.scope)
        self.resolver = Resolver(session, self.scope)

    async def find(self, originals: Sequence[str], copies: Sequence[str]) -> Lookalikes:
        """Among these ids. Reads both sides in full, and keeps their prints."""
        if not (originals and copies):
            return Lookalikes((), {})
        await self.observer.target.learn([self.kind])
        shown = await self._shown(copies)
        intended = await self._intended(originals)
        pairs: list[Pair] = []
        doubtful: dict[RecordRef, tuple[RecordRef, ...]] = {}
        for second, wanted in intended.items():
            # What says no time of its own got one at its creation: it may be any.
            near = shown.get(second, {}) if second is not None else _merged(shown)
            found = unmistakable(wanted, near)
            pairs += [self._pair(here, there) for here, there in found.items()]
            here = sorted(wanted.keys() - found.keys())
            there = sorted(near.keys() - set(found.values()))
            if second is not None and here and there:
                doubtful |= {self._ref(self.scope.flow.source, one): self._refs(there, there=True) for one in here}
                doubtful |= {self._ref(self.scope.flow.target, one): self._refs(here, there=False) for one in there}
        return Lookalikes(tuple(pairs), doubtful)

    async def _shown(self, ids: Sequence[str]) -> Shown:
        system = self.observer.target
        found: Shown = defaultdict(dict)
        for some in _batches(ids):
            for record in (await system.reader.read(self.kind, some)).values():
                if record.gone:
                    continue
                try:
                    activity = system.translator.decode(self.kind, record)
                except InvalidRecord:
                    continue  # what breaks its own system's contract is none of ours
                found[_second(activity)][record.id] = self.observer.prints(activity.fields)
        return found

    async def _intended(self, ids: Sequence[str]) -> Shown:
        found: Shown = defaultdict(dict)
        for some in _batches(ids):
            records = [
                one for one in (await self.observer.source.reader.read(self.kind, some)).values() if not one.gone
            ]
            extracted = [Extracted(one, self.scope.partitions.last, day_of(one.modified_at), WINDOW) for one in records]
            resolved = await self.resolver.resolve(decodable(self.session, self.scope, extracted))
            for one in extracted:
                card = self.observer.card(Seen(one, resolved.get(one.record.id, Resolved())), None)
                if card.activity is not None and isinstance(card.source, Present) and card.source.invalid is None:
                    found[_second(card.activity)][one.record.id] = card.source.projected
        return found

    def _pair(self, original: str, copy: str) -> Pair:
        flow = self.scope.flow
        key = self.session.key_of(self.scope, original, 0)
        return Pair(self._ref(flow.source, original), self._ref(flow.target, copy), key)

    def _refs(self, ids: Sequence[str], *, there: bool) -> tuple[RecordRef, ...]:
        system = self.scope.flow.target if there else self.scope.flow.source
        return tuple(self._ref(system, one) for one in ids)

    def _ref(self, system: str, record_id: str) -> RecordRef:
        return RecordRef(system, self.kind.value, record_id)


def _second(activity: Activity) -> int | None:
    return None if activity.time is None else int(activity.time.timestamp())


def _merged(shown: Shown) -> dict[str, Fingerprint]:
    return {record_id: prints for some in shown.values() for record_id, prints in some.items()}


def _batches(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    return (ids[start : start + _AT_ONCE] for start in range(0, len(ids), _AT_ONCE))
