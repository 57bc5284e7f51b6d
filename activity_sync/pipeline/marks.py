"""What the records of both systems say of each other, in complete listings: keys, stamps, and who is in the bin.

As little as is needed is kept of each record, so that hundreds of thousands fit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import permutations

from activity_sync.activities.identity import RecordRef, key_bytes, own_key
from activity_sync.activities.kinds import ActivityType
from activity_sync.rules.kinship import Pair
from activity_sync.systems.records import KeyedRecord
from activity_sync.systems.system import System

GENERATIONS = 10
"""How many lives of one activity are looked for. Each but the first followed a delete that a person undid."""


@dataclass
class Listing:
    """All records of one system and type. `gone`: those in its bin, where it shows one.

    `keys`: by the bytes of a key, the records that carry it, or whose own id it is. `stamps`: by record id the system
    and the id that it is stamped with, and its key.
    """

    ids: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)
    keys: dict[bytes, list[str]] = field(default_factory=dict)
    stamps: dict[str, tuple[str, str, str]] = field(default_factory=dict)

    def add(self, record: KeyedRecord) -> None:
        """One more record. A listing may give one twice."""
        if record.id in self.ids or record.id in self.gone:
            return
        (self.gone if record.gone else self.ids).add(record.id)
        key = key_bytes(record.key or record.id)
        if key is not None:
            self.keys.setdefault(key, []).append(record.id)
        if record.source_system and record.source_id:
            self.stamps[record.id] = (record.source_system, record.source_id, record.key if key else "")

    def knows(self, record_id: str) -> bool:
        """Whether there is or was such a record, as far as the system tells."""
        return record_id in self.ids or record_id in self.gone


@dataclass(frozen=True, slots=True)
class Marks:
    """`pairs`: what the marks say, contradictions included. `strays`: living records under a key of nobody's.

    A stray is a copy whose original is gone without a trace, or another installation's.
    """

    pairs: tuple[Pair, ...]
    strays: tuple[RecordRef, ...]


async def list_records(system: System, activity_type: ActivityType) -> Listing:
    """The system's records of the type; complete, or an error."""
    listing = Listing()
    async for page in system.reader.keyed(activity_type):
        for record in page:
            listing.add(record)
    return listing


def read_marks(listings: Mapping[str, Listing], accounts: Mapping[str, str], activity_type: ActivityType) -> Marks:
    """`listings` and `accounts` (their ids) by system. Takes some seconds for a hundred thousand records."""
    pairs: list[Pair] = []
    explained: set[tuple[str, bytes]] = set()
    for origin, copy in permutations(listings, 2):
        reader = _Reader(origin, copy, listings, accounts[origin], activity_type)
        pairs += reader.by_key()
        pairs += reader.by_stamp()
        explained |= {(copy, key) for key in reader.explained}
    strays = [
        RecordRef(system, activity_type.value, record_id)
        for system, listing in listings.items()
        for key, ids in listing.keys.items()
        if (system, key) not in explained
        for record_id in ids
        if record_id in listing.ids
    ]
    return Marks(tuple(pairs), tuple(strays))


class _Reader:
    """The marks that records of `copy` carry of records of `origin`."""

    def __init__(
        self, origin: str, copy: str, listings: Mapping[str, Listing], account: str, activity_type: ActivityType
    ) -> None:
        self.origin = origin
        self.copy = copy
        self.originals = listings[origin]
        self.copies = listings[copy]
        self.account = account
        self.kind = activity_type.value
        self.explained: set[bytes] = set()

    def by_key(self) -> Iterator[Pair]:
        """Every key that is computed from an original, whatever else stands on the copy."""
        for generation in range(GENERATIONS):
            if len(self.explained) == len(self.copies.keys):
                return
            for record_id in (*self.originals.ids, *self.originals.gone):
                key = self._key(record_id, generation)
                found = key_bytes(key)
                if found is None or found not in self.copies.keys:
                    continue
                self.explained.add(found)
                for one in self.copies.keys[found]:
                    yield self._pair(record_id, one, key=key, generation=generation)

    def by_stamp(self) -> Iterator[Pair]:
        """Stamps where the key says nothing: adopted records, and copies whose original is gone without a trace."""
        for record_id, (system, source_id, key) in self.copies.stamps.items():
            carried = key_bytes(key)
            if system != self.origin or carried in self.explained:
                continue
            lives = [one for one in range(GENERATIONS) if key and self._key(source_id, one) == key.lower()]
            if lives:
                yield self._pair(source_id, record_id, key=key, generation=lives[0])
            elif not key or self.originals.knows(source_id):
                yield self._pair(source_id, record_id)
            # Else the key was computed in another account: it is another installation's copy, and no stray.
            if carried is not None:
                self.explained.add(carried)

    def _pair(self, original: str, copy: str, *, key: str = "", generation: int = 0) -> Pair:
        here, there = RecordRef(self.origin, self.kind, original), RecordRef(self.copy, self.kind, copy)
        gone = {
            record for record, listing in ((here, self.originals), (there, self.copies)) if record.id not in listing.ids
        }
        return Pair(here, there, key, generation, frozenset(gone))

    def _key(self, record_id: str, generation: int) -> str:
        source = RecordRef(self.origin, self.kind, record_id)
        return own_key(account=self.account, source=source, generation=generation)
