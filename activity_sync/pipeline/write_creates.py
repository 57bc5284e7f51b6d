"""Creates: announced in the ledger, written under our own key, then linked. Safe to stop at any instant."""

from __future__ import annotations

from collections.abc import Sequence

from activity_sync.ledger.rows import Claim, LinkChange, LinkRow, LinkState, NewLink
from activity_sync.pipeline.elements import stored
from activity_sync.pipeline.ending import outlived, superseded
from activity_sync.pipeline.parting import clear_stamps
from activity_sync.pipeline.rows import Proposal, Result
from activity_sync.pipeline.scope import Scope
from activity_sync.pipeline.session import Session
from activity_sync.systems.records import CreateRequest, WriteResult

_BATCHES_AT_ONCE = 8


async def write_creates(session: Session, scope: Scope, proposals: Sequence[Proposal]) -> list[Result]:
    """One result per proposal. Each round of batches is announced before it is sent and linked after it."""
    writer = session.target(scope).writer
    size = writer.batch_size * _BATCHES_AT_ONCE
    results: list[Result] = []
    for start in range(0, len(proposals), size):
        some = proposals[start : start + size]
        results += await _round(session, scope, some)
        session.advance(len(some))
    return results


async def _round(session: Session, scope: Scope, proposals: Sequence[Proposal]) -> list[Result]:
    _end_links(session, scope, proposals)
    links = session.ledger.announce([_new_link(scope, one) for one in proposals], now=session.clock())
    # A create that is sent again is claimed, so that of two runs at once only one sends it, and dated anew: where keys
    # show late, "certainly not there" counts from the last time that it was sent.
    again = [
        Claim(links[one.source_id].id, one.revision or 0)
        for one in proposals
        if not links[one.source_id].fresh and _announced(links[one.source_id], one)
    ]
    won = session.ledger.claim(again, now=session.clock()) if again else set()
    mine = [one for one in proposals if links[one.source_id].fresh or links[one.source_id].id in won]
    taken = {one.source_id for one in mine}
    results = [Result(one, "stale") for one in proposals if one.source_id not in taken]
    written = await session.target(scope).writer.create(
        scope.activity_type, [CreateRequest(one.key or "", one.body or {}) for one in mine]
    )
    unique = session.target(scope).writer.keys_are_unique
    now = session.clock().isoformat()
    changes: list[LinkChange] = []
    refused: list[int] = []
    for proposal, answer in zip(mine, written, strict=True):
        link = links[proposal.source_id]
        match answer.outcome:
            case "done" | "exists":
                changes.append(_linked(scope, proposal, link, answer, now))
                detail = "created" if answer.outcome == "done" else "confirmed"
                outcome = "created" if answer.outcome == "done" else "unchanged"
                results.append(Result.of(proposal, outcome, detail, answer))
            case "refused" | "missing":
                refused.append(link.id)
                results.append(Result.of(proposal, "failed", "refused", answer))
            case "uncertain":
                # Case 9: it may have happened. The pending link stays and is settled by key, first thing next run.
                results.append(Result.of(proposal, "deferred", "uncertain", answer))
            case _:
                # Nothing was made: where keys prove little, a link left pending would be waited for, or held.
                if link.fresh and not unique:
                    refused.append(link.id)
                results.append(Result.of(proposal, "failed", "transient", answer))
    session.ledger.settle(changes, now=session.clock(), known=[link for link in links.values() if link.fresh])
    session.ledger.discard(refused)
    linked = {one.link_id for one in changes}
    await clear_stamps(session, scope, [one.source_id for one in mine if links[one.source_id].id in linked])
    return results


def _end_links(session: Session, scope: Scope, proposals: Sequence[Proposal]) -> None:
    """What is created again after it was deleted there begins a new link; the old one ends (cases 17 and 24)."""
    again = [one for one in proposals if one.case in {17, 24}]
    if deleted := [one.target_id for one in again if one.target_id]:
        # The mirror flow may have held the delete, and has nothing to ask any more. Said first: a run that is killed
        # after it has announced the create does not come here again.
        session.ledger.clear_outstanding(scope.flow.mirror.name, scope.activity_type, deleted)
    rows = session.ledger.links_by_id([one.link_id for one in again if one.link_id is not None])
    ends = [
        superseded(one, row, scope.flow.target) if row.state is LinkState.LINKED else outlived(one, row)
        for one in again
        if (row := rows.get(one.link_id or 0)) is not None
    ]
    if changes := [one for one in ends if one is not None]:
        session.ledger.settle(changes, now=session.clock())


def _announced(link: LinkRow, proposal: Proposal) -> bool:
    """Whether the link is pending under this proposal's key, left by a run that stopped."""
    return link.state is LinkState.PENDING and link.key == proposal.key and link.id == proposal.link_id


def _new_link(scope: Scope, proposal: Proposal) -> NewLink:
    return NewLink(
        activity_type=scope.activity_type,
        origin=scope.flow.source,
        counterpart=scope.flow.target,
        source_id=proposal.source_id,
        key=proposal.key or "",
        generation=proposal.generation,
        intended=proposal.target_prints,
        source_base=proposal.source_prints,
        source_version=proposal.source_version,
        elements=tuple(stored(None, scope.flow, proposal.elements)[0]),
    )


def _linked(scope: Scope, proposal: Proposal, link: LinkRow, answer: WriteResult, now: str) -> LinkChange:
    """The link after the create: the source as it was read, the target as we meant it, not yet read back."""
    return LinkChange(
        link_id=link.id,
        state=LinkState.LINKED,
        record_ids={scope.flow.target: answer.id or proposal.key or ""},
        bases={scope.flow.source: proposal.source_prints, scope.flow.target: proposal.target_prints},
        unsettled={scope.flow.target: frozenset(proposal.target_prints)},
        versions={scope.flow.source: proposal.source_version},
        clear_plan=True,
        wrote_at=now,
    )
