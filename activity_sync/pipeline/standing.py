"""Records that a rebuild of the ledger could not link: held until a person decides, and never created meanwhile."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from activity_sync.ledger.choices import Choice
from activity_sync.ledger.outstanding import Outstanding, OutstandingState
from activity_sync.rules.actions import Action, Create, Defer, Fail, Filtered, Hold
from activity_sync.rules.chosen import Decision

REBUILD_RULE = "ledger_rebuild"
"""The rule under which such a record is held."""


def standing_holds(
    source_ids: Collection[str], outstanding: Mapping[str, Outstanding], choices: Mapping[str, Choice]
) -> dict[str, Hold]:
    """Those of the source's records that a rebuild left to a person, and those that a person left as they are."""
    kept = [one for one in source_ids if one in choices and choices[one].decision is Decision.KEEP]
    return dict.fromkeys(kept, Hold(case=4, reason="ambiguous")) | {
        one: Hold(case=4, reason=row.reason, candidates=row.candidates, rule=row.rule)
        for one, row in outstanding.items()
        if one in source_ids and row.state is OutstandingState.HELD and row.rule == REBUILD_RULE
    }


def unless_held(action: Action, hold: Hold | Defer | None) -> Action:
    """The action, or the hold in place of a create: a record that may have a copy gets no other.

    What waits for a person goes on waiting for one, whatever else would hinder its create at present.
    """
    match hold, action:
        case (Hold() as instead, Create() | Defer() | Filtered() | Fail()) | (Defer() as instead, Create()):
            return instead
        case _:
            return action
