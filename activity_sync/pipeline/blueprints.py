"""What missing contacts and companies would be made of: shown by a preview, and sent by a load."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from activity_sync.pipeline.observe import Card
from activity_sync.pipeline.rows import Proposal, Ref
from activity_sync.pipeline.scope import Scope
from activity_sync.pipeline.session import Session

_WRITES = frozenset({"create", "update"})


class Blueprints:
    """What missing records would be made of, each read from the source once."""

    def __init__(self, session: Session, scope: Scope) -> None:
        self.session = session
        self.scope = scope
        self._fields: dict[tuple[str, str], Mapping[str, str] | None] = {}

    async def draw(self, kind: str, ids: Collection[str]) -> dict[str, Mapping[str, str] | None]:
        """By source id the target's fields; None for a record that is gone. Empty where nothing is known."""
        unknown = [one for one in dict.fromkeys(ids) if (kind, one) not in self._fields]
        if unknown:
            profiles = await self.session.source(self.scope).records.read(kind, unknown)
            records = self.session.target(self.scope).records
            for one in unknown:
                profile = profiles.get(one)
                self._fields[kind, one] = None if profile is None else await records.encode(kind, profile)
        return {one: self._fields[kind, one] for one in ids}

    async def attach(self, cards: Sequence[Card], proposals: Sequence[Proposal]) -> list[Proposal]:
        """The proposals, each with the records that must be made before it is carried out.

        What writes nothing makes nothing, and remembers nothing of a record that does not exist.
        """
        needed = [_needed(card, one) for card, one in zip(cards, proposals, strict=True)]
        if not any(needed):
            return [_without(card, one) for card, one in zip(cards, proposals, strict=True)]
        by_kind: defaultdict[str, list[str]] = defaultdict(list)
        for ref in (ref for refs in needed for ref in refs):
            by_kind[ref.kind].append(ref.create)
        fields = {kind: await self.draw(kind, ids) for kind, ids in by_kind.items()}
        return [
            replace(
                _without(card, one),
                creates=tuple(self._entry(ref, fields[ref.kind][ref.create]) for ref in refs),
            )
            for card, one, refs in zip(cards, proposals, needed, strict=True)
        ]

    def _entry(self, ref: Ref, fields: Mapping[str, str] | None) -> dict[str, Any]:
        return {
            "system": self.scope.flow.target,
            "kind": ref.kind,
            "source_id": ref.create,
            "key": ref.target,
            "fields": dict(fields or {}),
        }


def _needed(card: Card, proposal: Proposal) -> list[Ref]:
    """The references of a write to records that are still to be made, and that have a place in it."""
    if proposal.action not in _WRITES:
        return []
    named = {(one["kind"], one["target"]) for one in proposal.elements}
    refs = {(ref.kind, ref.target): ref for ref in card.seen.resolved.refs if ref.create}
    return [ref for at, ref in refs.items() if at in named]


def _without(card: Card, proposal: Proposal) -> Proposal:
    """The proposal, which remembers no element of a record that is not there, unless it has it made."""
    unmade = {(ref.kind, ref.target) for ref in card.seen.resolved.refs if ref.create}
    if proposal.action in _WRITES or not unmade:
        return proposal
    kept = tuple(one for one in proposal.elements if (one["kind"], one["target"]) not in unmade)
    return replace(proposal, elements=kept)
