"""What HubSpot's error bodies say, as values. Pure.

Every field of a body is optional; the 429 body has `errorType` and `policyName` where the others have `category`.
Source: HubSpot developer documentation, "Error handling" and "Usage guidelines", read 2026-11.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from activity_sync.errors import MalformedResponse
from activity_sync.http.message import ApiResponse, Refusal

_RECORD_REFUSALS: Final = frozenset({400, 404, 409, 413, 414, 422})
"""Statuses by which a request is refused for what is in it."""

_DUPLICATE_CODES: Final = frozenset({"CONFLICTING_UNIQUE_VALUE", "CONFLICT", "OBJECT_ALREADY_EXISTS"})
_DUPLICATE_WORDS: Final = ("already", "unique", "duplicate", "in use")
_NOT_FOUND: Final = "OBJECT_NOT_FOUND"
_NO_ASSOCIATIONS: Final = "NO_ASSOCIATIONS_FOUND"


@dataclass(frozen=True, slots=True)
class RowRefusal:
    """One refused row, or a request refused as a whole. `subjects`: trace ids and record ids that it names.

    `codes`: all reasons it gives, the most telling one being `code`. `properties`: those whose values it is about.
    """

    status: int
    code: str
    message: str = field(repr=False)
    correlation_id: str = ""
    sub_category: str = ""
    subjects: frozenset[str] = frozenset()
    codes: frozenset[str] = frozenset()
    properties: frozenset[str] = frozenset()

    @property
    def says_missing(self) -> bool:
        """Whether the row's record does not exist."""
        return _NOT_FOUND in self.codes

    @property
    def says_unassociated(self) -> bool:
        """Whether it only tells that a record has no associations."""
        return _NO_ASSOCIATIONS in self.sub_category

    def says_duplicate_of(self, property_name: str) -> bool:
        """Whether a value of this property belongs to another record already.

        The wording is not promised: a code tells that values clash, or words beside the property's name do. A clash
        that names no property at all can only be that of the values that we mean to be unique.
        """
        named = property_name in self.properties or property_name in self.message
        if self.codes & _DUPLICATE_CODES:
            return named or not self.properties
        return named and any(word in self.message.lower() for word in _DUPLICATE_WORDS)


def read_refusal(status: int, headers: Mapping[str, str], body: bytes) -> Refusal:
    """What an answer of status 400 or above says; empty where its body is no JSON object (405, proxies)."""
    given = _object(body)
    policy = _text(given.get("policyName"))
    code = policy or _text(given.get("category")) or _text(given.get("errorType"))
    return Refusal(
        code=code,
        message=_text(given.get("message")),
        correlation_id=_correlation_id(given, headers),
        remedy=_scopes_remedy(given) if status == 403 else "",
        # The daily limit is reset at midnight of the portal's time zone.
        exhausted=policy == "DAILY",
        # The search limit is per second and names no wait.
        wait_seconds=1.0 if policy == "SECONDLY" else None,
    )


def is_record_refusal(status: int) -> bool:
    """Whether the request was refused for what is in it, so that a part of it may pass."""
    return status in _RECORD_REFUSALS


def read_whole(response: ApiResponse) -> RowRefusal:
    """The refusal that a whole answer is."""
    given = _object(response.body)
    return _row(given, status=response.status, correlation_id=_correlation_id(given, response.headers))


def read_rows(response: ApiResponse) -> Iterator[RowRefusal]:
    """The refused rows inside an answer that succeeded otherwise (207, or any 2xx with `errors`)."""
    given = _object(response.body)
    correlation_id = _correlation_id(given, response.headers)
    for row in given.get("errors") or ():
        yield _row(row, status=_row_status(row), correlation_id=correlation_id)


def explain(response: ApiResponse, what: str) -> MalformedResponse:
    """The error for an answer that refuses `what` (a read, say) where no single record is to blame."""
    whole = read_whole(response)
    return MalformedResponse(
        f"hubspot refuses {what} ({whole.status} {whole.code})".replace(" )", ")"),
        system="hubspot",
        status=whole.status,
        code=whole.code or None,
        correlation_id=whole.correlation_id or None,
    )


def _row(given: Mapping[str, Any], *, status: int, correlation_id: str) -> RowRefusal:
    category = _text(given.get("category")) or _text(given.get("errorType"))
    details = [one for one in given.get("errors") or () if isinstance(one, Mapping)]
    embedded = list(_embedded_problems(_text(given.get("message"))))
    codes = [
        *(_text(one.get("code")) for one in details),
        *(_text(one.get("error")) for one in embedded),
        category,
        _text(given.get("subCategory")),
    ]
    named = [code for code in codes if code]
    subjects = {
        str(value)
        for values in (given.get("context") or {}).values()
        for value in (values if isinstance(values, list) else [values])
    }
    return RowRefusal(
        status=status,
        code=named[0] if named else "",
        message=_text(given.get("message")),
        correlation_id=_text(given.get("correlationId")) or correlation_id,
        sub_category=_text(given.get("subCategory")),
        subjects=frozenset(subjects),
        codes=frozenset(named),
        properties=frozenset(
            [
                *(_text(one.get("name")) for one in embedded),
                *(str(name) for one in details for name in (one.get("context") or {}).get("propertyName") or ()),
            ]
        )
        - {""},
    )


def _row_status(row: Mapping[str, Any]) -> int:
    """Rows carry no status of their own: the one that their category has elsewhere."""
    match row.get("category"):
        case "OBJECT_NOT_FOUND":
            return 404
        case "CONFLICT" | "OBJECT_ALREADY_EXISTS":
            return 409
        case _:
            return 400


def _embedded_problems(message: str) -> Iterator[Mapping[str, Any]]:
    """The problems that some messages carry as a JSON array in their text ("Property values were not valid: [...]")."""
    start = message.find("[{")
    if start < 0:
        return
    try:
        problems, _ = json.JSONDecoder().raw_decode(message, start)
    except ValueError:
        return
    yield from (problem for problem in problems if isinstance(problem, Mapping))


def _scopes_remedy(given: Mapping[str, Any]) -> str:
    scopes = sorted(
        str(scope)
        for error in given.get("errors") or ()
        if isinstance(error, Mapping)
        for scope in (error.get("context") or {}).get("requiredGranularScopes") or ()
    )
    return f"grant HUBSPOT_ACCESS_TOKEN one of the scopes {', '.join(scopes)}" if scopes else ""


def _correlation_id(given: Mapping[str, Any], headers: Mapping[str, str]) -> str:
    return (
        _text(given.get("correlationId"))
        or _text(given.get("requestId"))
        or headers.get("x-hubspot-correlation-id", "")
    )


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        given = json.loads(body)
    except ValueError:
        return {}
    return given if isinstance(given, dict) else {}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
