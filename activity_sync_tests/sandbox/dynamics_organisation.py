"""An organisation in this process, and the requests that tests make of it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx
import pytest

from activity_sync.sandbox.controls import Controls
from activity_sync.sandbox.dynamics.app import create_app
from activity_sync.sandbox.dynamics.store import Store

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
ROOT = "http://organisation/api/data/v9.2"
ANNOTATED = {"Prefer": 'odata.include-annotations="*"'}
REPRESENTED = {"Prefer": "return=representation"}
SECRET = {
    "grant_type": "client_credentials",
    "client_id": "sandbox-client",
    "client_secret": "sandbox-secret",
    "scope": "http://organisation/.default",
}
TOKEN_PATH = "/11111111-2222-3333-4444-555555555555/oauth2/v2.0/token"


def guid(number: int) -> str:
    return str(UUID(int=number))


class Organisation:
    """An organisation whose clock stands at noon until a test moves it, and a client with a token."""

    def __init__(self) -> None:
        self.controls = Controls()
        self.controls.clock.hold(NOON)
        self.store = Store(self.controls)
        self.app = create_app(self.store, self.controls)
        self._loop = asyncio.new_event_loop()
        self._client = httpx.AsyncClient(transport=httpx.ASGITransport(app=self.app), base_url="http://organisation")
        self.sign_in()

    def close(self) -> None:
        self._loop.run_until_complete(self._client.aclose())
        self._loop.close()

    def sign_in(self) -> None:
        token = self.send("POST", TOKEN_PATH, data=SECRET).json()["access_token"]
        self._client.headers["Authorization"] = f"Bearer {token}"

    def send(self, method: str, url: str, **options: Any) -> httpx.Response:
        return self._loop.run_until_complete(self._client.request(method, url, **options))

    def send_together(self, paths: Sequence[str]) -> list[httpx.Response]:
        async def everything() -> list[httpx.Response]:
            return list(await asyncio.gather(*(self._client.get(f"{ROOT}/{path}") for path in paths)))

        return self._loop.run_until_complete(everything())

    def get(self, path: str, headers: dict[str, str] | None = None, **params: Any) -> httpx.Response:
        named = {f"${name}" if not name.startswith("@") else name: value for name, value in params.items()}
        return self.send("GET", f"{ROOT}/{path}", headers=headers, params=named or None)

    def follow(self, link: str, headers: dict[str, str] | None = None) -> httpx.Response:
        return self.send("GET", link, headers=headers)

    def post(self, path: str, body: Any, **headers: str) -> httpx.Response:
        return self.send("POST", f"{ROOT}/{path}", json=body, headers=_named(headers))

    def patch(self, path: str, body: Any, **headers: str) -> httpx.Response:
        return self.send("PATCH", f"{ROOT}/{path}", json=body, headers=_named(headers))

    def put(self, path: str, body: Any) -> httpx.Response:
        return self.send("PUT", f"{ROOT}/{path}", json=body)

    def delete(self, path: str, **headers: str) -> httpx.Response:
        return self.send("DELETE", f"{ROOT}/{path}", headers=_named(headers))

    def make(self, set_name: str, **columns: Any) -> str:
        """Create a row that the test needs and give its id."""
        made = self.post(set_name, columns)
        assert made.status_code == 204, made.text
        return made.headers["odata-entityid"][-37:-1]

    def values(self, set_name: str, headers: dict[str, str] | None = None, **params: Any) -> list[dict[str, Any]]:
        answered = self.get(set_name, headers, **params)
        assert answered.status_code == 200, answered.text
        return answered.json()["value"]

    def set(self, **settings: Any) -> None:
        self.controls.settings.change(settings)

    def wait(self, seconds: float) -> None:
        self.controls.clock.advance(seconds)


def _named(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


def refusal(answered: httpx.Response) -> tuple[int, str]:
    """Status and code of a refused request."""
    return answered.status_code, answered.json()["error"]["code"]


@pytest.fixture
def organisation() -> Iterator[Organisation]:
    made = Organisation()
    yield made
    made.close()
