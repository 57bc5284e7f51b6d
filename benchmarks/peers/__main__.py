"""`python -m benchmarks.peers`: the same work by this project and by what else there is, against the same servers.

Every tool gets both sandboxes fresh, in a process of their own, with the limits that the APIs publish and an answer
time; the same e-mails; and two passes, between which things happen in HubSpot (`work.py`). What it costs is taken from
the operating system and from the sandboxes' request logs; what it loses, from comparing what it brought over with what
HubSpot holds (`outcomes.py`). Tools that are not this project's get environments of their own, made from
`requirements/`.
"""

from __future__ import annotations

import argparse
import shlex
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.documents import Measurement
from benchmarks.peers.environments import NotInstalled, environment
from benchmarks.peers.tools import CARRIERS, EXTRACTORS, Tool
from benchmarks.peers.trials import Trial
from benchmarks.peers.work import Work


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures, prints, and writes the result where `--out` says."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers", description=__doc__)
    parser.add_argument("--emails", type=int, default=2000)
    parser.add_argument("--ties", type=int, default=200, help="e-mails of one import, with one modification time")
    parser.add_argument("--deletes", type=int, default=100, help="so many are edited, deleted and made between passes")
    parser.add_argument(
        "--at-once", type=int, metavar="N", help="instead: N new ones between passes, all of one instant"
    )
    parser.add_argument("--latency-ms", type=float, default=80.0, help="how long each answer takes besides")
    parser.add_argument("--seconds", type=float, default=1800.0, help="after which a pass is stopped")
    parser.add_argument("--only", nargs="+", metavar="TOOL", help="names, or beginnings of names, of tools")
    parser.add_argument("--environments", type=Path, help="folder for the tools' environments; kept where it is named")
    parser.add_argument("--out", type=Path, help="file for the result; by default one named by the day")
    given = parser.parse_args(arguments)
    work = at_once(given.at_once) if given.at_once else usual(given.emails, given.ties, given.deletes)
    size = (
        f"--at-once {given.at_once}"
        if given.at_once
        else f"--emails {given.emails} --ties {given.ties} --deletes {given.deletes}"
    )
    command = f"python -m benchmarks.peers {size} --latency-ms {given.latency_ms:g} --seconds {given.seconds:g}"
    command += f" --only {shlex.join(given.only)}" if given.only else ""
    measurement = Measurement.begin("peers", command)
    scratch = (given.environments or Path(tempfile.mkdtemp(prefix="activity-sync-peers-"))).resolve()
    chosen = [one for one in (*CARRIERS, *EXTRACTORS) if not given.only or one.name.startswith(tuple(given.only))]
    beside = Path(__file__).parent / "results" / f"{measurement.began:%Y-%m-%d}-at-once.json"
    out = given.out or (beside if given.at_once else None)
    sizes = {"emails": work.emails, "ties": work.ties, "edits": work.edits, "deletes": work.deletes, "new": work.new}
    found: list[dict[str, Any]] = []
    try:
        for tool in chosen:
            found.append(
                measured(
                    tool, work, scratch, latency_ms=given.latency_ms, seconds=given.seconds, kill=not given.at_once
                )
            )
            # After each: all of them together take long, and what was measured shall not be lost.
            measurement.keep({"work": sizes, "latency_ms": given.latency_ms, "tools": found}, out)
    finally:
        if given.environments is None:
            shutil.rmtree(scratch)
    for one in found:
        show(one)
    return 0


def usual(emails: int, ties: int, deletes: int) -> Work:
    """So many e-mails, an import, and as many edits and new ones as deletes."""
    return Work(
        emails,
        contacts=max(emails // 4, 2),
        companies=1,
        deals=1,
        tickets=max(emails // 8, 1),
        ties=ties,
        edits=deletes,
        deletes=deletes,
        new=deletes,
    )


def at_once(new: int) -> Work:
    """A few e-mails, and between the passes so many new ones that were all modified at one instant."""
    return Work(
        50,
        contacts=max(new // 4, 2),
        companies=1,
        deals=1,
        tickets=max(new // 8, 1),
        ties=0,
        edits=0,
        deletes=0,
        new=new,
        new_apart_ms=0,
    )


def measured(tool: Tool, work: Work, scratch: Path, *, latency_ms: float, seconds: float, kill: bool) -> dict[str, Any]:
    """What a tool costs and loses, or why it could not be installed. `kill`: also what a kill makes of its pass.

    The times in the work count from when it is first asked for, so that each trial gets it anew.
    """
    try:
        programs = environment(tool.requirements, scratch) if tool.requirements else Path(sys.executable).parent
    except NotInstalled as why:
        return {"tool": tool.name, "not_installed": str(why)}
    print(f"measuring {tool.name}", file=sys.stderr)
    trial = Trial(tool, programs, latency_ms, seconds)
    found: dict[str, Any] = {"tool": tool.name, "passes": trial.two_passes(replace(work))}
    if kill and tool.extracted is None:
        found["interrupted"] = trial.interrupted(replace(work))
    return found


def show(one: dict[str, Any]) -> None:
    """A tool's figures on the terminal."""
    print(one["tool"] + (f": not installed, {one['not_installed']}" if "not_installed" in one else ""))
    for each in [*one.get("passes", []), *one.get("interrupted", {}).get("passes", [])]:
        ended = "stopped" if each["exit"] is None else f"exit {each['exit']}"
        print(
            f"  {each['name']} ({ended}): {each['calls']['hubspot']} + {each['calls']['dynamics']} calls, "
            f"{sum(each['throttled'].values())} throttled, {each['seconds']} s, {each['cpu_seconds']} s of CPU, "
            f"{each['peak_mib']} MiB"
        )
        if each["lost"] is None:
            print(f"    {each['said']} (paths that the sandbox does not have: {each['unknown_paths']})")
        else:
            lost = {name: f"{count['lost']}/{count['of']}" for name, count in each["lost"].items()}
            print(f"    lost {lost}")


if __name__ == "__main__":
    sys.exit(main())
