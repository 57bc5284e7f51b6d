"""Installations that lose their ledger, and what is made of it again."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, cast

from activity_sync.activities.identity import RecordRef
from activity_sync.activities.kinds import ActivityType
from activity_sync.bootstrap import open_session
from activity_sync.ledger.ledger import Ledger
from activity_sync.ledger.outstanding import Outstanding, OutstandingState
from activity_sync.ledger.rows import AdoptedLink, LinkRow
from activity_sync.pipeline.rebuild import NotRebuilt, Rebuilt, rebuild
from activity_sync_tests.end_to_end.bridge import CONTACT_IDS, Bridge, ago, iso
from activity_sync_tests.end_to_end.ordinary import hubspot_activities
from activity_sync_tests.end_to_end.passes import carry

TASKS = 3
HERE = [str(501 + n) for n in range(TASKS)]
THERE = [f"00000000-0000-4000-8000-00000000900{n + 1}" for n in range(TASKS)]


def only_tasks(bridge: Bridge, **policies: str) -> None:
    """Only tasks are on, in both flows."""
    settings = ", ".join(f"{name}: {value}" for name, value in policies.items())
    lines = ["flows:"]
    for flow in ("hubspot_to_dynamics", "dynamics_to_hubspot"):
        lines.append(f"  {flow}:")
        lines += [
            f"    {one}: {{{settings if one is ActivityType.TASK else 'enabled: false'}}}" for one in ActivityType
        ]
    bridge.configure("\n".join(lines) + "\n")


def tasks_carried(bridge: Bridge) -> None:
    """Three tasks of each system are in the other, and everything has settled."""
    bridge.seed({"hubspot": hubspot_activities("task", [ago(minutes=50 + n) for n in range(TASKS)])})
    bridge.seed({"dynamics": {"records": {"task": [_dynamics_task(n) for n in range(TASKS)]}}})
    assert carry(bridge)["created"] == 2 * TASKS
    carry(bridge)


def _dynamics_task(number: int) -> dict[str, Any]:
    moment = iso(ago(minutes=40 + number).replace(microsecond=0)).replace(".000", "")
    return {
        "activityid": THERE[number],
        "subject": f"Task {THERE[number]}",
        "scheduledend": moment,
        "createdon": moment,
        "modifiedon": moment,
        "statecode": 0,
        "statuscode": 2,
        "prioritycode": 1,
        "regardingobjectid": {"type": "contact", "id": CONTACT_IDS[0]},
    }


def lose_ledger(bridge: Bridge) -> None:
    """The file is gone, with its log."""
    found = list(Path(bridge.environ["ACTIVITY_SYNC_HOME"]).glob("ledger.sqlite*"))
    assert found
    for one in found:
        one.unlink()


def lose_link(bridge: Bridge, link_id: int) -> None:
    """The ledger is an older copy of itself, which does not have this link yet."""
    path = Path(bridge.environ["ACTIVITY_SYNC_HOME"]) / "ledger.sqlite"
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        for table, column in (("elements", "link_id"), ("link_sides", "link_id"), ("links", "id")):
            connection.execute(f"DELETE FROM {table} WHERE {column} = ?", (link_id,))  # noqa: S608  # our own names


def rebuilt(bridge: Bridge, kind: ActivityType = ActivityType.TASK) -> Rebuilt:
    """What a rebuild finds for a type."""

    async def _rebuild() -> Rebuilt:
        async with open_session(bridge.settings) as session:
            return await rebuild(session, kind)

    return asyncio.run(_rebuild())


def stopped(bridge: Bridge, *, commits: int) -> int:
    """How many links a rebuild has made that was killed when it wanted to make more, after so many batches."""

    async def _rebuild() -> int:
        async with open_session(bridge.settings) as session:
            killed = Killed(session.ledger, commits)
            session.ledger = cast(Ledger, killed)
            with contextlib.suppress(KeyboardInterrupt):
                await rebuild(session, ActivityType.TASK)
            return killed.made

    return asyncio.run(_rebuild())


class Killed:
    """A ledger whose process dies before one more batch of links is made."""

    def __init__(self, ledger: Ledger, commits: int) -> None:
        self._ledger = ledger
        self._left = commits
        self.made = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ledger, name)

    def adopt(self, adopted: Sequence[AdoptedLink], *, now: datetime) -> dict[str, LinkRow]:
        """As the ledger does it."""
        if adopted and not self._left:
            raise KeyboardInterrupt
        self._left -= bool(adopted)
        self.made += len(adopted)
        return self._ledger.adopt(adopted, now=now)


def named(found: Rebuilt) -> set[tuple[str, str, tuple[str, ...]]]:
    """What was not rebuilt: record, reason, candidates."""

    def line(one: NotRebuilt) -> tuple[str, str, tuple[str, ...]]:
        return str(one.record), one.reason, tuple(map(str, one.candidates))

    return {line(one) for one in found.not_rebuilt}


def ref(system: str, record_id: str) -> str:
    """A task's reference as reports write it."""
    return str(RecordRef(system, "task", record_id))


def held(bridge: Bridge) -> list[Outstanding]:
    """What waits for a person."""
    with bridge.ledger() as ledger:
        return ledger.list_outstanding(OutstandingState.HELD)


def outstanding(bridge: Bridge) -> list[Outstanding]:
    """Whatever is open."""
    with bridge.ledger() as ledger:
        return ledger.list_outstanding()


def assert_quiet(bridge: Bridge, **counts: int) -> None:
    """Two passes write nothing; `counts` are those that are neither extracted nor unchanged."""
    for _ in range(2):
        bridge.forget()
        found = carry(bridge)
        others = {name: number for name, number in found.items() if name not in {"extracted", "unchanged"}}
        assert others == counts, (found, outstanding(bridge))
        assert bridge.writes() == 0
