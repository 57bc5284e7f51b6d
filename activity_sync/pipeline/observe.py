"""From records to what `decide` sees: links and observations of one flow."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from activity_sync.activities.activity import Activity, RichText, Value
from activity_sync.activities.fingerprint import FieldPrint, Fingerprint, fingerprint
from activity_sync.errors import InvalidRecord
from activity_sync.ledger.rows import LinkRow, LinkState, Tombstone
from activity_sync.pipeline.elements import as_carried, known, merged, removed_links
from activity_sync.pipeline.elements import key as key_of
from activity_sync.pipeline.filtering import filtered_by
from activity_sync.pipeline.regarding import heir_of, regarding_of
from activity_sync.pipeline.rows import Extracted, Ref, Resolved, prints
from activity_sync.pipeline.scope import Scope
from activity_sync.pipeline.session import Session
from activity_sync.rules.elements import ElementMerge, ElementState
from activity_sync.rules.values import (
    Gone,
    GoneHow,
    Link,
    Linked,
    Missing,
    NoLink,
    Observation,
    Pending,
    Present,
    References,
    Side,
    Tombstoned,
    Unplaced,
    Unseen,
)
from activity_sync.systems.records import SourceRecord, TargetLink, Wire

_NO_FIELDS: Mapping[str, Value] = {}
_NO_PRINTS: Fingerprint = {}
_OSCILLATION_WRITES = 4
_OSCILLATION_WINDOW = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Seen:
    """One staged source record with what its references are in the target."""

    extracted: Extracted
    resolved: Resolved

    @property
    def id(self) -> str:
        """The source's id."""
        return self.extracted.record.id


@dataclass
class Card:
    """One record on its way to a decision.

    `wire`: the whole activity as a create under `wire_key`, once encoded; `wire_prints`: the fingerprint of what it
    intends, once taken. `survivors`: by element, the record of the
    target that it was merged into, where that was asked. `twins`: target records that people may have
    entered for the same activity, where they are only reported.
    """

    seen: Seen
    row: LinkRow | None
    link: Link
    activity: Activity | None = None
    source: Observation = field(default_factory=Unseen)
    target: Observation = field(default_factory=Unseen)
    target_activity: Activity | None = None
    target_record: SourceRecord | None = None
    wire: Wire | None = None
    wire_key: str = ""
    wire_prints: Fingerprint | None = None
    lossy_at_source: frozenset[str] = frozenset()
    elements: ElementMerge = field(default_factory=ElementMerge)
    survivors: Mapping[str, str] = field(default_factory=dict)
    twins: tuple[str, ...] = ()


class Observer:
    """Observes the records of one scope.

    `fields`: those that the flow carries and that both systems show and let us change. `left_out`: those that the
    configuration has it leave out; `only_back`: of these, those that the mirror flow carries.
    """

    def __init__(self, session: Session, scope: Scope) -> None:
        self.session = session
        self.scope = scope
        self.source = session.source(scope)
        self.target = session.target(scope)
        kind = scope.activity_type
        carried, back = (session.configuration.carried(flow, kind) for flow in (scope.flow, scope.flow.mirror))
        self.left_out = carried.left_out
        self.only_back = back.one_way
        self.fields = self.source.translator.comparable(kind) & self.target.translator.comparable(kind) - self.left_out
        configured = session.configuration.flow(scope.flow).of(kind)
        self.regarding = configured.regarding
        self.condition = session.configuration.condition(scope.flow, kind)
        self.appends = configured.associations.unplaced is Unplaced.APPEND

    def card(self, seen: Seen, row: LinkRow | None) -> Card:
        """What the source shows, and the ledger's link; the target is unseen."""
        if row is not None and row.state is LinkState.LINKED:
            refs = as_carried(row, self.scope.flow, seen.resolved.refs)
            if refs != seen.resolved.refs:
                seen = replace(seen, resolved=replace(seen.resolved, refs=refs))
        card = Card(seen, row, self.link(row))
        record = seen.extracted.record
        if record.gone:
            card.source = gone(record)
            return card
        try:
            card.activity = self.source.translator.decode(self.scope.activity_type, record)
            shown = self.prints(card.activity.fields)
            projected: Fingerprint = {}
            if not unchanged(card.link, shown):
                self.encode(card, generation=row.generation if row else 0)
                projected = self.wire_prints(card, shown)
        except InvalidRecord as error:
            card.source = Present({}, version=record.version, invalid=(error.code or "invalid", error.message))
            return card
        card.elements = self.elements(card)
        kept_back = filtered_by(self.condition, card.activity, seen.extracted, seen.resolved, self.source.translator)
        card.source = Present(
            shown,
            passes_filter=not kept_back,
            filtered_by=kept_back,
            projected=projected,
            version=record.version,
            associations=card.elements.diff,
            references=References(
                resolved=sum(ref.target is not None for ref in seen.resolved.refs),
                missing=tuple(
                    Missing(self.scope.flow.source, ref.kind, ref.id)
                    for ref in seen.resolved.refs
                    if ref.target is None
                ),
                ambiguous=tuple(
                    dict.fromkeys(f"{ref.kind}/{one}" for ref in seen.resolved.refs for one in ref.candidates)
                ),
            ),
            closed=self.source.translator.is_closed(self.scope.activity_type, record),
        )
        if row is not None and isinstance(card.link, Linked) and self.oscillates(row, card.link.source, shown):
            card.link = replace(card.link, oscillating=True)
        return card

    def see_target(self, card: Card, record: SourceRecord | None) -> None:
        """The card's target is what was read: a record, an explicit absence, or nothing."""
        if record is None:
            return
        card.target_record = record
        if record.gone:
            card.target = gone(record)
            return
        try:
            card.target_activity = self.target.translator.decode(self.scope.activity_type, record)
        except InvalidRecord as error:
            if isinstance(card.source, Present):
                reason = f"its counterpart cannot be read: {error.message}"
                card.source = replace(card.source, invalid=(error.code or "invalid", reason))
            return
        card.target = Present(
            self.prints(card.target_activity.fields),
            version=record.version,
            empty=empty_fields(card.target_activity),
            closed=self.target.translator.is_closed(self.scope.activity_type, record),
        )
        if isinstance(card.source, Present) and card.activity is not None:
            self.project_target(card, card.target_activity)
            card.elements = self.elements(card)
            if card.wire is None:
                self.encode(card, generation=card.row.generation if card.row else 0)
            card.source = replace(
                card.source,
                projected=self.wire_prints(card),
                associations=card.elements.diff,
                empty=empty_fields(card.activity),
            )

    def elements(self, card: Card) -> ElementMerge:
        """What the associations of a linked record ask for; nothing on any other."""
        if card.row is None or card.row.state is not LinkState.LINKED:
            return ElementMerge()
        found = merged(
            card.row, self.scope.flow, card.seen.resolved.refs, card.target_activity, survivors=card.survivors
        )
        if self.appends:
            # What is only named must be taken from the body, where else it would just be forgotten.
            named = {one.source for one in known(card.row, self.scope.flow) if one.state is ElementState.LOST}
            found = replace(found, remove=found.remove | (found.forget & named), forget=found.forget - named)
        heir = self.heir(card, found)
        if heir is None:
            return found
        key = key_of(heir.kind, heir.id)
        return replace(found, add=found.add | {key}, agree=found.agree - {key})

    def heir(self, card: Card, merge: ElementMerge) -> Ref | None:
        """As `heir_of`, by the configured order."""
        if card.row is None or card.target_activity is None:
            return None
        elements = known(card.row, self.scope.flow)
        return heir_of(card.target_activity, card.seen.resolved.refs, merge, elements, order=self.regarding)

    def follow_merges(self, card: Card, survivors: Mapping[str, str]) -> None:
        """The card's elements, now that it is known into which records of the target others have been merged."""
        card.survivors = survivors
        card.elements = self.elements(card)
        if isinstance(card.source, Present):
            card.source = replace(card.source, associations=card.elements.diff)

    def link(self, row: LinkRow | None) -> Link:
        """The ledger's row as `decide` sees it from this flow's source, which has not been looked at yet."""
        if row is None:
            return NoLink()
        if row.state is LinkState.PENDING:
            if row.origin != self.scope.flow.source:
                return NoLink()
            return Pending(row.key or "", row.generation, row.intended)
        source, target = row.sides[self.scope.flow.source], row.sides[self.scope.flow.target]
        source_side = Side(source.base, source.unsettled, source.version)
        target_side = Side(target.base, target.unsettled, target.version)
        plan = row.plan or {}
        left = tuple(prints(one) for one in plan.get("prints", ()))
        plan_on_source = plan.get("writes_to") == self.scope.flow.source
        if row.state is LinkState.TOMBSTONED:
            ended = row.tombstone or Tombstone()
            return Tombstoned(
                source_side,
                target_side,
                row.generation,
                ended.mapped,
                erased=ended.erased,
                source_gone=self.scope.flow.source in ended.gone,
                target_id=target.record_id or "",
                delete_due=ended.delete_due == self.scope.flow.source,
                plan_prints=() if plan_on_source else left,
            )
        return Linked(
            source.record_id or "",
            target.record_id or "",
            source_side,
            target_side,
            row.revision,
            plan_prints=left,
            plan_on_source=plan_on_source,
            plan_since=self.claimed(plan),
            generation=row.generation,
        )

    def claimed(self, plan: Mapping[str, Any]) -> datetime | None:
        """When an unfinished write to the target was claimed, by the target's clock; None where that tells nothing."""
        at = plan.get("at")
        if at is None or plan.get("writes_to") != self.scope.flow.target or not self.target.times_by_field:
            return None
        return datetime.fromisoformat(at) + self.target.clock_ahead

    def oscillates(self, row: LinkRow, side: Side, shown: Fingerprint) -> bool:
        """More than four of our writes in an hour, and nothing a reader would see has changed."""
        if len(row.written_at) <= _OSCILLATION_WRITES:
            return False
        since = self.session.clock() - _OSCILLATION_WINDOW
        recent = [one for one in row.written_at if datetime.fromisoformat(one) > since]
        if len(recent) <= _OSCILLATION_WRITES:
            return False
        changed = [name for name, entry in shown.items() if name in side.base and entry != side.base[name]]
        return bool(changed) and all(shown[name].visible == side.base[name].visible for name in changed)

    def encode(self, card: Card, *, generation: int) -> Wire:
        """The whole activity as the target takes it, for a create. InvalidRecord."""
        key = self.session.key_of(self.scope, card.seen.id, generation)
        if card.wire is None or card.wire_key != key:
            links = self.target_links(card.seen.resolved.refs)
            named = links if self.appends else ()
            wire = self.target.translator.encode(self.for_target(card), links, key=key, named=named)
            card.wire = with_losses(wire, card.activity)
            card.wire_key = key
            card.wire_prints = None
        return card.wire

    def wire_prints(self, card: Card, shown: Fingerprint | None = None) -> Fingerprint:
        """What the target shows after the card's create. `shown`: what the source does, much of which is the same."""
        if card.wire is None:
            raise ValueError(f"{card.seen.id} was not encoded")
        if card.wire_prints is None:
            if shown is None:
                shown = card.source.prints if isinstance(card.source, Present) else {}
            fields = card.activity.fields if card.activity is not None else {}
            card.wire_prints = self.prints(card.wire.intended, like=fields, known=shown)
        return card.wire_prints

    def encode_update(
        self, card: Card, *, fields: Collection[str], add: Collection[str], remove: Sequence[str]
    ) -> Wire:
        """These fields of the activity, and these association elements (source keys), as an update of the target."""
        heir = self.heir(card, card.elements)
        links, refs = self._links_and_refs(card.seen.resolved.refs, about=heir)
        touches_records = bool(add or remove)
        wire = self.target.translator.encode(
            self.for_target(card),
            [link for link, ref in zip(links, refs, strict=True) if key_of(ref.kind, ref.id) in add],
            only=frozenset(fields),
            current=card.target_activity,
            removed=removed_links(card.elements.parted) if remove else (),
            named=(links if self.appends else ()) if touches_records or "body" in fields else None,
        )
        return with_losses(wire, card.activity, only=fields)

    def for_target(self, card: Card) -> Activity:
        """The source's activity with the owner it has in the target. An owner nobody there matches is left out."""
        if card.activity is None:
            raise ValueError(f"{card.seen.id} was not decoded")
        fields = {name: value for name, value in card.activity.fields.items() if name not in self.left_out}
        if fields.get("owner") and card.seen.resolved.owner_id is None:
            del fields["owner"]
        elif "owner" in fields:
            fields["owner"] = card.seen.resolved.owner_id
        return replace(card.activity, fields=fields)

    def target_links(self, refs: tuple[Ref, ...]) -> list[TargetLink]:
        """The resolved references as associations of the target, the regarding record marked by the rule list."""
        links: dict[tuple[str, str, str], TargetLink] = {}
        for link in self._links_and_refs(refs)[0]:
            known = links.get((link.kind, link.id, link.role))
            if known is None or (link.regarding and not known.regarding):
                links[link.kind, link.id, link.role] = link
        return list(links.values())

    def _links_and_refs(self, refs: tuple[Ref, ...], *, about: Ref | None = None) -> tuple[list[TargetLink], list[Ref]]:
        found = [ref for ref in refs if ref.target is not None]
        about = about or regarding_of(found, self.regarding)
        return [ref.as_link(regarding=ref is about) for ref in found], found

    def project_target(self, card: Card, shown: Activity) -> None:
        """What the source would show if it took the target's values, and the fields it could hold only in cut form.

        `projected` stays empty where the source cannot take them at all: then nothing is taken for equal.
        """
        fields = dict(shown.fields)
        if card.activity is not None and fields.get("owner") == card.seen.resolved.owner_id:
            fields["owner"] = card.activity.fields.get("owner")  # the same person under the source's own id
        try:
            wire = self.source.translator.encode(
                replace(shown, system=self.source.name, fields=fields),
                (),
                only=frozenset(fields),
                current=card.activity,
            )
        except InvalidRecord:
            return
        card.lossy_at_source = frozenset(loss.field for loss in wire.losses if loss.what == "cut")
        if isinstance(card.target, Present):
            card.target = replace(card.target, projected=self.prints(wire.intended))

    def prints_of_new(self, card: Card) -> dict[str, FieldPrint]:
        """What the card's create shows; of fields that only the mirror flow carries, what nobody has edited."""
        intended = card.wire.intended if card.wire is not None else {}
        untouched = {name: intended.get(name) for name in sorted(self.only_back)}
        return {**fingerprint(untouched, key=self.session.key), **self.wire_prints(card)}

    def prints(
        self, fields: Mapping[str, Value], *, like: Mapping[str, Value] = _NO_FIELDS, known: Fingerprint = _NO_PRINTS
    ) -> dict[str, FieldPrint]:
        """The fingerprint of the fields that count. `like` and `known` as for `fingerprint`."""
        return fingerprint(
            {name: value for name, value in fields.items() if name in self.fields},
            key=self.session.key,
            like=like,
            known=known,
        )


def with_losses(wire: Wire, activity: Activity | None, *, only: Collection[str] | None = None) -> Wire:
    """The write with what was lost in the source already, of the fields that it writes."""
    losses = activity.losses if activity is not None else ()
    found = tuple(one for one in losses if only is None or one.field in only)
    return replace(wire, losses=(*found, *wire.losses)) if found else wire


def gone(record: SourceRecord) -> Gone:
    """What a record that is no more says of itself."""
    return Gone(GoneHow.ERASED if record.erased else GoneHow.DELETED)


def target_of(link: Link) -> str:
    """The target's record that a decision may want to read; empty where there is none."""
    match link:
        case Linked(target_id=target_id) | Tombstoned(target_id=target_id):
            return target_id
        case NoLink(matches=(match, *_)):
            return match
        case _:
            return ""


def empty_fields(activity: Activity) -> frozenset[str]:
    """The fields that hold nothing."""
    return frozenset(
        name
        for name, value in activity.fields.items()
        if value in (None, "", ()) or (isinstance(value, RichText) and not value.text.strip())
    )


def unchanged(link: Link, shown: Fingerprint) -> bool:
    """Whether a linked source shows exactly what it showed when last in step: most records of most passes."""
    return (
        isinstance(link, Linked)
        and not link.source.unsettled
        and all(link.source.base.get(name) == entry for name, entry in shown.items())
    )
