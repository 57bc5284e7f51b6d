"""What a person gets wrong: one clear message, the right exit code, and nothing written anywhere."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from activity_sync_tests.cli.commands import activity_sync, closed_port, ledger_rows, the_document
from activity_sync_tests.end_to_end.bridge import Bridge, ago, dynamics_people, hubspot_people
from activity_sync_tests.end_to_end.conftest import make_bridge
from activity_sync_tests.end_to_end.ordinary import hubspot_activities

TODAY = datetime.now(tz=UTC).date()


@dataclass(frozen=True)
class Case:
    """A wrong use. `says`: what the message has to name. `config`: a configuration file of its own."""

    arguments: tuple[str, ...]
    exit_code: int
    setting: str | None
    says: str
    system: str | None = None
    environ: dict[str, str] = field(default_factory=dict)
    config: str | None = None


SYNC = ("sync",)
CASES = {
    "wrong HubSpot token": Case(
        SYNC,
        3,
        "HUBSPOT_ACCESS_TOKEN",
        "HUBSPOT_ACCESS_TOKEN",
        system="hubspot",
        environ={"HUBSPOT_ACCESS_TOKEN": "wrong"},
    ),
    "wrong HubSpot token, with days": Case(
        ("sync", "--from", str(TODAY)),
        3,
        "HUBSPOT_ACCESS_TOKEN",
        "HUBSPOT_ACCESS_TOKEN",
        system="hubspot",
        environ={"HUBSPOT_ACCESS_TOKEN": "wrong"},
    ),
    "wrong Dynamics secret": Case(
        SYNC,
        3,
        "DYNAMICS_CLIENT_SECRET",
        "DYNAMICS_CLIENT_SECRET",
        system="dynamics",
        environ={"DYNAMICS_CLIENT_SECRET": "wrong"},
    ),
    "HubSpot not reached": Case(
        SYNC,
        3,
        "HUBSPOT_BASE_URL",
        "cannot be reached",
        system="hubspot",
        environ={"HUBSPOT_BASE_URL": f"http://127.0.0.1:{closed_port()}"},
    ),
    "Dynamics not reached": Case(
        SYNC,
        3,
        "DYNAMICS_AUTHORITY",
        "cannot be reached",
        system="dynamics",
        environ={"DYNAMICS_AUTHORITY": f"http://127.0.0.1:{closed_port()}"},
    ),
    "another address than the organization's": Case(
        SYNC,
        3,
        "DYNAMICS_URL",
        "check DYNAMICS_URL",
        system="dynamics",
        environ={"DYNAMICS_URL": f"http://127.0.0.1:{closed_port()}"},
    ),
    "no HubSpot token": Case(
        SYNC, 2, "HUBSPOT_ACCESS_TOKEN", "not set", system="hubspot", environ={"HUBSPOT_ACCESS_TOKEN": ""}
    ),
    "plain http to another host": Case(
        SYNC, 2, "DYNAMICS_URL", "https", system="dynamics", environ={"DYNAMICS_URL": "http://org.example"}
    ),
    "unknown flow": Case(("sync", "--flow", "hubspot_to_salesforce"), 2, "--flow", "dynamics_to_hubspot"),
    "unknown type": Case(("sync", "--type", "letter"), 2, "--type", "meeting"),
    "a type that is off": Case(
        ("sync", "--flow", "hubspot_to_dynamics", "--type", "note"),
        2,
        "--type",
        "switched off",
        config="flows: {hubspot_to_dynamics: {note: {enabled: false}}}",
    ),
    "malformed YAML": Case(SYNC, 2, "ACTIVITY_SYNC_CONFIG", "line 2", config="flows:\n\tnote: {}\n"),
    "unknown configuration key": Case(SYNC, 2, "ACTIVITY_SYNC_CONFIG", "flwos", config="flwos: {}"),
    "a wrong configuration value": Case(SYNC, 2, "ACTIVITY_SYNC_CONFIG", "partitions", config="partitions: hourly"),
    "no configuration file": Case(
        SYNC, 2, "ACTIVITY_SYNC_CONFIG", "missing.yaml", environ={"ACTIVITY_SYNC_CONFIG": "missing.yaml"}
    ),
    "a day before the first": Case(("sync", "--from", "2014-12-31"), 2, "--from", "2015-01-01"),
    "a day in the future": Case(("sync", "--to", str(TODAY + timedelta(days=2))), 2, "--to", "future"),
    "from the future": Case(("sync", "--from", str(TODAY + timedelta(days=2))), 2, "--from", "future"),
    "days the wrong way round": Case(
        ("sync", "--from", "2026-02-02", "--to", "2026-02-01"), 2, "--from", "lies after --to"
    ),
    "no day": Case(("sync", "--from", "yesterday"), 2, "--from", "YYYY-MM-DD"),
    "an unknown option": Case(("sync", "--everything"), 2, None, "--everything"),
    "an unknown command": Case(("synch",), 2, None, "synch"),
    "DAGSTER_HOME does not exist": Case(SYNC, 2, "DAGSTER_HOME", "DAGSTER_HOME", environ={"DAGSTER_HOME": "/nowhere"}),
    "status without DAGSTER_HOME": Case(
        ("status",), 2, "DAGSTER_HOME", "DAGSTER_HOME", environ={"DAGSTER_HOME": "/nowhere"}
    ),
    "trace of no record": Case(("trace", "task-501"), 2, "SYSTEM:TYPE/ID", "hubspot:task/"),
    "trace in an unknown system": Case(("trace", "salesforce:task/501"), 2, "SYSTEM:TYPE/ID", "dynamics, hubspot"),
    "trace of an unknown type": Case(("trace", "hubspot:letter/501"), 2, "SYSTEM:TYPE/ID", "meeting"),
    "a home that is a file": Case(
        SYNC, 3, "ACTIVITY_SYNC_LEDGER_URL", "ACTIVITY_SYNC_HOME", environ={"ACTIVITY_SYNC_HOME": __file__}
    ),
}


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bridge]:
    """Sandboxes in which there is something to carry, so that a write would show."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        for bridge in make_bridge(tmp_path_factory.mktemp("wrong"), monkeypatch):
            bridge.seed({"hubspot": hubspot_people(), "dynamics": dynamics_people()})
            bridge.seed({"hubspot": hubspot_activities("task", [ago(minutes=5)])})
            yield bridge


@pytest.mark.parametrize("name", CASES)
def test_a_wrong_use_is_explained_in_one_document_and_writes_nothing(busy: Bridge, tmp_path: Path, name: str):
    case = CASES[name]

    done = activity_sync(environ_of(busy, case, tmp_path), *case.arguments, "--json")

    error = the_document(done)["error"]
    assert list(error) == ["code", "message", "system", "setting"]
    assert done.returncode == case.exit_code
    assert (error["system"], error["setting"]) == (case.system, case.setting)
    assert case.says in error["message"]
    assert "Traceback" not in done.stderr
    assert busy.writes() == 0
    assert ledger_rows(tmp_path / "home") == {}
    assert not busy.dynamics("task")


@pytest.mark.parametrize("name", ["Dynamics not reached", "unknown type", "malformed YAML", "an unknown option"])
def test_for_a_person_it_is_one_message_on_stderr(busy: Bridge, tmp_path: Path, name: str):
    case = CASES[name]

    done = activity_sync(environ_of(busy, case, tmp_path), *case.arguments)

    assert (done.returncode, done.stdout) == (case.exit_code, "")
    assert case.says in done.stderr
    assert "rror: " in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "command",
    [
        "",
        "check",
        "demo",
        "sandbox",
        "sync",
        "trace",
        "status",
        "waiting",
        "failures",
        "failures retry",
        "held",
        "held resolve",
    ],
)
def test_every_command_has_help(busy: Bridge, command: str):
    done = activity_sync(busy.environ, *command.split(), "--help")

    assert done.returncode == 0
    assert done.stdout.startswith(f"Usage: activity-sync {command}".strip())
    assert len(done.stdout.splitlines()) > 4


def test_help_and_wrong_use_wait_for_nothing_slow():
    """What a command needs besides, it loads when it knows that it is used rightly."""
    slow = {"dagster", "pandas", "sqlalchemy", "duckdb"}
    code = f"import sys, activity_sync.cli.main; print(sorted({slow} & {{*sys.modules}}))"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"


def environ_of(bridge: Bridge, case: Case, folder: Path) -> dict[str, str]:
    """The bridge's environment with an own home, and what the case changes."""
    environ = {**bridge.environ, "ACTIVITY_SYNC_HOME": str(folder / "home"), **case.environ}
    if case.config is not None:
        path = folder / "sync.yaml"
        path.write_text(case.config, encoding="utf-8")
        environ["ACTIVITY_SYNC_CONFIG"] = str(path)
    return environ
