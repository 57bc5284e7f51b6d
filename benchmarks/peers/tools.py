"""The tools that are measured: how each is started, and what it has brought over."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.peers.messages import Extracted, from_airbyte, from_singer
from benchmarks.where import installation

_HERE = Path(__file__).parent
_CONFIGURATION = """\
flows:
  hubspot_to_dynamics:
    email: {closed: reopen, delete: archive}
"""
"""Ours: what is not shipped that way. Edits reach closed e-mails and deletes are carried, as the scripts do it."""
_SINCE = "2015-01-01T00:00:00Z"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a tool runs: a folder of its own, the environment that leads to both systems, its programs."""

    folder: Path
    environ: dict[str, str]
    programs: Path

    @property
    def state(self) -> Path:
        """Where an extractor left off, once there is such a file."""
        return self.folder / "state.json"


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool. `requirements`: the file of `requirements/` with its packages, None for this project's own.

    `prepare`: the environment in which `command` is then run, once for each pass. `extracted`: how to read what it puts
    out, None for what writes to Dynamics itself; the state in it stands in the place's `state.json` for the next pass.
    """

    name: str
    requirements: str | None
    command: Callable[[Place], Sequence[str | Path]]
    prepare: Callable[[Place], dict[str, str]]
    extracted: Callable[[Iterable[str]], Extracted] | None = None


def _ours(_: Place) -> Sequence[str]:
    only = ["--flow", "hubspot_to_dynamics", "--type", "email", "--json"]
    return [sys.executable, "-m", "activity_sync", "sync", *only]


def _installed(place: Place) -> dict[str, str]:
    path = place.folder / "sync.yaml"
    path.write_text(_CONFIGURATION, encoding="utf-8")
    return installation(place.folder, place.environ) | {"ACTIVITY_SYNC_CONFIG": str(path)}


def _script(name: str) -> Callable[[Place], Sequence[str | Path]]:
    return lambda place: [place.programs / "python", _HERE / "scripts" / name, place.folder / "memory.json"]


def _trusting(place: Place) -> dict[str, str]:
    """`requests` reads the authority of the sandbox's certificate from a variable of its own."""
    return place.environ | {"REQUESTS_CA_BUNDLE": place.environ["SSL_CERT_FILE"]}


def _redirected(place: Place, files: dict[str, Any]) -> dict[str, str]:
    """The tool's files are there, and requests for HubSpot's host, which it has written down, go to the sandbox."""
    for name, content in files.items():
        (place.folder / name).write_text(json.dumps(content), encoding="utf-8")
    return place.environ | {"PYTHONPATH": str(_HERE / "redirect")}


def _meltano(place: Place) -> dict[str, str]:
    config = {
        "access_token": place.environ["HUBSPOT_ACCESS_TOKEN"],
        "start_date": _SINCE,
        "associations": {"emails": ["contacts", "tickets"]},
    }
    return _redirected(place, {"config.json": config})


def _meltano_command(place: Place) -> Sequence[str | Path]:
    state: list[str | Path] = ["--state", place.state] if place.state.exists() else []
    config = place.folder / "config.json"
    return [place.programs / "python", _HERE / "extractors" / "meltano_emails.py", "--config", config, *state]


def _airbyte(place: Place) -> dict[str, str]:
    token = {
        "credentials_title": "Private App Credentials",
        "access_token": place.environ["HUBSPOT_ACCESS_TOKEN"],
    }
    stream = {
        "name": "engagements_emails",
        "json_schema": {"type": "object", "properties": {}},
        "supported_sync_modes": ["full_refresh", "incremental"],
        "source_defined_cursor": True,
        "default_cursor_field": ["updatedAt"],
        "source_defined_primary_key": [["id"]],
    }
    chosen = {
        "stream": stream,
        "sync_mode": "incremental",
        "cursor_field": ["updatedAt"],
        "destination_sync_mode": "append_dedup",
        "primary_key": [["id"]],
    }
    config = {"start_date": _SINCE, "credentials": token}
    return _redirected(place, {"config.json": config, "catalog.json": {"streams": [chosen]}})


def _airbyte_command(place: Place) -> Sequence[str | Path]:
    state: list[str | Path] = ["--state", place.state] if place.state.exists() else []
    given: list[str | Path] = [
        "--config",
        place.folder / "config.json",
        "--catalog",
        place.folder / "catalog.json",
        *state,
    ]
    return [place.programs / "source-hubspot", "read", *given]


def _singer(place: Place) -> dict[str, str]:
    config = {
        "start_date": _SINCE,
        "api_key": place.environ["HUBSPOT_ACCESS_TOKEN"],
        **dict.fromkeys(("redirect_uri", "client_id", "client_secret", "refresh_token"), ""),
    }
    parts = ("engagement", "associations", "metadata")
    chosen = {
        "stream": "engagements",
        "tap_stream_id": "engagements",
        "key_properties": ["engagement_id"],
        "schema": {"type": "object", "properties": {part: {"type": ["null", "object"]} for part in parts}},
        "metadata": [
            {"breadcrumb": [], "metadata": {"selected": True}},
            *({"breadcrumb": ["properties", part], "metadata": {"selected": True}} for part in parts),
        ],
    }
    return _redirected(place, {"config.json": config, "catalog.json": {"streams": [chosen]}})


def _singer_command(place: Place) -> Sequence[str | Path]:
    given: list[str | Path] = ["--config", place.folder / "config.json", "--properties", place.folder / "catalog.json"]
    return [place.programs / "tap-hubspot", *given]


CARRIERS = (
    Tool("activity-sync", None, _ours, _installed),
    Tool("clients, batched", "clients", _script("batched.py"), _trusting),
    Tool("clients, a call per record", "clients", _script("by_record.py"), _trusting),
)
"""From HubSpot to Dynamics. The clients are HubSpot's and Microsoft's own."""

EXTRACTORS = (
    Tool("meltano-tap-hubspot", "meltano", _meltano_command, _meltano, from_singer),
    Tool("airbyte-source-hubspot", "airbyte", _airbyte_command, _airbyte, from_airbyte),
    Tool("tap-hubspot", "singer", _singer_command, _singer, from_singer),
)
"""From HubSpot to messages, for somebody else to write."""
