"""Taking links for a write: only what still is as it was decided on, and of two runs at once only one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from activity_sync.ledger.rows import Claim, LinkRow
from activity_sync.pipeline.rows import Proposal, Result
from activity_sync.pipeline.scope import Scope
from activity_sync.pipeline.session import Session

AT_ONCE = 400
"""Links that are taken, written and settled together."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """What is to be written now. `mine`: the proposals whose link is claimed, each with its plan committed.

    `rows`: their links, by id, as they were before. `stale`: a result for each of the others.
    """

    mine: Sequence[Proposal]
    rows: Mapping[int, LinkRow]
    stale: list[Result]


async def claim(session: Session, scope: Scope, proposals: Sequence[Proposal]) -> Claimed:
    """The links of these proposals, as far as no other run and no person was faster."""
    still = await _still_as_decided(session, scope, proposals)
    rows = session.ledger.links_by_id([one.link_id for one in proposals if one.link_id is not None])
    claimed = session.clock()
    claims = {
        one.source_id: Claim(one.link_id, one.revision, _plan(scope, one, rows[one.link_id], at=claimed))
        for one in proposals
        if one.source_id in still and one.link_id in rows and one.revision is not None
    }
    won = session.ledger.claim(list(claims.values()), now=claimed)
    mine = [one for one in proposals if one.source_id in claims and claims[one.source_id].link_id in won]
    taken = {one.source_id for one in mine}
    return Claimed(mine, rows, [Result(one, "stale") for one in proposals if one.source_id not in taken])


async def _still_as_decided(session: Session, scope: Scope, proposals: Sequence[Proposal]) -> set[str]:
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


def _plan(scope: Scope, proposal: Proposal, row: LinkRow, *, at: datetime) -> dict[str, Any]:
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
