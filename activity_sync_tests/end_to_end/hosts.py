"""Run workers as of several hosts: processes with nothing in common but a PostgreSQL and an object store.

Each has a name and an empty home of its own, holds leases as runs do, and keeps the limits that both APIs publish. They
are forked from the server that `at_once.py` uses.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import socket
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

from activity_sync.activities.identity import Flow
from activity_sync.activities.kinds import ActivityType
from activity_sync.bootstrap import open_session
from activity_sync.pipeline.extract import extract
from activity_sync.pipeline.leasing import holder_of, holding
from activity_sync.pipeline.load import load
from activity_sync.pipeline.report import COUNTS
from activity_sync.pipeline.resolve import resolve
from activity_sync.pipeline.scope import Mode, Scope
from activity_sync.pipeline.transform import transform
from activity_sync.settings import Settings
from activity_sync_tests.crashes.carrying import settle_in
from activity_sync_tests.end_to_end.at_once import today

_PATIENCE_SECONDS = 120.0


@dataclass(frozen=True)
class Worker:
    """One process on a host of this name, and the flows and types that it carries, in this order."""

    host: str
    environ: Mapping[str, str]
    errand: Sequence[tuple[Flow, ActivityType]]


@dataclass
class Working:
    """A worker under way."""

    process: BaseProcess
    answer: Connection

    def counts(self) -> Counter[str]:
        """What became of the records. RuntimeError for a worker that fails, or hangs."""
        if not self.answer.poll(_PATIENCE_SECONDS):
            raise RuntimeError("a worker hangs")
        try:
            found: Counter[str] = self.answer.recv()
        except EOFError:
            raise RuntimeError("a worker failed; its traceback is above") from None
        return found

    def kill(self) -> None:
        """It ends at once, wherever it is."""
        self.process.kill()
        self.process.join()


@contextmanager
def at_work(workers: Sequence[Worker]) -> Iterator[list[Working]]:
    """The workers begin together; none is left when the block ends."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["activity_sync_tests.crashes.warm"])
    door = context.Barrier(len(workers))
    started = []
    try:
        for worker in workers:
            ours, theirs = context.Pipe(duplex=False)
            process = context.Process(target=_work, args=(worker, door, theirs), daemon=True)
            process.start()
            theirs.close()
            started.append(Working(process, ours))
        yield started
    finally:
        for one in started:
            one.kill()
            one.answer.close()


def _work(worker: Worker, door: Any, answers: Connection) -> None:
    settle_in(worker.environ)
    socket.gethostname = lambda: worker.host
    answers.send(asyncio.run(_carry(worker, door)))


async def _carry(worker: Worker, door: Any) -> Counter[str]:
    found: Counter[str] = Counter()
    async with open_session(Settings.from_environ()) as session:
        await session.identify()
        door.wait(_PATIENCE_SECONDS)
        for flow, kind in worker.errand:
            scope = Scope(flow, kind, str(uuid.uuid4()), today(), Mode.WHOLE)
            async with holding(session, flow, kind, holder_of(scope.run_id)):
                for step in (extract, resolve, transform, load):
                    report = await step(session, scope)
            for counts in report.by_partition(COUNTS).values():
                found.update({name: number for name, number in counts.items() if number})
    return found
