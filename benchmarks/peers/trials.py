"""What every tool is put through, each time between two fresh systems."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.peers.bench import Bench
from benchmarks.peers.outcomes import held, losses
from benchmarks.peers.tools import Place, Tool
from benchmarks.peers.work import Work

_INDEX_SECONDS = 5
"""HubSpot's search index lags, here as there."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One tool. `programs`: of its environment; `seconds`: after which a pass is stopped."""

    tool: Tool
    programs: Path
    latency_ms: float
    seconds: float

    def two_passes(self, work: Work) -> list[dict[str, Any]]:
        """What each pass cost and what is lost after it; no second one after a first that did not end well."""
        passes = []
        with self._between(work) as (bench, place, environ):
            first = self._pass("first", bench, place, environ)
            passes.append(first)
            if first["exit"] == 0:
                bench.seed("hubspot", work.later())
                time.sleep(_INDEX_SECONDS)
                passes.append(self._pass("second", bench, place, environ, work.late_ties))
        return passes

    def interrupted(self, work: Work) -> dict[str, Any]:
        """The first pass is killed when half of the e-mails are in Dynamics, and run again.

        `there`: how many were in Dynamics at the kill.
        """
        with self._between(work) as (bench, place, environ):
            there = bench.interrupt(self.tool, place, environ, work.emails // 2)
            return {"there": there, "passes": [self._pass("after a kill", bench, place, environ)]}

    def _pass(
        self, name: str, bench: Bench, place: Place, environ: dict[str, str], late_ties: frozenset[str] = frozenset()
    ) -> dict[str, Any]:
        cost = bench.run(self.tool, place, environ, self.seconds)
        lost = losses(held(bench.stored("hubspot")), bench.found(self.tool, place), late_ties)
        failed = cost.exit not in {0, None}
        return {"name": name, **asdict(cost), "lost": None if failed else lost.shown()}

    @contextmanager
    def _between(self, work: Work) -> Iterator[tuple[Bench, Place, dict[str, str]]]:
        with tempfile.TemporaryDirectory(prefix="activity-sync-peer-") as folder:
            home = Path(folder)
            with Bench(home, work.first(), self.latency_ms) as bench:
                place = Place(home, bench.systems, self.programs)
                yield bench, place, self.tool.prepare(place)
