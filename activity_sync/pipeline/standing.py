"""Records that a rebuild of the ledger could not link: held until a person decides, and never created meanwhile."""

from __future__ import annotations

from collections.abc import Collection

from activity_sync.ledger.outstanding import OutstandingState
from activity_sync.pipeline.scope import Scope
from activity_sync.pipeline.session import Session
from activity_sync.rules.actions import Action, Create, Hold

REBUILD_RULE = "ledger_rebuild"
"""The rule under which such a record is held."""


def standing_holds(session: Session, scope: Scope, source_ids: Collection[str]) -> dict[str, Hold]:
    """Those of the source's records that a rebuild left to a person."""
    rows = session.ledger.outstanding(scope.flow.name, scope.activity_type, source_ids)
    return {
        one: Hold(case=4, reason=row.reason, candidates=row.candidates, rule=row.rule)
        for one, row in rows.items()
        if row.state is OutstandingState.HELD and row.rule == REBUILD_RULE
    }


def unless_held(action: Action, hold: Hold | None) -> Action:
    """The action, or the hold in place of a create: a record that may have a copy gets no other."""
    return hold if hold is not None and isinstance(action, Create) else action
