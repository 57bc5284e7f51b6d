"""`python -m benchmarks.crowd`: eight runs at once on one account, and how much of its limits they use together.

Both sandboxes run in a process of their own, with the limits that the APIs publish and an answer time. Four types are
backfilled in both flows, each by a command of its own, all at the same time; amid that somebody makes a meeting in
HubSpot, and an incremental run carries it. A share of HubSpot's limits is ours (`limits.share`), as where others
use the account: on the two cores of a small machine, eight runs and both sandboxes would otherwise be slower than the
limits, and the measurement would be one of the machine.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from activity_sync.activities.kinds import ActivityType
from activity_sync_tests.end_to_end.bridge import (
    CONTACT_IDS,
    DYNAMICS_TABLES,
    HUBSPOT_TYPES,
    ago,
    dynamics_people,
    hubspot_people,
)
from activity_sync_tests.end_to_end.ordinary import dynamics_row, hubspot_activities
from benchmarks.documents import Measurement
from benchmarks.people import FLOWS, People
from benchmarks.where import installation, request_log, sandboxes

TYPES = ("note", "task", "call", "email")
_MEETING = list(HUBSPOT_TYPES).index("meeting")
_WINDOW_SECONDS = 10.0
_CALLS, _SEARCHES = 190, 50
"""What HubSpot publishes for that window: all calls, and searches among them (five a second)."""
_PATIENCE_SECONDS = 300


@dataclass(frozen=True)
class Used:
    """How much of a limit was used while all eight ran. `ours`: of the published limit; `share`: of ours, 0 to 1."""

    limit: str
    calls: int
    ours: float
    share: float


@dataclass(frozen=True)
class Crowd:
    """What was found. `seconds`: how long all eight ran; `throttled`: answers with 429, by system."""

    runs: int
    activities: int
    seconds: float
    used: tuple[Used, ...]
    throttled: dict[str, int]
    incremental_seconds: float


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures, prints, and writes the result where `--out` says. Fails where a run does or an activity is missing."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.crowd", description=__doc__)
    parser.add_argument("--activities", type=int, default=1_500, help="of each type, in each system")
    parser.add_argument("--share", type=float, default=0.2, help="of HubSpot's limits that is ours")
    parser.add_argument("--latency-ms", type=float, default=80.0, help="how long each answer takes besides")
    parser.add_argument("--out", type=Path, help="file for the result; by default one named by the day")
    given = parser.parse_args(arguments)
    measurement = Measurement.begin(
        "crowd",
        f"python -m benchmarks.crowd --activities {given.activities} --share {given.share:g} "
        f"--latency-ms {given.latency_ms:g}",
    )
    with tempfile.TemporaryDirectory(prefix="activity-sync-crowd-") as folder:
        home = Path(folder)
        with sandboxes(home, seed(given.activities), given.latency_ms) as systems:
            found = measure(home, systems, given.activities, given.share)
    measurement.keep(asdict(found), given.out)
    print(f"{found.runs} runs, {found.activities:,} activities, {found.seconds} s; 429: {found.throttled}")
    for one in found.used:
        print(f"  {one.limit}: {one.calls} calls, {one.share:.1%} of the {one.ours:g} that are ours in 10 s")
    print(f"  a meeting made amid it arrived after {found.incremental_seconds} s")
    return 0


def seed(activities: int) -> dict[str, Any]:
    """So many activities of each type on each side, made in the last hours, on the same three contacts."""
    hubspot, dynamics = hubspot_people(), dynamics_people()
    moments = [ago(hours=3) + timedelta(seconds=n) for n in range(activities)]
    for number, kind in enumerate(TYPES):
        some = hubspot_activities(kind, moments, first_id=(number + 1) * 1_000_000)
        hubspot["objects"] |= some["objects"]
        hubspot["associations"] += some["associations"]
        dynamics["records"][DYNAMICS_TABLES[kind]] = [
            dynamics_row(ActivityType(kind), n, CONTACT_IDS[0]) for n in range(activities)
        ]
    return {"hubspot": hubspot, "dynamics": dynamics}


def measure(home: Path, systems: Mapping[str, str], activities: int, share: float) -> Crowd:
    """The eight runs, and the meeting amid them."""
    first = ago(days=1).date()
    settings = {"start_date": first, "limits": {"share": {"hubspot": share, "dynamics": 1.0}}}
    config = home / "sync.yaml"
    config.write_text(yaml.safe_dump(settings), encoding="utf-8")
    environ = installation(home, systems) | {"ACTIVITY_SYNC_CONFIG": str(config)}
    people = People(systems)

    run(environ, "--flow", FLOWS[0], "--type", "meeting")  # from now on its passes are incremental
    people.user.forget()
    span = ("--from", first.isoformat(), "--to", datetime.now(tz=UTC).date().isoformat())
    lanes = [(flow, kind) for flow in FLOWS for kind in TYPES]
    with at_once(environ, [("--flow", flow, "--type", kind, *span) for flow, kind in lanes]) as runs:
        began = first_call(systems)
        time.sleep(2 * _WINDOW_SECONDS)
        took = arrive(environ, people)
        ended = wait_for_the_first(runs)
        wait_for_all(runs)
    log = request_log(systems["HUBSPOT_BASE_URL"])
    counted = [one for one in log["log"] if began + _WINDOW_SECONDS <= one["at"] <= ended]
    windows = (ended - began) / _WINDOW_SECONDS - 1  # the first one is granted at once
    if windows < 2:
        raise SystemExit("the runs did not last for three windows of the limit: take more activities")
    missing = [one for one in lanes if left_out(people, *one, activities)]
    if missing:
        raise SystemExit(f"not everything arrived: {missing}")
    searches = [one for one in counted if one["kind"] == "search"]
    return Crowd(
        runs=len(lanes),
        activities=len(lanes) * activities,
        seconds=round(ended - began, 1),
        used=(
            used("calls", len(counted), _CALLS * share, windows),
            used("searches", len(searches), _SEARCHES * share, windows),
        ),
        throttled={
            "hubspot": log["by_status"].get("429", 0),
            "dynamics": request_log(systems["DYNAMICS_URL"])["by_status"].get("429", 0),
        },
        incremental_seconds=round(took, 1),
    )


def used(limit: str, calls: int, ours: float, windows: float) -> Used:
    """How much of a limit so many calls in so many windows are."""
    return Used(limit, calls, ours, round(calls / (ours * windows), 3))


def run(environ: Mapping[str, str], *options: str) -> None:
    """One sync; SystemExit where it fails."""
    wait_for_all([start(environ, options)])


def start(environ: Mapping[str, str], options: Sequence[str]) -> subprocess.Popen[bytes]:
    """The real command, under way."""
    command = [sys.executable, "-m", "activity_sync", "sync", *options]
    return subprocess.Popen(command, env=dict(environ), stdout=subprocess.DEVNULL)


@contextmanager
def at_once(environ: Mapping[str, str], commands: Sequence[Sequence[str]]) -> Iterator[list[subprocess.Popen[bytes]]]:
    """All of these at the same time; none is left behind."""
    runs = [start(environ, options) for options in commands]
    try:
        yield runs
    finally:
        for one in runs:
            one.kill()
            one.wait()


def first_call(systems: Mapping[str, str]) -> float:
    """When HubSpot was asked first."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if log := request_log(systems["HUBSPOT_BASE_URL"])["log"]:
            at: float = log[0]["at"]
            return at
        time.sleep(0.2)
    raise SystemExit("nothing was asked")


def arrive(environ: Mapping[str, str], people: People) -> float:
    """A meeting is made in HubSpot; after how many seconds Dynamics shows its copy."""
    words = people.make(FLOWS[0], _MEETING)
    made = time.monotonic()
    run(environ, "--flow", FLOWS[0], "--type", "meeting")
    if words not in people.sees(FLOWS[0]):
        raise SystemExit("the meeting did not arrive")
    return time.monotonic() - made


def wait_for_the_first(runs: Sequence[subprocess.Popen[bytes]]) -> float:
    """When the first of them had ended: until then all ran."""
    while all(one.poll() is None for one in runs):
        time.sleep(0.2)
    return datetime.now(tz=UTC).timestamp()


def wait_for_all(runs: Sequence[subprocess.Popen[bytes]]) -> None:
    """Until each has ended; SystemExit where one failed."""
    if any(codes := [one.wait() for one in runs]):
        raise SystemExit(f"a run failed: exit codes {codes}")


def left_out(people: People, flow: str, kind: str, activities: int) -> bool:
    """Whether fewer than all of a lane's activities stand in its target, beside the target's own."""
    if flow == FLOWS[0]:
        there = people.user.stored("dynamics")["rows"][DYNAMICS_TABLES[kind]]
    else:
        there = people.user.stored("hubspot")["objects"][HUBSPOT_TYPES[kind]]
    return len(there) != 2 * activities


if __name__ == "__main__":
    sys.exit(main())
