"""Beyond one machine: hosts that share a PostgreSQL and an object store, and no file."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, update

from activity_sync.activities.kinds import ActivityType
from activity_sync.configuration import FLOWS
from activity_sync.ledger.processes import Holder
from activity_sync.ledger.schema import leases
from activity_sync.sandbox.controls import Fault
from activity_sync_tests.cli.commands import activity_sync, the_document
from activity_sync_tests.crashes.crowd import Crowd
from activity_sync_tests.databases import SERVER, postgres_schema
from activity_sync_tests.end_to_end.bridge import Bridge
from activity_sync_tests.end_to_end.conftest import make_bridge
from activity_sync_tests.end_to_end.hosts import Worker, at_work
from activity_sync_tests.end_to_end.test_at_once import Live
from activity_sync_tests.object_store import BUCKET, object_store

pytestmark = pytest.mark.skipif(not SERVER, reason="no PostgreSQL is named; said at the end of the tests")

_EACH = 12
_KINDS = (ActivityType.TASK,)
_SEARCHES_PER_SECOND = 5
_CALLS_PER_10_SECONDS = 30
"""Less than any account has: so few that what the workers do together needs longer than one window."""


@dataclass
class Cluster:
    """What the hosts share, in `bridge.environ`; each host has an empty home of its own."""

    bridge: Bridge
    folder: Path
    dagster_url: str

    def worker(self, number: int) -> Worker:
        """Every host begins with another flow and type."""
        everything = [(flow, kind) for kind in _KINDS for flow in FLOWS]
        start = number % len(everything)
        home = self.folder / f"home-{number}"
        environ = self.bridge.environ | {"ACTIVITY_SYNC_HOME": str(home)}
        return Worker(f"host-{number}", environ, everything[start:] + everything[:start])


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    with ExitStack() as stack:
        shared = stack.enter_context(object_store())
        shared["ACTIVITY_SYNC_STAGING"] = f"s3://{BUCKET}/staging"
        shared["ACTIVITY_SYNC_LEDGER_URL"] = stack.enter_context(postgres_schema())
        dagster_url = stack.enter_context(postgres_schema()).replace("+psycopg:", "+psycopg2:")
        shared["ACTIVITY_SYNC_KEY"] = "the same on every host"
        for bridge in make_bridge(
            tmp_path, monkeypatch, settings={"hubspot_requests_per_10_seconds": _CALLS_PER_10_SECONDS}
        ):
            bridge.environ |= shared
            for name, value in shared.items():
                monkeypatch.setenv(name, value)
            bridge.configure(f"start_date: {datetime.now(tz=UTC).date() - timedelta(days=2)}\n")
            yield Cluster(bridge, tmp_path, dagster_url)


@pytest.mark.slow
def test_a_worker_is_killed_and_others_finish_with_nothing_twice_within_the_limits(cluster: Cluster) -> None:
    bridge = cluster.bridge
    crowd = Crowd(Live(bridge), each=_EACH)
    crowd.begin()

    flow, kind = _killed_amid_a_write(cluster)
    with bridge.ledger() as ledger:
        elsewhere = replace(Holder.here(), token="a run of another host")
        too_early = ledger.acquire_lease(flow, kind, holder=elsewhere, now=datetime.now(tz=UTC))
    _let_a_minute_pass(bridge)
    bridge.forget()
    with at_work([cluster.worker(number) for number in range(1, 4)]) as working:
        counts = sum((one.counts() for one in working), Counter())
    asked = {system: bridge.asked(system) for system in ("hubspot", "dynamics")}
    seen = bridge.sandboxes.hubspot.controls.requests.shown(last=2000)["log"]
    bridge.forget()
    with at_work([cluster.worker(9)]) as (last,):
        quiet = last.counts()

    assert too_early is None, "another host's process cannot be looked at: its lease holds until it expires"
    for each in _KINDS:
        expected = Counter(f"{each} {n} of {system}" for n in range(_EACH) for system in ("HubSpot", "Dynamics"))
        assert crowd.subjects_in_hubspot(each) == crowd.subjects_in_dynamics(each) == expected
    assert (counts["failed"], counts["held"], counts["deferred"]) == (0, 0, 0)
    assert (bridge.writes(), set(quiet)) == (0, {"extracted", "unchanged"})
    assert [system for system, one in asked.items() if "429" in one["by_status"]] == []
    assert _most_within(1.0, [one["at"] for one in seen if one["kind"] == "search"]) <= _SEARCHES_PER_SECOND
    assert _most_within(10.0, [one["at"] for one in seen]) <= _CALLS_PER_10_SECONDS
    files = {path.name for number in range(1, 4) for path in (cluster.folder / f"home-{number}").glob("*")}
    assert files == set(), "nothing that one host alone would know"


@pytest.mark.slow
def test_a_run_of_one_host_is_known_to_another_by_dagsters_storage_in_postgresql(cluster: Cluster) -> None:
    bridge = cluster.bridge
    Crowd(Live(bridge), each=1).begin()
    one, other = (_host_with_dagster(cluster, number) for number in (1, 2))

    run = answered(one, "sync", "--flow", "hubspot_to_dynamics", "--type", "task", "--json")
    seen = answered(other, "status", "--json")["flows"]["hubspot_to_dynamics"]

    assert run["flows"]["hubspot_to_dynamics"]["task"]["created"] == 1
    assert seen["task"]["last_success"] is not None
    assert seen["call"]["last_success"] is None
    assert not list(cluster.folder.glob("dagster-*/**/*.db")), "no file of Dagster's own"


def _host_with_dagster(cluster: Cluster, number: int) -> dict[str, str]:
    """The environment of a host whose Dagster keeps everything in the shared PostgreSQL."""
    home = cluster.folder / f"dagster-{number}"
    home.mkdir()
    settings = "telemetry: {enabled: false}\nstorage: {postgres: {postgres_url: {env: DAGSTER_POSTGRES_URL}}}\n"
    (home / "dagster.yaml").write_text(settings, encoding="utf-8")
    return {**cluster.worker(number).environ, "DAGSTER_HOME": str(home), "DAGSTER_POSTGRES_URL": cluster.dagster_url}


def answered(environ: dict[str, str], *arguments: str) -> Any:
    done = activity_sync(environ, *arguments)
    assert done.returncode == 0, done.stderr
    return the_document(done)


def _killed_amid_a_write(cluster: Cluster) -> tuple[str, ActivityType]:
    """The worker of host 0 is killed after Dynamics has written its first batch, before the answer; what it carried."""
    faults = cluster.bridge.sandboxes.dynamics.controls.faults
    faults.add(Fault("slow_write", path=r"\$batch$", delay_ms=120_000))
    worker = cluster.worker(0)
    with at_work([worker]) as (killed,):
        deadline = time.monotonic() + 60
        while not cluster.bridge.asked("dynamics")["writes"]:
            assert killed.process.is_alive(), "it ended before it wrote anything"
            assert time.monotonic() < deadline
            time.sleep(0.02)
        killed.kill()
    faults.clear()
    flow, kind = worker.errand[0]
    return flow.name, kind


def _let_a_minute_pass(bridge: Bridge) -> None:
    """No lease of the killed worker has been renewed for a minute."""
    engine = create_engine(bridge.environ["ACTIVITY_SYNC_LEDGER_URL"])
    with engine.begin() as connection:
        connection.execute(update(leases).values(heartbeat_at=datetime.now(tz=UTC) - timedelta(seconds=61)))
    engine.dispose()


def _most_within(seconds: float, times: list[float]) -> int:
    times = sorted(times)
    return max(sum(start <= at < start + seconds for at in times) for start in times)
