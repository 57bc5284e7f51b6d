"""Observations in, proposals out: asks `decide`, looks again where it wants to, and encodes what would be sent.

Used by the transform, and by the load for rows whose link or source has moved since: one code path for both.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from activity_sync.activities.activity import Participant, RichText, Value
from activity_sync.activities.closing import closing
from activity_sync.activities.fingerprint import FieldPrint
from activity_sync.activities.loss import Loss
from activity_sync.errors import InvalidRecord
from activity_sync.ledger.choices import Choice
from activity_sync.ledger.rows import LinkRow
from activity_sync.pipeline.attached import with_files_to_carry
from activity_sync.pipeline.blueprints import Blueprints
from activity_sync.pipeline.dismissed import dismissed_versions, unless_dismissed
from activity_sync.pipeline.elements import of_create, of_update
from activity_sync.pipeline.filtering import FILTER_CASE, asked_records
from activity_sync.pipeline.mapping_change import is_remapped
from activity_sync.pipeline.merges import follow_target_merges
from activity_sync.pipeline.mirror import confirm_mirror_creates, may_be_creates
from activity_sync.pipeline.observe import Card, Observer, Seen, target_of
from activity_sync.pipeline.rows import Proposal
from activity_sync.pipeline.scope import Scope
from activity_sync.pipeline.session import Session
from activity_sync.pipeline.settle_creates import look_for_creates
from activity_sync.pipeline.standing import standing_holds, unless_held
from activity_sync.pipeline.twins import TwinFinder, named
from activity_sync.pipeline.waiting_room import REQUIRES_ALL, UNRESOLVED_CASE
from activity_sync.rules import actions
from activity_sync.rules.chosen import Decision, decide_as_chosen
from activity_sync.rules.decide import decide
from activity_sync.rules.linked import read_target
from activity_sync.rules.values import (
    LAST_ASSOCIATION,
    Delete,
    Gone,
    GoneHow,
    Linked,
    NoLink,
    Pending,
    Present,
    Require,
    Tombstoned,
)

_LOOKS = 4  # target, times, and once more for each after a race


class Proposer:
    """Decides for the records of one scope."""

    def __init__(self, session: Session, scope: Scope) -> None:
        self.session = session
        self.scope = scope
        self.observer = Observer(session, scope)
        self.policy = replace(session.policy(scope), remapped=is_remapped(session, scope))
        self.twins = TwinFinder(session, scope)
        self.blueprints = Blueprints(session, scope)
        self.choices: dict[str, Choice] = {}
        self.dismissed: dict[str, str | None] = {}
        self.holds: dict[str, actions.Hold | actions.Defer] = {}

    async def propose(self, seen: Sequence[Seen]) -> list[Proposal]:
        """One proposal per record, in the order given."""
        if not seen:
            return []
        await confirm_mirror_creates(self.session, self.scope)
        flow, kind, ids = self.scope.flow, self.scope.activity_type, [one.id for one in seen]
        links = self.session.ledger.links(flow.source, kind, ids)
        self.choices = self.session.ledger.choices(flow.source, kind)
        outstanding = self.session.ledger.outstanding(flow.name, kind, ids)
        unlinked = {one for one in ids if one not in links}
        self.holds = {
            **standing_holds(unlinked, outstanding, self.choices),
            **await may_be_creates(self.session, self.scope, unlinked),
        }
        self.dismissed = dismissed_versions(outstanding)
        await self.observer.target.learn([self.scope.activity_type])
        cards = [self.observer.card(one, links.get(one.id)) for one in seen]
        await look_for_creates(self.observer, cards)
        await self.twins.mark(cards)
        decided = {id(card): self._decide(card) for card in cards}
        for _ in range(_LOOKS):
            asking = [card for card in cards if isinstance(decided[id(card)], actions.ReadTarget | actions.ReadTimes)]
            if not asking:
                break
            await self._read_targets([c for c in asking if isinstance(decided[id(c)], actions.ReadTarget)])
            await self._read_times([c for c in asking if isinstance(decided[id(c)], actions.ReadTimes)], decided)
            for card in asking:
                decided[id(card)] = self._decide(card)
        proposals = [
            self._proposal(card, unless_dismissed(decided[id(card)], card.seen.extracted.record, self.dismissed))
            for card in cards
        ]
        records = {card.seen.id: card.seen.extracted.record for card in cards}
        filed = await with_files_to_carry(self.session, self.scope, proposals, records)
        return await self.blueprints.attach(cards, filed)

    def _decide(self, card: Card) -> actions.Action:
        policy = self.policy
        if card.lossy_at_source:
            policy = replace(policy, lossy_at_source=card.lossy_at_source)
        action = decide(card.link, card.source, card.target, policy)
        if card.row is None:
            action = unless_held(action, self.holds.get(card.seen.id))
        choice = self.choices.get(card.seen.id)
        if choice is None or not isinstance(action, actions.Hold):
            return action
        if choice.decision is Decision.LINK and isinstance(card.link, NoLink):
            card.link = NoLink((choice.other_id,))
        return decide_as_chosen(
            action, card.link, card.source, card.target, policy, choice.decision, other_id=choice.other_id
        )

    async def _read_targets(self, cards: Sequence[Card]) -> None:
        ids = [target_id for card in cards if (target_id := target_of(card.link))]
        if not ids:
            return
        await self.observer.source.learn([self.scope.activity_type])
        records = await self.observer.target.reader.read(self.scope.activity_type, ids)
        for card in cards:
            self.observer.see_target(card, records.get(target_of(card.link)))
        self._see_second_lives(cards)
        await follow_target_merges(self.observer, cards)

    def _see_second_lives(self, cards: Sequence[Card]) -> None:
        """An ended link whose counterpart has been linked to another record since is not made again (case 25)."""
        ended = [card for card in cards if isinstance(card.link, Tombstoned) and isinstance(card.target, Present)]
        if not ended:
            return
        ids = [target_of(card.link) for card in ended]
        rows = self.session.ledger.links(self.scope.flow.target, self.scope.activity_type, ids)
        for card in ended:
            row = rows.get(target_of(card.link))
            if row is not None and row.is_living and isinstance(card.link, Tombstoned):
                card.link = replace(card.link, target_linked=True)

    async def _read_times(self, cards: Sequence[Card], decided: dict[int, actions.Action]) -> None:
        if not cards:
            return
        fields = {
            name
            for card in cards
            for action in [decided[id(card)]]
            if isinstance(action, actions.ReadTimes)
            for name in action.fields
        }
        source_ids = [card.seen.id for card in cards]
        target_ids = [card.link.target_id for card in cards if isinstance(card.link, Linked)]
        at_source = await self.observer.source.reader.field_times(self.scope.activity_type, source_ids, fields)
        at_target = await self.observer.target.reader.field_times(self.scope.activity_type, target_ids, fields)
        for card in cards:
            if isinstance(card.source, Present):
                card.source = replace(card.source, field_times=at_source.get(card.seen.id, {}))
            if isinstance(card.target, Present) and isinstance(card.link, Linked):
                card.target = replace(card.target, field_times=at_target.get(card.link.target_id, {}))

    def _proposal(self, card: Card, action: actions.Action) -> Proposal:
        extracted = card.seen.extracted
        plain = Proposal(
            source_id=card.seen.id,
            partition=extracted.partition,
            source_day=extracted.source_day,
            trigger=extracted.trigger,
            action=type(action).__name__.lower(),
            case=action.case,
            reason=action.reason,
            source_version=extracted.record.version,
            modified_at=extracted.record.modified_at,
            moves=moves_json(action.moves),
            source_prints=card.source.prints if isinstance(card.source, Present) else {},
            target_prints=card.target.prints if isinstance(card.target, Present) else {},
            target_version=card.target.version if isinstance(card.target, Present) else None,
            hangs_on=_hangs_on(card, action),
            counterpart=None
            if extracted.record.gone
            else self.observer.source.translator.counterpart(self.scope.activity_type, extracted.record),
            **self._of_link(card),
        )
        try:
            return self._with_plan(card, self._with_body(card, action, plain))
        except InvalidRecord as error:
            return replace(plain, action="fail", case=28, rule=error.code or "encode", reason=error.message, moves={})

    def _with_plan(self, card: Card, proposal: Proposal) -> Proposal:
        """The target was looked at and needs no write: an unfinished plan of this flow's is closed with the look."""
        plan = (card.row.plan if card.row is not None else None) or {}
        seen = isinstance(card.target, Present) and plan.get("writes_to") == self.scope.flow.target
        needs_no_write = proposal.action in {"skip", "acknowledge", "keeptarget"} or (
            proposal.action in {"hold", "defer"} and proposal.reason == LAST_ASSOCIATION
        )
        if not (seen and needs_no_write):
            return proposal
        return replace(proposal, moves={**proposal.moves, "plan_settled": True})

    def _with_body(self, card: Card, action: actions.Action, plain: Proposal) -> Proposal:
        match action:
            case actions.Create(generation=generation):
                wire = self.observer.encode(card, generation=generation)
                return replace(
                    plain,
                    key=card.wire_key,
                    generation=generation,
                    body=wire.body,
                    target_prints=self.observer.prints_of_new(card),
                    losses=losses_json(wire.losses),
                    elements=of_create(card.seen.resolved.refs, wire.losses),
                    waits_for=self._waiting(card),
                    rule="; ".join(
                        (*sorted({ref.rule for ref in card.seen.resolved.refs}), *named(self.scope, card.twins))
                    ),
                )
            case actions.Update(fields=fields):
                wire = self.observer.encode_update(card, fields=fields, add=action.add, remove=action.remove)
                merge = card.elements if action.remove else card.elements.without_removals()
                unplaced = set(fields) - wire.intended.keys()
                if unplaced and unplaced == set(fields) and not (action.add or action.remove):
                    return replace(
                        as_target_shows(plain, unplaced),
                        action="acknowledge",
                        reason=action.reason or "no place in the target",
                        losses=losses_json(wire.losses),
                        waits_for=self._waiting(card) if action.reason == LAST_ASSOCIATION else (),
                    )
                return replace(
                    as_target_shows(plain, unplaced),
                    body=wire.body,
                    fields=fields,
                    changes=self._changes(card, wire.intended),
                    target_prints=self._left_by(card, fields, wire.intended),
                    losses=losses_json(wire.losses),
                    elements=of_update(merge, card.seen.resolved.refs, wire.losses),
                    waits_for=self._waiting(card),
                    discarded=self._values(card, (*action.lost_to_target, *action.kept_lossy))
                    | self._target_values(card, action.overwrites),
                )
            case actions.Skip() | actions.Acknowledge():
                elements = of_update(card.elements, card.seen.resolved.refs, ())
                return replace(plain, elements=elements) if elements else plain
            case actions.KeepTarget():
                return replace(
                    plain,
                    waits_for=self._waiting(card) if action.reason == LAST_ASSOCIATION else (),
                    discarded=self._values(card, (*action.lost_to_target, *action.kept_lossy)),
                )
            case actions.Confirm(target_id=target_id):
                intended = card.link.intended if isinstance(card.link, Pending) else {}
                return replace(plain, target_id=target_id, target_prints=intended)
            case actions.Adopt(target_id=target_id, then_update=fields):
                return replace(plain, target_id=target_id, fields=fields)
            case actions.DeleteTarget(how=how):
                return self._delete(card, how, plain)
            case actions.Forget() | actions.Unlink() if is_erased(card):
                return replace(plain, moves={**plain.moves, "erased": True})
            case actions.Defer(waits_for=waits_for):
                return replace(
                    plain,
                    rule=REQUIRES_ALL if action.case == UNRESOLVED_CASE and self.policy.require is Require.ALL else "",
                    waits_for=tuple({"system": one.system, "kind": one.kind, "id": one.id} for one in waits_for),
                )
            case actions.Filtered() if action.case == FILTER_CASE:
                asked = asked_records(self.observer.condition, card.seen.resolved)
                system = self.scope.flow.source
                return replace(
                    plain, waits_for=tuple({"system": system, "kind": kind, "id": one} for kind, one in asked)
                )
            case actions.Hold(candidates=candidates, rivals=rivals, rule=rule):
                return replace(
                    plain,
                    rule=rule,
                    waits_for=self._waiting(card),
                    discarded={"candidates": list(candidates), "rivals": list(rivals)},
                )
            case actions.Fail(rule=rule):
                return replace(plain, rule=rule, waits_for=self._waiting(card))
            case actions.ReadTarget() | actions.ReadSource() | actions.ReadTimes():
                # Looked as often as it makes sense: what is still unseen waits (case 21).
                return replace(plain, action="defer", reason=action.reason or "the target could not be read", moves={})
            case _:
                return plain

    def _delete(self, card: Card, how: Delete, plain: Proposal) -> Proposal:
        """What a delete does to the target: `rule` says how, and without a body nothing is written."""
        moves = {**plain.moves, "erased": True} if is_erased(card) else plain.moves
        # What it shows now may be our own close, of a run that was killed: no edit that brings the record back.
        shows = {name: str(entry) for name, entry in plain.target_prints.items()}
        moves = {**moves, "target": shows | moves.get("target", {})}
        plain = replace(plain, rule=how.value, moves=moves)
        shown = card.target_activity
        match how:
            case Delete.ARCHIVE:
                return replace(plain, body={})
            case Delete.CLOSE if shown is not None and (fields := closing(shown)):
                closed = replace(shown, fields={**shown.fields, **fields})
                wire = self.observer.target.translator.encode(closed, (), only=frozenset(fields), current=shown)
                left = self.observer.prints(wire.intended)
                if left and any(plain.target_prints.get(name) != entry for name, entry in left.items()):
                    moves = {**moves, "target": moves["target"] | {name: str(entry) for name, entry in left.items()}}
                    return replace(plain, body=wire.body, fields=tuple(fields), target_prints=left, moves=moves)
        return plain

    def _left_by(self, card: Card, fields: Collection[str], intended: Mapping[str, Value]) -> dict[str, FieldPrint]:
        """What the target shows after an update, but for what we only repeat of it.

        Where two fields share a property, a write of one repeats the other as the target has it. If people changed that
        one there, it is theirs to be carried by the mirror flow: its base stays.
        """
        shown = self.observer.prints(intended)
        if not (isinstance(card.link, Linked) and isinstance(card.target, Present)):
            return shown
        theirs = read_target(card.link, card.target).changed - set(fields)
        return {name: entry for name, entry in shown.items() if name not in theirs}

    @staticmethod
    def _of_link(card: Card) -> dict[str, Any]:
        row: LinkRow | None = card.row
        if row is None:
            return {}
        target_id = target_of(card.link) or None
        return {
            "link_id": row.id,
            "revision": row.revision,
            "key": row.key,
            "generation": row.generation,
            "target_id": target_id,
        }

    def _waiting(self, card: Card) -> tuple[dict[str, str], ...]:
        source = self.scope.flow.source
        return tuple(
            {"system": source, "kind": ref.kind, "id": ref.id} for ref in card.seen.resolved.refs if ref.target is None
        )

    @staticmethod
    def _values(card: Card, fields: Sequence[str]) -> dict[str, Any]:
        held = card.activity.fields if card.activity is not None else {}
        return {name: readable(held.get(name)) for name in fields}

    def _changes(self, card: Card, intended: Mapping[str, Value]) -> dict[str, dict[str, Any]]:
        """By field that would look otherwise, what the target shows and what it would."""
        held = card.target_activity.fields if card.target_activity is not None else {}
        before, after = self.observer.prints(held), self.observer.prints(intended)
        return {
            name: {"before": readable(held.get(name)), "after": readable(value)}
            for name, value in intended.items()
            if before.get(name) != after[name]
        }

    @staticmethod
    def _target_values(card: Card, fields: Sequence[str]) -> dict[str, Any]:
        held = card.target_activity.fields if card.target_activity is not None else {}
        return {name: readable(held.get(name)) for name in fields}


def _hangs_on(card: Card, action: actions.Action) -> tuple[tuple[str, str], ...] | None:
    """What the activity hangs on, where that may be worth remembering."""
    if isinstance(action, actions.Skip) or card.activity is None:
        return None
    return tuple(dict.fromkeys((ref.kind, ref.id) for ref in card.seen.resolved.refs))


def is_erased(card: Card) -> bool:
    """Whether a person whom the record concerned was erased: it is never created again."""
    return any(isinstance(side, Gone) and side.how is GoneHow.ERASED for side in (card.source, card.target))


def as_target_shows(proposal: Proposal, fields: Collection[str]) -> Proposal:
    """The proposal of a write that does not reach these fields: the target goes on showing them as it does.

    `proposal.target_prints` is what the target showed when it was read.
    """
    seen = {name: str(proposal.target_prints[name]) for name in fields if name in proposal.target_prints}
    return replace(proposal, moves={**proposal.moves, "target": proposal.moves.get("target", {}) | seen})


def readable(value: Value) -> Any:
    """A field value as JSON for staging."""
    match value:
        case RichText():
            return value.text
        case tuple():
            return [f"{one.role}:{one.address}" for one in value if isinstance(one, Participant)]
        case None | str() | bool() | int():
            return value
        case _:
            return value.isoformat()


def moves_json(moves: actions.Moves) -> dict[str, Any]:
    """Base moves in their staged form; empty when nothing moves."""
    if not moves:
        return {}
    return {
        "source": {name: str(entry) for name, entry in moves.source.items()},
        "target": {name: str(entry) for name, entry in moves.target.items()},
        "source_settled": moves.source_settled,
        "target_settled": moves.target_settled,
    }


def losses_json(losses: Sequence[Loss]) -> tuple[dict[str, str], ...]:
    """Losses in their staged form."""
    return tuple({"field": one.field, "what": one.what, "detail": one.detail} for one in losses)
