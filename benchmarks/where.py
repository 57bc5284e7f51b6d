"""What the measurements run on: sandboxes in a process of their own, and the machine and commit that were measured."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx


@contextmanager
def sandboxes(home: Path, seed: Mapping[str, Any], latency_ms: float, *, tls: bool = False) -> Iterator[dict[str, str]]:
    """Both sandboxes in a process of their own, each answer so late; yields the environment that leads to them.

    `tls`: Dynamics has a certificate, whose authority SSL_CERT_FILE names; Microsoft's client asks for one.
    """
    path = home / "seed.json"
    path.write_text(json.dumps(seed), encoding="utf-8")
    command = [sys.executable, "-m", "activity_sync.sandbox", f"--seed={path}", f"--latency-ms={latency_ms}"]
    command += ["--tls"] if tls else []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as served:
        try:
            yield _exported(served, last="SSL_CERT_FILE" if tls else "DYNAMICS_CLIENT_SECRET")
        finally:
            served.terminate()


def _exported(served: subprocess.Popen[str], *, last: str) -> dict[str, str]:
    """The environment that the sandboxes print: they are up then."""
    found: dict[str, str] = {}
    for line in served.stdout or ():
        name, _, value = line.strip().removeprefix("export ").partition("=")
        found[name] = value
        if name == last:
            return found
    raise SystemExit("the sandboxes did not start")


_LOGGED = 2_000
"""So many requests the sandboxes keep in their log."""


def request_log(url: str) -> dict[str, Any]:
    """All that was asked of the sandbox at `url`. SystemExit where its log no longer holds all of it."""
    answer = httpx.get(f"{url}/_sandbox/requests?last={_LOGGED}", timeout=60)
    log: dict[str, Any] = answer.raise_for_status().json()
    if log["total"] > _LOGGED:
        raise SystemExit(f"{log['total']} requests to {url}: the log holds {_LOGGED}, the sums would be wrong")
    return log


def installation(home: Path, systems: Mapping[str, str]) -> dict[str, str]:
    """The environment of an installation that has never run."""
    dagster_home = home / "dagster"
    dagster_home.mkdir()
    (dagster_home / "dagster.yaml").write_text("telemetry: {enabled: false}\n", encoding="utf-8")
    return {**os.environ, **systems, "ACTIVITY_SYNC_HOME": str(home / "home"), "DAGSTER_HOME": str(dagster_home)}


def commit() -> str:
    """The commit that was measured, marked where the files differ from it."""
    told = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--abbrev=12"], capture_output=True, text=True, check=True
    )
    return told.stdout.strip()


def machine() -> dict[str, Any]:
    """Where it was measured."""
    cpuinfo = Path("/proc/cpuinfo")
    models = [line for line in cpuinfo.read_text().splitlines() if "model name" in line] if cpuinfo.exists() else []
    return {
        "cpu": models[0].partition(":")[2].strip() if models else platform.processor(),
        "cores": os.cpu_count(),
        "system": platform.system(),
        "python": platform.python_version(),
    }
