"""The errors that the API answers, as values that can be raised.

Every body has the standard shape (status, message, correlationId, category), except where HubSpot's own
differs: the rate limit body has `errorType` and `policyName` instead of `category`.
Source: HubSpot developer documentation, "Error handling", read 2026-11.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

VALIDATION_ERROR = "VALIDATION_ERROR"
OBJECT_NOT_FOUND = "OBJECT_NOT_FOUND"
CONFLICT = "CONFLICT"


@dataclass(slots=True)
class ApiError(Exception):
    """One refused request, or one refused row of a batch.

    `errors` are the entries of the body's `errors` list, `context` is what names the rows in a batch answer.
    """

    status: int
    category: str
    message: str
    errors: Sequence[Mapping[str, Any]] = ()
    context: Mapping[str, Sequence[str]] = field(default_factory=dict)
    sub_category: str | None = None
    links: Mapping[str, str] = field(default_factory=dict)

    def body(self, *, correlation_id: str) -> dict[str, Any]:
        """Give the error as the body of an answer of its own."""
        return self.row() | {"correlationId": correlation_id}

    def row(self, *, context: Mapping[str, Sequence[str]] | None = None) -> dict[str, Any]:
        """Give the error as an entry of a batch answer's `errors`; `context` names the row it is about."""
        entry: dict[str, Any] = {"status": "error", "message": self.message, "category": self.category}
        if self.errors:
            entry["errors"] = [dict(error) for error in self.errors]
        if merged := {**self.context, **(context or {})}:
            entry["context"] = {name: list(values) for name, values in merged.items()}
        if self.sub_category is not None:
            entry["subCategory"] = self.sub_category
        if self.links:
            entry["links"] = dict(self.links)
        return entry


@dataclass(frozen=True, slots=True)
class PropertyProblem:
    """Why one property value of a write was refused; `code` is HubSpot's name for the reason."""

    name: str
    code: str
    message: str


def invalid_properties(problems: Sequence[PropertyProblem], *, portal_id: int) -> ApiError:
    """Refuse a write for its property values, all of them named.

    The message carries the list of problems a second time, as JSON text: clients are known to parse it.
    """
    listed = [
        {
            "isValid": False,
            "message": problem.message,
            "error": problem.code,
            "name": problem.name,
            "localizedErrorMessage": problem.message,
            "portalId": portal_id,
        }
        for problem in problems
    ]
    return ApiError(
        400,
        VALIDATION_ERROR,
        "Property values were not valid: " + json.dumps(listed, separators=(",", ":"), ensure_ascii=False),
        errors=[
            {
                "message": problem.message,
                "code": problem.code,
                "context": {"propertyName": [problem.name]},
            }
            for problem in problems
        ],
    )


def missing_required(names: Sequence[str]) -> ApiError:
    """Refuse a create that lacks properties the object type cannot be without."""
    message = "Error creating the object: some required properties were not set."
    return ApiError(
        400,
        VALIDATION_ERROR,
        message,
        errors=[{"message": message, "code": "MISSING_REQUIRED_PROPERTY", "context": {"properties": list(names)}}],
        context={"properties": list(names)},
    )


def bad_request(message: str, *, code: str | None = None) -> ApiError:
    """Refuse a request that is not of the form the operation takes."""
    return ApiError(400, VALIDATION_ERROR, message, errors=[{"message": message, "code": code}] if code else ())


def not_found(record_ids: Sequence[str] = ()) -> ApiError:
    """Say that no record has this id (or that it is archived)."""
    return ApiError(
        404, OBJECT_NOT_FOUND, "resource not found", context={"ids": list(record_ids)} if record_ids else {}
    )


def missing_scopes(scopes: Sequence[str]) -> ApiError:
    """Refuse a request whose token lacks the scopes of the operation."""
    message = "One or more of the following scopes are required."
    return ApiError(
        403,
        "MISSING_SCOPES",
        "This app hasn't been granted all required scopes to make this call. "
        "Read more about required scopes here: https://developers.hubspot.com/scopes.",
        errors=[{"message": message, "context": {"requiredGranularScopes": list(scopes)}}],
        links={"scopes": "https://developers.hubspot.com/scopes"},
    )


def invalid_authentication() -> ApiError:
    """Refuse a request without a bearer token, or with an unknown one."""
    return ApiError(
        401,
        "INVALID_AUTHENTICATION",
        "Authentication credentials not found. This API supports OAuth 2.0 authentication and you can find "
        "more details at https://developers.hubspot.com/docs/methods/auth/oauth-overview",
    )


def expired_authentication(*, seconds_ago: int) -> ApiError:
    """Refuse a token that has expired."""
    return ApiError(
        401,
        "EXPIRED_AUTHENTICATION",
        f"The OAuth token used to make this call expired {seconds_ago} second(s) ago.",
    )
