"""`dagster dev` for tests: a copy of the project, the real servers on it, and questions to them over GraphQL."""

from __future__ import annotations

import compileall
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from activity_sync.settings import PROJECT_ROOT

NEEDED = ("dagster.yaml", "workspace.yaml", "pyproject.toml")
_STATUS = "query Status($id: ID!) { runOrError(runId: $id) { ... on Run { status } } }"


def copy_of_the_project(root: Path) -> Path:
    """What Dagster needs of the project, where a run may leave its files."""
    root.mkdir()
    for name in NEEDED:
        shutil.copy(PROJECT_ROOT / name, root / name)
    shutil.copytree(
        PROJECT_ROOT / "activity_sync", root / "activity_sync", ignore=shutil.ignore_patterns("__pycache__")
    )
    # Else each process compiles it anew where PYTHONDONTWRITEBYTECODE is set.
    compileall.compile_dir(root / "activity_sync", quiet=1)
    return root


@contextmanager
def dagster_dev(root: Path, systems: Mapping[str, str]) -> Iterator[str]:
    """`dagster dev` in `root` until the block ends; yields its address. Nothing of our own is set."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = root.parent / "dagster-dev.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [str(Path(sys.executable).with_name("dagster")), "dev", "-h", "127.0.0.1", "-p", str(port)],
            cwd=root,
            env=_untouched() | dict(systems),
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            address = f"http://127.0.0.1:{port}"
            patiently(lambda: answers(f"{address}/server_info"), alive=process, log=log)
            yield address
        finally:
            # Not by SIGINT: whoever runs the tests in the background has it ignored, and so have we.
            stop_group(process.pid)
            process.wait(timeout=30)


@contextmanager
def dagster_daemon(root: Path, systems: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """The daemon in `root`, without a webserver, until the block ends or it is killed; yields its process.

    What it started and left behind when it was killed goes on until it ends by itself, or until the test does.
    """
    with (root.parent / "dagster-daemon.log").open("a") as output:
        process = subprocess.Popen(
            [str(Path(sys.executable).with_name("dagster-daemon")), "run"],
            cwd=root,
            env=_untouched() | dict(systems) | {"DAGSTER_HOME": str(root)},
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            yield process
        finally:
            stop_group(process.pid)
            process.wait(timeout=30)


def _untouched() -> dict[str, str]:
    """The environment without anything of ours."""
    ours = ("ACTIVITY_SYNC_", "DAGSTER_HOME", "HUBSPOT_", "DYNAMICS_")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}


def stop_group(group: int) -> None:
    """Whatever `dagster dev` left behind in its own session has ended."""
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        return


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:  # loopback
            return bool(answer.status == 200)
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False


def asked(address: str, query: str, **variables: Any) -> dict[str, Any]:
    """The data of a GraphQL answer."""
    request = urllib.request.Request(  # loopback
        f"{address}/graphql",
        data=json.dumps({"query": query, "variables": variables}).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        document = json.load(answer)
    assert "errors" not in document, document["errors"]
    data: dict[str, Any] = document["data"]
    return data


def status_of(address: str, run_id: str) -> str:
    status: str = asked(address, _STATUS, id=run_id)["runOrError"]["status"]
    return status


def patiently(
    look: Callable[[], Any],
    *,
    alive: subprocess.Popen[bytes] | None = None,
    log: Path | None = None,
    seconds: int = 120,
) -> Any:
    """What `look` finds, once it finds something."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if alive is not None and alive.poll() is not None:
            break
        if found := look():
            return found
        time.sleep(0.5)
    raise AssertionError(log.read_text() if log else "nothing came of it")
