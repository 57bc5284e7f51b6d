"""Tokens, scopes, request limits and faults, from HubSpot's pages on usage guidelines and error handling."""

from typing import Any

import httpx
import pytest

from activity_sync.sandbox.hubspot.app import classify
from activity_sync_tests.sandbox.hubspot_portal import AT, TOKEN, Portal, portal

__all__ = ["portal"]

NOTES = "/crm/objects/2026-09/notes"


@pytest.mark.parametrize("header", ["", "Bearer other", f"Basic {TOKEN}", TOKEN])
def test_wrong_token_is_refused(portal: Portal, header: str) -> None:
    refused = portal.request("GET", NOTES, headers={"Authorization": header})

    assert refused.status_code == 401
    assert refused.json()["category"] == "INVALID_AUTHENTICATION"
    assert refused.json()["correlationId"]


def test_missing_scope_is_named(portal: Portal) -> None:
    portal.set(hubspot_scopes=["crm.objects.contacts.read", "crm.objects.companies.read"])

    read = portal.get(NOTES)
    write = portal.post(NOTES, {"properties": {"hs_timestamp": AT}})

    assert read.status_code == 200
    assert write.status_code == 403
    assert write.json()["category"] == "MISSING_SCOPES"
    needed = write.json()["errors"][0]["context"]["requiredGranularScopes"]
    assert needed == ["crm.objects.contacts.write"]
    assert "scopes" in write.json()["links"]


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("GET", "/crm/objects/2026-09/tickets", "tickets"),
        ("GET", "/crm/objects/2026-09/deals", "crm.objects.deals.read"),
        ("GET", "/crm/owners/2026-09", "crm.objects.owners.read"),
        ("GET", "/crm/properties/2026-09/tasks", "crm.objects.contacts.read"),
        ("POST", "/crm/properties/2026-09/tasks", "crm.schemas.contacts.write"),
        ("POST", "/crm/associations/2026-09/notes/deals/batch/read", "crm.objects.deals.read"),
        ("GET", "/files/2026-09/files/31", "files.ui_hidden.read"),
        ("GET", "/files/v3/files/31", "files"),
    ],
)
def test_scopes_by_operation(portal: Portal, method: str, path: str, scope: str) -> None:
    portal.set(hubspot_scopes=["none"])

    refused = portal.request(method, path, {} if method == "POST" else None)

    assert refused.status_code == 403
    assert scope in refused.json()["errors"][0]["context"]["requiredGranularScopes"]


def test_requests_beyond_ten_seconds_limit_are_refused_with_the_rate_body(portal: Portal) -> None:
    portal.set(limits_enabled=True, hubspot_requests_per_10_seconds=3)

    answers = [portal.get(NOTES) for _ in range(4)]

    refused = answers[-1]
    assert [each.status_code for each in answers] == [200, 200, 200, 429]
    assert refused.json()["errorType"] == "RATE_LIMIT"
    assert refused.json()["policyName"] == "TEN_SECONDLY_ROLLING"
    assert "category" not in refused.json()
    assert "retry-after" not in refused.headers
    assert [each.headers["x-hubspot-ratelimit-remaining"] for each in answers] == ["2", "1", "0", "0"]
    assert refused.headers["x-hubspot-ratelimit-max"] == "3"
    assert refused.headers["x-hubspot-ratelimit-interval-milliseconds"] == "10000"
    portal.wait(10.1)
    assert portal.get(NOTES).status_code == 200


def test_daily_limit_has_its_documented_body_and_ends_at_midnight(portal: Portal) -> None:
    portal.set(limits_enabled=True, hubspot_requests_per_day=1)

    first, second = portal.get(NOTES), portal.get(NOTES)
    portal.wait(12 * 3600)

    assert first.headers["x-hubspot-ratelimit-daily-remaining"] == "0"
    assert second.status_code == 429
    assert second.json()["message"] == "You have reached your daily limit."
    assert second.json()["policyName"] == "DAILY"
    assert portal.get(NOTES).status_code == 200


def test_five_searches_a_second_and_no_headers_on_them(portal: Portal) -> None:
    portal.set(limits_enabled=True)

    answers = [portal.post(f"{NOTES}/search", {}) for _ in range(6)]

    assert [each.status_code for each in answers] == [200] * 5 + [429]
    assert answers[-1].json()["policyName"] == "SECONDLY"
    assert answers[-1].json()["message"] == "You have reached your secondly limit."
    assert not any(name.startswith("x-hubspot-ratelimit") for each in answers for name in each.headers)
    portal.wait(1.1)
    assert portal.post(f"{NOTES}/search", {}).status_code == 200


def test_reset_forgets_what_was_counted(portal: Portal) -> None:
    portal.set(limits_enabled=True, hubspot_requests_per_10_seconds=1)
    portal.get(NOTES)

    portal.post("/_sandbox/reset", {})

    assert portal.get(NOTES).status_code == 200


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (401, {"category": "EXPIRED_AUTHENTICATION"}),
        (423, {"category": "LOCKED"}),
        (429, {"policyName": "TEN_SECONDLY_ROLLING"}),
        (477, {"category": "MIGRATION_IN_PROGRESS"}),
        (500, {"category": "INTERNAL_ERROR"}),
        (502, {"status": "error"}),
    ],
)
def test_faults_answer_as_the_service_does(portal: Portal, status: int, expected: dict[str, Any]) -> None:
    portal.post("/_sandbox/faults", {"kind": "status", "status": status, "times": 1})

    faulted, after = portal.get(NOTES), portal.get(NOTES)

    assert faulted.status_code == status
    assert expected.items() <= faulted.json().items()
    assert ("retry-after" in faulted.headers) == (status == 477)
    assert after.status_code == 200


def test_connection_cut_after_a_create_leaves_the_record(portal: Portal) -> None:
    portal.post("/_sandbox/faults", {"kind": "drop_after", "route": "create", "times": 1})

    with pytest.raises((httpx.TransportError, ConnectionError)):
        portal.post(NOTES, {"properties": {"hs_timestamp": AT}})

    assert len(portal.get(NOTES).json()["results"]) == 1


@pytest.mark.parametrize(
    ("method", "path", "kind"),
    [
        ("GET", "/crm/v3/objects/notes", "list"),
        ("POST", "/crm/v3/objects/notes", "create"),
        ("GET", "/crm/v3/objects/notes/1", "get"),
        ("PATCH", "/crm/objects/2026-09/notes/1", "update"),
        ("DELETE", "/crm/objects/2026-09/notes/1", "archive"),
        ("POST", "/crm/objects/2026-09/notes/search", "search"),
        ("POST", "/crm/objects/2026-09/notes/batch/upsert", "batch_upsert"),
        ("POST", "/crm/v4/associations/notes/contacts/batch/read", "associations_read"),
        ("POST", "/crm/associations/2026-09/notes/contacts/batch/create", "associations_create"),
        ("POST", "/crm/associations/2026-09/notes/contacts/batch/labels/archive", "associations_archive"),
        ("PUT", "/crm/v4/objects/notes/1/associations/default/contacts/2", "associations_create"),
        ("GET", "/crm/v4/objects/notes/1/associations/contacts", "associations_read"),
        ("GET", "/crm/associations/2026-09/notes/contacts/labels", "association_labels"),
        ("POST", "/crm/properties/2026-09/notes/batch/create", "properties"),
        ("GET", "/crm/v3/owners/", "owners"),
        ("GET", "/account-info/v3/details", "account"),
        ("GET", "/crm/limits/2026-09/records", "limits"),
    ],
)
def test_requests_are_logged_by_kind(method: str, path: str, kind: str) -> None:
    assert classify(method, path) == kind
