"""Which records of two systems are one activity, by what the records say of themselves: for a ledger that was lost.

A copy carries the key that is computed from its original, or is stamped with its id. Nothing is guessed: a record that
several claim, or that claims several, is a person's to decide (case 4).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from activity_sync.activities.identity import RecordRef


@dataclass(frozen=True, slots=True)
class Pair:
    """Two records that say they are one activity. `key`: ours, under which the copy was created; "" for a stamp alone.

    `gone`: those of the two that are known to be deleted, or of which nothing is known but their id.
    """

    origin: RecordRef
    copy: RecordRef
    key: str = ""
    generation: int = 0
    gone: frozenset[RecordRef] = frozenset()

    def other(self, record: RecordRef) -> RecordRef:
        """The record that this one is paired with."""
        return self.copy if record == self.origin else self.origin


@dataclass(frozen=True, slots=True)
class Kinship:
    """`pairs`: both records are nobody else's. `ended`: only one of the two is left, and it has no other pair.

    `contested`: records that more than one claims, each with all of its candidates.
    """

    pairs: tuple[Pair, ...] = ()
    ended: tuple[Pair, ...] = ()
    contested: Mapping[RecordRef, tuple[RecordRef, ...]] = field(default_factory=dict)


def sort_pairs(found: Iterable[Pair], *, settled: Collection[RecordRef] = ()) -> Kinship:
    """What is certain, what has ended, and what is contested. Pairs between the same two records count once.

    `settled`: records that have their counterpart already. A record whose only claims are on those is contested too:
    it is a copy of something that has another copy.
    """
    living: dict[frozenset[RecordRef], Pair] = {}
    halves: dict[RecordRef, Pair] = {}
    for pair in sorted(found, key=_rank):
        if not pair.gone:
            living.setdefault(frozenset((pair.origin, pair.copy)), pair)
        elif len(pair.gone) == 1:
            (gone,) = pair.gone
            halves.setdefault(pair.other(gone), pair)
    partners: defaultdict[RecordRef, set[RecordRef]] = defaultdict(set)
    for pair in living.values():
        partners[pair.origin].add(pair.copy)
        partners[pair.copy].add(pair.origin)
    taken = set(settled)
    single = []
    contested: dict[RecordRef, tuple[RecordRef, ...]] = {}
    for pair in living.values():
        ends = (pair.origin, pair.copy)
        if all(one not in taken and len(partners[one]) == 1 for one in ends):
            single.append(pair)
            continue
        contested |= {one: tuple(sorted(partners[one])) for one in ends if one not in taken}
    ended = tuple(pair for one, pair in halves.items() if one not in partners and one not in taken)
    return Kinship(tuple(single), ended, contested)


def _rank(pair: Pair) -> tuple[bool, int, RecordRef, RecordRef]:
    """A key says more than a stamp, and the latest life more than an earlier one."""
    return (not pair.key, -pair.generation, pair.origin, pair.copy)
