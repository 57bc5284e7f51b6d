"""A portal in this process, and the requests that tests make of it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from activity_sync.sandbox.controls import Controls
from activity_sync.sandbox.hubspot.app import HubSpotStore, create_app

TOKEN = "sandbox-token"
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
NOON_MS = int(NOON.timestamp() * 1000)
AT = "2026-11-21T10:00:00.000Z"
"""The documentation's form of a time, for properties where any will do."""


class Portal:
    """A portal whose clock stands at noon until a test moves it."""

    def __init__(self) -> None:
        self.controls = Controls()
        self.controls.clock.hold(NOON)
        self.controls.settings.limits_enabled = False
        self.store = HubSpotStore(self.controls)
        self.app = create_app(self.store, self.controls)
        self._loop = asyncio.new_event_loop()
        self._client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=self.app),
            base_url="http://portal",
            headers={"Authorization": f"Bearer {TOKEN}"},
        )

    def close(self) -> None:
        self._loop.run_until_complete(self._client.aclose())
        self._loop.close()

    def request(self, method: str, path: str, body: Any = None, **options: Any) -> httpx.Response:
        if body is not None:
            options["json"] = body
        return self._loop.run_until_complete(self._client.request(method, path, **options))

    def fetch(self, url: str) -> httpx.Response:
        """What lies at an address, asked for without the token."""

        async def ask() -> httpx.Response:
            async with httpx.AsyncClient(transport=httpx.ASGITransport(app=self.app)) as client:
                return await client.get(url)

        return self._loop.run_until_complete(ask())

    def get(self, path: str, **params: Any) -> httpx.Response:
        return self.request("GET", path, params=params)

    def post(self, path: str, body: Any) -> httpx.Response:
        return self.request("POST", path, body)

    def patch(self, path: str, body: Any) -> httpx.Response:
        return self.request("PATCH", path, body)

    def put(self, path: str, body: Any = None) -> httpx.Response:
        return self.request("PUT", path, body)

    def delete(self, path: str) -> httpx.Response:
        return self.request("DELETE", path)

    def wait(self, seconds: float) -> None:
        self.controls.clock.advance(seconds)

    def set(self, **settings: Any) -> None:
        self.controls.settings.change(settings)

    def make(self, kind: str, *, hangs_on: dict[int, str] | None = None, **properties: str) -> str:
        """Create a record that the test needs and give its id; `hangs_on` maps type ids to target ids."""
        required = {
            "notes": {"hs_timestamp": AT},
            "tasks": {"hs_timestamp": AT},
            "calls": {"hs_timestamp": AT},
            "meetings": {"hs_timestamp": AT},
            "emails": {"hs_timestamp": AT, "hs_email_direction": "EMAIL"},
            "companies": {"name": "Adler"},
            "deals": {"dealname": "D", "pipeline": "default", "dealstage": "closedwon"},
            "tickets": {"subject": "T", "hs_pipeline": "0", "hs_pipeline_stage": "1"},
        }.get(kind, {})
        body = {"properties": required | properties, "associations": links(hangs_on or {})}
        made = self.post(f"/crm/objects/2026-09/{kind}", body)
        assert made.status_code == 201, made.text
        return str(made.json()["id"])

    def read(self, kind: str, record_id: str, *properties: str) -> dict[str, Any]:
        answer = self.get(f"/crm/objects/2026-09/{kind}/{record_id}", properties=",".join(properties))
        assert answer.status_code == 200, answer.text
        return dict(answer.json())


def links(by_type: dict[int, str]) -> list[dict[str, Any]]:
    """Associations as a create carries them inline."""
    return [
        {
            "to": {"id": target},
            "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": type_id}],
        }
        for type_id, target in by_type.items()
    ]


@pytest.fixture
def portal() -> Iterator[Portal]:
    made = Portal()
    yield made
    made.close()
