from __future__ import annotations

import json
import os
import signal
import socket
from dataclasses import replace
from datetime import timedelta

import pytest

from activity_sync.activities.kinds import ActivityType
from activity_sync.ledger import processes
from activity_sync.ledger.leases import EXPIRES_AFTER
from activity_sync.ledger.processes import Holder

FLOW = "hubspot_to_dynamics"
CALL = ActivityType.CALL

HOLD = """
import sys
from datetime import datetime
from activity_sync.activities.kinds import ActivityType
from activity_sync.ledger import Ledger
from activity_sync.ledger.processes import Holder
ledger = Ledger.open(sys.argv[1])
lease = ledger.acquire_lease("hubspot_to_dynamics", ActivityType.CALL, holder=Holder.here(),
                             now=datetime.fromisoformat(sys.argv[2]))
print("held" if lease else "busy", flush=True)
sys.stdin.readline()
"""

RACE = """
import json, sys
from datetime import datetime
from activity_sync.activities.kinds import ActivityType
from activity_sync.ledger import Ledger
from activity_sync.ledger.processes import Holder
ledger, holder = Ledger.open(sys.argv[1]), Holder.here()
print("ready", flush=True)
sys.stdin.readline()
now = datetime.fromisoformat(sys.argv[2])
won = [one for one in range(30)
       if ledger.acquire_lease(f"flow-{one}", ActivityType.CALL, holder=holder, now=now) is not None]
print(json.dumps(won), flush=True)
sys.stdin.readline()
"""


def test_lease_is_held_by_one_at_a_time(ledger, now):
    one, two = Holder.here(), Holder.here()

    lease = ledger.acquire_lease(FLOW, CALL, holder=one, now=now)
    assert ledger.acquire_lease(FLOW, CALL, holder=two, now=now) is None
    assert ledger.acquire_lease(FLOW, ActivityType.NOTE, holder=two, now=now) is not None
    assert ledger.lease_holder(FLOW, CALL) == one

    lease.release()
    assert ledger.lease_holder(FLOW, CALL) is None
    assert ledger.acquire_lease(FLOW, CALL, holder=two, now=now) is not None


def test_holder_may_acquire_its_own_lease_again(ledger, now):
    holder = Holder.here()

    ledger.acquire_lease(FLOW, CALL, holder=holder, now=now)

    assert ledger.acquire_lease(FLOW, CALL, holder=holder, now=now) is not None


def test_living_process_of_this_host_keeps_its_lease_without_a_heartbeat_until_it_expires(ledger, now):
    lease = ledger.acquire_lease(FLOW, CALL, holder=Holder.here(), now=now)
    almost, expired = now + EXPIRES_AFTER - timedelta(seconds=1), now + EXPIRES_AFTER

    assert ledger.acquire_lease(FLOW, CALL, holder=Holder.here(), now=almost) is None
    assert lease.heartbeat(almost)
    assert ledger.acquire_lease(FLOW, CALL, holder=Holder.here(), now=expired) is None
    assert ledger.acquire_lease(FLOW, CALL, holder=Holder.here(), now=almost + EXPIRES_AFTER) is not None
    assert not lease.heartbeat(almost + EXPIRES_AFTER)


def test_lost_lease_is_not_released_by_its_former_holder(ledger, now):
    lost = ledger.acquire_lease(FLOW, CALL, holder=Holder.here(), now=now)
    winner = Holder.here()
    ledger.acquire_lease(FLOW, CALL, holder=winner, now=now + EXPIRES_AFTER)

    lost.release()

    assert ledger.lease_holder(FLOW, CALL) == winner


def test_lease_of_a_killed_process_is_taken_over_at_once(url, ledger, now, start_python):
    process = start_python(HOLD, url, now.isoformat())
    assert process.stdout.readline() == "held\n"
    assert ledger.acquire_lease(FLOW, CALL, holder=Holder.here(), now=now) is None

    process.send_signal(signal.SIGKILL)
    process.wait(timeout=30)

    assert ledger.acquire_lease(FLOW, CALL, holder=Holder.here(), now=now) is not None


def test_lease_of_a_dead_process_that_nobody_has_waited_for_is_taken_over(url, ledger, now, start_python):
    process = start_python(HOLD, url, now.isoformat())
    assert process.stdout.readline() == "held\n"

    process.send_signal(signal.SIGKILL)
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # ended, and still in the table of processes

    assert ledger.acquire_lease(FLOW, CALL, holder=Holder.here(), now=now) is not None


def test_pid_that_now_belongs_to_another_process_counts_as_gone(ledger, now):
    earlier = replace(Holder.here(), started="another boot 42", token="x")
    ledger.acquire_lease(FLOW, CALL, holder=earlier, now=now)

    assert ledger.acquire_lease(FLOW, CALL, holder=Holder.here(), now=now) is not None


def test_lease_of_another_host_is_respected_for_a_minute(ledger, now):
    elsewhere = replace(Holder.here(), host="another host", pid=1, token="x")
    ledger.acquire_lease(FLOW, CALL, holder=elsewhere, now=now)

    assert ledger.acquire_lease(FLOW, CALL, holder=Holder.here(), now=now + timedelta(seconds=59)) is None
    assert ledger.acquire_lease(FLOW, CALL, holder=Holder.here(), now=now + timedelta(seconds=60)) is not None


@pytest.fixture
def kernel(tmp_path, monkeypatch):
    """Takes this process to another machine, or into a container: by its boot, its pid namespace and its name."""

    def be_in(boot, namespace, name="worker-0"):
        proc = tmp_path / f"{boot} {namespace}"
        (proc / "self/ns").mkdir(parents=True, exist_ok=True)
        (proc / "sys/kernel/random").mkdir(parents=True, exist_ok=True)
        (proc / "sys/kernel/random/boot_id").write_text(f"{boot}\n")
        (proc / "self/stat").touch()
        (proc / "self/ns/pid").unlink(missing_ok=True)
        (proc / "self/ns/pid").symlink_to(f"pid:[{namespace}]")
        monkeypatch.setattr(processes, "_PROC", proc)
        monkeypatch.setattr(socket, "gethostname", lambda: name)

        def run_as(pid, started):
            monkeypatch.setattr(os, "getpid", lambda: pid)
            (proc / str(pid)).mkdir(exist_ok=True)
            fields = ["S", *["0"] * 18, str(started)]
            (proc / str(pid) / "stat").write_text(f"{pid} (python (3) x) {' '.join(fields)}\n")

        return run_as

    return be_in


HOST_NAMESPACE = 4026531836


@pytest.mark.parametrize(
    ("here", "there"),
    [
        pytest.param(("boot-1", 4026532001), ("boot-1", 4026532002), id="two pods of one node"),
        pytest.param(("boot-1", 4026532001), ("boot-2", 4026532001), id="two pods of two nodes"),
        pytest.param(("boot-1", HOST_NAMESPACE), ("boot-2", HOST_NAMESPACE), id="two machines of one name"),
        pytest.param(("boot-1", HOST_NAMESPACE), ("boot-1", 4026532001), id="a machine and a container on it"),
    ],
)
def test_pid_1_of_another_container_or_machine_is_not_judged_by_ours(kernel, ledger, now, here, there):
    kernel(*here)(pid=1, started=700)
    held = Holder.here()
    ledger.acquire_lease(FLOW, CALL, holder=held, now=now)

    kernel(*there)(pid=1, started=900)

    assert not held.is_gone()
    assert ledger.acquire_lease(FLOW, CALL, holder=Holder.here(), now=now + timedelta(seconds=59)) is None
    assert ledger.acquire_lease(FLOW, CALL, holder=Holder.here(), now=now + timedelta(seconds=60)) is not None


def test_process_that_ended_in_this_container_is_gone(kernel):
    run_as = kernel("boot-1", 4026532001)
    run_as(pid=7, started=700)
    held = Holder.here()

    assert not held.is_gone()
    run_as(pid=7, started=701)
    assert held.is_gone()


def test_two_processes_never_win_the_same_lease(url, now, start_python):
    racers = [start_python(RACE, url, now.isoformat()) for _ in range(2)]
    for racer in racers:
        assert racer.stdout.readline() == "ready\n"
    for racer in racers:
        racer.stdin.write("\n")
        racer.stdin.flush()

    first, second = (json.loads(racer.stdout.readline()) for racer in racers)

    assert sorted(first + second) == list(range(30))


def test_process_is_known_by_ps_where_there_is_no_proc(monkeypatch, tmp_path):
    monkeypatch.setattr(processes, "_PROC", tmp_path)

    here = Holder.here()

    assert here.started
    assert not here.is_gone()
    assert replace(here, started="Thu Jan  1 00:00:00 1970").is_gone()
