"""How often Python looks for cycles while activities are carried."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_NEW_OBJECTS = 100_000
"""So many are made before the newest are looked through; the older ones after as many such looks as ever."""


class Collecting:
    """How often Python looks for cycles: one setting of the process, which the sessions of its threads share.

    A batch is some hundred thousand values that all live until its end and have no cycles; to look through them
    every 700 objects costs an eighth of a run.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open = 0
        self._before = gc.get_threshold()

    @contextmanager
    def rarely(self) -> Iterator[None]:
        """Rarely inside, and as before when the last of those inside has left."""
        with self._lock:
            if not self._open:
                self._before = gc.get_threshold()
                gc.set_threshold(_NEW_OBJECTS)
            self._open += 1
        try:
            yield
        finally:
            with self._lock:
                self._open -= 1
                if not self._open:
                    gc.set_threshold(*self._before)


COLLECTING = Collecting()
