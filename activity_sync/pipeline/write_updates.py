"""Updates: the link is claimed with a write plan, the write is guarded, then the plan is closed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from activity_sync.ledger.rows import Claim, ElementChange, LinkChange, LinkRow
from activity_sync.pipeline.elements import stored
from activity_sync.pipeline.rows import Proposal, Result, prints
from activity_sync.pipeline.scope import Scope
from activity_sync.pipeline.session import Session
from activity_sync.systems.system import UpdateRequest, WriteResult

_AT_ONCE = 400


async def write_updates(session: Session, scope: Scope, proposals: Sequence[Proposal]) -> list[Result]:
    """One result per proposal; `stale` where another run or a person was faster."""
    results: list[Result] = []
    for start in range(0, len(proposals), _AT_ONCE):
        results += await _round(session, scope, proposals[start : start + _AT_ONCE])
    return results


async def _round(session: Session, scope: Scope, proposals: Sequence[Proposal]) -> list[Result]:
    still = await still_as_decided(session, scope, proposals)
    rows = session.ledger.links_by_id([one.link_id for one in proposals if one.link_id is not None])
    claimed = session.clock()
    claims = {
        one.source_id: Claim(one.link_id, one.revision, plan_of(scope, one, rows[one.link_id], at=claimed))
        for one in proposals
        if one.source_id in still and one.link_id in rows and one.revision is not None
    }
    won = session.ledger.claim(list(claims.values()), now=claimed)
    mine = [one for one in proposals if one.source_id in claims and claims[one.source_id].link_id in won]
    taken = {one.source_id for one in mine}
    results = [Result(one, "stale") for one in proposals if one.source_id not in taken]
    answers = await session.target(scope).writer.update(
        scope.activity_type,
        [UpdateRequest(one.target_id or "", one.body or {}, version=one.target_version) for one in mine],
    )
    now = session.clock().isoformat()
    changes = []
    for proposal, answer in zip(mine, answers, strict=True):
        change, result = _settled(scope, proposal, rows[proposal.link_id or 0], answer, now)
        results.append(result)
        if change is not None:
            changes.append(change)
    session.ledger.settle(changes, now=session.clock())
    return results


async def still_as_decided(session: Session, scope: Scope, proposals: Sequence[Proposal]) -> set[str]:
    """The source ids whose target still has the version that was decided on.

    Where the server checks versions itself this costs nothing; elsewhere the targets are read in a batch immediately
    before the write, and the window that is left is the time between this read and the write.
    """
    target = session.target(scope)
    if target.writer.guards_updates or not proposals:
        return {one.source_id for one in proposals}
    now = await target.reader.read(scope.activity_type, [one.target_id or "" for one in proposals])
    return {
        one.source_id
        for one in proposals
        if (record := now.get(one.target_id or "")) is not None
        and not record.gone
        and record.version == one.target_version
    }


def plan_of(scope: Scope, proposal: Proposal, row: LinkRow, *, at: datetime) -> dict[str, Any]:
    """The write plan: which system is written to, when, which fields, and the fingerprints that are left there.

    What an unfinished plan before it may have left stays listed: it is ours too, not an edit by a person. `at`: by our
    own clock; until then the target was as it was decided on.
    """
    before = row.plan or {}
    unfinished = before.get("prints", []) if before.get("writes_to") == scope.flow.target else []
    return {
        "writes_to": scope.flow.target,
        "at": at.isoformat(),
        "fields": list(proposal.fields),
        "prints": [*unfinished, {name: str(entry) for name, entry in proposal.target_prints.items()}],
    }


def _settled(
    scope: Scope, proposal: Proposal, row: LinkRow, answer: WriteResult, now: str
) -> tuple[LinkChange | None, Result]:
    if answer.outcome == "done":
        hold, remove = stored(row, scope.flow, proposal.elements)
        elements = ElementChange(tuple(hold), tuple(remove))
        change = replace(_fields_written(scope, proposal, answer, now), elements=elements)
        return change, _result(proposal, "updated", "updated", answer)
    if answer.version is not None:
        # The fields are written, the associations are not: those are found missing again, and tried again.
        detail = "transient" if answer.outcome == "busy" else "refused"
        return _fields_written(scope, proposal, answer, now), _result(proposal, "failed", detail, answer)
    if answer.outcome in {"stale", "missing"}:
        # Nothing was written: the target moved, or is gone. Read again, decide again (case 31).
        return LinkChange(link_id=proposal.link_id or 0, clear_plan=True), _result(proposal, "stale", "", answer)
    if answer.outcome == "refused":
        return LinkChange(link_id=proposal.link_id or 0, clear_plan=True), _result(
            proposal, "failed", "refused", answer
        )
    if answer.outcome == "uncertain":
        # The plan stays: whatever the target shows next time is recognised as ours, or decided anew.
        return None, _result(proposal, "deferred", "uncertain", answer)
    return LinkChange(link_id=proposal.link_id or 0, clear_plan=True), _result(proposal, "failed", "transient", answer)


def _fields_written(scope: Scope, proposal: Proposal, answer: WriteResult, now: str) -> LinkChange:
    flow = scope.flow
    source, target = prints(proposal.moves.get("source", {})), prints(proposal.moves.get("target", {}))
    return LinkChange(
        link_id=proposal.link_id or 0,
        bases={flow.source: source, flow.target: target | dict(proposal.target_prints)},
        unsettled={flow.source: frozenset(), flow.target: frozenset(proposal.target_prints)},
        # An answer that tells no version leaves the last one known: an index may still be behind that.
        versions={flow.source: proposal.source_version}
        | ({} if answer.version is None else {flow.target: answer.version}),
        clear_plan=True,
        wrote_at=now,
    )


def _result(proposal: Proposal, outcome: str, detail: str, answer: WriteResult) -> Result:
    return Result(
        proposal,
        outcome,
        detail=detail,
        reason=answer.code if outcome == "failed" else "",
        target_id=answer.id,
        status=answer.status,
        code=answer.code,
        message=answer.message,
        correlation_id=answer.correlation_id,
        attempts=1,
    )
