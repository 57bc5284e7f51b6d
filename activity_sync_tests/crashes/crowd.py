"""Many activities of all types on both sides, and the question whether each of them stands once in either system."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from activity_sync.activities.kinds import ActivityType
from activity_sync.sandbox.hubspot.rewriting import visible_text
from activity_sync_tests.crashes.wording import DYNAMICS, HUBSPOT, Words
from activity_sync_tests.crashes.world import World
from activity_sync_tests.end_to_end.bridge import (
    CONTACT_IDS,
    DYNAMICS_TABLES,
    HUBSPOT_TYPES,
    USER_ID,
    dynamics_people,
    hubspot_people,
)

_FIRST_ID = 50_001
_CONTACTS = 20


@dataclass(frozen=True)
class Crowd:
    """`each` activities of every type were made in HubSpot, and as many in Dynamics."""

    world: World
    each: int

    def begin(self) -> None:
        """People and activities are there, and time has passed since."""
        self.world.seed({"hubspot": hubspot_people(_CONTACTS), "dynamics": dynamics_people(_CONTACTS)})
        for kind in ActivityType:
            self.write_in_hubspot(kind, ((n, f"{kind} {n} of HubSpot") for n in range(self.each)), new=True)
            self.write_in_dynamics(kind, ((n, f"{kind} {n} of Dynamics") for n in range(self.each)), new=True)
        self.world.advance(minutes=5)

    def go_on(self, step: int) -> None:
        """Every `step`-th activity gets another subject where it was made, and every next one in its copy."""
        for kind in ActivityType:
            numbers = range(0, self.each, step)
            copies = self._copies(kind)
            self.write_in_hubspot(kind, ((n, f"{kind} {n} edited in HubSpot") for n in numbers))
            self.write_in_dynamics(kind, ((n, f"{kind} {n} edited in Dynamics") for n in numbers))
            self._put_in_hubspot(
                kind, ((copies[dynamics_id(kind, n + 1)], f"{kind} {n + 1} edited in its copy") for n in numbers)
            )
            self._put_in_dynamics(
                kind, ((copies[hubspot_id(n + 1)], f"{kind} {n + 1} edited in its other copy") for n in numbers)
            )
        self.world.advance(minutes=5)

    def expected(self, kind: ActivityType, step: int) -> Counter[str]:
        """The subjects that both systems show in the end, each once."""
        subjects = []
        for n in range(self.each):
            hubspot, dynamics = f"{kind} {n} of HubSpot", f"{kind} {n} of Dynamics"
            if n % step == 0:
                hubspot, dynamics = f"{kind} {n} edited in HubSpot", f"{kind} {n} edited in Dynamics"
            if n % step == 1:
                hubspot, dynamics = f"{kind} {n} edited in its other copy", f"{kind} {n} edited in its copy"
            subjects += [hubspot, dynamics]
        return Counter(subjects)

    def subjects_in_hubspot(self, kind: ActivityType) -> Counter[str]:
        form = HUBSPOT[kind]
        held = self.world.sandboxes.hubspot.store.dump()["objects"][HUBSPOT_TYPES[kind]]
        shown = (one["properties"][form.subject or form.other] for one in held)
        return Counter(visible_text(one).partition("\n")[0] for one in shown)

    def subjects_in_dynamics(self, kind: ActivityType) -> Counter[str]:
        rows = self.world.sandboxes.dynamics.store.dump()["rows"][DYNAMICS_TABLES[kind]]
        return Counter(row["subject"] for row in rows)

    # --- people's hands

    def write_in_hubspot(self, kind: ActivityType, subjects: Iterable[tuple[int, str]], *, new: bool = False) -> None:
        self._put_in_hubspot(kind, ((hubspot_id(n), subject) for n, subject in subjects), new=new)

    def write_in_dynamics(self, kind: ActivityType, subjects: Iterable[tuple[int, str]], *, new: bool = False) -> None:
        self._put_in_dynamics(kind, ((dynamics_id(kind, n), subject) for n, subject in subjects), new=new)

    def _put_in_hubspot(self, kind: ActivityType, subjects: Iterable[tuple[str, str]], *, new: bool = False) -> None:
        form, object_type = HUBSPOT[kind], HUBSPOT_TYPES[kind]
        objects: list[dict[str, Any]] = [
            {"id": record_id, "properties": (form.always if new else {}) | _words(subject, new=new).in_form(form)}
            for record_id, subject in subjects
        ]
        links = [
            {"from": [object_type, one["id"]], "to": ["contacts", str(1001 + n % _CONTACTS)]}
            for n, one in enumerate(objects)
        ]
        self.world.seed({"hubspot": {"objects": {object_type: objects}, "associations": links if new else []}})

    def _put_in_dynamics(self, kind: ActivityType, subjects: Iterable[tuple[str, str]], *, new: bool = False) -> None:
        form = DYNAMICS[kind]
        key, about = ("annotationid", "objectid") if kind == "note" else ("activityid", "regardingobjectid")
        rows = []
        for n, (record_id, subject) in enumerate(subjects):
            row = {key: record_id, "modifiedby": {"type": "systemuser", "id": USER_ID}}
            row |= _words(subject, new=new).in_form(form)
            if new:
                row |= form.always | {about: {"type": "contact", "id": CONTACT_IDS[n % _CONTACTS]}}
            rows.append(row)
        self.world.seed({"dynamics": {"records": {DYNAMICS_TABLES[kind]: rows}}})

    def _copies(self, kind: ActivityType) -> dict[str, str]:
        with self.world.ledger() as ledger:
            links = [
                *ledger.links("hubspot", kind, [hubspot_id(n) for n in range(self.each)]).values(),
                *ledger.links("dynamics", kind, [dynamics_id(kind, n) for n in range(self.each)]).values(),
            ]
        return {row.origin_id: str(row.sides[row.counterpart].record_id) for row in links}


def hubspot_id(number: int) -> str:
    """The id of an activity that was made in HubSpot."""
    return str(_FIRST_ID + number)


def dynamics_id(kind: ActivityType, number: int) -> str:
    """The id of an activity that was made in Dynamics."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{kind} {number}"))


def _words(subject: str, *, new: bool) -> Words:
    return Words(subject, 0, closed=True) if new else Words(subject)


def open_in(world: World) -> Iterator[str]:
    """What the ledger holds as not done: nothing, when all is well."""
    with world.ledger() as ledger:
        for one in ledger.list_outstanding():
            yield f"{one.flow}/{one.activity_type}/{one.source_id} {one.state}: {one.reason}"
        for kind in ActivityType:
            yield from (f"pending {row.key}" for name in ("hubspot", "dynamics") for row in ledger.pending(name, kind))
            yield from (f"unfinished {row.key}" for row in ledger.unfinished(kind))
