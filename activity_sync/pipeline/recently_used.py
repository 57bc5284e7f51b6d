"""A memory of bounded size: what was not used for longest is forgotten first."""

from __future__ import annotations

from collections.abc import Collection, Hashable
from itertools import islice
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class RecentlyUsed(Generic[K, V]):
    """Values by key. `make_room` comes before the use of any: whatever it was asked for is there until the next time.

    So the memory holds `capacity` values, or all that is wanted at once where that is more.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._values: dict[K, V] = {}

    def __contains__(self, key: K) -> bool:
        return key in self._values

    def __getitem__(self, key: K) -> V:
        return self._values[key]

    def __setitem__(self, key: K, value: V) -> None:
        self._values[key] = value

    def __len__(self) -> int:
        return len(self._values)

    def make_room(self, wanted: Collection[K]) -> set[K]:
        """Those of the wanted keys that have no value. There is room for them, and those that have one keep it."""
        keys = set(wanted)
        present = keys & self._values.keys()
        for key in present:
            self._values[key] = self._values.pop(key)  # last in the order in which they go
        others = len(self._values) - len(present)
        for key in list(islice(self._values, max(others - max(self._capacity - len(keys), 0), 0))):
            del self._values[key]
        return keys - present
