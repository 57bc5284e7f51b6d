"""People at work in the two sandboxes, for the demo: they edit records through the same public APIs."""

from __future__ import annotations

import json
import urllib.parse
import urllib.request
from collections.abc import Mapping
from typing import Any


class SandboxUser:
    """Somebody who works in both CRMs. `environment` is what `activity-sync sandbox` prints."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._hubspot = environment["HUBSPOT_BASE_URL"]
        self._dynamics = environment["DYNAMICS_URL"]
        self._hubspot_token = environment["HUBSPOT_ACCESS_TOKEN"]
        self._environment = environment
        self._dynamics_token: str | None = None

    def edit_hubspot(self, object_type: str, record_id: str, properties: Mapping[str, str]) -> None:
        """One record's properties are changed."""
        _call(
            "PATCH",
            f"{self._hubspot}/crm/objects/2026-09/{object_type}/{record_id}",
            {"properties": dict(properties)},
            token=self._hubspot_token,
        )

    def edit_dynamics(self, entity_set: str, record_id: str, columns: Mapping[str, Any]) -> None:
        """One row's columns are changed."""
        if self._dynamics_token is None:
            self._dynamics_token = self.sign_in()
        _call(
            "PATCH",
            f"{self._dynamics}/api/data/v9.2/{entity_set}({record_id})",
            columns,
            token=self._dynamics_token,
            headers={"If-Match": "*"},
        )

    def delete_hubspot(self, object_type: str, record_id: str) -> None:
        """One record goes to the recycling bin."""
        _call(
            "DELETE", f"{self._hubspot}/crm/objects/2026-09/{object_type}/{record_id}", None, token=self._hubspot_token
        )

    def delete_dynamics(self, entity_set: str, record_id: str) -> None:
        """One row is deleted."""
        if self._dynamics_token is None:
            self._dynamics_token = self.sign_in()
        _call("DELETE", f"{self._dynamics}/api/data/v9.2/{entity_set}({record_id})", None, token=self._dynamics_token)

    def stored(self, system: str) -> dict[str, Any]:
        """Everything a sandbox holds."""
        found: dict[str, Any] = _call("GET", f"{self._url(system)}/_sandbox/dump", None)
        return found

    def asked(self, system: str) -> dict[str, Any]:
        """What has been asked of a sandbox since the last `forget`."""
        found: dict[str, Any] = _call("GET", f"{self._url(system)}/_sandbox/requests?last=0", None)
        return found

    def forget(self) -> None:
        """Both request logs are empty."""
        for system in ("hubspot", "dynamics"):
            _call("DELETE", f"{self._url(system)}/_sandbox/requests", None)

    def _url(self, system: str) -> str:
        return self._hubspot if system == "hubspot" else self._dynamics

    def sign_in(self) -> str:
        """A token for the Dynamics API."""
        given = self._environment
        form = urllib.parse.urlencode(
            {
                "grant_type": "client_credentials",
                "client_id": given["DYNAMICS_CLIENT_ID"],
                "client_secret": given["DYNAMICS_CLIENT_SECRET"],
                "scope": f"{self._dynamics}/.default",
            }
        ).encode()
        url = f"{given['DYNAMICS_AUTHORITY']}/{given['DYNAMICS_TENANT_ID']}/oauth2/v2.0/token"
        request = urllib.request.Request(url, data=form)  # noqa: S310  # the sandbox's own address
        with urllib.request.urlopen(request) as answer:  # noqa: S310
            token: str = json.load(answer)["access_token"]
            return token


def _call(
    method: str, url: str, body: Mapping[str, Any] | None, *, token: str = "", headers: Mapping[str, str] | None = None
) -> Any:
    request = urllib.request.Request(  # noqa: S310  # the sandbox's own address
        url,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json", "Authorization": f"Bearer {token}", **(headers or {})},
    )
    with urllib.request.urlopen(request) as answer:  # noqa: S310
        content = answer.read()
        return json.loads(content) if content else None
