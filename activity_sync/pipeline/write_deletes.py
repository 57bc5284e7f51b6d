"""Deletes carried to the target as the policy says: claimed with a write plan, guarded, then the link is ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from activity_sync.ledger.rows import LinkChange, LinkRow
from activity_sync.pipeline.claiming import AT_ONCE, claim
from activity_sync.pipeline.ending import ended
from activity_sync.pipeline.rows import Proposal, Result
from activity_sync.pipeline.scope import Scope
from activity_sync.pipeline.session import Session
from activity_sync.rules.values import Delete
from activity_sync.systems.records import UpdateRequest, WriteResult


async def write_deletes(session: Session, scope: Scope, proposals: Sequence[Proposal]) -> list[Result]:
    """One result per proposal; all of them have a body. `stale` where another run or a person was faster."""
    results: list[Result] = []
    for start in range(0, len(proposals), AT_ONCE):
        some = proposals[start : start + AT_ONCE]
        results += await _round(session, scope, some)
        session.advance(len(some))
    return results


async def _round(session: Session, scope: Scope, proposals: Sequence[Proposal]) -> list[Result]:
    claimed = await claim(session, scope, proposals)
    results = claimed.stale
    changes: list[LinkChange] = []
    for how in (Delete.ARCHIVE, Delete.CLOSE):
        some = [one for one in claimed.mine if one.rule == how.value]
        answers = await _send(session, scope, some, how=how)
        for proposal, answer in zip(some, answers, strict=True):
            row = claimed.rows[proposal.link_id or 0]
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
    return Result.of(proposal, outcome, detail, answer)
