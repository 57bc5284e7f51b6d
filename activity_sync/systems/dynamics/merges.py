"""Records that were merged: which one stands for them now, and what it has from them. Pure.

A merged row stays, deactivated, and names its master; the master does not name it. Masters are merged in their turn.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from activity_sync.systems.records import NaturalKey


@dataclass(frozen=True, slots=True)
class Entry:
    """A record, and the id of the record it was merged into; empty when it was not."""

    key: NaturalKey
    master: str = ""


def merged_with(known: Mapping[str, Entry]) -> set[str]:
    """The ids of all records that take part in a merge: masters, and what was merged."""
    return {one for each in known.values() if each.master for one in (each.key.id, each.master)}


def survivors(known: Mapping[str, Entry]) -> dict[str, NaturalKey]:
    """By id, the key of the record that stands for each: its own, or its survivor's.

    A survivor's key has its own addresses first, then those of all records that were merged into it. A record that was
    merged into one that is not known, or in a circle, has no better key than its own, and is not active.
    """
    last = {record_id: _survivor(one, known) for record_id, one in known.items()}
    keys = {one.key.id: replace(one.key, active=False) if one.master else one.key for one in last.values()}
    for record_id in sorted(known):
        into = last[record_id].key.id
        if into != record_id:
            keys[into] = _united(keys[into], known[record_id].key)
    return {record_id: keys[one.key.id] for record_id, one in last.items()}


def is_dead_end(entry: Entry, known: Mapping[str, Entry]) -> bool:
    """Whether it was merged into a record that is no more, or in a circle: nothing may be hung on it."""
    return bool(_survivor(entry, known).master)


def each_once(keys: Iterable[NaturalKey]) -> list[NaturalKey]:
    """One key per record, with what all of its keys say."""
    by_id: dict[str, NaturalKey] = {}
    for key in keys:
        by_id[key.id] = _united(by_id[key.id], key) if key.id in by_id else key
    return list(by_id.values())


def each_text(values: Iterable[str]) -> tuple[str, ...]:
    """The values that say something, each once whatever its case, as first written."""
    return tuple({one.casefold(): one for value in reversed(list(values)) if (one := value.strip())}.values())[::-1]


def _survivor(entry: Entry, known: Mapping[str, Entry]) -> Entry:
    seen = {entry.key.id}
    while entry.master in known and entry.master not in seen:
        entry = known[entry.master]
        seen.add(entry.key.id)
    return entry


def _united(one: NaturalKey, other: NaturalKey) -> NaturalKey:
    former = dict.fromkeys((*one.former_ids, other.id, *other.former_ids))
    stored = dict.fromkeys((*one.former_stored_ids, other.stored_id, *other.former_stored_ids))
    return replace(
        one,
        emails=each_text((*one.emails, *other.emails)),
        domains=each_text((*one.domains, *other.domains)),
        former_ids=tuple(each for each in former if each != one.id),
        former_stored_ids=tuple(each for each in stored if each and each != one.stored_id),
        former_names=each_text((*one.former_names, other.name, *other.former_names)),
    )
