"""Associations, merged element by element: one contact added here and another removed there are two changes.

An element is named `kind/id/role` in a system's own ids. What never was carried is never removed on the other side.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from activity_sync.activities.kinds import Role
from activity_sync.rules.values import AssociationDiff


class ElementState(StrEnum):
    """`carried`: on both sides. `waiting`: its record is not in the target yet. `lost`: the target has no place."""

    CARRIED = "carried"
    WAITING = "waiting"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Element:
    """A row of the element table, seen from a flow: keys of both sides. `target` is empty until it resolved."""

    source: str
    target: str = ""
    state: ElementState = ElementState.CARRIED


@dataclass(frozen=True, slots=True)
class ElementMerge:
    """What this flow does about a link's elements, as source keys, each in at most one set.

    `add` and `remove` are writes to the target. `agree`: both sides show it, remember it as carried. `wait`: remember
    it as waiting. `forget`: on neither side any more, or never carried and gone at the source.
    """

    add: frozenset[str] = frozenset()
    remove: frozenset[str] = frozenset()
    agree: frozenset[str] = frozenset()
    wait: frozenset[str] = frozenset()
    forget: frozenset[str] = frozenset()

    @property
    def diff(self) -> AssociationDiff:
        """What `decide` needs of it: the part that must be written."""
        return AssociationDiff(added=self.add, removed=self.remove)


def element_key(kind: str, record_id: str, role: Role | str) -> str:
    """The name of an element in its own system."""
    return f"{kind}/{record_id}/{role}"


def parse_element_key(key: str) -> tuple[str, str, str]:
    """(kind, id, role) of a key; ValueError when it is not one. An id may hold any character but a slash."""
    kind, record_id, role = key.split("/")
    return kind, record_id, role


def merge_elements(
    known: Iterable[Element], *, source: Mapping[str, str | None], target: Collection[str] | None
) -> ElementMerge:
    """Compare what both sides show with what was carried.

    `source`: each element the source shows now, with its key in the target, None where its record does not resolve.
    `target`: the elements the target shows now, None when it was not read. Elements that only the target shows are
    the mirror flow's.
    """
    add, remove, agree, wait, forget = set[str](), set[str](), set[str](), set[str](), set[str]()
    remembered = {element.source: element for element in known}
    for key, element in remembered.items():
        if key in source:
            continue
        still_there = element.target and (target is None or element.target in target)
        carried = element.state is ElementState.CARRIED
        (remove if carried and still_there else forget).add(key)
    for key, counterpart in source.items():
        before = remembered.get(key)
        if before is not None and before.state is not ElementState.WAITING:
            continue  # in step, removed in the target (the mirror flow's business), or without a place there
        if counterpart is None:
            if before is None:
                wait.add(key)
        elif target is not None and counterpart in target:
            agree.add(key)
        else:
            add.add(key)
    return ElementMerge(*map(frozenset, (add, remove, agree, wait, forget)))


def flip(element: Element) -> Element:
    """The same row, seen from the mirror flow."""
    return Element(source=element.target, target=element.source, state=element.state)
