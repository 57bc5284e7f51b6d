"""The real command as a process, and what it left behind."""

from __future__ import annotations

import io
import json
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pytest

from activity_sync.cli.main import main

_EMPTY_AFTER_A_REFUSAL = ("links", "outstanding", "watermarks", "leases", "reads", "elements")


def activity_sync(environ: Mapping[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """One command, ended."""
    return subprocess.run(
        [sys.executable, "-m", "activity_sync", *arguments],
        env=dict(environ),
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )


def the_document(done: subprocess.CompletedProcess[str]) -> Any:
    """Stdout as the one JSON document it must be."""
    assert done.stdout.endswith("\n"), done.stderr
    assert done.stdout.count("\n") == 1
    return json.loads(done.stdout)


def ledger_rows(home: Path) -> dict[str, int]:
    """How many rows the ledger has in each table that tells of activities; empty where there is no ledger."""
    path = home / "ledger.sqlite"
    if not path.exists():
        return {}
    with sqlite3.connect(path) as connection:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        counted = {
            name: connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0]  # noqa: S608  # our own names
            for name in tables
            if name in _EMPTY_AFTER_A_REFUSAL
        }
    return {name: number for name, number in counted.items() if number}


def closed_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def in_this_process(*arguments: str) -> tuple[int, str, str]:
    """One command without a process of its own: exit code, stdout, stderr."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as ended:
        main(list(arguments))
    code = ended.value.code
    return (code if isinstance(code, int) else 0), out.getvalue(), err.getvalue()


def answer(*arguments: str) -> Any:
    """The document of a command that succeeds."""
    code, out, err = in_this_process(*arguments, "--json")
    assert code == 0, out + err
    return json.loads(out)


def refusal(*arguments: str) -> str:
    """The message of a command that is used wrongly."""
    code, out, _ = in_this_process(*arguments, "--json")
    assert code == 2, out
    return str(json.loads(out)["error"]["message"])
