"""`python -m benchmarks.peers`: the same work by this project and by what else there is, against the same servers.

Every tool gets both sandboxes fresh, in a process of their own, with the limits that the APIs publish and an answer
time; the same e-mails; and two passes, between which things happen in HubSpot (`work.py`). What it costs is taken from
the operating system and from the sandboxes' request logs; what it loses, from comparing what it brought over with what
HubSpot holds (`outcomes.py`). Tools that are not this project's get environments of their own, made from
`requirements/`.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from benchmarks.documents import Measurement
from benchmarks.peers.bench import Bench
from benchmarks.peers.environments import NotInstalled, environment
from benchmarks.peers.outcomes import carried, held, losses
from benchmarks.peers.tools import CARRIERS, Place, Tool
from benchmarks.peers.work import Work

_INDEX_SECONDS = 5
"""HubSpot's search index lags, here as there."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures, prints, and writes the result where `--out` says."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers", description=__doc__)
    parser.add_argument("--emails", type=int, default=2000)
    parser.add_argument("--ties", type=int, default=200, help="e-mails of one import, with one modification time")
    parser.add_argument("--deletes", type=int, default=100, help="e-mails deleted between the passes")
    parser.add_argument("--latency-ms", type=float, default=80.0, help="how long each answer takes besides")
    parser.add_argument("--seconds", type=float, default=1800.0, help="after which a pass is stopped")
    parser.add_argument("--only", nargs="+", metavar="TOOL", help="names, or beginnings of names, of tools")
    parser.add_argument("--environments", type=Path, help="folder for the tools' environments; kept where it is named")
    parser.add_argument("--out", type=Path, help="file for the result; by default one named by the day")
    given = parser.parse_args(arguments)
    command = (
        f"python -m benchmarks.peers --emails {given.emails} --ties {given.ties} --deletes {given.deletes} "
        f"--latency-ms {given.latency_ms:g}"
    )
    measurement = Measurement.begin("peers", command)
    work = Work(
        given.emails,
        contacts=max(given.emails // 4, 2),
        companies=1,
        deals=1,
        tickets=max(given.emails // 8, 1),
        ties=given.ties,
        edits=given.deletes,
        deletes=given.deletes,
        new=given.deletes,
    )
    scratch = given.environments or Path(tempfile.mkdtemp(prefix="activity-sync-peers-"))
    try:
        found = [
            measured(tool, replace(work), scratch.resolve(), latency_ms=given.latency_ms, seconds=given.seconds)
            for tool in CARRIERS
            if not given.only or tool.name.startswith(tuple(given.only))
        ]
    finally:
        if given.environments is None:
            shutil.rmtree(scratch)
    sizes = {"emails": work.emails, "ties": work.ties, "edits": work.edits, "deletes": work.deletes, "new": work.new}
    measurement.keep({"work": sizes, "latency_ms": given.latency_ms, "tools": found}, given.out)
    for one in found:
        show(one)
    return 0


def measured(tool: Tool, work: Work, scratch: Path, *, latency_ms: float, seconds: float) -> dict[str, Any]:
    """Both passes of a tool, and what it has lost after each; or why it could not be measured."""
    try:
        programs = environment(tool.requirements, scratch) if tool.requirements else Path(sys.executable).parent
    except NotInstalled as why:
        return {"tool": tool.name, "not_installed": str(why)}
    print(f"measuring {tool.name}", file=sys.stderr)
    with tempfile.TemporaryDirectory(prefix="activity-sync-peer-") as folder:
        home = Path(folder)
        with Bench(home, work.first(), latency_ms) as bench:
            place = Place(home, bench.systems, programs)
            environ = tool.prepare(place)
            passes = []
            for late_ties in (frozenset[str](), work.late_ties):
                cost = bench.run(tool, place, environ, seconds)
                stored = bench.stored("hubspot")
                lost = losses(held(stored), carried(stored, bench.stored("dynamics")), late_ties)
                passes.append({**asdict(cost), "lost": lost.shown()})
                if cost.exit != 0:
                    break
                bench.seed("hubspot", work.later())
                time.sleep(_INDEX_SECONDS)
    return {"tool": tool.name, "passes": passes}


def show(one: dict[str, Any]) -> None:
    """A tool's figures on the terminal."""
    print(one["tool"] + (f": not installed, {one['not_installed']}" if "not_installed" in one else ""))
    for number, each in enumerate(one.get("passes", []), start=1):
        ended = "stopped" if each["exit"] is None else f"exit {each['exit']}"
        print(
            f"  pass {number} ({ended}): {each['calls']['hubspot']} + {each['calls']['dynamics']} calls, "
            f"{sum(each['throttled'].values())} throttled, {each['seconds']} s, {each['cpu_seconds']} s of CPU, "
            f"{each['peak_mib']} MiB"
        )
        lost = {name: f"{count['lost']}/{count['of']}" for name, count in each["lost"].items()}
        print(f"    lost {lost} {each['said']}")


if __name__ == "__main__":
    sys.exit(main())
