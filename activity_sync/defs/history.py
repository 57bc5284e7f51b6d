"""A first pass over a long history, as runs of Dagster's queue: older stretches first, then up to today.

The watermark moves with the last run only, and that run is asked for when all the others have succeeded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import dagster as dg

from activity_sync.activities.identity import Flow
from activity_sync.activities.kinds import ActivityType
from activity_sync.configuration import Configuration
from activity_sync.defs.requests import request_of
from activity_sync.defs.tasks import Task
from activity_sync.pipeline.scope import Mode

PIECE_TAG = "activity_sync/history"
"""Which piece of which flow's history a run carries."""


@dataclass(frozen=True, slots=True)
class History:
    """The pieces of one flow's history; the last one is the incremental run up to today."""

    flow: str
    tasks: tuple[Task, ...]

    @classmethod
    def of(cls, flow: Flow, tasks: Sequence[Task]) -> History:
        """These tasks, oldest first."""
        return cls(flow.name, tuple(tasks))

    def next_requests(
        self, instance: dg.DagsterInstance, configuration: Configuration, flow: Flow
    ) -> list[dg.RunRequest]:
        """The older pieces that no run has begun; when all of these have succeeded, the run up to today; else none."""
        *older, recent = self.tasks
        latest = {piece: self._latest(instance, piece) for piece in older}
        missing = [piece for piece, run in latest.items() if run is None]
        if missing:
            return [
                request_of(configuration, flow, one, run_key=self._name(one), tags={PIECE_TAG: self._name(one)})
                for one in missing
            ]
        if all(run is not None and run.status is dg.DagsterRunStatus.SUCCESS for run in latest.values()):
            return [request_of(configuration, flow, recent, run_key=None)]
        return []

    def explain(self, instance: dg.DagsterInstance) -> str:
        """How far it has come, and what to do about what failed."""
        *older, _ = self.tasks
        latest = [run for piece in older if (run := self._latest(instance, piece)) is not None]
        done = sum(run.status is dg.DagsterRunStatus.SUCCESS for run in latest)
        failed = [
            run.run_id for run in latest if run.status in {dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED}
        ]
        told = f"history: {done} of {len(older)} runs done"
        if failed:
            told += f"; re-execute {', '.join(failed)}: the pass up to today begins when all have succeeded"
        return told

    def to_json(self) -> dict[str, Any]:
        """The form in which a cursor keeps it."""
        tasks = [[one.first, one.last, [kind.value for kind in one.types], one.mode.value] for one in self.tasks]
        return {"flow": self.flow, "tasks": tasks}

    @classmethod
    def from_json(cls, held: Mapping[str, Any]) -> History:
        """The inverse of `to_json`."""
        tasks = [
            Task(first, last, tuple(ActivityType(kind) for kind in types), Mode(mode))
            for first, last, types, mode in held["tasks"]
        ]
        return cls(held["flow"], tuple(tasks))

    def _name(self, piece: Task) -> str:
        return f"{self.flow}:{piece.first}:{piece.last}:{'-'.join(piece.types)}"

    def _latest(self, instance: dg.DagsterInstance, piece: Task) -> dg.DagsterRun | None:
        """The newest run of a piece; a re-execution keeps the tag."""
        runs = instance.get_runs(dg.RunsFilter(tags={PIECE_TAG: self._name(piece)}), limit=1)
        return runs[0] if runs else None
