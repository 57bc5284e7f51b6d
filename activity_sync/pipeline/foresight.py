"""What a preview does beyond the three steps that write nothing: links are made in its own copy of the ledger.

A load that links a record to an existing one, or finds a create that had happened, decides on it once more with the
link in place. A preview comes to the same decision, and sends nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from activity_sync.errors import SafeguardTripped
from activity_sync.pipeline.load import guard
from activity_sync.pipeline.observe import Seen
from activity_sync.pipeline.propose import Proposer
from activity_sync.pipeline.remember import confirm
from activity_sync.pipeline.rows import Proposal
from activity_sync.pipeline.scope import Scope
from activity_sync.pipeline.session import Session
from activity_sync.pipeline.write_links import link

_DECISIONS = 2  # as often as a load decides again


async def foresee(
    session: Session, scope: Scope, proposer: Proposer, batch: Sequence[Seen], proposals: Sequence[Proposal]
) -> list[Proposal]:
    """The proposals that a load would carry out in the end, as far as what it reads stays as it is."""
    final = {one.source_id: one for one in proposals}
    for _ in range(_DECISIONS):
        confirmed = [one for one in final.values() if one.action == "confirm"]
        adopted = [one for one in final.values() if one.action == "adopt" and one.fields]
        again = {one.source_id for one in (*confirmed, *adopted)}
        if not again:
            break
        confirm(session, scope, confirmed)
        link(session, scope, adopted)
        final |= {one.source_id: one for one in await proposer.propose([one for one in batch if one.id in again])}
    return [final[one.source_id] for one in proposals]


def would_stop(session: Session, scope: Scope) -> str:
    """Why the load would stop before its first write; empty where it would not."""
    try:
        guard(session, scope)
    except SafeguardTripped as trip:
        return trip.message
    return ""
