"""What each refusal of the API leads to."""

import json

import pytest

from activity_sync.errors import AuthenticationFailed, ConfigurationError, MalformedResponse, ServerUnavailable
from activity_sync.systems.dynamics.batch import Answer, ChangeSetAnswer
from activity_sync.systems.dynamics.refusals import (
    explain_failed_read,
    judge_create,
    judge_update,
    read_error,
    read_refusal,
)

KEY = "8f1c2b7e-0000-5000-8000-000000000001"
HEADERS = {"x-ms-service-request-id": "outer"}


def refused(status, code="", message="no"):
    body = json.dumps({"error": {"code": code, "message": message}}).encode()
    return ChangeSetAnswer((Answer(status, {"req_id": "inner"}, body),))


DONE = ChangeSetAnswer((Answer(204, {}, b""), Answer(204, {}, b"")))


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (DONE, "done"),
        (Answer(204, {}, b""), "done"),
        (None, "uncertain"),
        (refused(412, "0x80040237"), "exists"),
        (refused(412, "0x80060892"), "refused"),
        (refused(400, "0x80044331"), "refused"),
        (refused(400, "0x8004022b"), "refused"),
        (refused(404, "0x80040217", "Entity 'Contact' With Id = 1 Does Not Exist"), "refused"),
        (refused(500, "0x80044151"), "busy"),
        (refused(500, "-2147204783"), "busy"),
        (refused(500, "0x80040333"), "refused"),
        (refused(429, "0x80072322"), "busy"),
        (refused(503), "busy"),
    ],
)
def test_create_is_judged(answer, outcome):
    result = judge_create(KEY, answer, headers=HEADERS)

    assert result.outcome == outcome
    assert result.id == (KEY if outcome in {"done", "exists"} else None)


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (DONE, "done"),
        (None, "uncertain"),
        (refused(412, "0x80060882"), "stale"),
        (refused(404, "0x80040217", f"Entity 'task' With Id = {KEY} Does Not Exist"), "missing"),
        (refused(404, "0x80040217", "Entity 'Contact' With Id = 77 Does Not Exist"), "refused"),
        (refused(400, "0x80040230"), "busy"),
        (refused(400, "0x80044331"), "refused"),
        (refused(504), "busy"),
    ],
)
def test_update_is_judged(answer, outcome):
    assert judge_update(KEY, answer, headers=HEADERS).outcome == outcome


def test_result_carries_code_message_and_the_operations_own_id():
    result = judge_create(KEY, refused(400, "0x80044331", "too long"), headers=HEADERS)

    assert (result.status, result.code, result.message, result.correlation_id) == (
        400,
        "0x80044331",
        "too long",
        "inner",
    )


def test_decimal_codes_become_hex():
    assert read_error(b'{"error": {"code": "-2147015902", "message": "m"}}') == ("0x80072322", "m")


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"error": "x"}'])
def test_body_that_is_no_error_says_nothing(body):
    assert read_error(body) == ("", "")


def test_only_a_missing_right_on_one_row_is_about_the_record():
    row = b'{"error": {"code": "0x80040299", "message": "m"}}'
    privilege = b'{"error": {"code": "0x80040220", "message": "m"}}'

    assert read_refusal(403, {}, row).about_record
    assert not read_refusal(403, {}, privilege).about_record
    assert not read_refusal(400, {}, row).about_record


@pytest.mark.parametrize(
    ("status", "code", "message", "error"),
    [
        (503, "", "", ServerUnavailable),
        (403, "0x80040220", "", AuthenticationFailed),
        (400, "0x80060888", "Could not find a property named 'x' on type 'y'.", ConfigurationError),
        (400, "0x80060888", "syntax", MalformedResponse),
    ],
)
def test_failed_read_is_explained(status, code, message, error):
    body = json.dumps({"error": {"code": code, "message": message}}).encode()

    assert type(explain_failed_read(Answer(status, {}, body))) is error
