"""The environment: each variable, the home, the key, the folders. No finding holds a variable's value."""

from __future__ import annotations

import difflib
import os
import stat
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from activity_sync.errors import ConfigurationError
from activity_sync.findings import Finding, failure, fine, warn, wrong
from activity_sync.settings import IN_FILES, OPTIONAL, REQUIRED, Settings

_PREFIXES = ("HUBSPOT_", "DYNAMICS_", "ACTIVITY_SYNC_")
_KNOWN = frozenset({*OPTIONAL, *IN_FILES, *IN_FILES.values(), *(name for some in REQUIRED.values() for name in some)})
_FOR_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def read_environment(environ: Mapping[str, str]) -> tuple[Settings, list[Finding], frozenset[str]]:
    """The settings without the variables that cannot be used, the findings, and the systems that cannot be opened.

    One finding for each variable that counts, and one for each that looks like ours and is none.
    """
    usable = {name: value for name, value in environ.items() if value.strip()}
    refused: dict[str, Finding] = {}
    closed: set[str] = set()
    while True:
        try:
            settings = Settings.from_environ(usable)
            break
        except ConfigurationError as error:
            name = str(error.setting)
            refused[name] = failure(f"environment.{name}", error)
            closed.update([error.system] if error.system else [])
            # Without it the others are judged too.
            usable = {one: value for one, value in usable.items() if one != name}
    found = []
    for system, names in REQUIRED.items():
        for name in names:
            given = [one for one in (name, IN_FILES.get(name, name)) if one in usable or one in refused]
            found.append(refused.get(given[0]) or _present(given[0]) if given else _missing(name))
            if not given:
                closed.add(system)
    for name in OPTIONAL:
        given = [one for one in (name, IN_FILES.get(name, name)) if one in usable or one in refused]
        default = fine(f"environment.{name}", f"{name} is not set: the default counts")
        found.append(refused.get(given[0]) or _present(given[0]) if given else default)
    found += [one for name, one in refused.items() if one not in found]
    return settings, [*found, *_strangers(environ), *_secret_files(environ)], frozenset(closed)


def place_findings(settings: Settings) -> Iterator[Finding]:
    """Whether the home takes files, the key is private, and Dagster's home is there."""
    yield _home(settings.home)
    yield from _key(settings)
    if settings.dagster_home.is_dir():
        yield fine("environment.dagster_home", "Dagster's home is there")
    else:
        yield wrong(
            "environment.dagster_home",
            f"DAGSTER_HOME is {settings.dagster_home}, which is no folder",
            "create it (an empty one serves), or unset DAGSTER_HOME",
        )


def _present(name: str) -> Finding:
    return fine(f"environment.{name}", f"{name} is set")


def _missing(name: str) -> Finding:
    other = f", or {IN_FILES[name]} to a file that holds it" if name in IN_FILES else ""
    return wrong(f"environment.{name}", f"{name} is not set", f"set {name}{other} (README, 'The environment')")


def _strangers(environ: Mapping[str, str]) -> Iterator[Finding]:
    for name in sorted(environ):
        if name.startswith(_PREFIXES) and name not in _KNOWN:
            near = difflib.get_close_matches(name, sorted(_KNOWN), n=1)
            yield warn(
                f"environment.{name}",
                f"there is no variable {name}: it has no effect",
                f"did you mean {near[0]}?" if near else "unset it",
            )


def _secret_files(environ: Mapping[str, str]) -> Iterator[Finding]:
    for name in IN_FILES.values():
        path = Path(environ.get(name, "").strip()).expanduser()
        if environ.get(name, "").strip() and path.is_file() and path.stat().st_mode & stat.S_IRWXO:
            yield warn(
                f"environment.{name}.mode",
                f"everybody on this machine may read the file that {name} names",
                f"chmod 600 {path}",
            )


def _home(home: Path) -> Finding:
    try:
        home.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=home):
            return fine("environment.home", f"the home {home} can be written")
    except OSError as error:
        return wrong(
            "environment.home",
            f"the home {home} cannot be written ({error.strerror})",
            "make it writable for this user, or set ACTIVITY_SYNC_HOME to a folder that is",
        )


def _key(settings: Settings) -> Iterator[Finding]:
    name, path = "environment.key", settings.home / "key"
    if settings.key:
        yield fine(name, "the key of the fingerprints comes from the environment")
    elif not path.is_file():
        yield fine(name, "the key of the fingerprints is made on first use")
    elif not os.access(path, os.R_OK) or not path.read_bytes().strip():
        yield wrong(
            name,
            f"the key file {path} is empty, or this user may not read it",
            "restore it: with another key every record looks changed",
        )
    elif path.stat().st_mode & _FOR_OTHERS:
        yield warn(name, f"others may read the key file {path}", f"chmod 600 {path}")
    else:
        yield fine(name, "the key file is readable for its owner only")
