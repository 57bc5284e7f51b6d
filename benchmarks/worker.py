"""`python -m benchmarks.worker FLOW DAY`: the four steps over one day's e-mails, in a process of their own.

It does what the four assets of a run do, in one process, without Dagster around them, and prints as JSON what each step
cost this process. The systems and the files are those of the environment.
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import json
import resource
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

from activity_sync.activities.identity import Flow
from activity_sync.activities.kinds import ActivityType
from activity_sync.bootstrap import open_session
from activity_sync.pipeline.extract import extract
from activity_sync.pipeline.leasing import leased
from activity_sync.pipeline.load import load
from activity_sync.pipeline.resolve import resolve
from activity_sync.pipeline.scope import Partitions, Scope
from activity_sync.pipeline.session import Session
from activity_sync.pipeline.transform import transform
from activity_sync.systems.records import Window

_STEPS = (extract, resolve, transform, load)
_KIB_IN_MIB = 1024


@dataclass(frozen=True, slots=True)
class StepCost:
    """What a step cost. `cpu_seconds`: of all threads. `peak_mib`: the most that the process has held until its end."""

    step: str
    cpu_seconds: float
    seconds: float
    peak_mib: float


@dataclass(frozen=True, slots=True)
class Pass:
    """One pass over the day. `counts`: of its load."""

    counts: dict[str, int]
    steps: tuple[StepCost, ...]


def main(arguments: Sequence[str] | None = None) -> int:
    """Does the passes and prints them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.worker", description=__doc__)
    parser.add_argument("flow", type=Flow.parse)
    parser.add_argument("day", type=lambda text: datetime.fromisoformat(text).replace(tzinfo=UTC))
    parser.add_argument("--passes", type=int, default=1, help="how often the day is read and carried")
    parser.add_argument("--profile", type=Path, help="file for a profile of the thread in which the steps run")
    given = parser.parse_args(arguments)
    profile = cProfile.Profile(time.thread_time) if given.profile else None
    passes = asyncio.run(work(given.flow, given.day, given.passes, profile))
    if profile is not None:
        profile.dump_stats(given.profile)
    json.dump([asdict(one) for one in passes], sys.stdout)
    return 0


async def work(flow: Flow, day: datetime, passes: int, profile: cProfile.Profile | None) -> list[Pass]:
    """The passes, one after the other in one session."""
    async with open_session() as session:
        return [await carry(session, scope_of(flow, day), profile) for _ in range(passes)]


def scope_of(flow: Flow, day: datetime) -> Scope:
    """A run of its own over the e-mails of the day."""
    partitions = Partitions((day.date().isoformat(),), Window(day, day + timedelta(days=1)))
    return Scope(flow=flow, activity_type=ActivityType.EMAIL, run_id=str(uuid4()), partitions=partitions)


async def carry(session: Session, scope: Scope, profile: cProfile.Profile | None) -> Pass:
    """The four steps, each measured."""
    costs = []
    for step in _STEPS:
        began, cpu = time.monotonic(), time.process_time()
        if profile is not None:
            profile.enable()
        report = await leased(session, scope, step)
        if profile is not None:
            profile.disable()
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _KIB_IN_MIB
        costs.append(
            StepCost(
                step.__name__,
                round(time.process_time() - cpu, 3),
                round(time.monotonic() - began, 1),
                round(peak, 1),
            )
        )
    return Pass({name: number for counts in report.counts.values() for name, number in counts.items()}, tuple(costs))


if __name__ == "__main__":
    sys.exit(main())
