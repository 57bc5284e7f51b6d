"""One tool at its work between two sandboxes, measured."""

from __future__ import annotations

import json
import os
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import httpx

from benchmarks.peers.messages import last_error
from benchmarks.peers.outcomes import Found, carried
from benchmarks.peers.tools import Place, Tool
from benchmarks.where import sandboxes

SYSTEMS = ("hubspot", "dynamics")
_MEASURED = Path(__file__).parent / "measured.py"


@dataclass(frozen=True, slots=True)
class Cost:
    """What a pass cost. `exit`: its exit code, None where it was stopped at the end of its time.

    `calls`, `throttled`: by system, as the sandboxes counted them; `failed`: answers of 400 and more, by path where the
    path was unknown. `peak_mib`: of the largest of its processes; `said`: the end of what it said where it failed.
    """

    exit: int | None
    seconds: float
    cpu_seconds: float
    peak_mib: float
    calls: dict[str, int]
    by_kind: dict[str, dict[str, int]]
    throttled: dict[str, int]
    unknown_paths: tuple[str, ...]
    said: str


class Bench:
    """Both sandboxes with the published limits, Dynamics behind TLS. A context manager."""

    def __init__(self, folder: Path, seed: Mapping[str, Any], latency_ms: float) -> None:
        self.folder, self._seed, self._latency_ms = folder, seed, latency_ms
        self._open = ExitStack()

    def __enter__(self) -> Self:
        self.systems = self._open.enter_context(sandboxes(self.folder, self._seed, self._latency_ms, tls=True))
        self._urls = {"hubspot": self.systems["HUBSPOT_BASE_URL"], "dynamics": self.systems["DYNAMICS_URL"]}
        authority = ssl.create_default_context(cafile=self.systems["SSL_CERT_FILE"])
        self._http = self._open.enter_context(httpx.Client(verify=authority, timeout=900))
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def seed(self, system: str, records: Mapping[str, Any]) -> None:
        """More records, or others, in one of the systems."""
        self._http.post(f"{self._urls[system]}/_sandbox/seed", json=records).raise_for_status()

    def stored(self, system: str) -> dict[str, Any]:
        """All that a system holds."""
        found: dict[str, Any] = self._http.get(f"{self._urls[system]}/_sandbox/dump").raise_for_status().json()
        return found

    def found(self, tool: Tool, place: Place) -> list[Found]:
        """What the tool has brought over so far, into Dynamics or as messages; keeps the state that is among these."""
        if tool.extracted is None:
            return carried(self.stored("hubspot"), self.stored("dynamics"))
        with (place.folder / "out.jsonl").open(encoding="utf-8", errors="replace") as printed:
            extracted = tool.extracted(printed)
        if extracted.state is not None:
            place.state.write_text(json.dumps(extracted.state), encoding="utf-8")
        return list(extracted.found)

    def interrupt(self, tool: Tool, place: Place, environ: Mapping[str, str], emails: int) -> int:
        """Kills a pass as soon as so many e-mails are in Dynamics; how many were there when it was killed.

        Raises RuntimeError where the pass ended before.
        """
        self._forget()
        with subprocess.Popen(
            tool.command(place),
            env=dict(environ),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=place.folder,
            start_new_session=True,
        ) as running:
            while (made := self._made()) < emails:
                if running.poll() is not None:
                    raise RuntimeError(f"{tool.name} ended with {running.returncode} and {made} e-mails.")
                time.sleep(0.05)
            os.killpg(running.pid, signal.SIGKILL)
        return made

    def _made(self) -> int:
        answer = self._http.get(f"{self._urls['dynamics']}/_sandbox/requests?last=0").raise_for_status()
        made: int = answer.json()["writes_by_type"].get("email", {}).get("create", 0)
        return made

    def _forget(self) -> None:
        for url in self._urls.values():
            self._http.delete(f"{url}/_sandbox/requests").raise_for_status()

    def run(self, tool: Tool, place: Place, environ: Mapping[str, str], seconds: float) -> Cost:
        """One pass of a tool, at most so long."""
        self._forget()
        report, out, said = place.folder / "cost.json", place.folder / "out.jsonl", place.folder / "said.txt"
        command = [sys.executable, "-I", "-S", _MEASURED, report, str(seconds), *tool.command(place)]
        with out.open("ab") as printed, said.open("wb") as errors:
            subprocess.run(command, env=dict(environ), stdout=printed, stderr=errors, cwd=place.folder, check=True)
        figures = json.loads(report.read_text(encoding="utf-8"))
        logs = {system: self._log(system) for system in SYSTEMS}
        return Cost(
            **figures,
            calls={system: log["total"] for system, log in logs.items()},
            by_kind={system: dict(sorted(log["by_kind"].items())) for system, log in logs.items()},
            throttled={system: log["by_status"].get("429", 0) for system, log in logs.items()},
            unknown_paths=_unknown(logs["hubspot"]),
            said=_end_of(said, out) if figures["exit"] else "",
        )

    def _log(self, system: str) -> dict[str, Any]:
        answer = self._http.get(f"{self._urls[system]}/_sandbox/requests?last=2000")
        log: dict[str, Any] = answer.raise_for_status().json()
        return log


def _unknown(log: Mapping[str, Any]) -> tuple[str, ...]:
    """Paths that HubSpot's sandbox does not have."""
    return tuple(sorted({one["path"].partition("?")[0] for one in log["log"] if one["status"] == 404}))


def _end_of(said: Path, out: Path) -> str:
    """The last thing that it said."""
    with out.open(encoding="utf-8", errors="replace") as printed:
        told = last_error(printed)
    lines = [line for line in said.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    return (told or (lines[-1] if lines else ""))[-300:]
