"""Associations, merged element by element: one contact added here and another removed there are two changes.

An element is named `kind/id/role` in a system's own ids. What never was carried is never removed on the other side.
Records are merged in one system and not in the other, so that several elements may name one record of a side: each of
them stands for it, and it is parted from only with the last.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from activity_sync.activities.kinds import Role
from activity_sync.rules.values import AssociationDiff

_NO_MERGES: Mapping[str, str] = {}


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
    """What this flow does about a link's elements, as source keys, each in at most one of the first five sets.

    `add` and `remove` are writes to the target. `agree`: both sides show it, remember it as carried. `wait`: remember
    it as waiting. `forget`: on neither side any more, never carried and gone at the source, or still stood for there by
    another element. `parted`: the target keys that `remove` takes away. `moved`: (key, key of the record it was merged
    into, which the source shows instead). `leaves_none`: the target was read, and would show no element any more.
    """

    add: frozenset[str] = frozenset()
    remove: frozenset[str] = frozenset()
    agree: frozenset[str] = frozenset()
    wait: frozenset[str] = frozenset()
    forget: frozenset[str] = frozenset()
    parted: frozenset[str] = frozenset()
    moved: frozenset[tuple[str, str]] = frozenset()
    leaves_none: bool = False

    @property
    def diff(self) -> AssociationDiff:
        """What `decide` needs of it: the part that must be written."""
        return AssociationDiff(added=self.add, removed=self.remove, leaves_none=self.leaves_none)

    def without_removals(self) -> ElementMerge:
        """The same, where nothing is taken away in the target, and is remembered as it is."""
        return replace(self, remove=frozenset(), parted=frozenset(), leaves_none=False)


_IN_STEP = ElementMerge()


def element_key(kind: str, record_id: str, role: Role | str) -> str:
    """The name of an element in its own system."""
    return f"{kind}/{record_id}/{role}"


def parse_element_key(key: str) -> tuple[str, str, str]:
    """(kind, id, role) of a key; ValueError when it is not one. An id may hold any character but a slash."""
    kind, record_id, role = key.split("/")
    return kind, record_id, role


def merge_elements(
    known: Iterable[Element],
    *,
    source: Mapping[str, str | None],
    target: Collection[str] | None,
    merged_into: Mapping[str, str] = _NO_MERGES,
) -> ElementMerge:
    """Compare what both sides show with what was carried.

    `source`: each element the source shows now, with its key in the target, None where its record does not resolve.
    `target`: the elements the target shows now, None when it was not read. Elements that only the target shows are
    the mirror flow's. `merged_into`: by former key, the source key of the survivor.
    """
    known = list(known)
    if {element.source for element in known} == source.keys() and all(
        element.state is not ElementState.WAITING for element in known
    ):
        return _IN_STEP
    add, agree, wait, moved = set[str](), set[str](), set[str](), set[tuple[str, str]]()
    remembered = defaultdict[str, list[Element]](list)
    for element in known:
        survivor = merged_into.get(element.source, element.source)
        if element.source not in source and survivor in source:
            moved.add((element.source, survivor))
            remembered[survivor].append(element)
        else:
            remembered[element.source].append(element)
    stood_for = {element.target for key in source for element in remembered.get(key, ())}
    for key, counterpart in source.items():
        if any(element.state is not ElementState.WAITING for element in remembered.get(key, ())):
            continue  # in step, removed in the target (the mirror flow's business), or without a place there
        if counterpart is None:
            if key not in remembered:
                wait.add(key)
            continue
        stood_for.add(counterpart)
        (agree if target is not None and counterpart in target else add).add(key)
    parting = {
        key: {element.target for element in elements if _is_to_part(element, target)} - stood_for
        for key, elements in remembered.items()
        if key not in source
    }
    parted = frozenset[str]().union(*parting.values())
    return ElementMerge(
        add=frozenset(add),
        remove=frozenset(key for key, parted in parting.items() if parted),
        agree=frozenset(agree),
        wait=frozenset(wait),
        forget=frozenset(key for key, parted in parting.items() if not parted),
        parted=parted,
        moved=frozenset(moved),
        leaves_none=target is not None and bool(parted) and not add and parted >= set(target),
    )


def _is_to_part(element: Element, target: Collection[str] | None) -> bool:
    """Whether the target still shows what was carried there, as far as it was read."""
    carried = element.state is ElementState.CARRIED and bool(element.target)
    return carried and (target is None or element.target in target)


def flip(element: Element) -> Element:
    """The same row, seen from the mirror flow."""
    return Element(source=element.target, target=element.source, state=element.state)
