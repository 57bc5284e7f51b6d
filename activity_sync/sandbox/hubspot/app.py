"""The HubSpot sandbox as a Starlette application."""

from __future__ import annotations

import re

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from activity_sync.sandbox.controls import Controls, Dialect
from activity_sync.sandbox.hubspot.file_contents import content_routes
from activity_sync.sandbox.hubspot.gateway import Gateway, fault_body
from activity_sync.sandbox.hubspot.operations import all_operations
from activity_sync.sandbox.hubspot.rate_limits import RateLimits
from activity_sync.sandbox.hubspot.search_operations import Search
from activity_sync.sandbox.hubspot.store import HubSpotStore

__all__ = ["HubSpotStore", "create_app"]

_KINDS = (
    (re.compile(r"/associations/.*/batch/read$"), "associations_read"),
    (re.compile(r"/associations/.*/(archive|purge)$"), "associations_archive"),
    (re.compile(r"/associations/.*/batch/(create|associate/default)$"), "associations_create"),
    (re.compile(r"/associations/.*/labels$"), "association_labels"),
    (re.compile(r"^/crm/[^/]*/?properties/|^/crm/v3/properties/"), "properties"),
    (re.compile(r"^/crm/(owners/|v3/owners)"), "owners"),
    (re.compile(r"^/account-info/"), "account"),
    (re.compile(r"^/files/[^/]+/files$"), "upload"),
    (re.compile(r"^/files/"), "files"),
    (re.compile(r"^/_content/"), "content"),
    (re.compile(r"^/crm/(limits/|v3/limits)"), "limits"),
    (re.compile(r"/search$"), "search"),
    (re.compile(r"/batch/read$"), "batch_read"),
    (re.compile(r"/batch/create$"), "batch_create"),
    (re.compile(r"/batch/update$"), "batch_update"),
    (re.compile(r"/batch/upsert$"), "batch_upsert"),
    (re.compile(r"/batch/archive$"), "batch_archive"),
    (re.compile(r"/merge$"), "merge"),
    (re.compile(r"/gdpr-delete$"), "gdpr_delete"),
)
_LINKS_OF_ONE = re.compile(r"/associations/")
_ONE_RECORD = re.compile(r"^/crm/(?:objects/[^/]+|v3/objects)/[^/]+/[^/]+$")
_BY_METHOD = {"GET": "get", "PATCH": "update", "DELETE": "archive"}


def create_app(store: HubSpotStore, controls: Controls) -> Starlette:
    """Serve a portal, with the admin endpoints under `/_sandbox/`."""
    limits = RateLimits(controls.settings, controls.clock)
    gateway = Gateway(store, limits)
    return Starlette(
        routes=[
            *controls.routes(store, on_reset=limits.reset),
            *content_routes(store),
            *gateway.routes(all_operations(Search())),
        ],
        middleware=[controls.middleware(Dialect(classify=classify, refusal=fault_body))],
        exception_handlers={HTTPException: _no_such_path},
    )


def classify(method: str, path: str) -> str:
    """Name the kind of a request for the request log and for faults."""
    for pattern, kind in _KINDS:
        if pattern.search(path):
            return kind
    if _LINKS_OF_ONE.search(path):
        return {"PUT": "associations_create", "DELETE": "associations_archive"}.get(method, "associations_read")
    if _ONE_RECORD.search(path):
        return _BY_METHOD.get(method, "other")
    return {"GET": "list", "POST": "create"}.get(method, "other")


async def _no_such_path(_: Request, error: Exception) -> Response:
    """Answer as the service does before any operation is reached: 404 with a body, 405 without."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    if status == 405:
        return Response(status_code=405)
    return JSONResponse({"status": "error", "message": "resource not found"}, status)
