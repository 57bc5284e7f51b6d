"""Client-credential tokens, as the identity platform gives them out."""

import secrets
from collections.abc import Mapping
from typing import Any

from starlette.responses import JSONResponse, Response

from activity_sync.sandbox.controls import Controls


class TokenDesk:
    """Gives out bearer tokens and knows which are good. Tokens are forgotten with the process."""

    def __init__(self, controls: Controls) -> None:
        self._controls = controls
        self._good_until: dict[str, float] = {}

    def issue(self, tenant: str, form: Mapping[str, Any], *, host: str) -> Response:
        """Answers `POST /{tenant}/oauth2/v2.0/token`; `host` is the organisation's own host name."""
        settings = self._controls.settings
        if tenant != settings.dynamics_tenant_id:
            return _denied(400, "invalid_request", 90002, f"Tenant '{tenant}' not found.")
        if form.get("grant_type") != "client_credentials":
            return _denied(400, "unsupported_grant_type", 70003, "The app requested an unsupported grant type.")
        if form.get("client_id") != settings.dynamics_client_id:
            return _denied(400, "unauthorized_client", 700016, "Application was not found in the directory.")
        if form.get("client_secret") != settings.dynamics_client_secret:
            return _denied(401, "invalid_client", 7000215, "Invalid client secret provided.")
        scope = str(form.get("scope", ""))
        named = scope.removeprefix("https://").removeprefix("http://")
        if not scope.endswith("/.default"):
            return _denied(400, "invalid_scope", 1002012, f"The provided value for scope {scope} is not valid.")
        if named.removesuffix("/.default").rstrip("/") != host:
            return _denied(400, "invalid_resource", 500011, f"The resource principal named {scope} was not found.")
        token = f"sandbox.{secrets.token_urlsafe(24)}"
        seconds = settings.dynamics_token_seconds
        self._good_until[token] = self._controls.clock.seconds() + seconds
        return JSONResponse(
            {"token_type": "Bearer", "expires_in": seconds, "ext_expires_in": seconds, "access_token": token},
            headers={"cache-control": "no-store, no-cache"},
        )

    def accepts(self, authorization: str | None) -> bool:
        """Whether an `Authorization` header carries a good token."""
        scheme, _, token = (authorization or "").partition(" ")
        until = self._good_until.get(token)
        return scheme.lower() == "bearer" and until is not None and self._controls.clock.seconds() < until

    def revoke_all(self) -> None:
        """Makes every token bad."""
        self._good_until.clear()


def _denied(status: int, error: str, number: int, text: str) -> Response:
    body = {"error": error, "error_description": f"AADSTS{number}: {text}", "error_codes": [number]}
    return JSONResponse(body, status_code=status)
