"""The errors that end a request, each with what to do.

The answers' own texts are not quoted: they may name people.
"""

from __future__ import annotations

from activity_sync.errors import (
    AuthenticationFailed,
    MalformedResponse,
    RateLimited,
    ServerUnavailable,
    Unreachable,
)
from activity_sync.http.message import Refusal
from activity_sync.http.retry import Failure, Later, name_failure

ADDRESS_SETTINGS = {"hubspot": "HUBSPOT_BASE_URL", "dynamics": "DYNAMICS_URL"}
"""The variable that holds a system's address."""

TOKEN_HOST_SETTING = "DYNAMICS_AUTHORITY"  # noqa: S105 - a name, not a secret
"""The variable that holds the address of the token host."""

CREDENTIAL_SETTINGS = {"hubspot": "HUBSPOT_ACCESS_TOKEN", "dynamics": "DYNAMICS_CLIENT_ID"}
"""The variable that names who we are to a system."""

_REMEDIES = {
    ("hubspot", 401): "check HUBSPOT_ACCESS_TOKEN; the key may have been rotated",
    ("hubspot", 403): "grant the missing scopes to the service key or private app of HUBSPOT_ACCESS_TOKEN",
    ("dynamics", 401): "check that DYNAMICS_CLIENT_ID has an enabled application user in DYNAMICS_URL",
    ("dynamics", 403): "give the application user of DYNAMICS_CLIENT_ID a security role with the missing privilege",
}


def explain_refused_credentials(system: str, status: int, refusal: Refusal) -> AuthenticationFailed:
    """The error for a 401 or 403."""
    remedy = refusal.remedy or _REMEDIES.get((system, status), "check the credentials")
    what = "does not accept the credentials" if status == 401 else "denies a right"
    code = f", {refusal.code}" if refusal.code else ""
    return AuthenticationFailed(
        f"{system} {what} ({status}{code}): {remedy.rstrip('.')}.",
        system=system,
        setting=CREDENTIAL_SETTINGS.get(system),
        status=status,
        code=refusal.code or None,
        correlation_id=refusal.correlation_id or None,
    )


def explain_unreachable(system: str, origin: str, detail: str, *, is_token_host: bool = False) -> Unreachable:
    """The error when no connection was made at all."""
    setting = TOKEN_HOST_SETTING if is_token_host else ADDRESS_SETTINGS.get(system)
    remedy = f"check {setting or 'the address'} and the network"
    if "certificate" in detail.lower():
        remedy = "set SSL_CERT_FILE to the certificates of its authority, or correct the address"
    return Unreachable(f"{system} cannot be reached at {origin} ({detail}): {remedy}.", system=system, setting=setting)


def explain_failure(
    system: str, failure: Failure, refusal: Refusal, *, why: str, maybe_applied: bool
) -> RateLimited | ServerUnavailable:
    """The error when the last attempt has failed. Whoever may have been heard is never merely rate limited."""
    facts = {
        "system": system,
        "status": failure.status if isinstance(failure, Later) else None,
        "code": refusal.code or None,
        "correlation_id": refusal.correlation_id or None,
    }
    if isinstance(failure, Later) and failure.status in {423, 429, 477} and not maybe_applied:
        message = f"{system} asks to wait ({name_failure(failure)}): {why}."
        return RateLimited(message, wait_seconds=failure.wait_seconds, **facts)
    message = f"{system} gives no usable answer ({name_failure(failure)}): {why}."
    return ServerUnavailable(message, maybe_applied=maybe_applied, **facts)


def explain_redirect(system: str, origin: str, status: int) -> MalformedResponse:
    """The error when an address leads elsewhere. A token is not carried to another address."""
    setting = ADDRESS_SETTINGS.get(system)
    return MalformedResponse(
        f"{system} redirects from {origin} ({status}): set {setting or 'the address'} to the final address.",
        system=system,
        setting=setting,
        status=status,
    )


def explain_foreign_link(system: str, origin: str) -> MalformedResponse:
    """The error when a link in an answer leaves the host whose token we hold."""
    return MalformedResponse(
        f"{system} gave a link to another host than {origin}; it is not followed, it would receive the token.",
        system=system,
        setting=ADDRESS_SETTINGS.get(system),
    )
