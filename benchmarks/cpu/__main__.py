"""`python -m benchmarks.cpu`: what an activity costs the worker in CPU time, in both directions.

The sandboxes run in a process of their own, and the four steps in another, whose CPU time is taken: of all its threads,
and not the wall clock's, so that other work on the machine tells less. A second pass over the same day finds nothing to
write. The profile is of a third pass over fresh systems: what a profiler costs is in none of the figures.
"""

from __future__ import annotations

import argparse
import pstats
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.documents import Measurement
from benchmarks.working import FLOWS, worked

PASSES = ("new", "unchanged")
_TOP = 30
_ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Cost:
    """CPU time of one pass. `ms`: an activity, all steps together; `by_step`: the same of each step."""

    flow: str
    activities: str
    ms: float
    per_second: int
    by_step: dict[str, float]


@dataclass(frozen=True)
class Line:
    """A function of the profile: milliseconds an activity, alone and with what it calls, slowed by the profiler."""

    function: str
    calls: float
    own_ms: float
    ms: float


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures, prints, and writes the result where `--out` says."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cpu", description=__doc__)
    parser.add_argument("--emails", type=int, default=4_000, help="activities in each direction")
    parser.add_argument("--flow", choices=FLOWS, action="append", help="only this direction")
    parser.add_argument("--no-profile", action="store_true", help="leave the profile out")
    parser.add_argument("--out", type=Path, help="file for the result; by default one named by the day")
    given = parser.parse_args(arguments)
    measurement = Measurement.begin("cpu", f"python -m benchmarks.cpu --emails {given.emails}")
    costs: list[Cost] = []
    profiles: dict[str, list[Line]] = {}
    for flow in given.flow or FLOWS:
        costs += measure(flow, given.emails)
        if not given.no_profile:
            profiles[flow] = profiled(flow, given.emails)
    found = {
        "emails": given.emails,
        "costs": [asdict(one) for one in costs],
        "profiles": {flow: [asdict(one) for one in lines] for flow, lines in profiles.items()},
    }
    measurement.keep(found, given.out)
    for cost in costs:
        steps = ", ".join(f"{step} {ms}" for step, ms in cost.by_step.items())
        print(f"{cost.flow}, {cost.activities}: {cost.ms} ms an activity, {cost.per_second} a second ({steps})")
    for flow, lines in profiles.items():
        print(f"\n{flow}: milliseconds an activity under a profiler, own and all")
        for line in lines:
            print(f"{line.own_ms:8.3f} {line.ms:8.3f} {line.calls:8.2f}  {line.function}")
    return 0


def measure(flow: str, emails: int) -> list[Cost]:
    """A pass over new activities and one over the same, unchanged."""
    passes = worked(flow, emails, "--passes=2")
    for one, name in zip(passes, ("created", "unchanged"), strict=True):
        if one["counts"][name] != emails:
            raise SystemExit(f"{flow}: not all {emails} are {name}, but {one['counts']}; the measurement means nothing")
    return [cost_of(flow, name, one["steps"], emails) for one, name in zip(passes, PASSES, strict=True)]


def cost_of(flow: str, name: str, steps: Sequence[Mapping[str, Any]], emails: int) -> Cost:
    """The pass, by activity."""
    seconds = sum(one["cpu_seconds"] for one in steps)
    by_step = {one["step"]: round(one["cpu_seconds"] * 1000 / emails, 3) for one in steps}
    return Cost(flow, name, round(seconds * 1000 / emails, 3), round(emails / seconds), by_step)


def profiled(flow: str, emails: int) -> list[Line]:
    """The functions that cost most by themselves."""
    with tempfile.TemporaryDirectory(prefix="activity-sync-profile-") as folder:
        path = Path(folder) / "profile"
        worked(flow, emails, f"--profile={path}")
        stats: Mapping[tuple[str, int, str], tuple[int, int, float, float, Any]] = vars(pstats.Stats(str(path)))[
            "stats"
        ]
    lines = [
        Line(shown(place), *(round(number / emails, 4) for number in (calls, own * 1000, total * 1000)))
        for place, (_, calls, own, total, _callers) in stats.items()
    ]
    return sorted(lines, key=lambda line: -line.own_ms)[:_TOP]


def shown(place: tuple[str, int, str]) -> str:
    """A function as file, line and name, without the machine's own paths."""
    path, line, name = place
    if not line:
        return name
    file = Path(path)
    inside = file.relative_to(_ROOT) if file.is_relative_to(_ROOT) else file
    return f"{'/'.join(inside.parts[-3:])}:{line} {name}"


if __name__ == "__main__":
    sys.exit(main())
