"""One record as the store keeps it: present values, their history, and the states that search still shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from activity_sync.sandbox.hubspot.moments import to_iso
from activity_sync.sandbox.hubspot.object_types import ObjectType

_HISTORY_LIMIT = 20


@dataclass(frozen=True, slots=True)
class Origin:
    """Who made a change: `type` as in `hs_object_source` (`INTEGRATION`, `CRM_UI`), `id` as in its `_id`."""

    type: str
    id: str


@dataclass(frozen=True, slots=True)
class Version:
    """One past or present value of a property."""

    value: str
    at_ms: int
    origin: Origin


@dataclass(frozen=True, slots=True)
class IndexedState:
    """What search shows of a record until a moment; no properties where it shows nothing."""

    until_ms: int
    properties: Mapping[str, str] | None


@dataclass(slots=True)
class Record:
    """One record. `properties` holds only values that are not empty, the system's dates and id included."""

    type: ObjectType
    id: str
    created_ms: int
    updated_ms: int
    properties: dict[str, str] = field(default_factory=dict)
    history: dict[str, list[Version]] = field(default_factory=dict)
    archived_ms: int | None = None
    behind: list[IndexedState] = field(default_factory=list)

    @property
    def archived(self) -> bool:
        """Whether the record lies in the recycling bin."""
        return self.archived_ms is not None

    def change(self, values: Mapping[str, str], *, at_ms: int, origin: Origin) -> tuple[str, ...]:
        """Set values (`""` clears), note them in the history, move the modified date; names what changed."""
        changed = tuple(name for name, value in values.items() if self.properties.get(name, "") != value)
        for name in changed:
            self._set(name, values[name])
            versions = self.history.setdefault(name, [])
            versions.insert(0, Version(values[name], at_ms, origin))
            del versions[_HISTORY_LIMIT:]
        self.touch(at_ms)
        return changed

    def touch(self, at_ms: int) -> None:
        """Move the modified date; it never moves back."""
        self.updated_ms = max(self.updated_ms, at_ms)
        self.properties[self.type.modified_date] = to_iso(self.updated_ms)

    def keep_indexed_state(self, *, until_ms: int, new: bool = False) -> None:
        """Let search show the record as it now is (or not at all) until the given moment. Call before a change."""
        # What no search has asked for since is not kept.
        while len(self.behind) > 1 and self.behind[0].until_ms <= self.updated_ms:
            del self.behind[0]
        self.behind.append(IndexedState(until_ms, None if new else dict(self.properties)))

    def indexed(self, now_ms: int) -> Mapping[str, str] | None:
        """Give the properties as search sees them now; None where search does not see the record."""
        while self.behind and self.behind[0].until_ms <= now_ms:
            del self.behind[0]
        return self.behind[0].properties if self.behind else self.properties

    def _set(self, name: str, value: str) -> None:
        if value:
            self.properties[name] = value
        else:
            self.properties.pop(name, None)
