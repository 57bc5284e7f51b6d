"""Which process this is, and whether another one still lives: by host, pid and start time, since pids are reused."""

from __future__ import annotations

import os
import socket
import subprocess
import uuid
from dataclasses import dataclass, field
from pathlib import Path

_PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a lease. `started` tells a process from a later one with the same pid; "" where nobody knows."""

    host: str
    pid: int
    started: str
    token: str = field(default_factory=lambda: uuid.uuid4().hex)

    @classmethod
    def here(cls) -> Holder:
        """The process that asks, with a token of its own: two holders of one process are two."""
        pid = os.getpid()
        return cls(host=this_host(), pid=pid, started=started(pid) or "")

    def is_gone(self) -> bool:
        """Whether the process has certainly ended: it was on this host, and is not there now."""
        if self.host != this_host():
            return False
        now = started(self.pid)
        return now is None or bool(self.started and now and now != self.started)


def this_host() -> str:
    """Where this process's pids mean what they mean: two processes with the same answer see each other.

    The name alone does not do: pods of one node share it on the host's network, and machines of one image have it in
    common. Nor does the pid namespace: that of every machine outside of containers has the same number. So the kernel's
    boot comes to both; where there is none, the network card.
    """
    try:
        namespace = str((_PROC / "self/ns/pid").readlink())
    except OSError:
        namespace = ""
    return " ".join(one for one in (socket.gethostname(), _boot() or f"{uuid.getnode():012x}", namespace) if one)


def _boot() -> str:
    """The kernel's id of its boot, "" where it has none: no other machine, and no later boot, has the same."""
    try:
        return (_PROC / "sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def started(pid: int) -> str | None:
    """When the process began, opaque but comparable; "" if it lives but nobody can tell; None if it has ended."""
    if (_PROC / "self/stat").exists():
        return _started_by_proc(pid)
    return _started_by_ps(pid)


def _started_by_proc(pid: int) -> str | None:
    try:
        stat = (_PROC / str(pid) / "stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    except PermissionError:
        return ""
    # The name, in parentheses, may hold anything; fields count from behind it: state first, start time 20th.
    after_name = stat.rpartition(")")[2].split()
    if after_name[0] in ("Z", "X"):  # ended; its parent has not looked yet
        return None
    return f"{_boot()} {after_name[19]}"


def _started_by_ps(pid: int) -> str | None:
    try:
        answer = subprocess.run(  # noqa: S603 fixed command, and a number
            ["ps", "-o", "lstart=", "-p", str(int(pid))],  # noqa: S607 found where the system keeps it
            capture_output=True,
            text=True,
            check=False,
            timeout=10,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""  # nobody can tell: the lease runs out by its heartbeat
    return answer.stdout.strip() or None
