"""Which record hangs on which, and under which labels; every fact is kept as seen from both sides."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from activity_sync.sandbox.hubspot.association_types import (
    USER_DEFINED,
    AssociationType,
    initial_association_types,
)

Ref = tuple[str, str]
"""Object type name and record id."""

PRIMARY = "Primary"


class Associations:
    """The associations of a portal. Knows nothing of whether the records exist."""

    def __init__(self) -> None:
        self._kinds: dict[tuple[str, str], dict[int, AssociationType]] = {}
        self._links: dict[Ref, dict[str, dict[str, dict[int, AssociationType]]]] = {}
        for kind in initial_association_types():
            self._kinds.setdefault((kind.source, kind.target), {})[kind.type_id] = kind

    def kinds(self, source: str, target: str) -> list[AssociationType]:
        """Give the kinds from one object type to another; empty where the two cannot be associated."""
        return list(self._kinds.get((source, target), {}).values())

    def find(self, source: str, target: str, *, category: str, type_id: int) -> AssociationType | None:
        """Find the kind of this id in this direction."""
        kind = self._kinds.get((source, target), {}).get(type_id)
        return kind if kind is not None and kind.category == category else None

    def default(self, source: str, target: str) -> AssociationType | None:
        """Give the plain kind of this direction."""
        return next((kind for kind in self.kinds(source, target) if kind.is_default), None)

    def define_label(self, source: str, target: str, label: str) -> tuple[AssociationType, AssociationType]:
        """Add a label of the portal's own; gives both directions."""
        taken = [type_id for kinds in self._kinds.values() for type_id in kinds]
        there, back = max(1000, *taken) + 1, max(1000, *taken) + 2
        kind = AssociationType(there, source, target, back, label, USER_DEFINED)
        for each in (kind, kind.inverse()):
            self._kinds.setdefault((each.source, each.target), {})[each.type_id] = each
        return kind, kind.inverse()

    def set(self, source: Ref, target: Ref, kinds: Iterable[AssociationType]) -> bool:
        """Associate two records under exactly these kinds and the plain one; says whether anything changed."""
        wanted = {kind.type_id: kind for kind in kinds}
        plain = self.default(source[0], target[0])
        if plain is not None:
            wanted = {plain.type_id: plain} | wanted
        present = self._between(source, target)
        if present.keys() == wanted.keys():
            return False
        for kind in wanted.values():
            if kind.label == PRIMARY:
                self._take_primary_from_others(source, target, kind)
        self._put(source, target, wanted)
        self._put(target, source, {kind.inverse_id: self._inverse(kind) for kind in wanted.values()})
        return True

    def remove(self, source: Ref, target: Ref) -> bool:
        """Part two records; says whether they were associated."""
        present = bool(self._between(source, target))
        self._put(source, target, {})
        self._put(target, source, {})
        return present

    def remove_kinds(self, source: Ref, target: Ref, kinds: Iterable[AssociationType]) -> None:
        """Take labels off a pair; taking the plain kind parts the two records."""
        gone = list(kinds)
        if any(kind.is_default for kind in gone):
            self.remove(source, target)
            return
        kept = {
            type_id: kind
            for type_id, kind in self._between(source, target).items()
            if type_id not in {each.type_id for each in gone}
        }
        self._put(source, target, kept)
        self._put(target, source, {kind.inverse_id: self._inverse(kind) for kind in kept.values()})

    def of(self, source: Ref, target_type: str) -> dict[str, list[AssociationType]]:
        """Give the associated ids of one type with their kinds, ordered by id."""
        found = self._links.get(source, {}).get(target_type, {})
        return {target: list(found[target].values()) for target in sorted(found, key=lambda each: (len(each), each))}

    def all_of(self, source: Ref) -> Iterator[Ref]:
        """Give every record that this one is associated with."""
        for target_type, targets in self._links.get(source, {}).items():
            for target in targets:
                yield (target_type, target)

    def move(self, old: Ref, new: Ref) -> None:
        """Hang everything that hangs on one record on another (merge)."""
        for target in list(self.all_of(old)):
            kinds = self._between(old, target) | self._between(new, target)
            self.remove(old, target)
            if target != new:
                self.set(new, target, kinds.values())

    def drop(self, ref: Ref) -> None:
        """Forget everything that hangs on a record."""
        for target in list(self.all_of(ref)):
            self.remove(ref, target)

    def everything(self) -> Iterator[tuple[Ref, Ref, list[AssociationType]]]:
        """Give every association once, in the direction in which it was first made."""
        seen: set[frozenset[Ref]] = set()
        for source, by_type in self._links.items():
            for target_type, targets in by_type.items():
                for target, kinds in targets.items():
                    pair = frozenset({source, (target_type, target)})
                    if pair not in seen:
                        seen.add(pair)
                        yield source, (target_type, target), list(kinds.values())

    def _between(self, source: Ref, target: Ref) -> dict[int, AssociationType]:
        return self._links.get(source, {}).get(target[0], {}).get(target[1], {})

    def _put(self, source: Ref, target: Ref, kinds: dict[int, AssociationType]) -> None:
        if kinds:
            self._links.setdefault(source, {}).setdefault(target[0], {})[target[1]] = kinds
        elif self._between(source, target):
            del self._links[source][target[0]][target[1]]

    def _inverse(self, kind: AssociationType) -> AssociationType:
        return self._kinds[(kind.target, kind.source)][kind.inverse_id]

    def _take_primary_from_others(self, source: Ref, target: Ref, kind: AssociationType) -> None:
        """A record has one primary company: the label leaves the one that had it."""
        towards_company, record, company = (
            (kind, source, target) if kind.target == "companies" else (self._inverse(kind), target, source)
        )
        for other, kinds in self.of(record, "companies").items():
            if other != company[1] and any(each.type_id == towards_company.type_id for each in kinds):
                self.remove_kinds(record, ("companies", other), [towards_company])
