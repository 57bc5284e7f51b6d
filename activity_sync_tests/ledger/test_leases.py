from __future__ import annotations

import json
import os
import signal
from dataclasses import replace
from datetime import timedelta

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
