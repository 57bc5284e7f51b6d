"""A real HTTP server, a server that breaks off, and clients that record their waits instead of waiting."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from activity_sync.http.auth import StaticBearer
from activity_sync.http.client import ApiClient
from activity_sync.http.limits import NoLimits
from activity_sync.http.message import Refusal


@dataclass
class Seen:
    """One request as a server saw it."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Served:
    """A running server. `answers` are given in turn, the last one for ever."""

    base_url: str = ""
    answers: list[Callable[[Seen], Response]] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)

    def answer(self, *answers: Response | Callable[[Seen], Response]) -> None:
        self.answers = [one if callable(one) and not isinstance(one, Response) else _always(one) for one in answers]


def _always(response: Response) -> Callable[[Seen], Response]:
    return lambda _seen: response


@pytest.fixture
def served() -> Iterator[Served]:
    state = Served()

    async def respond(request: Request) -> Response:
        raw = request.scope["raw_path"].decode() + (
            "?" + request.scope["query_string"].decode() if request.scope["query_string"] else ""
        )
        seen = Seen(request.method, raw, dict(request.headers), await request.body())
        state.seen.append(seen)
        answer = state.answers.pop(0) if len(state.answers) > 1 else state.answers[0]
        return answer(seen)

    app = Starlette(routes=[Route("/{path:path}", respond, methods=["GET", "POST", "PATCH", "DELETE"])])
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    state.base_url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    yield state
    server.should_exit = True
    thread.join(10)
    listener.close()


@dataclass
class Breaking:
    """A server that answers each connection with the next bytes and closes it. Empty bytes: closes unanswered."""

    base_url: str = ""
    answers: list[bytes] = field(default_factory=list)
    requests: list[bytes] = field(default_factory=list)


@pytest.fixture
def breaking() -> Iterator[Breaking]:
    state = Breaking()
    listener = socket.create_server(("127.0.0.1", 0))
    state.base_url = f"http://127.0.0.1:{listener.getsockname()[1]}"

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                state.requests.append(_read_request(connection))
                connection.sendall(state.answers.pop(0) if len(state.answers) > 1 else state.answers[0])

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield state
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join(10)


def _read_request(connection: socket.socket) -> bytes:
    received = b""
    while b"\r\n\r\n" not in received:
        received += connection.recv(65536)
    head, _, body = received.partition(b"\r\n\r\n")
    length = next(
        (int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")), 0
    )
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


@pytest.fixture
def free_address() -> str:
    """An address of this machine on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}"


@dataclass
class Waits:
    """Time that passes only by sleeping."""

    seconds: list[float] = field(default_factory=list)

    async def sleep(self, seconds: float) -> None:
        self.seconds.append(seconds)

    def clock(self) -> float:
        return sum(self.seconds)


@pytest.fixture
def waits() -> Waits:
    return Waits()


def read_refusal(_status: int, _headers: Any, body: bytes) -> Refusal:
    """As a system's own, but simple: the body's JSON object gives the refusal's fields."""
    try:
        said = json.loads(body)
    except ValueError:
        return Refusal()
    return Refusal(**said) if isinstance(said, dict) else Refusal()


@pytest.fixture
def make_client(waits: Waits) -> Callable[..., ApiClient]:
    def make(base_url: str, **changes: Any) -> ApiClient:
        shipped: dict[str, Any] = {
            "system": "hubspot",
            "base_url": base_url,
            "auth": StaticBearer("token-1"),
            "limits": NoLimits(),
            "read_refusal": read_refusal,
            "max_concurrency": 4,
            "sleep": waits.sleep,
            "clock": waits.clock,
            "jitter": lambda: 0.5,
        }
        return ApiClient(**{**shipped, **changes})

    return make
