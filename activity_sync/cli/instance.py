"""The Dagster instance that `dagster dev`, this command and the `make` targets share."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from activity_sync.errors import ConfigurationError
from activity_sync.settings import PROJECT_ROOT, Settings

if TYPE_CHECKING:
    import dagster as dg


@contextmanager
def dagster_instance(settings: Settings) -> Iterator[dg.DagsterInstance]:
    """The instance of DAGSTER_HOME, or of the project's root.

    The root's dagster.yaml names folders relative to the root, so the process works from there while it is open; all
    paths of the settings are absolute by then.
    """
    home = existing_dagster_home(settings)
    import dagster as dg  # noqa: PLC0415  # slow to load: the checks before it answer at once

    here = Path.cwd()
    if home == PROJECT_ROOT:
        os.chdir(PROJECT_ROOT)
    try:
        with alone_in(home):
            opened = dg.DagsterInstance.from_config(str(home))
        with opened as instance:
            yield instance
    finally:
        os.chdir(here)


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """No other process is in this block for the same folder.

    Dagster makes the tables of a new home when it first opens it, and two that do so at once fail.
    """
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def existing_dagster_home(settings: Settings) -> Path:
    """The folder of the instance; ConfigurationError where there is none."""
    home = settings.dagster_home
    if not home.is_dir():
        raise ConfigurationError(
            f"DAGSTER_HOME is {home}, which is no folder; create it with a copy of the project's dagster.yaml in it, "
            "or unset the variable",
            setting="DAGSTER_HOME",
        )
    return home
