"""Updates: the link is claimed with a write plan, the write is guarded, then the plan is closed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from activity_sync.ledger.rows import ElementChange, LinkChange, LinkRow
from activity_sync.pipeline.claiming import AT_ONCE, claim
from activity_sync.pipeline.elements import stored
from activity_sync.pipeline.report import outcome_of
from activity_sync.pipeline.rows import Proposal, Result, prints
from activity_sync.pipeline.scope import Scope
from activity_sync.pipeline.session import Session
from activity_sync.rules.values import LAST_ASSOCIATION
from activity_sync.systems.records import UpdateRequest, WriteResult


async def write_updates(session: Session, scope: Scope, proposals: Sequence[Proposal]) -> list[Result]:
    """One result per proposal; `stale` where another run or a person was faster."""
    results: list[Result] = []
    for start in range(0, len(proposals), AT_ONCE):
        some = proposals[start : start + AT_ONCE]
        results += await _round(session, scope, some)
        session.advance(len(some))
    return results


async def _round(session: Session, scope: Scope, proposals: Sequence[Proposal]) -> list[Result]:
    claimed = await claim(session, scope, proposals)
    results = claimed.stale
    keeps_last = session.policy(scope).keeps_last
    answers = await session.target(scope).writer.update(
        scope.activity_type,
        [
            UpdateRequest(one.target_id or "", one.body or {}, version=one.target_version, keeps_last=keeps_last)
            for one in claimed.mine
        ],
    )
    now = session.clock().isoformat()
    changes = []
    for proposal, answer in zip(claimed.mine, answers, strict=True):
        change, result = _settled(scope, proposal, claimed.rows[proposal.link_id or 0], answer, now)
        results.append(result)
        if change is not None:
            changes.append(change)
    session.ledger.settle(changes, now=session.clock())
    return results


def _settled(
    scope: Scope, proposal: Proposal, row: LinkRow, answer: WriteResult, now: str
) -> tuple[LinkChange | None, Result]:
    if answer.outcome == "done":
        hold, remove = stored(row, scope.flow, proposal.elements)
        elements = ElementChange(tuple(hold), tuple(remove))
        change = replace(_fields_written(scope, proposal, answer, now), elements=elements)
        outcome = outcome_of(proposal) if proposal.reason == LAST_ASSOCIATION else "updated"
        return change, Result.of(proposal, outcome, "updated", answer)
    if answer.version is not None and answer.outcome == "stale":
        # The fields are written; what the record hangs on by now is decided on again.
        return _fields_written(scope, proposal, answer, now), Result.of(proposal, "stale", "", answer)
    if answer.version is not None:
        # The fields are written, the associations are not: those are found missing again, and tried again.
        detail = "transient" if answer.outcome == "busy" else "refused"
        return _fields_written(scope, proposal, answer, now), Result.of(proposal, "failed", detail, answer)
    if answer.outcome in {"stale", "missing"}:
        # Nothing was written: the target moved, or is gone. Read again, decide again (case 31).
        return LinkChange(link_id=proposal.link_id or 0, clear_plan=True), Result.of(proposal, "stale", "", answer)
    if answer.outcome == "refused":
        return LinkChange(link_id=proposal.link_id or 0, clear_plan=True), Result.of(
            proposal, "failed", "refused", answer
        )
    if answer.outcome == "uncertain":
        # The plan stays: whatever the target shows next time is recognised as ours, or decided anew.
        return None, Result.of(proposal, "deferred", "uncertain", answer)
    return LinkChange(link_id=proposal.link_id or 0, clear_plan=True), Result.of(
        proposal, "failed", "transient", answer
    )


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
