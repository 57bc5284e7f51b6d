"""Counterparts that earlier look-ups found: used again without another one, where that is proved and saves calls.

A look-up compares keys, which costs a call for every hundred records. That a record is still there, and was not merged
into another, the activities that hang on it show, a thousand a call: deleting a record takes it off them, and a merge
puts the survivor in its place. What is not proved is looked up.

What a proof does not show is whether somebody has given the counterpart other keys since. It is the same record then,
and stays the counterpart; but the address that found it may by now be another record's. So nothing is believed for
longer than `BELIEVED_FOR`, nor once the source's own keys are others, and every look-up that is made corrects it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from activity_sync.activities.identity import Flow
from activity_sync.activities.kinds import ActivityType, RecordKind
from activity_sync.pipeline.scope import Scope
from activity_sync.pipeline.session import Session
from activity_sync.rules.values import Several
from activity_sync.systems.records import NaturalKey

BELIEVED_FOR = timedelta(days=30)
"""How long a look-up is good for."""


@dataclass(frozen=True, slots=True)
class Proved:
    """A counterpart that is still there. `by`: the activity of the target that hangs on it, as type and id."""

    target_id: str
    by: tuple[ActivityType, str]


@dataclass(frozen=True, slots=True)
class Tie:
    """A source record and the counterpart that a look-up found. `forth`, `back`: the first key of either leads to it.

    Only such a tie is worth keeping: what a weaker key found, a record that comes later may be found by better.
    """

    source: NaturalKey
    target: NaturalKey
    forth: bool
    back: bool


class KnownCounterparts:
    """What one scope knows of counterparts, and what it may use of that."""

    def __init__(self, session: Session, scope: Scope) -> None:
        self.session = session
        self.scope = scope

    async def prove(
        self, keys: Mapping[str, Iterable[NaturalKey]], *, made: Mapping[str, Mapping[str, str]]
    ) -> dict[tuple[str, str], Proved]:
        """By kind and id of these source records, the known counterparts that are proved. `made`: see `OnDemand`."""
        flow = self.scope.flow
        several = self.session.configuration.flow(flow).of(self.scope.activity_type).associations.several
        directory = self.session.target(self.scope).directory
        # With `hold`, a second record with the same key must be noticed, and that takes the look-up.
        if not directory.proves_by_activities or several is Several.HOLD:
            return {}
        found: dict[tuple[str, str], Proved] = {}
        for kind, some in keys.items():
            believed = self._believed(kind, some, made.get(kind, {}))
            activities = self.session.ledger.seen_on(flow.target, kind, set(believed.values())) if believed else {}
            there = await directory.still_hanging(kind, activities) if activities else frozenset()
            for source_id, target_id in believed.items():
                if target_id in there:
                    found[kind, source_id] = Proved(target_id, activities[target_id])
        return found

    def note(self, kind: str, ties: Iterable[Tie]) -> None:
        """What a look-up has found is known from now on, to this flow and to its mirror, as far as it is of use."""
        flow, sure = self.scope.flow, list(ties)
        self._note(flow, kind, {one.source.id: (one.target.id, self._mark(one.source)) for one in sure if one.forth})
        # An address is one person's. Several companies share a domain: the mirror flow might choose another of them.
        if kind == RecordKind.CONTACT:
            back = {one.target.id: (one.source.id, self._mark(one.target)) for one in sure if one.back}
            self._note(flow.mirror, kind, back)

    def _note(self, flow: Flow, kind: str, found: Mapping[str, tuple[str, str]]) -> None:
        if found and self.session.systems[flow.target].directory.proves_by_activities:
            self.session.ledger.note_counterparts(flow, kind, found, now=self.session.clock())

    def _believed(self, kind: str, keys: Iterable[NaturalKey], made: Mapping[str, str]) -> dict[str, str]:
        """By source id, what was found not long ago by the keys that the source still has."""
        by_id = {one.id: one for one in keys}
        since = self.session.clock() - BELIEVED_FOR
        return {
            source_id: known.target_id
            for source_id, known in self.session.ledger.counterparts(self.scope.flow, kind, by_id).items()
            if known.found_at > since
            and known.keys == self._mark(by_id[source_id])
            and made.get(source_id, known.target_id) == known.target_id
        }

    def _mark(self, key: NaturalKey) -> str:
        """A keyed hash of all that the record may be found by."""
        named = (key.name, key.former_names) if key.kind == RecordKind.COMPANY else ()
        told = (key.kind, key.stored_id, key.former_ids, key.former_stored_ids, key.emails, key.domains, named)
        return hashlib.blake2b(
            json.dumps(told, ensure_ascii=True).lower().encode("ascii"), key=self.session.key[:64], digest_size=9
        ).hexdigest()
