"""Failed records that a person has dismissed: left alone until they change."""

from __future__ import annotations

from collections.abc import Mapping

from activity_sync.ledger.outstanding import Outstanding, OutstandingState
from activity_sync.pipeline.rows import DISMISSED
from activity_sync.rules.actions import Action, Adopt, Create, DeleteTarget, Fail, Filtered, Update
from activity_sync.systems.records import SourceRecord


def dismissed_versions(outstanding: Mapping[str, Outstanding]) -> dict[str, str | None]:
    """Those of these records that are dismissed, with the version in which they are."""
    return {one: row.source_version for one, row in outstanding.items() if row.state is OutstandingState.DISMISSED}


def unless_dismissed(action: Action, record: SourceRecord, dismissed: Mapping[str, str | None]) -> Action:
    """The action; or nothing, where it would be tried, or fail, once more on what was dismissed."""
    if record.id not in dismissed or dismissed[record.id] != record.version:
        return action
    match action:
        case Create() | Update() | Adopt() | DeleteTarget() | Fail():
            return Filtered(case=action.case, reason=DISMISSED)
        case _:
            return action
