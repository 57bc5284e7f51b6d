"""`python -m benchmarks.memory`: the most memory that the worker holds, for windows of several sizes.

All activities lie in one partition. The four steps run in one process, one after the other, as in a run; its peak is
read after each of them, so that a step's figure is the most of all steps so far. The sandboxes and what makes the
activities run in other processes.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.documents import Measurement
from benchmarks.working import FLOWS, worked

GOAL_MIB = 600


@dataclass(frozen=True)
class Peak:
    """The most that the worker has held, in MiB: of the whole run, and until the end of each step."""

    flow: str
    emails: int
    mib: float
    after_step: dict[str, float]
    seconds: float


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures, prints, and writes the result where `--out` says."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.memory", description=__doc__)
    parser.add_argument("--emails", type=int, nargs="+", default=[20_000, 200_000], help="sizes of the window")
    parser.add_argument("--flow", choices=FLOWS, default=FLOWS[0])
    parser.add_argument("--out", type=Path, help="file for the result; by default one named by the day")
    given = parser.parse_args(arguments)
    sizes = " ".join(map(str, given.emails))
    measurement = Measurement.begin("memory", f"python -m benchmarks.memory --flow {given.flow} --emails {sizes}")
    peaks = []
    for emails in given.emails:
        peaks.append(measure(given.flow, emails))
        print(f"{emails:,} activities: {peaks[-1].mib} MiB at the most (goal {GOAL_MIB}), {peaks[-1].after_step}")
    measurement.keep({"peaks": [asdict(one) for one in peaks]}, given.out)
    return 0


def measure(flow: str, emails: int) -> Peak:
    """One run over a window of this size."""
    [one] = worked(flow, emails)
    if one["counts"]["created"] != emails:
        raise SystemExit(f"{flow}: not all {emails} were created, but {one['counts']}; the measurement means nothing")
    after = {step["step"]: step["peak_mib"] for step in one["steps"]}
    return Peak(flow, emails, max(after.values()), after, round(sum(step["seconds"] for step in one["steps"]), 1))


if __name__ == "__main__":
    sys.exit(main())
