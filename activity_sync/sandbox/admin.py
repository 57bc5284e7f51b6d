"""The endpoints under `/_sandbox/`: a tester's hand on the server, never counted, delayed or faulted.

| request | does |
| --- | --- |
| GET, PATCH `/_sandbox/settings` | shows, changes the settings |
| GET, POST, DELETE `/_sandbox/faults` | shows the rules with counts, adds one or a list, removes all |
| GET `/_sandbox/requests?last=n`, DELETE | the request log and its figures; forgets them |
| GET `/_sandbox/dump` | the whole store |
| POST `/_sandbox/seed` | loads records as given |
| POST `/_sandbox/reset` | empties store, log and faults; settings and clock stay |
| GET, PATCH `/_sandbox/clock` | the sandbox's time |

The clock takes `{"advance_seconds": n}`, `{"hold": "2026-01-01T00:00:00Z"}`, `{"release": true}`.
"""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from activity_sync.sandbox.faults import BadFault, fault_from
from activity_sync.sandbox.settings import UnknownSetting

if TYPE_CHECKING:
    from activity_sync.sandbox.controls import Controls, SandboxStore


def admin_routes(
    controls: "Controls", store: "SandboxStore", *, on_reset: Callable[[], None] | None = None
) -> list[Route]:
    """The routes of the table above."""

    async def settings(request: Request) -> Response:
        if request.method == "PATCH":
            try:
                controls.settings.change(await request.json())
            except UnknownSetting as wrong:
                return _refused(wrong)
        return JSONResponse(controls.settings.shown())

    async def faults(request: Request) -> Response:
        match request.method:
            case "POST":
                given = await request.json()
                try:
                    added = [fault_from(each) for each in (given if isinstance(given, list) else [given])]
                except BadFault as wrong:
                    return _refused(wrong)
                for fault in added:
                    controls.faults.add(fault)
            case "DELETE":
                controls.faults.clear()
        return JSONResponse(controls.faults.shown())

    async def requests(request: Request) -> Response:
        if request.method == "DELETE":
            controls.requests.clear()
        return JSONResponse(controls.requests.shown(last=int(request.query_params.get("last", "200"))))

    async def dump(_: Request) -> Response:
        return JSONResponse(store.dump())

    async def seed(request: Request) -> Response:
        try:
            return JSONResponse(store.load(await request.json()))
        except (ValueError, KeyError, TypeError) as wrong:
            return _refused(wrong)

    async def reset(_: Request) -> Response:
        store.reset()
        controls.requests.clear()
        controls.faults.clear()
        if on_reset is not None:
            on_reset()
        return JSONResponse({"reset": True})

    async def clock(request: Request) -> Response:
        if request.method == "PATCH":
            _set_clock(controls, await request.json())
        return JSONResponse({"now": controls.clock.now().isoformat()})

    return [
        Route("/_sandbox/settings", settings, methods=["GET", "PATCH"]),
        Route("/_sandbox/faults", faults, methods=["GET", "POST", "DELETE"]),
        Route("/_sandbox/requests", requests, methods=["GET", "DELETE"]),
        Route("/_sandbox/dump", dump, methods=["GET"]),
        Route("/_sandbox/seed", seed, methods=["POST"]),
        Route("/_sandbox/reset", reset, methods=["POST"]),
        Route("/_sandbox/clock", clock, methods=["GET", "PATCH"]),
    ]


def _set_clock(controls: "Controls", given: dict[str, Any]) -> None:
    if given.get("release"):
        controls.clock.release()
    if "hold" in given:
        controls.clock.hold(datetime.fromisoformat(given["hold"]))
    if "advance_seconds" in given:
        controls.clock.advance(float(given["advance_seconds"]))


def _refused(wrong: Exception) -> Response:
    return JSONResponse({"error": f"{type(wrong).__name__}: {wrong}"}, status_code=400)
