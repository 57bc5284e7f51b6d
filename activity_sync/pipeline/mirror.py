"""What the mirror flow left unfinished, seen from here: its creates are our source records.

A run that stopped between a create and its link leaves a pending link and, perhaps, a record in what is the source
here. Unless it is linked first, that record would look like a person's and be created a second time.
"""

from __future__ import annotations

from activity_sync.ledger.rows import LinkChange, LinkState
from activity_sync.pipeline.scope import Scope
from activity_sync.pipeline.session import Session


async def confirm_mirror_creates(session: Session, scope: Scope) -> None:
    """Every pending create of the mirror flow that did happen is linked, by key (case 6). No call where none pends."""
    flow, kind = scope.flow, scope.activity_type
    pending = session.ledger.pending(flow.target, kind)
    if not pending:
        return
    found = await session.source(scope).reader.find_keys(kind, [link.key for link in pending])
    session.ledger.settle(
        [
            LinkChange(
                link_id=link.id,
                expect_revision=link.revision,
                state=LinkState.LINKED,
                record_ids={flow.source: found[link.key]},
                bases={flow.source: link.intended},
                unsettled={flow.source: frozenset(link.intended)},
                clear_plan=True,
            )
            for link in pending
            if link.key in found
        ],
        now=session.clock(),
    )
