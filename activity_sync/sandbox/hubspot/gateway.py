"""The way of every request: who asks, whether it fits the limits, what it says, and the answer's form."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from activity_sync.sandbox.hubspot import rate_limits
from activity_sync.sandbox.hubspot.errors import (
    ApiError,
    bad_request,
    expired_authentication,
    invalid_authentication,
    missing_scopes,
)
from activity_sync.sandbox.hubspot.object_types import ObjectType, object_type
from activity_sync.sandbox.hubspot.rate_limits import RateLimits
from activity_sync.sandbox.hubspot.store import HubSpotStore
from activity_sync.sandbox.hubspot.versions import ApiVersion

BATCH_LIMIT = 100


class Answer(JSONResponse):
    """JSON in ASCII: what the portal holds may be no text that UTF-8 could write, like half of a surrogate pair."""

    def render(self, content: Any) -> bytes:
        """The body."""
        return json.dumps(content, separators=(",", ":")).encode("ascii")


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: a status and a JSON body, or none."""

    status: int
    body: Any = None


@dataclass(frozen=True, slots=True)
class Call:
    """One request to one operation, its body not yet read. `origin`: the address under which the portal was reached."""

    store: HubSpotStore
    version: ApiVersion
    path: Mapping[str, str]
    query: Mapping[str, str]
    raw: bytes
    method: str
    url_path: str
    content_type: str = ""
    origin: str = ""

    @property
    def type(self) -> ObjectType:
        """The object type that the path names."""
        return object_type(self.path["object_type"])

    def json(self) -> dict[str, Any]:
        """Read the body as a JSON object; refuses anything else."""
        body = self.any_json()
        if not isinstance(body, dict):
            raise bad_request("Invalid input JSON: an object was expected.", code="INVALID_JSON")
        return body

    def any_json(self) -> Any:
        """Read the body as JSON."""
        try:
            return json.loads(self.raw)
        except ValueError as broken:
            line, column = (broken.lineno, broken.colno) if isinstance(broken, json.JSONDecodeError) else (1, 1)
            raise bad_request(f"Invalid input JSON on line {line}, column {column}: {broken}") from broken

    def inputs(self, *, at_most: int = BATCH_LIMIT) -> list[dict[str, Any]]:
        """Read a batch body's inputs; refuses none at all and more than the operation takes."""
        inputs = self.json().get("inputs")
        if not isinstance(inputs, list) or not all(isinstance(each, dict) for each in inputs):
            raise bad_request("Invalid input JSON: inputs must be a list of objects.", code="INVALID_JSON")
        if not inputs:
            raise bad_request("inputs must not be empty.", code="INPUTS_EMPTY")
        if len(inputs) > at_most:
            raise bad_request(f"The maximum number of inputs is {at_most}, but {len(inputs)} were given.")
        return inputs

    def names(self, parameter: str) -> tuple[str, ...]:
        """Read a query parameter that is a list joined by commas, or repeated."""
        joined = ",".join(self._all(parameter))
        return tuple(name.strip() for name in joined.split(",") if name.strip())

    def flag(self, parameter: str) -> bool:
        """Read a query parameter that is a truth value; false when absent."""
        return self.query.get(parameter, "false").lower() == "true"

    def count(self, parameter: str, *, default: int, at_most: int) -> int:
        """Read a page size; refuses those beyond the operation's."""
        given = self.query.get(parameter, str(default))
        if not given.isdigit() or not 0 < int(given) <= at_most:
            raise bad_request(f"{parameter} must be a number between 1 and {at_most}, not {given}.")
        return int(given)

    def _all(self, parameter: str) -> list[str]:
        getlist = getattr(self.query, "getlist", None)
        return list(getlist(parameter)) if getlist else [self.query[parameter]] if parameter in self.query else []


Handler = Callable[[Call], Reply]


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of the API: where it lies, what serves it, which scopes it needs.

    `scopes` gives them for a call; all are needed unless `any_scope`.
    """

    method: str
    path: str
    handler: Handler
    version: ApiVersion
    scopes: Callable[[Call], tuple[str, ...]] = field(default=lambda _: ())
    any_scope: bool = False
    is_search: bool = False


class Gateway:
    """Turns operations into routes."""

    def __init__(self, store: HubSpotStore, limits: RateLimits) -> None:
        self._store = store
        self._limits = limits

    def routes(self, operations: list[Operation]) -> list[Route]:
        """Give a route for every path, with its methods together so that others answer 405."""
        by_path: dict[str, dict[str, Operation]] = {}
        for operation in operations:
            by_path.setdefault(operation.path, {})[operation.method] = operation
        return [Route(path, self._endpoint(methods), methods=list(methods)) for path, methods in by_path.items()]

    def _endpoint(self, methods: Mapping[str, Operation]) -> Callable[[Request], Any]:
        async def endpoint(request: Request) -> Response:
            raw = await request.body()
            # Starlette answers HEAD by the GET route.
            operation = methods["GET" if request.method == "HEAD" else request.method]
            return self._answer(operation, request, raw)

        return endpoint

    def _answer(self, operation: Operation, request: Request, raw: bytes) -> Response:
        correlation_id = str(uuid.uuid4())
        headers = {"X-HubSpot-Correlation-Id": correlation_id}
        call = Call(
            self._store,
            operation.version,
            request.path_params,
            request.query_params,
            raw,
            request.method,
            request.url.path,
            request.headers.get("content-type", ""),
            str(request.base_url).rstrip("/"),
        )
        try:
            self._authenticate(request.headers.get("authorization", ""))
            if (policy := self._limits.take(is_search=operation.is_search)) is not None:
                shown = self._limits.headers(is_search=operation.is_search)
                return JSONResponse(rate_limits.refusal(policy), 429, headers | shown)
            headers |= self._limits.headers(is_search=operation.is_search)
            self._store.settle()
            self._authorise(operation, call)
            reply = operation.handler(call)
        except ApiError as refused:
            return Answer(refused.body(correlation_id=correlation_id), refused.status, headers)
        if reply.body is None:
            return Response(status_code=reply.status, headers=headers)
        return Answer(reply.body, reply.status, headers)

    def _authenticate(self, header: str) -> None:
        scheme, _, token = header.partition(" ")
        if scheme.lower() != "bearer" or token != self._store.controls.settings.hubspot_access_token:
            raise invalid_authentication()

    def _authorise(self, operation: Operation, call: Call) -> None:
        granted = self._store.controls.settings.hubspot_scopes
        needed = operation.scopes(call)
        if "*" in granted or not needed:
            return
        lacking = [scope for scope in needed if scope not in granted]
        if len(lacking) == len(needed) or (lacking and not operation.any_scope):
            raise missing_scopes(needed)


def fault_body(status: int) -> tuple[Any, Mapping[str, str]]:
    """Give the body and headers with which the service itself answers a status, for faults on demand."""
    correlation_id = str(uuid.uuid4())
    match status:
        case 429:
            return rate_limits.refusal("TEN_SECONDLY_ROLLING"), {}
        case 401:
            return expired_authentication(seconds_ago=42).body(correlation_id=correlation_id), {}
        case 403:
            scopes = ("crm.objects.contacts.write",)
            return missing_scopes(scopes).body(correlation_id=correlation_id), {}
        case 423:
            return _service_fault(423, "LOCKED", "The resource is locked by another write.", correlation_id)
        case 477:
            message = "This account is being migrated between data centres."
            body, _ = _service_fault(477, "MIGRATION_IN_PROGRESS", message, correlation_id)
            return body, {"retry-after": "2"}
        case 500:
            return _service_fault(500, "INTERNAL_ERROR", "internal error", correlation_id)
        case _:
            # What stands before the service answers without its JSON body.
            return {"status": "error", "message": "upstream failure", "correlationId": correlation_id}, {}


def _service_fault(status: int, category: str, message: str, correlation_id: str) -> tuple[Any, Mapping[str, str]]:
    return ApiError(status, category, message).body(correlation_id=correlation_id), {}
