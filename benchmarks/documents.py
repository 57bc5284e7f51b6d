"""A measurement as data: what was run, when, where and on which commit, beside what was found."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from benchmarks.where import commit, machine


@dataclass(frozen=True, slots=True)
class Measurement:
    """One run of a benchmark. `load_before`: how busy the machine was before, as its load average of a minute."""

    benchmark: str
    command: str
    began: datetime
    load_before: float

    @classmethod
    def begin(cls, benchmark: str, command: str) -> Self:
        """Now. `command`: what a person types to repeat it."""
        return cls(benchmark, command, datetime.now(tz=UTC), os.getloadavg()[0])

    def keep(self, found: Mapping[str, Any], out: Path | None) -> Path:
        """Writes what was found to `out`, or to a file of the benchmark's results that is named by the day."""
        document = {
            "benchmark": self.benchmark,
            "at": self.began.isoformat(timespec="seconds"),
            "command": self.command,
            "commit": commit(),
            "machine": machine() | {"load_before": round(self.load_before, 2)},
            **found,
        }
        out = out or Path(__file__).parent / self.benchmark / "results" / f"{self.began:%Y-%m-%d}.json"
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
        return out
