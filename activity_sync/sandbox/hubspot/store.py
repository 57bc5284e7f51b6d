"""The content of a portal: records with their indexes, owners, schema and associations, and its passing time.

`settle` brings about what happened since the last request: the background write that follows each write, and
tasks that fell due. The store trusts its callers with values; `writing.py` decides what may be written.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping
from typing import Any

from activity_sync.sandbox.controls import Controls
from activity_sync.sandbox.hubspot import seeding
from activity_sync.sandbox.hubspot.associations import Associations
from activity_sync.sandbox.hubspot.computed import overdue
from activity_sync.sandbox.hubspot.moments import read_ms
from activity_sync.sandbox.hubspot.object_types import OBJECT_TYPES, ObjectType
from activity_sync.sandbox.hubspot.records import Origin, Record
from activity_sync.sandbox.hubspot.schema import Schema

FIRST_ID = 90_000_000_001
_POST_PROCESSING_MS = (100, 1500)
_DUE_AFTER_MS = (300, 900)
PLATFORM = Origin("INTERNAL_PROCESSING", "")


class HubSpotStore:
    """One portal, in memory."""

    def __init__(self, controls: Controls) -> None:
        self.controls = controls
        self.reset()

    def reset(self) -> None:
        """Empty the portal, but for the properties it has from its first day."""
        self.schema = Schema()
        self.associations = Associations()
        self.owners: dict[str, dict[str, Any]] = {}
        self.files: dict[str, dict[str, Any]] = {}
        self.contents: dict[str, bytes] = {}
        self.records: dict[str, dict[str, Record]] = {each.name: {} for each in OBJECT_TYPES}
        self.generation: dict[str, int] = dict.fromkeys(self.records, 0)
        self.merged: dict[tuple[str, str], str] = {}
        self._next_id: dict[str, int] = dict.fromkeys(self.records, FIRST_ID)
        self._unique: dict[tuple[str, str], dict[str, str]] = {}
        self._ordered: dict[tuple[str, bool], tuple[int, list[Record]]] = {}
        self._secondary_emails: dict[str, str] = {}
        self._coming: list[tuple[int, int, str, str, str]] = []
        self._sequence = 0

    def load(self, seed: Mapping[str, Any]) -> dict[str, Any]:
        """Add records as given; the shape is told in `seeding.py`."""
        return seeding.load(self, seed)

    def dump(self) -> dict[str, Any]:
        """Give the whole content in the shape that `load` takes."""
        self.settle()
        return seeding.dump(self)

    @property
    def now_ms(self) -> int:
        """The portal's present in milliseconds since 1970."""
        return int(self.controls.clock.seconds() * 1000)

    # Reading

    def get(self, object_type: ObjectType, record_id: str, *, archived: bool = False) -> Record | None:
        """Find a record by id among the living, or among the archived."""
        found = self.records[object_type.name].get(record_id)
        return found if found is not None and found.archived is archived else None

    def survivor(self, object_type: ObjectType, record_id: str) -> str:
        """Give the id of the record that this one was merged into, or the id itself."""
        while (successor := self.merged.get((object_type.name, record_id))) is not None:
            record_id = successor
        return record_id

    def by_unique(self, object_type: ObjectType, name: str, value: str) -> Record | None:
        """Find the living record that holds a value of a unique property."""
        found = self._unique.get((object_type.name, name), {}).get(value.lower())
        return self.get(object_type, found) if found is not None else None

    def by_email(self, object_type: ObjectType, email: str) -> Record | None:
        """Find the living contact that holds an address, as its main one or as a further one."""
        further = self._secondary_emails.get(email.lower())
        main = self.by_unique(object_type, "email", email)
        return main or (self.get(object_type, further) if further is not None else None)

    def in_order(self, object_type: ObjectType, *, archived: bool) -> list[Record]:
        """Give the records of a type by ascending id."""
        key, generation = (object_type.name, archived), self.generation[object_type.name]
        ordered = self._ordered.get(key)
        if ordered is None or ordered[0] != generation:
            found = (each for each in self.records[object_type.name].values() if each.archived is archived)
            ordered = self._ordered[key] = (generation, sorted(found, key=lambda each: int(each.id)))
        return ordered[1]

    def living_links(self, record: Record, target_type: str) -> Iterator[tuple[str, list[Any]]]:
        """Give a record's associations with living records of a type, by id."""
        others = self.records[target_type]
        for target_id, kinds in self.associations.of((record.type.name, record.id), target_type).items():
            other = others.get(target_id)
            if other is not None and not other.archived:
                yield target_id, kinds

    # Writing

    def new_id(self, object_type: ObjectType) -> str:
        """Take the next id of a type; ids are unique within their type only."""
        taken = self._next_id[object_type.name]
        self._next_id[object_type.name] = taken + 1
        return str(taken)

    def add(self, record: Record, *, indexed_at_once: bool = False) -> None:
        """Put a record with its properties into the portal."""
        self.records[record.type.name][record.id] = record
        self._next_id[record.type.name] = max(self._next_id[record.type.name], int(record.id) + 1)
        if not indexed_at_once:
            self._keep_indexed_state(record, at_ms=record.created_ms, new=True)
        self.reindex(record, {})

    def change(self, record: Record, values: Mapping[str, str], *, at_ms: int, origin: Origin) -> tuple[str, ...]:
        """Write values to a record; names those that changed."""
        before = dict(record.properties)
        self._keep_indexed_state(record, at_ms=at_ms)
        changed = record.change(values, at_ms=at_ms, origin=origin)
        self.reindex(record, before)
        return changed

    def archive(self, record: Record) -> None:
        """Move a record to the recycling bin; tasks that hung on it are touched, as recorded answers show."""
        self._unindex(record)
        record.archived_ms = self.now_ms
        record.touch(record.archived_ms)
        self.generation[record.type.name] += 1
        for type_name, record_id in self.associations.all_of((record.type.name, record.id)):
            if type_name == "tasks":
                self._expect(self.now_ms + self._draw(_POST_PROCESSING_MS), type_name, record_id, "touch")

    def restore(self, record: Record) -> None:
        """Take a record out of the recycling bin, as a person can."""
        record.archived_ms = None
        record.touch(self.now_ms)
        self.reindex(record, {})

    def purge(self, record: Record) -> None:
        """Remove a record for good."""
        self._unindex(record)
        self.associations.drop((record.type.name, record.id))
        del self.records[record.type.name][record.id]
        self.generation[record.type.name] += 1

    def expect_post_processing(self, record: Record) -> None:
        """Plan the service's own write that follows a client's."""
        if self.controls.settings.hubspot_post_processing:
            at_ms = self.now_ms + self._draw(_POST_PROCESSING_MS)
            self._expect(at_ms, record.type.name, record.id, "touch")

    def reindex(self, record: Record, before: Mapping[str, str]) -> None:
        """Bring the indexes up to date with a record whose properties were `before`."""
        name = record.type.name
        self.generation[name] += 1
        for unique in self.schema.unique_names(name):
            old, new = before.get(unique, ""), record.properties.get(unique, "")
            index = self._unique.setdefault((name, unique), {})
            if old and old != new and index.get(old.lower()) == record.id:
                del index[old.lower()]
            if new and not record.archived:
                index[new.lower()] = record.id
        if name == "contacts":
            for email in filter(None, record.properties.get("hs_additional_emails", "").split(";")):
                self._secondary_emails[email.lower()] = record.id
        if name == "tasks" and before.get("hs_timestamp") != record.properties.get("hs_timestamp"):
            due = read_ms(record.properties.get("hs_timestamp", ""))
            if due is not None and due > self.now_ms:
                self._expect(due + self._draw(_DUE_AFTER_MS), name, record.id, f"due:{due}")

    # Passing time

    def settle(self) -> None:
        """Bring about everything that was to happen by now."""
        now_ms = self.now_ms
        while self._coming and self._coming[0][0] <= now_ms:
            at_ms, _, type_name, record_id, reason = heapq.heappop(self._coming)
            record = self.records[type_name].get(record_id)
            if record is None or record.archived:
                continue
            if reason == "touch":
                self.change(record, {}, at_ms=at_ms, origin=PLATFORM)
            elif self.controls.settings.hubspot_due_tasks_move and self._still_due(record, reason):
                self.change(record, overdue(record.properties, now_ms=at_ms), at_ms=at_ms, origin=PLATFORM)

    def is_indexed(self, object_type: ObjectType) -> bool:
        """Whether search shows the present state of every record of the type."""
        now_ms = self.now_ms
        return not any(
            record.behind and record.behind[-1].until_ms > now_ms for record in self._records_behind(object_type)
        )

    def _records_behind(self, object_type: ObjectType) -> Iterator[Record]:
        return (record for record in self.records[object_type.name].values() if record.behind)

    def _still_due(self, record: Record, reason: str) -> bool:
        return reason == f"due:{read_ms(record.properties.get('hs_timestamp', ''))}"

    def _keep_indexed_state(self, record: Record, *, at_ms: int, new: bool = False) -> None:
        lag_ms = int(self.controls.settings.search_lag_seconds * 1000)
        if lag_ms > 0:
            record.keep_indexed_state(until_ms=at_ms + lag_ms, new=new)

    def _unindex(self, record: Record) -> None:
        for unique in self.schema.unique_names(record.type.name):
            index = self._unique.get((record.type.name, unique), {})
            value = record.properties.get(unique, "").lower()
            if index.get(value) == record.id:
                del index[value]

    def _expect(self, at_ms: int, type_name: str, record_id: str, reason: str) -> None:
        self._sequence += 1
        heapq.heappush(self._coming, (at_ms, self._sequence, type_name, record_id, reason))

    def _draw(self, bounds: tuple[int, int]) -> int:
        return self.controls.random.randint(*bounds)
