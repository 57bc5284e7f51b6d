"""Where the contents of files lie: another service than the API, which knows no tokens.

Addresses are signed and expire. A request that brings credentials of its own is refused, as object stores do, so that
a client which sends the API's token along is found out.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

if TYPE_CHECKING:
    from activity_sync.sandbox.hubspot.store import HubSpotStore


def signed_path(file_id: str, until_ms: int) -> str:
    """The path and query under which a file's content is served until then."""
    return f"/_content/{file_id}?expires={until_ms}&signature={_signature(file_id, until_ms)}"


def content_routes(store: HubSpotStore) -> list[Route]:
    """The service that serves contents; what a file was seeded without is as many zeros as it is large."""

    async def serve(request: Request) -> Response:
        file_id = request.path_params["file_id"]
        expires, signature = (request.query_params.get(name, "") for name in ("expires", "signature"))
        if "authorization" in request.headers:
            return Response("Only one way to authenticate is allowed.", 400)
        if not expires.isdigit() or signature != _signature(file_id, int(expires)) or int(expires) < store.now_ms:
            return Response("Access denied.", 403)
        file = store.files.get(file_id)
        if file is None or file["archived"]:
            return Response("No such file.", 404)
        content = store.contents.get(file_id)
        return Response(bytes(file["size"]) if content is None else content, media_type="application/octet-stream")

    return [Route("/_content/{file_id}", serve, methods=["GET"])]


def _signature(file_id: str, until_ms: int) -> str:
    return hashlib.sha256(f"sandbox {file_id} {until_ms}".encode()).hexdigest()
