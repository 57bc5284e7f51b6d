"""What `activity-sync check` finds: values, produced by each room about what it knows, put together elsewhere.

A name is a path of words, the room first: `hubspot.scopes.contacts`. Messages and remedies hold no secret and nothing
that identifies a person.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from activity_sync.errors import ActivitySyncError, ConfigurationError


class Level(StrEnum):
    """How bad it is: `warning` is what works less well, or could not be checked; with an `error` a sync fails."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


class Consequence(StrEnum):
    """What an error would end a sync with."""

    CONFIGURATION = "a file or a variable is to be corrected"
    SYSTEMIC = "a system or the ledger cannot be used as it is"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `remedy` is empty where there is nothing to do; `consequence` counts for errors."""

    name: str
    level: Level
    message: str
    remedy: str = ""
    consequence: Consequence = Consequence.SYSTEMIC

    def shown(self) -> dict[str, str]:
        """As `check --json` prints it."""
        return {"name": self.name, "level": self.level.value, "message": self.message, "remedy": self.remedy}


def fine(name: str, message: str) -> Finding:
    """All is as it should be."""
    return Finding(name, Level.OK, message)


def warn(name: str, message: str, remedy: str = "") -> Finding:
    """It works, but less well than it could; or nobody can tell."""
    return Finding(name, Level.WARNING, message, remedy)


def unchecked(name: str, what: str, remedy: str = "") -> Finding:
    """A right that only a write could prove."""
    return warn(name, f"cannot be checked without writing: {what}", remedy)


def wrong(name: str, message: str, remedy: str) -> Finding:
    """A setting that cannot work: exit code 2."""
    return Finding(name, Level.ERROR, message, remedy, Consequence.CONFIGURATION)


def broken(name: str, message: str, remedy: str) -> Finding:
    """A system or the ledger cannot be used: exit code 3."""
    return Finding(name, Level.ERROR, message, remedy)


def failure(name: str, error: ActivitySyncError) -> Finding:
    """What an error says, as a finding."""
    kind = wrong if isinstance(error, ConfigurationError) else broken
    problem, rest = _parted(error.message)
    remedy = rest.rstrip(".") or (
        f"see {error.setting}" if error.setting else "run the check again; if it stays, report it"
    )
    return kind(name, problem, remedy)


def _parted(message: str) -> tuple[str, str]:
    """What is wrong, and what to do: our messages part them by a colon. Those inside brackets part nothing."""
    depth = 0
    for place, character in enumerate(message):
        depth += (character == "(") - (character == ")")
        if depth == 0 and message.startswith(": ", place):
            return message[:place], message[place + 2 :]
    return message, ""


def worst(findings: Iterable[Finding]) -> Consequence | None:
    """What a sync would end with, None where there is no error. A configuration is read before any system is."""
    consequences = {one.consequence for one in findings if one.level is Level.ERROR}
    return next((one for one in Consequence if one in consequences), None)
