"""`python -m benchmarks.burst`: a campaign's e-mails carried in each direction, against the floor that the limits set.

Both sandboxes run in a process of their own, with the limits that the APIs publish and an answer time. Every e-mail is
new, goes to a contact of its own, and hangs on a company and a deal. The sync is the real command; it is measured from
its start to the last write in the target. Three times: HubSpot to Dynamics on an installation that knows nobody;
then the mirror direction, for the same contacts, which the ledger knows by then; and the mirror direction on an
installation that knows nobody.
"""

from __future__ import annotations

import argparse
import json
import re
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import httpx

from activity_sync.cli.people import SandboxUser
from benchmarks.burst.floor import Floor, from_dynamics, from_hubspot
from benchmarks.burst.mailing import Burst
from benchmarks.documents import Measurement
from benchmarks.where import installation, request_log, sandboxes

SYSTEMS = ("hubspot", "dynamics")


@dataclass(frozen=True)
class Asked:
    """What was asked of one system. `work_seconds`: from the arrival of each request to its answer, added up.

    `by_endpoint`: the calls by path, ids left out. `by_step`: by the step that made them, as the ledger counts them.
    """

    system: str
    calls: int
    by_kind: dict[str, int]
    by_endpoint: dict[str, int]
    by_step: dict[str, int]
    throttled: int
    peak_concurrency: int
    work_seconds: float


@dataclass(frozen=True)
class Carried:
    """One burst. `seconds`: from the command's start to the last write. `ratio`: of that to the floor."""

    name: str
    emails: int
    seconds: float
    calls: int
    asked: tuple[Asked, ...]
    floor: dict[str, float]
    floor_seconds: float
    ratio: float
    calls_ratio: float


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures, prints, and writes the result where `--out` says."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.burst", description=__doc__)
    parser.add_argument("--emails", type=int, default=20_000, help="e-mails, and as many contacts")
    parser.add_argument("--companies", type=int, default=1_000)
    parser.add_argument("--deals", type=int, default=500)
    parser.add_argument("--latency-ms", type=float, default=80.0, help="how long each answer takes besides")
    parser.add_argument("--out", type=Path, help="file for the result; by default one named by the day")
    given = parser.parse_args(arguments)
    command = (
        f"python -m benchmarks.burst --emails {given.emails} --companies {given.companies} --deals {given.deals} "
        f"--latency-ms {given.latency_ms:g}"
    )
    measurement = Measurement.begin("burst", command)

    def new() -> Burst:
        return Burst(given.emails, contacts=given.emails, companies=given.companies, deals=given.deals)

    found = []
    with Bridge(new().seed("hubspot"), given.latency_ms) as bridge:
        found.append(bridge.carry("hubspot_to_dynamics, nobody known", "hubspot_to_dynamics", new(), known=False))
        bridge.pass_over("dynamics_to_hubspot")
        bridge.seed("dynamics", {"records": {"email": new().seed("dynamics")["dynamics"]["records"]["email"]}})
        found.append(bridge.carry("dynamics_to_hubspot, contacts linked", "dynamics_to_hubspot", new(), known=True))
    with Bridge(new().seed("dynamics"), given.latency_ms) as bridge:
        found.append(bridge.carry("dynamics_to_hubspot, nobody known", "dynamics_to_hubspot", new(), known=False))
    measurement.keep({"bursts": [asdict(one) for one in found]}, given.out)
    for one in found:
        show(one)
    return 0


class Bridge:
    """Both sandboxes and an installation between them."""

    def __init__(self, seed: Mapping[str, Any], latency_ms: float) -> None:
        self._seed, self._latency_ms = seed, latency_ms
        self._open = ExitStack()

    def __enter__(self) -> Self:
        home = Path(self._open.enter_context(tempfile.TemporaryDirectory(prefix="activity-sync-burst-")))
        systems = self._open.enter_context(sandboxes(home, self._seed, self._latency_ms))
        self._environ = installation(home, systems)
        self._ledger = home / "home" / "ledger.sqlite"
        self._user = SandboxUser(systems)
        self._urls = {"hubspot": systems["HUBSPOT_BASE_URL"], "dynamics": systems["DYNAMICS_URL"]}
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def seed(self, system: str, records: Mapping[str, Any]) -> None:
        """More records in one of the systems."""
        httpx.post(f"{self._urls[system]}/_sandbox/seed", json=records, timeout=300).raise_for_status()

    def pass_over(self, flow: str) -> dict[str, Any]:
        """One sync of the e-mails; its counts."""
        command = [sys.executable, "-m", "activity_sync", "sync", "--flow", flow, "--type", "email", "--json"]
        told = subprocess.run(command, env=self._environ, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
        counts: dict[str, Any] = json.loads(told.stdout)["flows"][flow]["email"]
        return counts

    def carry(self, name: str, flow: str, work: Burst, *, known: bool) -> Carried:
        """The burst, measured. SystemExit where not every e-mail has arrived."""
        time.sleep(5)  # HubSpot's index lags, here as there
        self._user.forget()
        before = self._steps()
        began = datetime.now(tz=UTC).timestamp()
        counts = self.pass_over(flow)
        if counts["created"] != work.emails:
            raise SystemExit(f"{name}: not {work.emails} e-mails were created, but {counts}; it means nothing")
        logs = {system: request_log(self._urls[system]) for system in SYSTEMS}
        [written] = logs[flow.rpartition("_")[2]]["write_log"][-1:]
        steps = self._steps() - before
        asked = tuple(
            asked_of(system, logs[system], {step: calls for (step, of), calls in steps.items() if of == system})
            for system in SYSTEMS
        )
        busy = asked[SYSTEMS.index("dynamics")].work_seconds
        latency = self._latency_ms / 1000
        floor: Floor = (from_hubspot if flow.startswith("hubspot") else from_dynamics)(
            work, known=known, dynamics_seconds=busy, latency=latency
        )
        seconds = written["at"] - began
        calls = sum(one.calls for one in asked)
        return Carried(
            name=name,
            emails=work.emails,
            seconds=round(seconds, 1),
            calls=calls,
            asked=asked,
            floor={bound: round(value, 1) for bound, value in floor.bounds().items()},
            floor_seconds=round(floor.seconds, 1),
            ratio=round(seconds / floor.seconds, 2),
            calls_ratio=round(calls / (floor.hubspot_calls + floor.dynamics_calls), 2),
        )

    def _steps(self) -> Counter[tuple[str, str]]:
        """The calls of all runs so far, by step and system."""
        if not self._ledger.exists():
            return Counter()
        with closing(sqlite3.connect(self._ledger)) as ledger:
            rows = ledger.execute("SELECT step, system, sum(calls) FROM step_calls GROUP BY step, system")
            return Counter({(step, system): calls for step, system, calls in rows})


def asked_of(system: str, log: Mapping[str, Any], by_step: Mapping[str, int]) -> Asked:
    """The figures of one system's log."""
    endpoints = Counter(endpoint_of(one["method"], one["path"]) for one in log["log"] if one["kind"] != "token")
    return Asked(
        system,
        log["total"],
        dict(sorted(log["by_kind"].items())),
        dict(sorted(endpoints.items())),
        dict(sorted(by_step.items())),
        log["by_status"].get("429", 0),
        log["peak_concurrency"],
        round(sum(one["ms"] for one in log["log"]) / 1000, 1),
    )


def endpoint_of(method: str, path: str) -> str:
    """Method and path, without the query and without ids."""
    return f"{method} {re.sub(r'[0-9a-f]{8}-[0-9a-f-]{27}|(?<=/)[0-9]{3,}(?=/|$)', 'ID', path.partition('?')[0])}"


def show(one: Carried) -> None:
    """The burst on the terminal."""
    print(f"{one.name}: {one.emails:,} e-mails in {one.seconds} s and {one.calls} calls")
    print(f"  floor {one.floor_seconds} s ({one.ratio} x), calls {one.calls_ratio} x the fewest; {one.floor}")
    for asked in one.asked:
        print(f"  {asked.system}: {asked.calls} calls, {asked.throttled} throttled; by step {asked.by_step}")
        for endpoint, calls in sorted(asked.by_endpoint.items(), key=lambda item: -item[1]):
            print(f"    {calls:5} {endpoint}")


if __name__ == "__main__":
    sys.exit(main())
