"""Adopting: two records that exist already become one link, without a write to either's values (cases 2, 3, 25)."""

from __future__ import annotations

from collections.abc import Sequence

from activity_sync.ledger.rows import AdoptedLink
from activity_sync.pipeline.ending import outlived
from activity_sync.pipeline.rows import Proposal, Result, prints
from activity_sync.pipeline.scope import Scope
from activity_sync.pipeline.session import Session
from activity_sync.systems.records import Stamp


async def write_links(session: Session, scope: Scope, proposals: Sequence[Proposal]) -> list[Result]:
    """One result per proposal; `stale` where the two still differ, or another run was faster: decide again.

    The records are stamped first where a system has a place for it, so that a lost ledger can be rebuilt; doing that
    twice does no harm.
    """
    if not proposals:
        return []
    await _stamp(session, scope, proposals)
    fresh = link(session, scope, proposals)
    session.advance(len(proposals))
    return [
        Result(one, "unchanged", detail="adopted", target_id=one.target_id)
        if one.source_id in fresh and not one.fields
        else Result(one, "stale")
        for one in proposals
    ]


def link(session: Session, scope: Scope, proposals: Sequence[Proposal]) -> frozenset[str]:
    """The ledger holds the links of these records, unless another run was faster; the source ids of those made here."""
    if not proposals:
        return frozenset()
    _end_links(session, proposals)
    rows = session.ledger.adopt([_link(scope, one) for one in proposals], now=session.clock())
    return frozenset(one.source_id for one in proposals if rows[one.source_id].fresh)


def _end_links(session: Session, proposals: Sequence[Proposal]) -> None:
    """What was undeleted is linked anew: the delete that ended the old link is not to be carried any more (case 25)."""
    rows = session.ledger.links_by_id([one.link_id for one in proposals if one.link_id is not None])
    ends = [outlived(one, rows[one.link_id]) for one in proposals if one.link_id in rows]
    if changes := [one for one in ends if one is not None]:
        session.ledger.settle(changes, now=session.clock())


async def _stamp(session: Session, scope: Scope, proposals: Sequence[Proposal]) -> None:
    flow, kind = scope.flow, scope.activity_type
    there = [Stamp(one.target_id or "", flow.source, one.source_id) for one in proposals]
    stamped = await session.target(scope).writer.stamp(kind, there)
    if stamped or not session.policy(scope).two_way:  # a one-way flow has no business in its source
        return
    here = [Stamp(one.source_id, flow.target, one.target_id or "") for one in proposals]
    source = session.source(scope).writer
    await source.prepare([kind])
    await source.stamp(kind, here)


def _link(scope: Scope, proposal: Proposal) -> AdoptedLink:
    flow, moves = scope.flow, proposal.moves
    return AdoptedLink(
        activity_type=scope.activity_type,
        origin=flow.source,
        counterpart=flow.target,
        origin_id=proposal.source_id,
        counterpart_id=proposal.target_id or "",
        key=proposal.key or "",
        generation=proposal.generation,
        bases={flow.source: prints(moves.get("source", {})), flow.target: prints(moves.get("target", {}))},
        versions={flow.source: proposal.source_version, flow.target: proposal.target_version},
    )
