"""Closing an activity whose original was deleted: an open one is cancelled, one that took place stays as it is."""

from __future__ import annotations

from collections.abc import Mapping

from activity_sync.activities.activity import Activity, Value
from activity_sync.activities.kinds import ActivityType

CANCELLED = "cancelled"

# Per type the field that says so, and its open values; a note is never open.
_OPEN: Mapping[ActivityType, tuple[str, frozenset[str | None]]] = {
    ActivityType.TASK: ("status", frozenset({None, "not_started", "in_progress", "waiting", "deferred"})),
    ActivityType.CALL: ("status", frozenset({"open", "in_progress", "ringing", "connecting", "calling"})),
    ActivityType.EMAIL: ("status", frozenset({"draft", "scheduled"})),
    ActivityType.MEETING: (
        "outcome",
        frozenset({None, "scheduled", "free", "tentative", "out_of_office", "rescheduled"}),
    ),
}


def closing(activity: Activity) -> dict[str, Value]:
    """The fields that close it, with their values; empty when it is not open."""
    if activity.type not in _OPEN:
        return {}
    name, open_values = _OPEN[activity.type]
    held = activity.fields.get(name)
    return (
        {name: CANCELLED}
        if name in activity.fields and (held is None or isinstance(held, str)) and held in open_values
        else {}
    )
