"""What the environment says: the only module that reads environment variables.

Values are checked for form when they are read. Credentials that are missing matter only when a system is opened:
`settings.hubspot.require()` and `settings.dynamics.require()` raise then. No `repr` shows a secret.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self
from urllib.parse import quote, urlsplit

from activity_sync.credentials import read_secret
from activity_sync.errors import ConfigurationError
from activity_sync.http.loopback import is_loopback

PROJECT_ROOT = Path(__file__).resolve().parent.parent
"""The folder above the package, where `dagster.yaml` stands."""

API_VERSIONS = ("2026-09", "2026-03", "v3")
"""The versions of HubSpot's API that the connector speaks."""

REQUIRED: Mapping[str, tuple[str, ...]] = {
    "hubspot": ("HUBSPOT_ACCESS_TOKEN",),
    "dynamics": ("DYNAMICS_URL", "DYNAMICS_TENANT_ID", "DYNAMICS_CLIENT_ID", "DYNAMICS_CLIENT_SECRET"),
}
"""By system, the variables without which it cannot be opened. A secret may stand in a file: see `IN_FILES`."""

IN_FILES: Mapping[str, str] = {
    "HUBSPOT_ACCESS_TOKEN": "HUBSPOT_ACCESS_TOKEN_FILE",
    "DYNAMICS_CLIENT_SECRET": "DYNAMICS_CLIENT_SECRET_FILE",
    "ACTIVITY_SYNC_KEY": "ACTIVITY_SYNC_KEY_FILE",
    "ACTIVITY_SYNC_SMTP_PASSWORD": "ACTIVITY_SYNC_SMTP_PASSWORD_FILE",
}
"""By secret, the variable that names a file with it."""

OPTIONAL: tuple[str, ...] = (
    "HUBSPOT_BASE_URL",
    "HUBSPOT_API_VERSION",
    "DYNAMICS_AUTHORITY",
    "ACTIVITY_SYNC_CONFIG",
    "ACTIVITY_SYNC_HOME",
    "ACTIVITY_SYNC_LEDGER_URL",
    "ACTIVITY_SYNC_STAGING",
    "ACTIVITY_SYNC_KEY",
    "ACTIVITY_SYNC_SLACK_URL",
    "ACTIVITY_SYNC_TEAMS_URL",
    "ACTIVITY_SYNC_WEBHOOK_URL",
    "ACTIVITY_SYNC_SMTP_PASSWORD",
    "DAGSTER_HOME",
)
"""The variables that have a default."""


@dataclass(frozen=True, slots=True)
class HubSpotSettings:
    """How to reach a HubSpot account. `base_url` has no trailing slash; an empty token is a missing one."""

    base_url: str = "https://api.hubapi.com"
    access_token: str = field(default="", repr=False)
    api_version: str = "2026-09"

    @property
    def counted_as(self) -> str:
        """Whom the API's limits count: the app behind the token. A secret; only its hash is stored."""
        return f"{self.base_url}\n{self.access_token}"

    def require(self) -> Self:
        """These settings, complete. ConfigurationError names the first variable that is missing."""
        what = "a service key or private app token, or HUBSPOT_ACCESS_TOKEN_FILE to a file that holds one"
        _require("hubspot", "HUBSPOT_ACCESS_TOKEN", self.access_token, what)
        return self


@dataclass(frozen=True, slots=True)
class DynamicsSettings:
    """How to reach a Dynamics 365 organization. The two addresses have no trailing slash."""

    url: str = ""
    authority: str = "https://login.microsoftonline.com"
    tenant_id: str = ""
    client_id: str = ""
    client_secret: str = field(default="", repr=False)

    @property
    def counted_as(self) -> str:
        """Whom the API's limits count: the application user."""
        return f"{self.url}\n{self.client_id}"

    @property
    def token_url(self) -> str:
        """Where the application user's tokens come from."""
        return f"{self.authority}/{quote(self.tenant_id, safe='')}/oauth2/v2.0/token"

    @property
    def scope(self) -> str:
        """The scope of those tokens."""
        return f"{self.url}/.default"

    def require(self) -> Self:
        """These settings, complete. ConfigurationError names the first variable that is missing."""
        _require("dynamics", "DYNAMICS_URL", self.url, "the organization, as https://org.crm.dynamics.com")
        _require("dynamics", "DYNAMICS_TENANT_ID", self.tenant_id, "the directory (tenant) id")
        _require("dynamics", "DYNAMICS_CLIENT_ID", self.client_id, "the application (client) id")
        what = "a client secret of the application, or DYNAMICS_CLIENT_SECRET_FILE to a file that holds one"
        _require("dynamics", "DYNAMICS_CLIENT_SECRET", self.client_secret, what)
        return self


@dataclass(frozen=True, slots=True)
class AlertSettings:
    """Where alerts go. The addresses of incoming webhooks are secrets; "" where none is set."""

    slack_url: str = field(default="", repr=False)
    teams_url: str = field(default="", repr=False)
    webhook_url: str = field(default="", repr=False)
    smtp_password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything the environment decides.

    `staging` is a folder or an object-store URL; `key` is the secret of the fingerprints where the environment names
    one (see `fingerprint_key`); `dagster_home` is where Dagster keeps, or finds, its `dagster.yaml`.
    """

    hubspot: HubSpotSettings
    dynamics: DynamicsSettings
    config_path: Path
    home: Path
    ledger_url: str = field(repr=False)
    staging: str
    dagster_home: Path
    key: str = field(default="", repr=False)
    alerts: AlertSettings = AlertSettings()

    @classmethod
    def from_environ(cls, environ: Mapping[str, str] | None = None) -> Self:
        """Read the settings. An empty variable counts as not set. Relative paths are the caller's.

        Raises ConfigurationError, naming the variable, for an address or a version that cannot be used.
        """
        given = os.environ if environ is None else environ
        stated = {name: value.strip() for name, value in given.items() if value.strip()}
        home = _path(stated.get("ACTIVITY_SYNC_HOME"), PROJECT_ROOT / ".activity_sync")
        staging = stated.get("ACTIVITY_SYNC_STAGING", "")
        return cls(
            hubspot=_hubspot(stated),
            dynamics=_dynamics(stated),
            config_path=_path(stated.get("ACTIVITY_SYNC_CONFIG"), PROJECT_ROOT / "activity_sync" / "sync.yaml"),
            home=home,
            ledger_url=stated.get("ACTIVITY_SYNC_LEDGER_URL", f"sqlite:///{home / 'ledger.sqlite'}"),
            staging=staging if "://" in staging else str(_path(staging, home / "staging")),
            dagster_home=_path(stated.get("DAGSTER_HOME"), PROJECT_ROOT),
            key=_secret("ACTIVITY_SYNC_KEY", stated),
            alerts=AlertSettings(
                slack_url=_address("alerts", "ACTIVITY_SYNC_SLACK_URL", stated, ""),
                teams_url=_address("alerts", "ACTIVITY_SYNC_TEAMS_URL", stated, ""),
                webhook_url=_address("alerts", "ACTIVITY_SYNC_WEBHOOK_URL", stated, ""),
                smtp_password=_secret("ACTIVITY_SYNC_SMTP_PASSWORD", stated),
            ),
        )


def fingerprint_key(settings: Settings) -> bytes:
    """The secret of the fingerprints: `ACTIVITY_SYNC_KEY`, else that of the home, made on first use.

    Processes that arrive together agree on one key: the file appears complete or not at all. ConfigurationError when
    the home cannot hold it.
    """
    if settings.key:
        return settings.key.encode()
    path = settings.home / "key"
    try:
        if not path.exists():
            _make_key_file(path)
        key = path.read_bytes().strip()
    except OSError as error:
        raise ConfigurationError(
            f"The key file {path} cannot be used ({error.strerror}): make ACTIVITY_SYNC_HOME writable, "
            "or set ACTIVITY_SYNC_KEY.",
            setting="ACTIVITY_SYNC_KEY",
        ) from error
    if not key:
        raise ConfigurationError(
            f"The key file {path} is empty: restore it, or set ACTIVITY_SYNC_KEY. A new key makes every "
            "stored fingerprint worthless.",
            setting="ACTIVITY_SYNC_KEY",
        )
    return key


def key_mark(key: bytes) -> str:
    """By which a ledger knows its key again, and from which nobody learns it."""
    return hmac.new(key, b"activity-sync ledger", hashlib.sha256).hexdigest()[:32]


def _make_key_file(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(32))
        try:
            # A link fails when the name is taken: of several processes, one wins and all read the winner's key.
            os.link(draft, path)
        except FileExistsError:
            return
    finally:
        draft.unlink()


def _hubspot(stated: Mapping[str, str]) -> HubSpotSettings:
    shipped = HubSpotSettings()
    version = stated.get("HUBSPOT_API_VERSION", shipped.api_version)
    if version not in API_VERSIONS:
        raise ConfigurationError(
            f"HUBSPOT_API_VERSION is {version!r}: use one of {', '.join(API_VERSIONS)}.",
            system="hubspot",
            setting="HUBSPOT_API_VERSION",
        )
    return HubSpotSettings(
        base_url=_address("hubspot", "HUBSPOT_BASE_URL", stated, shipped.base_url),
        access_token=_secret("HUBSPOT_ACCESS_TOKEN", stated, system="hubspot"),
        api_version=version,
    )


def _dynamics(stated: Mapping[str, str]) -> DynamicsSettings:
    return DynamicsSettings(
        url=_address("dynamics", "DYNAMICS_URL", stated, ""),
        authority=_address("dynamics", "DYNAMICS_AUTHORITY", stated, DynamicsSettings().authority),
        tenant_id=stated.get("DYNAMICS_TENANT_ID", ""),
        client_id=stated.get("DYNAMICS_CLIENT_ID", ""),
        client_secret=_secret("DYNAMICS_CLIENT_SECRET", stated, system="dynamics"),
    )


def _address(system: str, name: str, stated: Mapping[str, str], shipped: str) -> str:
    value = stated.get(name)
    if value is None:
        return shipped

    def refuse(why: str) -> ConfigurationError:
        return ConfigurationError(f"{name} {why}.", system=system, setting=name)

    try:
        parts = urlsplit(value)
        host = parts.hostname
        _ = parts.port
    except ValueError:
        raise refuse("is no address: write it as https://host") from None
    if parts.scheme not in {"http", "https"} or not host:
        raise refuse("is no address: write it as https://host")
    if parts.username is not None or parts.query or parts.fragment:
        raise refuse("must be a plain address, without user, query or fragment")
    if parts.scheme == "http" and not is_loopback(host):
        raise refuse("must use https: plain http is for loopback addresses only")
    return value.rstrip("/")


def _secret(name: str, stated: Mapping[str, str], *, system: str | None = None) -> str:
    return read_secret(stated, name, IN_FILES[name], system=system)


def _path(value: str | None, shipped: Path) -> Path:
    return Path(value).expanduser().absolute() if value else shipped


def _require(system: str, name: str, value: str, what: str) -> None:
    if not value:
        raise ConfigurationError(f"{name} is not set: set it to {what}.", system=system, setting=name)
