"""Many activities of all types on both sides, and the question whether each of them stands once in either system."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from activity_sync.activities.kinds import ActivityType
from activity_sync.ledger.ledger import Ledger
from activity_sync.sandbox.hubspot.rewriting import visible_text
from activity_sync.sandbox.serve import RunningSandboxes
from activity_sync_tests.crashes.wording import DYNAMICS, HUBSPOT, Words
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


class Place(Protocol):
    """Where a crowd lives: a world whose time is held, or one in which it passes."""

    @property
    def sandboxes(self) -> RunningSandboxes: ...

    def seed(self, document: Mapping[str, Any]) -> None: ...

    def advance(self, **parts: float) -> None: ...

    def ledger(self) -> Ledger: ...


@dataclass(frozen=True)
class Crowd:
    """`each` activities of every type were made in HubSpot, and as many in Dynamics."""

    world: Place
    each: int

    def begin(self) -> None:
        """People and activities are there, and time has passed since."""
        self.world.seed({"hubspot": hubspot_people(_CONTACTS), "dynamics": dynamics_people(_CONTACTS)})
        for kind in ActivityType:
            self.write_in_hubspot(kind, ((n, f"{kind} {n} of HubSpot") for n in range(self.each)), new=True)
            self.write_in_dynamics(kind, ((n, f"{kind} {n} of Dynamics") for n in range(self.each)), new=True)
        self.world.advance(minutes=5)

    def go_on(self, step: int, kinds: Sequence[ActivityType] = tuple(ActivityType)) -> None:
        """Every `step`-th activity gets another subject where it was made, and every next one in its copy."""
        for kind in kinds:
            numbers = range(0, self.each, step)
            copies = self.copies(kind)
            self.write_in_hubspot(kind, ((n, f"{kind} {n} edited in HubSpot") for n in numbers))
            self.write_in_dynamics(kind, ((n, f"{kind} {n} edited in Dynamics") for n in numbers))
            self.put_in_hubspot(
                kind, ((copies[dynamics_id(kind, n + 1)], Words(f"{kind} {n + 1} edited in its copy")) for n in numbers)
            )
            self.put_in_dynamics(
                kind,
                ((copies[hubspot_id(n + 1)], Words(f"{kind} {n + 1} edited in its other copy")) for n in numbers),
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

    def showing(self, kind: ActivityType, other: int) -> tuple[int, int]:
        """How many activities show this value of their other field, in HubSpot and in Dynamics."""
        here = self.world.sandboxes.hubspot.store.dump()["objects"][HUBSPOT_TYPES[kind]]
        there = self.world.sandboxes.dynamics.store.dump()["rows"][DYNAMICS_TABLES[kind]]
        one, two = HUBSPOT[kind], DYNAMICS[kind]
        return (
            sum(_bare(each["properties"].get(one.other)) == _bare(one.others[other]) for each in here),
            sum(_bare(row.get(two.other)) == _bare(two.others[other]) for row in there),
        )

    # --- people's hands

    def write_in_hubspot(self, kind: ActivityType, subjects: Iterable[tuple[int, str]], *, new: bool = False) -> None:
        self.put_in_hubspot(kind, ((hubspot_id(n), _words(subject, new=new)) for n, subject in subjects), new=new)

    def write_in_dynamics(self, kind: ActivityType, subjects: Iterable[tuple[int, str]], *, new: bool = False) -> None:
        self.put_in_dynamics(
            kind, ((dynamics_id(kind, n), _words(subject, new=new)) for n, subject in subjects), new=new
        )

    def edit_beside(self, kind: ActivityType, step: int, other: int) -> None:
        """Every `step`-th activity gets another value of its other field in its copy.

        Not for a note, of which subject and text are one in HubSpot.
        """
        copies, numbers = self.copies(kind), range(0, self.each, step)
        self.put_in_hubspot(kind, ((copies[dynamics_id(kind, n)], Words(other=other)) for n in numbers))
        self.put_in_dynamics(kind, ((copies[hubspot_id(n)], Words(other=other)) for n in numbers))

    def put_in_hubspot(self, kind: ActivityType, words: Iterable[tuple[str, Words]], *, new: bool = False) -> None:
        form, object_type = HUBSPOT[kind], HUBSPOT_TYPES[kind]
        objects: list[dict[str, Any]] = [
            {"id": record_id, "properties": (form.always if new else {}) | one.in_form(form)}
            for record_id, one in words
        ]
        links = [
            {"from": [object_type, one["id"]], "to": ["contacts", str(1001 + n % _CONTACTS)]}
            for n, one in enumerate(objects)
        ]
        self.world.seed({"hubspot": {"objects": {object_type: objects}, "associations": links if new else []}})

    def put_in_dynamics(self, kind: ActivityType, words: Iterable[tuple[str, Words]], *, new: bool = False) -> None:
        form = DYNAMICS[kind]
        key, about = ("annotationid", "objectid") if kind == "note" else ("activityid", "regardingobjectid")
        rows = []
        for n, (record_id, one) in enumerate(words):
            row = {key: record_id, "modifiedby": {"type": "systemuser", "id": USER_ID}}
            row |= one.in_form(form)
            if new:
                row |= form.always | {about: {"type": "contact", "id": CONTACT_IDS[n % _CONTACTS]}}
            rows.append(row)
        self.world.seed({"dynamics": {"records": {DYNAMICS_TABLES[kind]: rows}}})

    def copies(self, kind: ActivityType) -> dict[str, str]:
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
    # Version 4, as Dynamics gives them: those of version 5 are keys of ours.
    return str(uuid.UUID(int=uuid.uuid5(uuid.NAMESPACE_OID, f"{kind} {number}").int, version=4))


def _bare(value: Any) -> Any:
    return visible_text(value) if isinstance(value, str) else value


def _words(subject: str, *, new: bool) -> Words:
    return Words(subject, 0, closed=True) if new else Words(subject)


def open_in(world: Place) -> Iterator[str]:
    """What the ledger holds as not done: nothing, when all is well."""
    with world.ledger() as ledger:
        for one in ledger.list_outstanding():
            yield f"{one.flow}/{one.activity_type}/{one.source_id} {one.state}: {one.reason}"
        for kind in ActivityType:
            yield from (f"pending {row.key}" for name in ("hubspot", "dynamics") for row in ledger.pending(name, kind))
            yield from (f"unfinished {row.key}" for row in ledger.unfinished(kind))
