"""What all tests share: no network but loopback, and a list of what was not run."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from hypothesis import settings

POSTGRES_VARIABLE = "ACTIVITY_SYNC_TEST_POSTGRES_URL"
CHROMIUM_VARIABLE = "ACTIVITY_SYNC_TEST_CHROMIUM"
ALL_VARIABLE = "ACTIVITY_SYNC_TEST_ALL"
_LOOPBACK = ("127.", "::1", "localhost")

# How long an example takes says how busy the machine is, and nothing of the code.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")


def chromium_path() -> str | None:
    """The Chromium that the tests of the UI drive; None where there is none."""
    return os.environ.get(CHROMIUM_VARIABLE) or shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture(autouse=True)
def _loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test that reaches for another machine fails."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if isinstance(address, tuple) and not str(address[0]).startswith(_LOOPBACK):
            raise OSError(f"tests reach loopback addresses only, not {address[0]}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(scope="session", autouse=True)
def _migrations_read_once() -> Iterator[None]:
    """Alembic reads Dagster's fifty migrations whenever a database is opened: a seventh of what most tests take."""
    read: dict[str | None, ScriptDirectory] = {}
    from_config = ScriptDirectory.from_config

    def once(config: Config) -> ScriptDirectory:
        place = config.get_main_option("script_location")
        if place not in read:
            read[place] = from_config(config)
        return read[place]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ScriptDirectory, "from_config", once)
        yield


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The slow tests are CI's, and those of whoever asks for all, or for one of them by its path."""
    if os.environ.get(ALL_VARIABLE) or _names_tests(config):
        return
    slow = [one for one in items if one.get_closest_marker("slow")]
    config.hook.pytest_deselected(items=slow)
    items[:] = [one for one in items if not one.get_closest_marker("slow")]


def _names_tests(config: pytest.Config) -> bool:
    """Whether the command line says which tests to run, by path, expression or mark."""
    return bool(config.args_source is pytest.Config.ArgsSource.ARGS or config.option.keyword or config.option.markexpr)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """What was not run is named; `.ci/run` takes that for a failure."""
    if not os.environ.get(ALL_VARIABLE) and not _names_tests(config):
        terminalreporter.write_line(
            f"not run: the tests that take more than ten seconds ({ALL_VARIABLE}=1 runs all)", yellow=True
        )
    if not os.environ.get(POSTGRES_VARIABLE):
        terminalreporter.write_line(
            f"not run: the tests on PostgreSQL ({POSTGRES_VARIABLE} names no server)", yellow=True
        )
    if chromium_path() is None:
        terminalreporter.write_line(
            f"not run: the tests in a browser (no chromium in the path, and {CHROMIUM_VARIABLE} names none)",
            yellow=True,
        )
