"""Where a run can be killed: just before or just after each of its effects.

An effect is what outlives the process: a write transaction of the ledger, or a request that writes to a CRM. The
process that is to die installs a counter over both and kills itself with SIGKILL at the chosen one. Nothing of it runs
after that: no `except`, no `finally`, no `atexit`.
"""

from __future__ import annotations

import os
import re
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

import httpx
from sqlalchemy import Connection, Engine

from activity_sync.http import client
from activity_sync.ledger import leases, ledger

Side = Literal["before", "after"]

_READS = re.compile(r"/(batch/read|search|oauth2/v2\.0/token)$")
_LEDGER_FILES = ("/ledger/ledger.py", "/ledger/leases.py")


@dataclass(frozen=True, slots=True)
class Point:
    """An instant of a run: `before` or `after` its `number`-th effect (from 1).

    Before: the transaction has not begun, the request is not sent. After: the transaction is committed, the server has
    carried out the request and its answer has not reached the caller.
    """

    number: int
    side: Side

    def __str__(self) -> str:
        return f"{self.side} effect {self.number}"


@dataclass
class Effects:
    """Counts a process's effects and kills it at the point. `names`: what each effect was, for people."""

    point: Point | None
    names: list[str] = field(default_factory=list)

    def begin(self, name: str) -> int:
        """The number of an effect that is about to happen."""
        self.names.append(name)
        number = len(self.names)
        self._die_at(number, "before")
        return number

    def end(self, number: int) -> None:
        """The effect has happened."""
        self._die_at(number, "after")

    def _die_at(self, number: int, side: Side) -> None:
        if self.point == Point(number, side):
            os.kill(os.getpid(), signal.SIGKILL)


def install(point: Point | None) -> Effects:
    """This process counts its effects from now on, and dies at the point. Only for a process of its own."""
    effects = Effects(point)
    writing = _counted_writing(effects, ledger.writing)
    ledger.writing = leases.writing = writing
    client.exchange = _counted_exchange(effects, client.exchange)
    return effects


def _counted_writing(
    effects: Effects, writing: Callable[[Engine], AbstractContextManager[Connection]]
) -> Callable[[Engine], AbstractContextManager[Connection]]:
    @contextmanager
    def counted(engine: Engine) -> Iterator[Connection]:
        number = effects.begin(f"ledger: {_ledger_method()}")
        with writing(engine) as connection:
            yield connection
        effects.end(number)

    return counted


def _counted_exchange(effects: Effects, exchange: Callable[..., Any]) -> Callable[..., Any]:
    async def counted(connection: httpx.AsyncClient, request: httpx.Request, *, timeout_seconds: float) -> Any:
        if not writes(request.method, request.url.path, request.content):
            return await exchange(connection, request, timeout_seconds=timeout_seconds)
        number = effects.begin(f"{request.method} {request.url.path}")
        answer = await exchange(connection, request, timeout_seconds=timeout_seconds)
        effects.end(number)
        return answer

    return counted


def writes(method: str, path: str, content: bytes) -> bool:
    """Whether a request changes a CRM. A batch of Dynamics does where it holds a change set."""
    if method == "GET" or _READS.search(path):
        return False
    return b"changeset_" in content if path.endswith("/$batch") else True


def _ledger_method() -> str:
    """The ledger's method that opens the transaction: the nearest caller in its files."""
    frame = sys._getframe(1)
    while frame is not None:
        if frame.f_code.co_filename.endswith(_LEDGER_FILES):
            return frame.f_code.co_name
        frame = frame.f_back
    raise RuntimeError("a transaction was opened outside the ledger")
