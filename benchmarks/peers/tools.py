"""The tools that are measured: how each is started, and what it has brought over."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.where import installation

_SCRIPTS = Path(__file__).parent / "scripts"
_CONFIGURATION = """\
flows:
  hubspot_to_dynamics:
    email: {closed: reopen, delete: archive}
"""
"""Ours: what is not shipped that way. Edits reach closed e-mails and deletes are carried, as the scripts do it."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a tool runs: a folder of its own, the environment that leads to both systems, its programs."""

    folder: Path
    environ: dict[str, str]
    programs: Path


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool. `requirements`: the file of `requirements/` with its packages, None for this project's own.

    `prepare`: the environment in which `command` is then run, once for each pass.
    """

    name: str
    requirements: str | None
    command: Callable[[Place], Sequence[str | Path]]
    prepare: Callable[[Place], dict[str, str]]


def _ours(_: Place) -> Sequence[str]:
    only = ["--flow", "hubspot_to_dynamics", "--type", "email", "--json"]
    return [sys.executable, "-m", "activity_sync", "sync", *only]


def _installed(place: Place) -> dict[str, str]:
    path = place.folder / "sync.yaml"
    path.write_text(_CONFIGURATION, encoding="utf-8")
    return installation(place.folder, place.environ) | {"ACTIVITY_SYNC_CONFIG": str(path)}


def _script(name: str) -> Callable[[Place], Sequence[str | Path]]:
    return lambda place: [place.programs / "python", _SCRIPTS / name, place.folder / "memory.json"]


def _trusting(place: Place) -> dict[str, str]:
    """`requests` reads the authority of the sandbox's certificate from a variable of its own."""
    return place.environ | {"REQUESTS_CA_BUNDLE": place.environ["SSL_CERT_FILE"]}


CARRIERS = (
    Tool("activity-sync", None, _ours, _installed),
    Tool("clients, batched", "clients", _script("batched.py"), _trusting),
    Tool("clients, a call per record", "clients", _script("by_record.py"), _trusting),
)
"""From HubSpot to Dynamics. The clients are HubSpot's and Microsoft's own."""
