"""What the mirror flow left unfinished, seen from here: its creates are our source records.

A run that stopped between a create and its link leaves a pending link and, perhaps, a record in what is the source
here. Unless it is linked first, that record would look like a person's and be created a second time.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from activity_sync.ledger.rows import LinkChange, LinkState
from activity_sync.pipeline.scope import Scope
from activity_sync.pipeline.session import Session
from activity_sync.rules.actions import Defer

_CLOCKS = timedelta(minutes=5)
"""How far the source's clock may be behind ours."""


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


async def may_be_creates(session: Session, scope: Scope, unlinked: Collection[str]) -> dict[str, Defer]:
    """Those of the source's unlinked records that may be a create of the mirror flow's of which no key tells.

    Whether they are is the mirror flow's to find out; until then they are not taken for a person's. No call where
    every pending create is settled by its key.
    """
    flow, kind = scope.flow, scope.activity_type
    pending = session.ledger.pending(flow.target, kind) if unlinked else []
    if not pending:
        return {}
    source = session.source(scope)
    if await source.reader.keys_settle_after(kind) is not None:
        kept_since = await source.reader.keys_kept_since(kind)
        pending = [one for one in pending if kept_since and one.updated_at + source.clock_ahead < kept_since]
    if not pending:
        return {}
    first = min(one.updated_at for one in pending) + source.clock_ahead - _CLOCKS
    return {
        record.id: Defer(case=9, reason="may_be_our_create")
        for record in await source.reader.made_since(kind, first)
        if record.id in unlinked and source.reader.is_made_by_software(record)
    }
