"""Tokens and service protection, after learn.microsoft.com data-platform/api-limits."""

import pytest

from activity_sync.sandbox.controls import Fault
from activity_sync_tests.sandbox.dynamics_organisation import (
    SECRET,
    TOKEN_PATH,
    Organisation,
    organisation,
    refusal,
)

__all__ = ["organisation"]


def test_requests_beyond_the_window_are_refused_until_it_moves_on(organisation: Organisation) -> None:
    organisation.set(dynamics_requests_per_window=5)
    allowed = [organisation.get("WhoAmI").status_code for _ in range(5)]

    refused = organisation.get("WhoAmI")

    assert allowed == [200] * 5
    assert refusal(refused) == (429, "0x80072322")
    assert refused.json()["error"]["message"] == (
        "Number of requests exceeded the limit of 5 over time window of 300 seconds."
    )
    organisation.wait(int(refused.headers["retry-after"]))
    assert organisation.get("WhoAmI").status_code == 200


def test_asking_on_while_refused_lengthens_the_wait(organisation: Organisation) -> None:
    organisation.set(dynamics_requests_per_window=1)
    organisation.get("WhoAmI")

    waits = [int(organisation.get("WhoAmI").headers["retry-after"]) for _ in range(3)]

    assert waits == sorted(waits)
    organisation.wait(waits[0] - 1)
    assert organisation.get("WhoAmI").status_code == 429


def test_execution_time_is_limited(organisation: Organisation) -> None:
    organisation.set(latency_ms=1, dynamics_execution_seconds_per_window=0.001)
    organisation.get("WhoAmI")

    refused = organisation.get("WhoAmI")

    assert refusal(refused) == (429, "0x80072321")
    assert "Decrease number of concurrent requests" in refused.json()["error"]["message"]
    assert int(refused.headers["retry-after"]) > 0


def test_concurrency_is_limited_at_once(organisation: Organisation) -> None:
    organisation.set(latency_ms=30, dynamics_concurrency=2)

    answered = organisation.send_together(["WhoAmI"] * 4)

    assert 429 in [each.status_code for each in answered]
    refused = next(each for each in answered if each.status_code == 429)
    assert refusal(refused) == (429, "0x80072326")


def test_limits_can_be_lifted(organisation: Organisation) -> None:
    organisation.set(dynamics_requests_per_window=1, limits_enabled=False)

    assert [organisation.get("WhoAmI").status_code for _ in range(3)] == [200] * 3


def test_answers_advise_the_degree_of_parallelism_and_name_themselves(organisation: Organisation) -> None:
    headers = organisation.get("WhoAmI").headers

    assert int(headers["x-ms-dop-hint"]) > 0
    assert int(headers["x-ms-ratelimit-burst-remaining-xrm-requests"]) == 5999
    assert headers["req_id"] == headers["x-ms-service-request-id"]
    assert headers["odata-version"] == "4.0"


def test_token_expires(organisation: Organisation) -> None:
    organisation.wait(3600)

    refused = organisation.get("WhoAmI")

    assert refused.status_code == 401
    assert "Bearer authorization_uri=" in refused.headers["www-authenticate"]
    organisation.sign_in()
    assert organisation.get("WhoAmI").status_code == 200


def test_revoked_token_is_refused(organisation: Organisation) -> None:
    organisation.send("POST", "/_sandbox/revoke-tokens")

    assert organisation.get("WhoAmI").status_code == 401


@pytest.mark.parametrize(
    ("path", "change", "status", "error"),
    [
        (TOKEN_PATH, {"client_secret": "wrong"}, 401, "invalid_client"),
        (TOKEN_PATH, {"client_id": "wrong"}, 400, "unauthorized_client"),
        (TOKEN_PATH, {"grant_type": "password"}, 400, "unsupported_grant_type"),
        (TOKEN_PATH, {"scope": "http://organisation"}, 400, "invalid_scope"),
        (TOKEN_PATH, {"scope": "https://other.example/.default"}, 400, "invalid_resource"),
        ("/another-tenant/oauth2/v2.0/token", {}, 400, "invalid_request"),
    ],
)
def test_token_is_denied(
    organisation: Organisation, path: str, change: dict[str, str], status: int, error: str
) -> None:
    denied = organisation.send("POST", path, data=SECRET | change)

    assert (denied.status_code, denied.json()["error"]) == (status, error)
    assert denied.json()["error_description"].startswith("AADSTS")


def test_token_answer(organisation: Organisation) -> None:
    given = organisation.send("POST", TOKEN_PATH, data=SECRET).json()

    assert (given["token_type"], given["expires_in"]) == ("Bearer", 3599)


def test_fault_speaks_the_platforms_language(organisation: Organisation) -> None:
    organisation.controls.faults.add(Fault("status", status=429, retry_after=3, times=1))

    assert refusal(organisation.get("WhoAmI")) == (429, "0x80072322")
