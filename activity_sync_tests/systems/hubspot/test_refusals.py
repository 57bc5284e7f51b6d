from __future__ import annotations

import json
from typing import Any

import pytest

from activity_sync.http.message import ApiResponse
from activity_sync.systems.hubspot.batches import attribute, refused
from activity_sync.systems.hubspot.refusals import explain, read_refusal, read_rows, read_whole


def answer(status: int, body: Any) -> ApiResponse:
    return ApiResponse(status, {"content-type": "application/json"}, json.dumps(body).encode())


def embedded(**problem: Any) -> str:
    listed = [{"isValid": False, "portalId": 1, **problem}]
    return "Property values were not valid: " + json.dumps(listed)


def test_the_daily_limit_is_exhausted_and_named_by_its_policy():
    body = {
        "status": "error",
        "message": "You have reached your daily limit.",
        "errorType": "RATE_LIMIT",
        "correlationId": "c-1",
        "policyName": "DAILY",
        "requestId": "r-1",
    }

    refusal = read_refusal(429, {}, json.dumps(body).encode())

    assert (refusal.code, refusal.exhausted, refusal.correlation_id) == ("DAILY", True, "c-1")


def test_the_search_limit_lasts_a_second_and_the_rolling_one_does_not_say():
    second = {"errorType": "RATE_LIMIT", "policyName": "SECONDLY"}
    rolling = {"errorType": "RATE_LIMIT", "policyName": "TEN_SECONDLY_ROLLING"}

    assert read_refusal(429, {}, json.dumps(second).encode()).wait_seconds == 1.0
    assert read_refusal(429, {}, json.dumps(rolling).encode()).wait_seconds is None
    assert not read_refusal(429, {}, json.dumps(second).encode()).exhausted


def test_missing_scopes_are_named_in_the_remedy():
    body = {
        "category": "MISSING_SCOPES",
        "errors": [{"message": "…", "context": {"requiredGranularScopes": ["crm.objects.deals.read"]}}],
    }

    refusal = read_refusal(403, {}, json.dumps(body).encode())

    assert refusal.code == "MISSING_SCOPES"
    assert "crm.objects.deals.read" in refusal.remedy


@pytest.mark.parametrize("body", [b"", b"<html>gateway</html>", b"[]", b'"text"', b'{"message": 5, "category": null}'])
def test_a_body_that_says_nothing_is_read_as_nothing(body):
    refusal = read_refusal(502, {"x-hubspot-correlation-id": "h-1"}, body)

    assert (refusal.code, refusal.message, refusal.remedy) == ("", "", "")
    assert refusal.correlation_id == "h-1"


def test_the_most_telling_code_wins():
    detailed = {"category": "VALIDATION_ERROR", "errors": [{"code": "INVALID_OPTION", "message": "…"}]}
    in_text = {"category": "VALIDATION_ERROR", "message": embedded(error="INVALID_INTEGER", name="x", message="…")}

    assert read_whole(answer(400, detailed)).code == "INVALID_OPTION"
    assert read_whole(answer(400, in_text)).code == "INVALID_INTEGER"
    assert read_whole(answer(400, {"category": "VALIDATION_ERROR"})).code == "VALIDATION_ERROR"
    assert read_whole(answer(400, {"message": "Property values were not valid: [{broken"})).code == ""


@pytest.mark.parametrize(
    ("status", "row"),
    [
        (
            400,
            {
                "category": "VALIDATION_ERROR",
                "message": embedded(error="CONFLICTING_UNIQUE_VALUE", name="activity_sync_key", message="taken by 5"),
            },
        ),
        (409, {"category": "CONFLICT", "message": "Existing ID: 5"}),
        (
            400,
            {"category": "VALIDATION_ERROR", "message": "activity_sync_key: a record with this value already exists"},
        ),
        (400, {"category": "CONFLICT", "message": "a unique property value is taken"}),
    ],
)
def test_a_taken_key_is_recognised_by_code_or_by_words(status, row):
    assert read_whole(answer(status, row)).says_duplicate_of("activity_sync_key")


@pytest.mark.parametrize(
    "row",
    [
        {"category": "VALIDATION_ERROR", "message": embedded(error="INVALID_OPTION", name="hs_task_status")},
        {"category": "VALIDATION_ERROR", "message": "Property activity_sync_key does not exist"},
        {
            "category": "VALIDATION_ERROR",
            "message": embedded(error="CONFLICTING_UNIQUE_VALUE", name="other_property", message="taken"),
        },
        {},
    ],
)
def test_other_refusals_are_no_taken_keys(row):
    assert not read_whole(answer(400, row)).says_duplicate_of("activity_sync_key")


def test_rows_are_told_by_what_their_context_names():
    body = {
        "status": "COMPLETE",
        "results": [],
        "numErrors": 2,
        "errors": [
            {"category": "VALIDATION_ERROR", "message": "m1", "context": {"objectWriteTraceId": ["key-2"]}},
            {"category": "OBJECT_NOT_FOUND", "message": "m2", "context": {"ids": ["7", "8"]}},
        ],
    }

    rows = attribute(read_rows(answer(207, body)), ["key-1", "key-2", "8"])

    assert {name: refused(row).outcome for name, row in rows.items()} == {"key-2": "refused", "8": "missing"}


def test_a_row_that_names_nobody_is_about_the_only_record_or_about_none():
    rows = list(read_rows(answer(200, {"errors": [{"category": "VALIDATION_ERROR"}]})))

    assert list(attribute(rows, ["key-1"])) == ["key-1"]
    assert attribute(rows, ["key-1", "key-2"]) == {}


def test_a_row_refused_for_limits_is_busy():
    [row] = read_rows(answer(207, {"errors": [{"category": "RATE_LIMITS"}]}))

    assert refused(row).outcome == "busy"


def test_an_explanation_says_status_and_code_and_never_the_message():
    error = explain(answer(400, {"category": "VALIDATION_ERROR", "message": "secret words"}), "a search")

    assert error.message == "hubspot refuses a search (400 VALIDATION_ERROR)"
    assert explain(answer(404, {}), "a search").message == "hubspot refuses a search (404)"
