"""Every error of the project, sorted by consequence: what a caller may do next.

::

    ActivitySyncError
    ├── ConfigurationError        fix a file, an option or a variable; nothing was touched
    ├── SafeguardTripped          a human must look; nothing was touched
    ├── RetriableError            the same call may work later
    │   ├── RateLimited           the server (or our own budget) names a wait
    │   ├── ServerUnavailable     no answer, or an answer that says "later"
    │   └── StaleVersion          the record moved under us: read and decide again
    ├── RecordError               one record is set aside, the run goes on
    │   ├── InvalidRecord         the API or the mapping refuses this record
    │   ├── AlreadyExists         a create met its own key: never create again
    │   └── RecordMissing         the record to write to does not exist
    └── FatalError                stop the run
        ├── AuthenticationFailed  credentials or rights
        ├── Unreachable           the host cannot be reached at all
        ├── MalformedResponse     the API answered what its contract does not know
        └── LedgerUnusable        the ledger cannot be read, or belongs to other accounts

Expected outcomes are values, not exceptions. No error carries a secret or the text of an activity.
"""

from __future__ import annotations

__all__ = [
    "ActivitySyncError",
    "AlreadyExists",
    "AuthenticationFailed",
    "ConfigurationError",
    "FatalError",
    "InvalidRecord",
    "LedgerUnusable",
    "MalformedResponse",
    "RateLimited",
    "RecordError",
    "RecordMissing",
    "RetriableError",
    "SafeguardTripped",
    "ServerUnavailable",
    "StaleVersion",
    "Unreachable",
]


class ActivitySyncError(Exception):
    """Anything this project raises on purpose.

    `system` names the CRM, `setting` the variable, option or file line to change, `correlation_id` the API's own
    id of the failed request, `status` the HTTP status and `code` the API's error code, each where there is one.
    """

    def __init__(
        self,
        message: str,
        *,
        system: str | None = None,
        setting: str | None = None,
        status: int | None = None,
        code: str | None = None,
        correlation_id: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.system = system
        self.setting = setting
        self.status = status
        self.code = code
        self.correlation_id = correlation_id


class ConfigurationError(ActivitySyncError):
    """A file, an option or an environment variable is wrong; nothing was touched."""


class SafeguardTripped(ActivitySyncError):
    """The run looks like an accident and was stopped before its first write."""


class RetriableError(ActivitySyncError):
    """The same call may work later."""


class RateLimited(RetriableError):
    """The server names a wait. `wait_seconds` is None when it does not say how long."""

    def __init__(self, message: str, *, wait_seconds: float | None = None, **facts: str | int | None) -> None:
        super().__init__(message, **facts)  # type: ignore[arg-type]
        self.wait_seconds = wait_seconds


class ServerUnavailable(RetriableError):
    """No answer, or one that says "later". `maybe_applied`: the write may have happened all the same."""

    def __init__(self, message: str, *, maybe_applied: bool = False, **facts: str | int | None) -> None:
        super().__init__(message, **facts)  # type: ignore[arg-type]
        self.maybe_applied = maybe_applied


class StaleVersion(RetriableError):
    """The record moved between our read and our write (sync-rules case 31)."""


class RecordError(ActivitySyncError):
    """One record is set aside; the run goes on."""


class InvalidRecord(RecordError):
    """The API or the mapping refuses this record as it is."""


class AlreadyExists(RecordError):
    """A create met a record under its own key (sync-rules case 6)."""


class RecordMissing(RecordError):
    """The record to write to does not exist."""


class FatalError(ActivitySyncError):
    """The run cannot go on."""


class AuthenticationFailed(FatalError):
    """The credentials are refused, or lack a right."""


class Unreachable(FatalError):
    """The host cannot be reached."""


class MalformedResponse(FatalError):
    """The API answered something its documented contract does not know."""


class LedgerUnusable(FatalError):
    """The ledger cannot be used: unreadable, of a newer version, or of other accounts."""
