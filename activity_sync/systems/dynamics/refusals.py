"""What the API's refusals mean, as values. Pure.

Codes do not follow the status, may be empty, and come in hex or as signed decimals.
Source: Microsoft Learn, "Compose HTTP requests and handle errors", "Web service error codes", read 2026-11.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from activity_sync.errors import AuthenticationFailed, ConfigurationError, MalformedResponse, ServerUnavailable
from activity_sync.http.message import Refusal
from activity_sync.systems.dynamics.batch import Answer, ChangeSetAnswer, PartAnswer
from activity_sync.systems.records import WriteResult

DUPLICATE_KEY = "0x80040237"
MISSING_ROW = "0x80040217"
MISSING_PRIVILEGE = "0x80040220"
INACTIVE = "0x80040230"
# No rights on one row: others are not concerned.
_ROW_ACCESS = frozenset({"0x80040299", "0x80048306"})
# SQL time-out, generic SQL error (deadlocks among them), the three service protection limits.
_TRANSIENT = frozenset({"0x80044151", "0x80044150", "0x80072321", "0x80072322", "0x80072326"})
_TRANSIENT_STATUSES = frozenset({408, 429, 502, 503, 504})
_DUPLICATES_FOUND = "0x80040333"
_EXPIRED_TOKEN = "0x80044352"  # noqa: S105 - an error code
_UNTRACKED = "0x80072491"


def read_error(body: bytes) -> tuple[str, str]:
    """Code (lower-case hex) and message of an error body; empty strings where it is silent or no JSON."""
    try:
        answer: Any = json.loads(body)
    except ValueError:
        return "", ""
    error = answer.get("error") if isinstance(answer, dict) else None
    if not isinstance(error, dict):
        return "", ""
    return _hex(str(error.get("code") or "")), str(error.get("message") or "")


def read_refusal(status: int, headers: Mapping[str, str], body: bytes) -> Refusal:
    """What an answer of status 400 or above says, for the HTTP client."""
    code, message = read_error(body)
    return Refusal(
        code=code,
        message=message,
        correlation_id=correlation_id(headers),
        about_record=status == 403 and code in _ROW_ACCESS,
    )


def correlation_id(headers: Mapping[str, str]) -> str:
    """The service's own id of a request. `headers` finds names in lower case."""
    return headers.get("x-ms-service-request-id") or headers.get("req_id") or ""


def is_transient(answer: Answer) -> bool:
    """Whether the same operation may succeed later."""
    if answer.status < 400:
        return False
    code, _ = read_error(answer.body)
    if code == _DUPLICATES_FOUND:  # a judgement, though its status is 500
        return False
    return answer.status in _TRANSIENT_STATUSES or code in _TRANSIENT or (answer.status >= 500 and answer.status != 501)


def is_expired_token(answer: Answer) -> bool:
    """Whether a delta read was refused for its token: too old (7 days), or of a form the server knows no more.

    Which status and code go with which is not documented, so that the words count too.
    """
    code, message = read_error(answer.body)
    words = message.lower().replace(" ", "")
    names_token = "deltatoken" in words or "versionstamp" in words
    return code == _EXPIRED_TOKEN or (answer.status in {400, 404, 410} and names_token)


def is_untracked(answer: Answer) -> bool:
    """Whether a read was refused because its table has no change tracking."""
    return read_error(answer.body)[0] == _UNTRACKED


def judge_create(key: str, answer: PartAnswer | None, *, headers: Mapping[str, str]) -> WriteResult:
    """What became of a create under our own key. `headers`: those of the whole batch's answer."""
    failure = _failure(answer)
    if answer is None:
        return _unanswered(headers)
    if failure is None:
        return WriteResult("done", key, correlation_id=correlation_id(headers))
    code, _ = read_error(failure.body)
    # 412 also stands for alternate keys; those have codes of their own.
    if failure.status == 412 and code in {DUPLICATE_KEY, ""}:
        return _judged("exists", failure, headers, record_id=key)
    return _judged("busy" if is_transient(failure) else "refused", failure, headers)


def judge_update(record_id: str, answer: PartAnswer | None, *, headers: Mapping[str, str]) -> WriteResult:
    """What became of an update. A 404 that names another id is about a record to bind to, not about the row."""
    failure = _failure(answer)
    if answer is None:
        return _unanswered(headers)
    if failure is None:
        return WriteResult("done", record_id, correlation_id=correlation_id(headers))
    if failure.status == 412:
        return _judged("stale", failure, headers)
    code, message = read_error(failure.body)
    if code == INACTIVE:
        # Closed although it showed as open: an e-mail on its way out. It settles by itself.
        return _judged("busy", failure, headers)
    if failure.status == 404 and (record_id.lower() in message.lower() or "with id" not in message.lower()):
        return _judged("missing", failure, headers)
    return _judged("busy" if is_transient(failure) else "refused", failure, headers)


def judge_delete(record_id: str, answer: PartAnswer | None, *, headers: Mapping[str, str]) -> WriteResult:
    """What became of a delete. A row that is gone already is `done`."""
    failure = _failure(answer)
    if failure is not None and failure.status == 404 and read_error(failure.body)[0] in {MISSING_ROW, ""}:
        return _judged("done", failure, headers, record_id=record_id)
    return judge_update(record_id, answer, headers=headers)


def explain_failed_read(answer: Answer) -> Exception:
    """The error for a read inside a batch that was refused."""
    code, message = read_error(answer.body)
    facts: dict[str, Any] = {
        "system": "dynamics",
        "status": answer.status,
        "code": code or None,
        "correlation_id": correlation_id(answer.headers) or None,
    }
    if is_transient(answer):
        return ServerUnavailable(f"Dynamics cannot answer a read now ({answer.status}).", **facts)
    if answer.status in {401, 403}:
        return AuthenticationFailed(
            f"Dynamics denies a read ({code or answer.status}): give the application user's role the missing read "
            "privilege.",
            setting="DYNAMICS_CLIENT_ID",
            **facts,
        )
    if answer.status == 400 and message.startswith("Could not find a property named"):
        # The message names a column and a table, no data.
        return ConfigurationError(f"Dynamics lacks a column that the mapping or tracking names: {message}", **facts)
    return MalformedResponse(f"Dynamics refuses a read ({answer.status}, {code or 'no code'}).", **facts)


def _failure(answer: PartAnswer | None) -> Answer | None:
    match answer:
        case ChangeSetAnswer():
            return answer.failure
        case Answer(status=status) if status >= 400:
            return answer
        case _:
            return None


def _judged(outcome: str, failure: Answer, headers: Mapping[str, str], *, record_id: str | None = None) -> WriteResult:
    code, message = read_error(failure.body)
    return WriteResult(
        outcome,
        record_id,
        status=failure.status,
        code=code,
        message=message,
        correlation_id=correlation_id(failure.headers) or correlation_id(headers),
    )


def _unanswered(headers: Mapping[str, str]) -> WriteResult:
    return WriteResult(
        "uncertain", message="The batch was answered without this record.", correlation_id=correlation_id(headers)
    )


def _hex(code: str) -> str:
    """The bulk operations' page gives some codes as signed decimals."""
    if code.lstrip("-").isdigit():
        return f"{int(code) & 0xFFFFFFFF:#010x}"
    return code.lower()
