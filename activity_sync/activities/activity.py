"""The canonical activity: one class between all systems, so that each needs one translator and no pair does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from activity_sync.activities.kinds import ActivityType, Role
from activity_sync.activities.loss import Loss


@dataclass(frozen=True, slots=True)
class RichText:
    """A body. `html` says what `text` is: HTML markup, or plain text with line breaks."""

    text: str
    html: bool


@dataclass(frozen=True, slots=True, order=True)
class Participant:
    """An e-mail address (or phone number) taking part, with the name shown for it; either may be empty, not both."""

    role: Role
    address: str
    name: str = ""


# The value of a canonical field, in the form of the system it was read from. `None` is empty; a field that is
# absent from `Activity.fields` was not read. `owner` is the owner's record id in that system, a plain str.
Value = str | bool | int | datetime | RichText | tuple[Participant, ...] | None


@dataclass(frozen=True, slots=True, order=True)
class Association:
    """One record the activity hangs on, in the activity's own system.

    `kind`: contact, company, deal, ticket, or another kind of that system that we only tolerate (`other` records
    are never carried). `label` is the system's own association label, if any. `primary` marks the regarding record.
    """

    kind: str
    id: str
    role: Role = Role.ASSOCIATED
    primary: bool = False
    label: str = ""


@dataclass(frozen=True, slots=True)
class Activity:
    """One activity as one system shows it.

    `fields` maps canonical field names (docs/mapping.md) to values. Times are aware and UTC.
    `associations` holds each (kind, id, role) once. `appendix`: what we wrote at the end of the body and is no part of
    it, as it stands there. `url`: where people open it in its own system, empty where that is not known. `losses`: what
    its own system did not let us read.
    """

    system: str
    type: ActivityType
    id: str
    fields: Mapping[str, Value]
    associations: frozenset[Association] = field(default_factory=frozenset)
    appendix: str = ""
    url: str = ""
    losses: tuple[Loss, ...] = ()

    @property
    def time(self) -> datetime | None:
        """When it takes or took place: a task when it is due, a meeting when it begins. None where it does not say."""
        value = self.fields.get(_OWN_TIME[self.type])
        return value if isinstance(value, datetime) else None


_OWN_TIME = {
    ActivityType.NOTE: "time",
    ActivityType.TASK: "due",
    ActivityType.CALL: "time",
    ActivityType.EMAIL: "time",
    ActivityType.MEETING: "start",
}
