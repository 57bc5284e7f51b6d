"""Runs in processes of their own, as many at once as a test wants.

None of them takes a lease: what protects them from one another is the claim alone. They are forked from a server that
has imported what is imported here, which is why Dagster is not.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from threading import BrokenBarrierError
from typing import Any

from activity_sync.activities.identity import Flow
from activity_sync.activities.kinds import ActivityType
from activity_sync.bootstrap import open_session
from activity_sync.configuration import FLOWS
from activity_sync.pipeline.extract import extract
from activity_sync.pipeline.load import load
from activity_sync.pipeline.report import COUNTS
from activity_sync.pipeline.resolve import resolve
from activity_sync.pipeline.scope import Mode, Partitions, Scope, midnight
from activity_sync.pipeline.transform import transform
from activity_sync.settings import Settings
from activity_sync.systems.records import Window
from activity_sync_tests.crashes.carrying import hurry, settle_in

_STEPS = {"extract": extract, "resolve": resolve, "transform": transform, "load": load}
_PATIENCE_SECONDS = 120.0

Counts = Mapping[str, int]


@dataclass(frozen=True)
class Leg:
    """Some steps of one run for one flow and type; all four of a new run where nothing else is said."""

    flow: Flow
    kind: ActivityType
    run_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    steps: Sequence[str] = tuple(_STEPS)


def legs(
    *, mirror_first: bool = False, kinds: Sequence[ActivityType] = tuple(ActivityType), passes: int = 1
) -> list[Leg]:
    """Passes of both flows over these types, the flows taking turns at each type."""
    flows = FLOWS[::-1] if mirror_first else FLOWS
    return [Leg(flow, kind) for _ in range(passes) for kind in kinds for flow in flows]


@dataclass
class Running:
    """Processes under way."""

    processes: Sequence[BaseProcess]
    answers: Sequence[Connection]

    def under_way(self) -> bool:
        """Whether any of them still runs."""
        return any(one.is_alive() for one in self.processes)

    def counts(self) -> list[Counts]:
        """What each process loaded, in order. RuntimeError for one that fails, or hangs, as two that wait in turns do.

        Waits for all of them.
        """
        found = []
        for number, answer in enumerate(self.answers):
            if not answer.poll(_PATIENCE_SECONDS):
                raise RuntimeError(f"process {number} hangs")
            try:
                found.append(answer.recv())
            except EOFError:
                raise RuntimeError(f"process {number} failed; its traceback is above") from None
        for process in self.processes:
            process.join()
        return found


@contextmanager
def starting(environ: Mapping[str, str], errands: Sequence[Sequence[Leg]]) -> Iterator[Running]:
    """One process for each errand; they begin together. None is left when the block ends."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["activity_sync_tests.crashes.warm"])
    door = context.Barrier(len(errands))
    pipes = [context.Pipe(duplex=False) for _ in errands]
    processes = [
        context.Process(target=_run, args=(environ, errand, door, theirs), daemon=True)
        for errand, (_, theirs) in zip(errands, pipes, strict=True)
    ]
    for process, (_, theirs) in zip(processes, pipes, strict=True):
        process.start()
        theirs.close()
    try:
        yield Running(processes, [ours for ours, _ in pipes])
    finally:
        for process, (ours, _) in zip(processes, pipes, strict=True):
            process.kill()
            process.join()
            ours.close()


def run_at_once(environ: Mapping[str, str], errands: Sequence[Sequence[Leg]]) -> list[Counts]:
    """What each process loaded."""
    with starting(environ, errands) as running:
        return running.counts()


def run(environ: Mapping[str, str], *errand: Leg) -> Counts:
    """The same in a single process."""
    return run_at_once(environ, [errand])[0]


def _run(environ: Mapping[str, str], errand: Sequence[Leg], door: Any, answers: Connection) -> None:
    settle_in(environ)
    hurry()
    answers.send(asyncio.run(_carry(errand, door)))


async def _carry(errand: Sequence[Leg], door: Any) -> Counts:
    found: Counter[str] = Counter()
    async with open_session(Settings.from_environ()) as session:
        try:
            door.wait(_PATIENCE_SECONDS)
        except BrokenBarrierError:
            raise RuntimeError("another process did not come as far as the start") from None
        for leg in errand:
            scope = Scope(leg.flow, leg.kind, leg.run_id, today(), Mode.WHOLE)
            for name in leg.steps:
                report = await _STEPS[name](session, scope)
                if name == "load":
                    for counts in report.by_partition(COUNTS).values():
                        found.update(counts)
    return {name: number for name, number in found.items() if number}


def today() -> Partitions:
    """Yesterday and today: a night may fall between a record and its run."""
    today = datetime.now(tz=UTC).date()
    days = (today - timedelta(days=1), today)
    window = Window(midnight(days[0]), midnight(today + timedelta(days=1)))
    return Partitions(tuple(day.isoformat() for day in days), window)
