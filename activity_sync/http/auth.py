"""Where the bearer token comes from."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

from activity_sync.errors import AuthenticationFailed, ConfigurationError, MalformedResponse
from activity_sync.http.message import ApiResponse

PostForm = Callable[[str, Mapping[str, str]], Awaitable[ApiResponse]]
"""Posts a form to an absolute URL, without authentication, and returns an answer below 500."""

MARGIN_SECONDS = 120.0
"""A token is renewed this long before it expires, or half-way through a shorter life."""


# By the OAuth error code: what is refused is the address we want the token for, not the application.
_REMEDIES = {
    "invalid_resource": ("DYNAMICS_URL", "DYNAMICS_URL; the directory DYNAMICS_TENANT_ID has no such organization"),
    "invalid_scope": ("DYNAMICS_URL", "DYNAMICS_URL; it is not the address of an organization"),
}
_ANY_REMEDY = (
    "DYNAMICS_CLIENT_SECRET",
    "DYNAMICS_TENANT_ID, DYNAMICS_CLIENT_ID and DYNAMICS_CLIENT_SECRET; the secret may have expired",
)


class Auth(Protocol):
    """A source of bearer tokens."""

    async def token(self, post_form: PostForm) -> str:
        """A token to use now. AuthenticationFailed when none is to be had."""
        ...

    def discard(self, token: str) -> bool:
        """Take note that the API refused this token. True when a later `token` call may bring another."""
        ...


class StaticBearer:
    """One token for ever."""

    def __init__(self, token: str) -> None:
        # The HTTP library quotes an illegal header in its complaint; here it is refused unquoted.
        if not token or not token.isascii() or not token.isprintable() or " " in token:
            raise ConfigurationError("The access token is empty or holds characters that no token has.")
        self._token = token

    async def token(self, post_form: PostForm) -> str:  # noqa: ARG002 - the protocol's
        """The token."""
        return self._token

    def discard(self, token: str) -> bool:  # noqa: ARG002 - the protocol's
        """False: there is no other."""
        return False


class ClientCredentials:
    """Tokens of an application user (OAuth 2.0 client credentials), cached and renewed before they expire.

    Requests that need a token together wait for one token request. `clock` counts seconds and never goes back.
    """

    def __init__(
        self,
        token_url: str,
        client_id: str,
        client_secret: str,
        scope: str,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._token_url = token_url
        self._form = {
            "grant_type": "client_credentials",
            "client_id": client_id,
            "client_secret": client_secret,
            "scope": scope,
        }
        self._clock = clock
        self._lock = asyncio.Lock()
        self._token = ""
        self._renew_at = 0.0

    async def token(self, post_form: PostForm) -> str:
        """A token with life left in it. AuthenticationFailed, MalformedResponse, or what `post_form` raises."""
        async with self._lock:
            if not self._token or self._clock() >= self._renew_at:
                asked_at = self._clock()
                self._token, life_seconds = _read_token(await post_form(self._token_url, self._form))
                self._renew_at = asked_at + life_seconds - min(MARGIN_SECONDS, life_seconds / 2)
            return self._token

    def discard(self, token: str) -> bool:
        """True. The token is forgotten, unless it has been replaced already."""
        if token == self._token:
            self._token = ""
        return True


def _read_token(response: ApiResponse) -> tuple[str, float]:
    """The token and its life in seconds."""
    if response.status >= 400:
        code = _read_error_code(response)
        setting, remedy = _REMEDIES.get(code or "", _ANY_REMEDY)
        raise AuthenticationFailed(
            f"The token endpoint refused the application ({response.status}): check {remedy}.",
            system="dynamics",
            setting=setting,
            status=response.status,
            code=code,
        )
    answer: Any = response.json()
    token = answer.get("access_token") if isinstance(answer, dict) else None
    if not isinstance(token, str) or not token or not token.isascii() or not token.isprintable():
        raise MalformedResponse("The token endpoint answered without an access token.", status=response.status)
    try:
        return token, max(float(answer.get("expires_in", 0)), 0.0)
    except (TypeError, ValueError):
        return token, 0.0


def _read_error_code(response: ApiResponse) -> str | None:
    try:
        answer = response.json()
    except MalformedResponse:
        return None
    code = answer.get("error") if isinstance(answer, dict) else None
    return code if isinstance(code, str) else None
