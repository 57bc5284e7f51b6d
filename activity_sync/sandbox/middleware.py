"""What happens around every API request: latency, faults, and the request log."""

import asyncio
import contextlib
import json
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from activity_sync.sandbox.faults import Fault
from activity_sync.sandbox.request_log import Seen

if TYPE_CHECKING:
    from activity_sync.sandbox.controls import Controls

ADMIN_PREFIX = "/_sandbox"
DISCONNECT_KEY = "sandbox.disconnect"
"""Where the server leaves, in the ASGI scope, a function that cuts the connection."""


class ConnectionCut(ConnectionResetError):
    """The sandbox cut the connection on purpose (in process; over HTTP the socket is closed)."""


@dataclass(frozen=True)
class Dialect:
    """What the middleware must know of an API.

    `classify(method, path)` names the kind of a request, for example `search` or `token`; `refusal(status)` is
    the JSON body and the headers with which the service itself answers such a status.
    """

    classify: Callable[[str, str], str]
    refusal: Callable[[int], tuple[Any, Mapping[str, str]]]


class SandboxMiddleware:
    """Delays, faults and logs every request except those of the admin endpoints."""

    def __init__(self, app: ASGIApp, *, controls: "Controls", dialect: Dialect) -> None:
        self._app = app
        self._controls = controls
        self._dialect = dialect
        self._random = random.Random(0)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one request (ASGI)."""
        if scope["type"] != "http" or scope["path"].startswith(ADMIN_PREFIX):
            await self._app(scope, receive, send)
            return
        log, clock = self._controls.requests, self._controls.clock
        method, path = scope["method"], scope["path"]
        query = scope["query_string"].decode("latin-1")
        route = self._dialect.classify(method, path)
        full = f"{path}?{query}" if query else path
        started, at = time.perf_counter(), clock.seconds()
        status = 0

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                # Both services tell their own time with every answer.
                date = format_datetime(clock.now(), usegmt=True).encode("ascii")
                message = {**message, "headers": [*message.get("headers", ()), (b"date", date)]}
            await send(message)

        log.enter(route)
        try:
            await self._delay()
            fault = self._controls.faults.draw(method, full, route=route)
            if fault is None:
                await self._app(scope, receive, watched)
            else:
                await self._befall(fault, scope, receive, watched)
        finally:
            took = (time.perf_counter() - started) * 1000
            log.leave(Seen(at, method, full, route, status, round(took, 3)))

    async def _delay(self) -> None:
        settings = self._controls.settings
        pause = settings.latency_ms + self._random.random() * settings.latency_jitter_ms
        if pause > 0:
            await asyncio.sleep(pause / 1000)

    async def _befall(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        match fault.kind:
            case "slow":
                await asyncio.sleep(fault.delay_ms / 1000)
                await self._app(scope, receive, send)
            case "status":
                await self._refuse(fault, send)
            case "drop_before":
                await _cut(scope, receive)
            case "status_after" | "drop_after" | "truncate" | "slow_write":
                messages: list[Message] = []

                async def kept(message: Message) -> None:
                    messages.append(message)

                written = self._controls.requests.writes.total()
                await self._app(scope, receive, kept)
                wrote = self._controls.requests.writes.total() > written
                await self._spoil(fault, messages, scope, receive, send, wrote=wrote)

    async def _spoil(
        self, fault: Fault, messages: list[Message], scope: Scope, receive: Receive, send: Send, *, wrote: bool
    ) -> None:
        if fault.kind == "status_after":
            await self._refuse(fault, send)
            return
        if fault.kind == "slow_write":
            if wrote:
                # Until the time is up, or the client has gone.
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(_disconnected(receive), fault.delay_ms / 1000)
            for message in messages:
                await send(message)
            return
        if fault.kind == "truncate" and messages:
            body = b"".join(message.get("body", b"") for message in messages[1:])
            await send(messages[0])
            await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
            # The half that was sent must leave the process before the socket is closed.
            await asyncio.sleep(0.05)
        await _cut(scope, receive)

    async def _refuse(self, fault: Fault, send: Send) -> None:
        body, headers = self._dialect.refusal(fault.status)
        shown = {"content-type": "application/json", **headers}
        if fault.retry_after is not None:
            shown["retry-after"] = f"{fault.retry_after:g}"
        encoded = json.dumps(body).encode()
        shown["content-length"] = str(len(encoded))
        pairs = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in shown.items()]
        await send({"type": "http.response.start", "status": fault.status, "headers": pairs})
        await send({"type": "http.response.body", "body": encoded})


async def _cut(scope: Scope, receive: Receive) -> None:
    """Cuts the connection and waits until the server has noticed. In process, raises ConnectionCut."""
    disconnect = scope.get(DISCONNECT_KEY)
    if disconnect is None:
        raise ConnectionCut("The sandbox cut the connection.")
    disconnect()
    await _disconnected(receive)


async def _disconnected(receive: Receive) -> None:
    """Waits until the client has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass
