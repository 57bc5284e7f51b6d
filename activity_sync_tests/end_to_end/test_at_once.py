"""Several runs at the same moment, old work done again after newer, a dead run's lease: sync-rules.md, "Claim before
write".

The runs are real processes with one ledger and one staging between them, and servers that take their time to answer.
Most hold no lease, which would keep them apart.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from activity_sync.activities.identity import Flow
from activity_sync.activities.kinds import ActivityType
from activity_sync.configuration import FLOWS
from activity_sync.ledger.ledger import Ledger
from activity_sync.sandbox.controls import Fault
from activity_sync.sandbox.serve import RunningSandboxes
from activity_sync_tests.crashes.crowd import Crowd, dynamics_id, hubspot_id, open_in
from activity_sync_tests.crashes.wording import Words
from activity_sync_tests.databases import DATABASES, postgres_schema
from activity_sync_tests.end_to_end.at_once import Counts, Leg, legs, run, run_at_once
from activity_sync_tests.end_to_end.bridge import Bridge
from activity_sync_tests.end_to_end.conftest import make_bridge

_SLOW_SERVERS = {"latency_ms": 15.0, "latency_jitter_ms": 25.0, "limits_enabled": False}
_CONFIGURATION = "flows: {hubspot_to_dynamics: {email: {closed: reopen}}}\n"
_EACH, _STEP = 9, 3
_KINDS = (ActivityType.TASK, ActivityType.NOTE)


@pytest.fixture(params=DATABASES)
def shared(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bridge]:
    """Slow servers, and the ledger in each of the databases there are."""
    with ExitStack() as stack:
        for bridge in make_bridge(tmp_path, monkeypatch, settings=_SLOW_SERVERS):
            if request.param == "postgresql":
                bridge.environ["ACTIVITY_SYNC_LEDGER_URL"] = stack.enter_context(postgres_schema())
                monkeypatch.setenv("ACTIVITY_SYNC_LEDGER_URL", bridge.environ["ACTIVITY_SYNC_LEDGER_URL"])
            bridge.configure(_CONFIGURATION)
            yield bridge


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "kinds"),
    [
        (2, [ActivityType.NOTE, ActivityType.CALL, ActivityType.MEETING]),
        (4, [ActivityType.TASK, ActivityType.EMAIL]),
    ],
    ids=["two", "four"],
)
def test_runs_of_both_flows_at_once_do_everything_once(shared: Bridge, number: int, kinds: list[ActivityType]) -> None:
    crowd = Crowd(Live(shared), each=_EACH)
    crowd.begin()

    first = run_at_once(shared.environ, _errands(number, kinds))
    shared.forget()
    crowd.go_on(_STEP, kinds)
    for kind in kinds:
        if kind is not ActivityType.NOTE:
            crowd.edit_beside(kind, _STEP, 2)
    second = run_at_once(shared.environ, _errands(number, kinds))
    shared.forget()
    quiet = run(shared.environ, *legs(kinds=kinds))

    for kind in kinds:
        assert crowd.subjects_in_hubspot(kind) == crowd.expected(kind, _STEP)
        assert crowd.subjects_in_dynamics(kind) == crowd.expected(kind, _STEP)
        if kind is not ActivityType.NOTE:
            assert crowd.showing(kind, 2) == (2 * _EACH // _STEP, 2 * _EACH // _STEP)
    assert not list(open_in(Live(shared)))
    assert (shared.writes(), set(quiet)) == (0, {"extracted", "unchanged"})
    assert _total(first, "created") == 2 * _EACH * len(kinds)
    # Deferred is what kept changing as one run wrote it: another of them was faster each time (case 31).
    assert _total([*first, *second], "failed", "held") == 0


@pytest.mark.slow
@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.name)
def test_old_loads_after_newer_runs_write_nothing(shared: Bridge, flow: Flow) -> None:
    crowd = Crowd(Live(shared), each=1)
    crowd.begin()
    creating, updating = _legs_of(flow), _legs_of(flow)

    run(shared.environ, *_only(creating, "extract", "resolve", "transform"))
    run(shared.environ, *legs(kinds=_KINDS))
    _say(crowd, flow, flow.source, "older")
    run(shared.environ, *_only(updating, "extract", "resolve", "transform"))
    _say(crowd, flow, flow.source, "newer")
    run(shared.environ, *legs(kinds=_KINDS))
    shared.forget()
    again = run(shared.environ, *_only(creating, "load"), *_only(updating, "load"), *_only(updating, "load"))

    assert _said(crowd, flow) == _everywhere("newer")
    assert (shared.writes(), set(again)) == (0, {"extracted", "unchanged"})


@pytest.mark.slow
@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.name)
def test_what_was_read_before_the_mirror_flow_wrote_is_not_carried_back(shared: Bridge, flow: Flow) -> None:
    crowd = Crowd(Live(shared), each=1)
    crowd.begin()
    run(shared.environ, *legs(kinds=_KINDS, passes=2))
    early, late = _legs_of(flow), _legs_of(flow)

    run(shared.environ, *_only(early, "extract"))
    _say(crowd, flow, flow.target, "written by us")
    run(shared.environ, *_legs_of(_mirror(flow)))
    run(shared.environ, *_only(early, "resolve", "transform", "load"))
    after_a_write = _said(crowd, flow)
    run(shared.environ, *_only(late, "extract"))
    _say(crowd, flow, flow.source, "the same twice")
    _say(crowd, flow, flow.target, "the same twice")
    run(shared.environ, *_legs_of(_mirror(flow)))
    run(shared.environ, *_only(late, "resolve", "transform", "load"))

    assert after_a_write == _everywhere("written by us")
    assert _said(crowd, flow) == _everywhere("the same twice")


@dataclass(frozen=True)
class Live:
    """A bridge as the place of a crowd: time passes by itself."""

    bridge: Bridge

    @property
    def sandboxes(self) -> RunningSandboxes:
        return self.bridge.sandboxes

    def seed(self, document: Mapping[str, Any]) -> None:
        self.bridge.seed(document)

    def advance(self, **parts: float) -> None:
        """Nothing needs to be done."""

    def ledger(self) -> Ledger:
        return self.bridge.ledger()


def _mirror(flow: Flow) -> Flow:
    return next(one for one in FLOWS if one != flow)


def _legs_of(flow: Flow) -> list[Leg]:
    return [Leg(flow, kind) for kind in _KINDS]


def _only(runs: list[Leg], *steps: str) -> list[Leg]:
    """These steps of these runs."""
    return [replace(one, steps=steps) for one in runs]


def _say(crowd: Crowd, flow: Flow, system: str, subject: str) -> None:
    """The record of each type that was made in the flow's source has this subject in `system` from now on."""
    for kind in _KINDS:
        made = hubspot_id(0) if flow.source == "hubspot" else dynamics_id(kind, 0)
        record_id = made if system == flow.source else crowd.copies(kind)[made]
        put = crowd.put_in_hubspot if system == "hubspot" else crowd.put_in_dynamics
        put(kind, [(record_id, Words(subject))])


def _said(crowd: Crowd, flow: Flow) -> dict[str, tuple[list[str], list[str]]]:
    """What HubSpot and Dynamics show as subjects of the records that were made in the flow's source."""
    others = "of Dynamics" if flow.source == "hubspot" else "of HubSpot"
    return {
        kind: (
            sorted(one for one in crowd.subjects_in_hubspot(kind).elements() if others not in one),
            sorted(one for one in crowd.subjects_in_dynamics(kind).elements() if others not in one),
        )
        for kind in _KINDS
    }


def _everywhere(subject: str) -> dict[str, tuple[list[str], list[str]]]:
    return {kind: ([subject], [subject]) for kind in _KINDS}


def _errands(number: int, kinds: list[ActivityType]) -> list[list[Leg]]:
    """Every other process carries the flows in the other order."""
    return [legs(mirror_first=n % 2 == 1, kinds=kinds) for n in range(number)]


def _total(counts: list[Counts], *names: str) -> int:
    return sum(one.get(name, 0) for one in counts for name in names)


@pytest.mark.slow
def test_two_commands_at_once_share_the_work(shared: Bridge) -> None:
    Crowd(Live(shared), each=3).begin()
    arguments = [sys.executable, "-m", "activity_sync", "sync", "--type", "task", "--json"]
    today = datetime.now(tz=UTC).date().isoformat()

    commands = [
        subprocess.Popen([*arguments, *days], env=shared.environ, stdout=subprocess.PIPE, text=True)
        for days in ([], ["--from", today, "--to", today])
    ]
    documents = [json.loads(command.communicate(timeout=300)[0]) for command in commands]
    shared.forget()
    quiet = run(shared.environ, *legs(kinds=[ActivityType.TASK]))

    assert [command.returncode for command in commands] == [0, 0]
    created = [flow["task"]["created"] for document in documents for flow in document["flows"].values()]
    assert sum(created) == 6
    assert len(shared.hubspot("tasks")) == len(shared.dynamics("task")) == 6
    assert (shared.writes(), set(quiet)) == (0, {"extracted", "unchanged"})


@pytest.mark.slow
def test_lease_of_a_killed_run_is_taken_over_at_once(shared: Bridge) -> None:
    Crowd(Live(shared), each=3).begin()
    command = [sys.executable, "-m", "activity_sync", "sync", "--flow", "hubspot_to_dynamics", "--type", "task"]
    shared.sandboxes.dynamics.controls.faults.add(Fault("slow_write", path=r"\$batch$", delay_ms=120_000))
    killed = subprocess.Popen(command, env=shared.environ, stdout=subprocess.DEVNULL, start_new_session=True)
    while not shared.asked("dynamics")["writes"]:
        assert killed.poll() is None, "the run ended before it wrote anything"
        time.sleep(0.05)

    with shared.ledger() as ledger:
        holder = ledger.lease_holder("hubspot_to_dynamics", ActivityType.TASK)
        os.killpg(killed.pid, signal.SIGKILL)
        killed.wait()
        shared.sandboxes.dynamics.controls.faults.clear()
        still_held = ledger.lease_holder("hubspot_to_dynamics", ActivityType.TASK)
    # With --no-wait a run that would have to wait for a lease gives up.
    after = subprocess.run([*command, "--no-wait"], env=shared.environ, check=False, capture_output=True, timeout=300)

    assert holder is not None
    assert still_held == holder
    assert after.returncode == 0, after.stderr
    assert len(shared.dynamics("task")) == 6
