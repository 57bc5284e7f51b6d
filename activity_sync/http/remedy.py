"""The errors that a person must resolve, each with what to do.

The answers' own texts are not quoted: they may name people.
"""

from __future__ import annotations

from activity_sync.errors import AuthenticationFailed, MalformedResponse, Unreachable
from activity_sync.http.message import Refusal

ADDRESS_SETTINGS = {"hubspot": "HUBSPOT_BASE_URL", "dynamics": "DYNAMICS_URL"}
"""The variable that holds a system's address."""

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


def explain_unreachable(system: str, origin: str, detail: str) -> Unreachable:
    """The error when no connection was made at all."""
    setting = ADDRESS_SETTINGS.get(system)
    remedy = f"check {setting or 'the address'} and the network"
    if "certificate" in detail.lower():
        remedy = "set SSL_CERT_FILE to the certificates of its authority, or correct the address"
    return Unreachable(f"{system} cannot be reached at {origin} ({detail}): {remedy}.", system=system, setting=setting)


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
