"""The organisation's HTTP server: token endpoint, Web API, admin endpoints."""

import re
import time
import uuid
from typing import Any
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from activity_sync.sandbox.controls import Controls, Dialect
from activity_sync.sandbox.dynamics.batch import answer_batch
from activity_sync.sandbox.dynamics.calls import Answer, Call, refused
from activity_sync.sandbox.dynamics.errors import DataverseError
from activity_sync.sandbox.dynamics.protection import Protection
from activity_sync.sandbox.dynamics.route_kinds import route_kind
from activity_sync.sandbox.dynamics.service import answer
from activity_sync.sandbox.dynamics.store import Store
from activity_sync.sandbox.dynamics.tokens import TokenDesk

_API = re.compile(r"^/api/data/v9\.[0-2]/")
_METHODS = ["GET", "POST", "PATCH", "PUT", "DELETE"]
_FAULTS = {
    401: ("0x80041d0b", "The access token has expired."),
    429: ("0x80072322", "Number of requests exceeded the limit of 6000 over time window of 300 seconds."),
    500: ("0x80044150", "Generic SQL error."),
    502: ("", "Bad Gateway"),
    503: ("0x80060891", "The service is unavailable."),
    504: ("0x80044151", "SQL timeout expired."),
}


def create_app(store: Store, controls: Controls) -> Starlette:
    """The application over a store; `controls` must be the store's own."""
    desk = TokenDesk(controls)
    protection = Protection(controls)

    async def token(request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode()))
        return desk.issue(request.path_params["tenant"], form, host=request.headers.get("host", ""))

    async def discovery(request: Request) -> Response:
        base = f"{request.base_url}{request.path_params['tenant']}"
        return JSONResponse(
            {
                "issuer": f"{base}/v2.0",
                "token_endpoint": f"{base}/oauth2/v2.0/token",
                "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
            }
        )

    async def web_api(request: Request) -> Response:
        if not desk.accepts(request.headers.get("authorization")):
            return _unauthorized(request)
        body = await request.body()
        started = time.perf_counter()
        try:
            protection.admit()
            given = _answered(store, _call(request, body))
        except DataverseError as error:
            given = refused(error)
        protection.spent(time.perf_counter() - started + controls.settings.latency_ms / 1000)
        return _response(given, protection.headers())

    return Starlette(
        routes=[
            *controls.routes(store, on_reset=protection.clear),
            Route("/_sandbox/revoke-tokens", _revoking(desk), methods=["POST"]),
            Route("/{tenant}/oauth2/v2.0/token", token, methods=["POST"]),
            Route("/{tenant}/v2.0/.well-known/openid-configuration", discovery, methods=["GET"]),
            Route("/api/data/{rest:path}", web_api, methods=_METHODS),
        ],
        middleware=[controls.middleware(Dialect(route_kind, _refusal))],
    )


def _revoking(desk: TokenDesk) -> Any:
    async def revoke(_: Request) -> Response:
        desk.revoke_all()
        return JSONResponse({"revoked": True})

    return revoke


def _answered(store: Store, call: Call) -> Answer:
    if call.path.partition("?")[0] == "$batch":
        if call.method != "POST":
            return Answer(405)
        return answer_batch(store, call, kind=route_kind)
    return answer(store, call)


def _call(request: Request, body: bytes) -> Call:
    """The request as a call. Raises DataverseError 404 outside the service root."""
    raw: bytes = request.scope.get("raw_path") or request.scope["path"].encode()
    path = raw.decode("latin-1").partition("?")[0]
    match = _API.match(path)
    if match is None:
        raise DataverseError(404, "0x8006088a", f"Resource not found for the segment '{path}'.")
    headers: dict[str, str] = {}
    for name, value in request.headers.items():
        # Preferences may be split over several headers.
        headers[name] = f"{headers[name]},{value}" if name in headers and name == "prefer" else value
    return Call(
        method=request.method,
        path=path[match.end() :],
        query=request.scope["query_string"].decode("latin-1"),
        headers=headers,
        body=body,
        root=f"{request.url.scheme}://{request.headers.get('host', '')}{match.group(0).rstrip('/')}",
    )


def _response(given: Answer, extra: dict[str, str]) -> Response:
    request_id = str(uuid.uuid4())
    headers = {
        "odata-version": "4.0",
        "x-ms-service-request-id": request_id,
        "req_id": request_id,
        **extra,
        **given.headers,
    }
    body = given.encoded()
    if body:
        headers["content-type"] = given.content_type
    return Response(body, status_code=given.status, headers=headers)


def _unauthorized(request: Request) -> Response:
    challenge = f"Bearer authorization_uri={request.base_url}common/oauth2/authorize, resource_id={request.base_url}"
    return Response("HTTP Error 401 - Unauthorized: Access is denied", 401, {"www-authenticate": challenge})


def _refusal(status: int) -> tuple[Any, dict[str, str]]:
    code, message = _FAULTS.get(status, ("0x80040216", "An unexpected error occurred."))
    return {"error": {"code": code, "message": message}}, {"x-ms-service-request-id": str(uuid.uuid4())}
