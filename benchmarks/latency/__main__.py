"""`python -m benchmarks.latency`: changes on both sides, and how long each takes to arrive on the other; then silence.

`dagster dev` (webserver, daemon, code server) runs on a copy of the project with the shipped settings and automation
switched on, between two sandboxes in a process of their own with the limits that the APIs publish. An activity counts
from the moment when the API has answered its create, at which these sandboxes show it everywhere, until the other
system's API shows its copy.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from activity_sync.cli.people import SandboxUser
from activity_sync_tests.dagster_dev import asked, copy_of_the_project, dagster_dev
from activity_sync_tests.end_to_end.bridge import dynamics_people, hubspot_people
from benchmarks.documents import Measurement
from benchmarks.people import FLOWS, People
from benchmarks.where import sandboxes

LOOK_SECONDS = 0.5
PATIENCE_SECONDS = 240
_SENSORS = """
query Sensors($selector: RepositorySelector!) {
  sensorsOrError(repositorySelector: $selector) {
    ... on Sensors { results { name sensorState { ticks(limit: 1) { status } } } }
  }
}
"""
_SELECTOR = {"repositoryName": "__repository__", "repositoryLocationName": "activity_sync"}
_RUNS = "{ runsOrError(filter: {statuses: [QUEUED, STARTING, STARTED]}) { ... on Runs { results { runId } } } }"


@dataclass(frozen=True)
class Flowed:
    """How long the changes of one flow took to arrive, in seconds."""

    flow: str
    changes: int
    p50: float
    p95: float
    longest: float


@dataclass(frozen=True)
class Idle:
    """Calls a minute to one system while nothing changes."""

    system: str
    calls_a_minute: float


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures, prints, and writes the result where `--out` says. Fails where a change does not arrive."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.latency", description=__doc__)
    parser.add_argument("--changes", type=int, default=100, help="activities that people make, half on each side")
    parser.add_argument("--every", type=float, default=3.0, help="seconds from one to the next")
    parser.add_argument("--idle-seconds", type=float, default=180.0, help="how long nothing changes afterwards")
    parser.add_argument("--latency-ms", type=float, default=80.0, help="how long each answer takes besides")
    parser.add_argument("--out", type=Path, help="file for the result; by default one named by the day")
    given = parser.parse_args(arguments)
    measurement = Measurement.begin(
        "latency",
        f"python -m benchmarks.latency --changes {given.changes} --every {given.every:g} "
        f"--idle-seconds {given.idle_seconds:g} --latency-ms {given.latency_ms:g}",
    )
    with tempfile.TemporaryDirectory(prefix="activity-sync-latency-") as folder:
        root = copy_of_the_project(Path(folder) / "project")
        switch_on(root / "activity_sync" / "sync.yaml")
        seed = {"hubspot": hubspot_people(), "dynamics": dynamics_people()}
        with sandboxes(Path(folder), seed, given.latency_ms) as systems, dagster_dev(root, systems) as address:
            people = People(systems)
            settle(address, people)
            took = watch(people, given.changes, given.every)
            settle(address, people)
            idle = be_idle(people.user, given.idle_seconds)
    flows = [told(flow, took[flow]) for flow in FLOWS]
    measurement.keep(
        {
            "flows": [asdict(one) for one in flows],
            "idle": [asdict(one) for one in idle],
            "seconds": {flow: [round(one, 1) for one in took[flow]] for flow in FLOWS},
        },
        given.out,
    )
    for one in flows:
        print(f"{one.flow}: {one.changes} changes, p50 {one.p50} s, p95 {one.p95} s, the longest {one.longest} s")
    for two in idle:
        print(f"{two.system}: {two.calls_a_minute} calls a minute while nothing changed")
    return 0


def switch_on(path: Path) -> None:
    """The shipped configuration, with its sensors and schedules running from the start."""
    text = path.read_text(encoding="utf-8")
    shipped = "automation:\n  enabled: false"
    if shipped not in text:
        raise SystemExit(f"{path.name} has no line to switch automation on; the measurement would mean nothing")
    path.write_text(text.replace(shipped, "automation:\n  enabled: true"), encoding="utf-8")


def settle(address: str, people: People) -> None:
    """Every sensor has looked, and both systems have been left in peace for a while but for the looks."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        sensors = asked(address, _SENSORS, selector=_SELECTOR)["sensorsOrError"]["results"]
        looked = [one["sensorState"]["ticks"] for one in sensors if one["name"].startswith("changes_")]
        under_way = asked(address, _RUNS)
        if looked and all(looked) and not under_way["runsOrError"]["results"]:
            quiet = [sum(people.user.asked(one)["writes"] for one in ("hubspot", "dynamics")) for _ in _twice(20)]
            if quiet[0] == quiet[1]:
                return
        time.sleep(2)
    raise SystemExit("it did not come to rest")


def _twice(seconds: float) -> Iterator[int]:
    yield 0
    time.sleep(seconds)
    yield 1


def watch(people: People, changes: int, every: float) -> dict[str, list[float]]:
    """By flow, how long each change took, while people go on making more of them."""
    waiting: dict[str, tuple[str, float]] = {}
    took: dict[str, list[float]] = {flow: [] for flow in FLOWS}
    begin = time.monotonic()
    made = 0
    while made < changes or waiting:
        if made < changes and time.monotonic() >= begin + made * every:
            flow = FLOWS[made % 2]
            words = people.make(flow, made // 2)
            waiting[words] = (flow, time.monotonic())
            made += 1
        for flow in FLOWS:
            if any(one == flow for one, _ in waiting.values()):
                seen, now = people.sees(flow), time.monotonic()
                for words in [one for one, (there, _) in waiting.items() if there == flow and one in seen]:
                    took[flow].append(now - waiting.pop(words)[1])
        late = [words for words, (_, since) in waiting.items() if time.monotonic() - since > PATIENCE_SECONDS]
        if late:
            raise SystemExit(f"{late[0]} has not arrived within {PATIENCE_SECONDS} s; the measurement means nothing")
        time.sleep(LOOK_SECONDS)
    return took


def be_idle(user: SandboxUser, seconds: float) -> list[Idle]:
    """What is asked of both systems while nothing changes."""
    user.forget()
    time.sleep(seconds)
    return [Idle(system, round(user.asked(system)["total"] * 60 / seconds, 1)) for system in ("hubspot", "dynamics")]


def told(flow: str, seconds: Sequence[float]) -> Flowed:
    """The figures of one flow. The 95th percentile is of the values themselves: nothing is interpolated."""
    ordered = sorted(seconds)
    at95 = ordered[max(-(-len(ordered) * 95 // 100) - 1, 0)]
    return Flowed(flow, len(ordered), round(statistics.median(ordered), 1), round(at95, 1), round(ordered[-1], 1))


if __name__ == "__main__":
    sys.exit(main())
