"""Deletes carried to the target as the policy says: claimed with a write plan, guarded, then the link is ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from activity_sync.ledger.rows import Claim, LinkChange, LinkRow
from activity_sync.pipeline.ending import ended
from activity_sync.pipeline.rows import Proposal, Result
from activity_sync.pipeline.scope import Scope
from activity_sync.pipeline.session import Session
from activity_sync.pipeline.write_updates import plan_of, still_as_decided
from activity_sync.rules.values import Delete
from activity_sync.systems.system import UpdateRequest, WriteResult

_AT_ONCE = 400


async def write_deletes(session: Session, scope: Scope, proposals: Sequence[Proposal]) -> list[Result]:
    """One result per proposal; all of them have a body. `stale` where another run or a person was faster."""
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
    changes: list[LinkChange] = []
    for how in (Delete.ARCHIVE, Delete.CLOSE):
        some = [one for one in mine if one.rule == how.value]
        answers = await _send(session, scope, some, how=how)
        for proposal, answer in zip(some, answers, strict=True):
            row = rows[proposal.link_id or 0]
            results.append(_result(proposal, answer))
            if (change := _change(session, scope, proposal, row, answer)) is not None:
                changes.append(change)
    session.ledger.settle(changes, now=session.clock())
    return results


async def _send(session: Session, scope: Scope, some: Sequence[Proposal], *, how: Delete) -> list[WriteResult]:
    if not some:
        return []
    writer = session.target(scope).writer
    requests = [UpdateRequest(one.target_id or "", one.body or {}, version=one.target_version) for one in some]
    write = writer.archive if how is Delete.ARCHIVE else writer.update
    return await write(scope.activity_type, requests)


def _change(session: Session, scope: Scope, proposal: Proposal, row: LinkRow, answer: WriteResult) -> LinkChange | None:
    """An ended link, a claim given back, or nothing: then the plan stays, and the next run looks first."""
    match answer.outcome:
        case "done" | "missing":
            gone = proposal.rule == Delete.ARCHIVE.value or answer.outcome == "missing"
            change = ended(session, scope, proposal, row, target_gone=gone)
            if answer.version is None:
                return change
            # An index that still shows it open is behind us, and no person reopened it.
            return replace(change, versions={scope.flow.target: answer.version})
        case "uncertain":
            return None
        case _:
            return LinkChange(row.id, clear_plan=True)


def _result(proposal: Proposal, answer: WriteResult) -> Result:
    outcome, detail = {
        "done": ("deleted", f"{proposal.rule}d"),
        "missing": ("deleted", "gone already"),
        "stale": ("stale", ""),
        "uncertain": ("deferred", "uncertain"),
        "refused": ("failed", "refused"),
    }.get(answer.outcome, ("failed", "transient"))
    return Result(
        proposal,
        outcome,
        detail=detail,
        reason=answer.code if outcome == "failed" else "",
        target_id=proposal.target_id,
        status=answer.status,
        code=answer.code,
        message=answer.message,
        correlation_id=answer.correlation_id,
        attempts=1,
    )
