"""A virtual environment for each tool, made from the versions that `requirements/` pins."""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path

_REQUIREMENTS = Path(__file__).parent / "requirements"


class NotInstalled(Exception):
    """A tool's packages cannot be had here."""


def environment(name: str, scratch: Path) -> Path:
    """The folder of programs of a tool's environment, made where it is not there yet. Raises NotInstalled."""
    home, pinned = scratch / name, _REQUIREMENTS / f"{name}.txt"
    programs, marker = home / "bin", home / "installed.txt"
    if marker.exists() and marker.read_text(encoding="utf-8") == pinned.read_text(encoding="utf-8"):
        return programs
    print(f"installing {pinned.name} into {home}", file=sys.stderr)
    venv.create(home, with_pip=True, clear=True)
    command: list[str | Path] = [
        programs / "python",
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "-r",
        pinned,
    ]
    told = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False)
    if told.returncode:
        errors = [line for line in told.stderr.splitlines() if line.startswith("ERROR")]
        raise NotInstalled("; ".join(errors)[-400:] or f"pip ended with {told.returncode}")
    marker.write_text(pinned.read_text(encoding="utf-8"), encoding="utf-8")
    return programs
