"""One run of the product in a process of its own, which may be killed at any of its effects.

The process is forked from a small server that has imported the product and holds no thread and no connection: nothing
of the test process is in it. It drives the pipeline's own steps over a session that `bootstrap` opens, as the command
does it, without Dagster around them.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import uuid
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from multiprocessing.connection import Connection

from activity_sync.activities.identity import Flow
from activity_sync.activities.kinds import ActivityType
from activity_sync.bootstrap import open_session
from activity_sync.errors import ActivitySyncError
from activity_sync.http.client import ApiClient
from activity_sync.http.limits import NoLimits
from activity_sync.pipeline.extract import extract
from activity_sync.pipeline.leasing import holder_of, leased
from activity_sync.pipeline.load import load
from activity_sync.pipeline.report import COUNTS
from activity_sync.pipeline.resolve import resolve
from activity_sync.pipeline.scope import Mode, Partitions, Scope, midnight
from activity_sync.pipeline.session import Session
from activity_sync.pipeline.transform import transform
from activity_sync.settings import Settings
from activity_sync.systems import registry
from activity_sync.systems.dynamics import system as dynamics
from activity_sync.systems.dynamics.operations import Operations
from activity_sync.systems.hubspot import system as hubspot
from activity_sync.systems.records import Window
from activity_sync_tests.crashes.effects import Effects, Point, install

_STEPS = (extract, resolve, transform, load)
_DAYS_BACK, _DAYS_AHEAD = 2, 1
_LONGEST_RUN_SECONDS = 500.0

Counts = Mapping[str, int]


@dataclass(frozen=True)
class Job:
    """What a process carries: `types` of each of `flows`, in that order, at `now`, which stands still.

    It dies at `point`; without one it ends by itself.
    """

    environ: Mapping[str, str]
    flows: Sequence[Flow]
    types: Sequence[ActivityType]
    now: datetime
    point: Point | None = None


@dataclass(frozen=True)
class Ended:
    """How a process ended. A killed one leaves nothing; else what each flow carried, with its effects, in order.

    `errors`: what stopped a type in an outage, as an operator would read it. The other types are carried all the same.
    """

    killed: bool
    carried: Sequence[tuple[Counts, Sequence[str]]] = ()
    errors: Sequence[str] = ()

    @property
    def counts(self) -> list[Counts]:
        """What became of the records, by flow."""
        return [counts for counts, _ in self.carried]

    @property
    def effects(self) -> list[str]:
        """What was written, by all flows."""
        return [name for _, names in self.carried for name in names]


class Processes:
    """Starts runs, one at a time."""

    def __init__(self) -> None:
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["activity_sync_tests.crashes.warm"])

    def carry(self, job: Job) -> Ended:
        """The run's end. RuntimeError for a process that fails, hangs, or dies when it should not."""
        ours, theirs = self._context.Pipe(duplex=False)
        process = self._context.Process(target=_run, args=(job, theirs), daemon=True)
        process.start()
        theirs.close()
        try:
            if not ours.poll(_LONGEST_RUN_SECONDS):
                process.kill()
                raise RuntimeError("a run hangs")
            ended: Ended | None = ours.recv()
        except EOFError:
            ended = None
        finally:
            process.join()
            ours.close()
        if ended is not None:
            return ended
        if process.exitcode != -signal.SIGKILL or job.point is None:
            raise RuntimeError(f"a run ended with {process.exitcode}; its traceback is above")
        return Ended(killed=True)


def _run(job: Job, answers: Connection) -> None:
    settle_in(job.environ)
    hurry(lambda: job.now)
    answers.send(asyncio.run(_carry(job, install(job.point))))


def settle_in(environ: Mapping[str, str]) -> None:
    """This process has this environment alone.

    The server that it was forked from has the one of the test that came first, which may name another ledger.
    """
    os.environ.clear()
    os.environ.update(environ)


def hurry(now: Callable[[], datetime] = lambda: datetime.now(tz=UTC)) -> None:
    """What would only be waited for passes a thousand times faster: limits that time never lifts, and retries.

    `now`: the time by which the servers' clocks are judged. Where theirs stand still, so must ours.
    """
    registry.SharedLimits = lambda *_args, **_kwargs: NoLimits()  # type: ignore[assignment,misc]

    async def sleep(seconds: float) -> None:
        await asyncio.sleep(seconds / 1000)

    for system in (hubspot, dynamics):
        system.ApiClient = lambda *given, **named: ApiClient(*given, **{**named, "sleep": sleep, "now": now})  # type: ignore[misc,assignment]
    dynamics.Operations = partial(Operations, sleep=sleep)  # type: ignore[misc,assignment]


async def _carry(job: Job, effects: Effects) -> Ended:
    carried: list[tuple[Counts, Sequence[str]]] = []
    errors = []
    async with open_session(Settings.from_environ()) as session:
        session.clock = lambda: job.now
        for flow in job.flows:
            found: Counter[str] = Counter()
            before = len(effects.names)
            for kind in job.types:
                try:
                    found.update(await carry_one(session, flow, kind, partitions_around(job.now)))
                except ActivitySyncError as error:
                    errors.append(f"{flow.name}/{kind}: {type(error).__name__}: {error.message}")
            carried.append(({name: number for name, number in found.items() if number}, effects.names[before:]))
    return Ended(killed=False, carried=carried, errors=errors)


async def carry_one(session: Session, flow: Flow, kind: ActivityType, partitions: Partitions) -> Counts:
    """One type of one flow, incrementally, under its lease."""
    await session.identify()
    run_id = str(uuid.uuid4())
    session.holder = holder_of(run_id)
    lease = session.ledger.acquire_lease(flow.name, kind, holder=session.holder, now=session.clock())
    if lease is None:
        raise RuntimeError("the lease of a dead process was not free")
    scope = Scope(flow, kind, run_id, partitions, Mode.INCREMENTAL)
    found: Counter[str] = Counter()
    try:
        for step in _STEPS:
            report = await leased(session, scope, step)
    finally:
        lease.release()
    for counts in report.by_partition(COUNTS).values():
        found.update(counts)
    return found


def partitions_around(now: datetime) -> Partitions:
    """The days that everything in these tests happens in."""
    days = [now.date() + timedelta(days=n) for n in range(-_DAYS_BACK, _DAYS_AHEAD + 1)]
    window = Window(midnight(days[0]), midnight(days[-1] + timedelta(days=1)))
    return Partitions(tuple(day.isoformat() for day in days), window)
