"""Makes the contacts and companies that activities hang on and the target lacks: each once, whatever happens.

Announced in the ledger, sent under our own key, then noted as made. What may or may not have happened is sent again
only where the server itself refuses a second one; else it is looked for, and never repeated on a guess.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from activity_sync.ledger.made import MadeRecord, MadeState
from activity_sync.pipeline.blueprints import Blueprints
from activity_sync.pipeline.resolver import Resolver, natural_keys
from activity_sync.pipeline.rows import Proposal, Result
from activity_sync.pipeline.scope import Scope
from activity_sync.pipeline.session import Session
from activity_sync.systems.records import NaturalKey, RecordRequest, WriteResult
from activity_sync.systems.system import Records

_log = logging.getLogger(__name__)

_AT_ONCE = 400
"""Records that are announced, made and noted together."""
MARKETING = "made_as_marketing"

# Why a record was not made: the rule of its references, and the reason of the activities that wait for it.
REFUSED = "not_created"
UNCERTAIN = "creation_uncertain"
POSTPONED = "creation_postponed"
EMPTY = "nothing_to_create_from"
_SAYS = {
    REFUSED: "a record that it hangs on was refused by the target",
    UNCERTAIN: "whether a record that it hangs on was created is not known; it is not created a second time",
    POSTPONED: "a record that it hangs on could not be created now",
    EMPTY: "a record that it hangs on has nothing to create one from",
    "not_in_source": "a record that it hangs on cannot be read",
}
_MARKETING_SAYS = "A contact that it hangs on became a marketing contact: the app is set to create such ones."


@dataclass(frozen=True, slots=True)
class _Wanted:
    """One record to make: what identifies it in the source, and the request."""

    key: NaturalKey
    request: RecordRequest


class Maker:
    """Makes the missing records of one scope. `resolver` knows afterwards what became of each."""

    def __init__(self, session: Session, scope: Scope, resolver: Resolver) -> None:
        self.session = session
        self.scope = scope
        self.resolver = resolver
        self.blueprints = Blueprints(session, scope)
        self._answers: dict[tuple[str, str], WriteResult] = {}
        self._marketing: set[str] = set()

    @property
    def records(self) -> Records:
        """Where the records are made."""
        return self.session.target(self.scope).records

    async def make_for(self, proposals: Sequence[Proposal]) -> None:
        """What these proposals want made is made, refused, or known to be unknown; what is there by now is not made."""
        wanted = {(one["kind"], one["source_id"]) for proposal in proposals for one in proposal.creates}
        by_kind: defaultdict[str, list[NaturalKey]] = defaultdict(list)
        for key in await self.resolver.still_missing(sorted(wanted)):
            by_kind[key.kind].append(key)
        for kind, keys in by_kind.items():
            await self._make(kind, keys)

    def explain(self, result: Result) -> Result:
        """The result, with what the API said where the activity waits for a record that could not be made."""
        if result.outcome == "deferred":
            for one in result.proposal.waits_for:
                at = (one["kind"], self.resolver.not_made(one["kind"], one["id"]))
                if at in self._answers:
                    return _waiting(result, self._answers[at])
        elif result.outcome in {"created", "updated"} and not result.code and self._hangs_on_marketing(result):
            return replace(result, code=MARKETING, message=_MARKETING_SAYS)
        return result

    def _hangs_on_marketing(self, result: Result) -> bool:
        return any(one["target"] in self._marketing for one in result.proposal.elements if one["kind"] == "contact")

    async def _make(self, kind: str, keys: Sequence[NaturalKey]) -> None:
        first, alike = _each_once(keys)
        fields = await self.blueprints.draw(kind, [key.id for key in first])
        wanted = []
        for key in first:
            given = fields[key.id]
            if not given:
                self._note_not_made(key, WriteResult("missing", code="not_in_source" if given is None else EMPTY))
                continue
            flow = self.scope.flow
            own_key = self.session.record_key(self.scope, kind, key.id)
            wanted.append(_Wanted(key, RecordRequest(own_key, given, flow.source, key.id)))
        if wanted:
            await self.records.prepare([kind])
        made: dict[str, str] = {}
        for start in range(0, len(wanted), _AT_ONCE):
            made |= await self._make_some(kind, wanted[start : start + _AT_ONCE])
        followers = {key.id: made[leader] for key, leader in alike if leader in made}
        if followers:
            self.session.ledger.settle_records(self.scope.flow, kind, followers, now=self.session.clock())
        for key, leader in alike:
            if leader in made:
                self.resolver.on_demand.note_made(key, made[leader])
            else:
                self._note_not_made(key, self._answers[kind, leader])

    async def _make_some(self, kind: str, wanted: Sequence[_Wanted]) -> dict[str, str]:
        """By source id, the counterparts that stand in the target now."""
        ledger, flow = self.session.ledger, self.scope.flow
        rows = ledger.announce_records(flow, kind, [one.key.id for one in wanted], now=self.session.clock())
        made = {one.key.id: rows[one.key.id].target_id for one in wanted if _is_made(rows[one.key.id])}
        mine = [one for one in wanted if rows[one.key.id].fresh]
        doubtful: list[_Wanted] = []
        for one in wanted:
            if rows[one.key.id].fresh or one.key.id in made:
                continue
            (mine if await self.records.repeats_safely(kind, one.request) else doubtful).append(one)
        found, again = await self._settle(kind, doubtful, rows)
        mine += again
        answers = await self.records.create(
            kind, [one.request for one in mine], non_marketing=self.session.configuration.wants_non_marketing(flow)
        )
        certainly_not = []
        for one, answer in zip(mine, answers, strict=True):
            if answer.outcome in {"done", "exists"} and answer.id:
                found[one.key.id] = answer.id
                if answer.code == MARKETING:
                    self._marketing.add(answer.id)
                continue
            if answer.outcome != "uncertain" and rows[one.key.id].fresh:
                certainly_not.append(one.key.id)
            self._note_not_made(one.key, answer)
        ledger.settle_records(flow, kind, found, now=self.session.clock())
        ledger.discard_records(flow, kind, certainly_not)
        made |= found
        for one in wanted:
            if one.key.id in made:
                self.resolver.on_demand.note_made(one.key, made[one.key.id])
        self._report(kind, asked=len(mine), answers=answers)
        return made

    async def _settle(
        self, kind: str, doubtful: Sequence[_Wanted], rows: Mapping[str, MadeRecord]
    ) -> tuple[dict[str, str], list[_Wanted]]:
        """Of creates whose end is unknown: the records that carry their keys, and those that were certainly not made.

        Of the rest nothing is known; another run may be making them at this moment.
        """
        found: dict[str, str] = {}
        again: list[_Wanted] = []
        if not doubtful:
            return found, again
        carried = await self.records.look_up(kind, [one.request.key for one in doubtful])
        absent_after = await self.records.absent_after(kind)
        now = self.session.clock()
        for one in doubtful:
            row = rows[one.key.id]
            if one.request.key in carried:
                found[one.key.id] = carried[one.request.key]
            elif (
                absent_after is not None
                and now - row.announced_at >= absent_after
                and self.session.ledger.announce_record_again(self.scope.flow, kind, row, now=now)
            ):
                again.append(one)
            else:
                self._note_not_made(one.key, WriteResult("uncertain"))
        return found, again

    def _note_not_made(self, key: NaturalKey, answer: WriteResult) -> None:
        self._answers[key.kind, key.id] = answer
        self.resolver.on_demand.note_not_made(key, _why(answer))

    def _report(self, kind: str, *, asked: int, answers: Sequence[WriteResult]) -> None:
        if not asked:
            return
        outcomes = [one.outcome for one in answers]
        _log.info(
            "flow=%s type=%s event=records_made kind=%s done=%d exists=%d refused=%d",
            self.scope.flow.name,
            self.scope.activity_type,
            kind,
            outcomes.count("done"),
            outcomes.count("exists"),
            outcomes.count("refused"),
        )
        if marketing := sum(one.code == MARKETING for one in answers):
            _log.warning(
                "flow=%s event=made_as_marketing contacts=%d remedy=%s",
                self.scope.flow.name,
                marketing,
                "set the app to create non-marketing contacts",
            )


def _each_once(keys: Sequence[NaturalKey]) -> tuple[list[NaturalKey], list[tuple[NaturalKey, str]]]:
    """The records to make, and of those that would be found as one of these the id of that one."""
    holders: dict[tuple[str, str], str] = {}
    first: list[NaturalKey] = []
    alike: list[tuple[NaturalKey, str]] = []
    for key in keys:
        values = [one for one in natural_keys(key) if one[1]]
        holder = next((holders[one] for one in values if one in holders), None)
        if holder is not None:
            alike.append((key, holder))
            continue
        first.append(key)
        holders |= {one: key.id for one in values if one not in holders}
    return first, alike


def _is_made(row: MadeRecord) -> bool:
    return row.state is MadeState.MADE


def _why(answer: WriteResult) -> str:
    match answer.outcome:
        case "missing" if answer.code in _SAYS:
            return answer.code
        case "refused" | "missing":
            return REFUSED
        case "uncertain":
            return UNCERTAIN
        case _:
            return POSTPONED


def _waiting(result: Result, answer: WriteResult) -> Result:
    """The deferred result of an activity whose record could not be made, with the API's words."""
    said: dict[str, Any] = {
        name: getattr(answer, name) for name in ("status", "code", "message", "correlation_id") if getattr(answer, name)
    }
    why = _why(answer)
    return replace(result, detail=why, reason=_SAYS[why], **said)
