"""Broken configurations, and what is said about each.

`python -m activity_sync_tests.configuration.broken` writes what is said now into the file; read the difference.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from activity_sync.configuration import examine_configuration

FILE = Path(__file__).with_name("broken.txt")
_CASE, _SAYS = "=== ", ">>> "


def cases() -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Name, YAML, and the messages, in the file's order."""
    for block in FILE.read_text(encoding="utf-8").split(f"\n{_CASE}"):
        name, _, rest = block.removeprefix(_CASE).partition("\n")
        lines = rest.splitlines()
        yield (
            name,
            "".join(f"{line}\n" for line in lines if not line.startswith(_SAYS)),
            tuple(line.removeprefix(_SAYS) for line in lines if line.startswith(_SAYS)),
        )


def said_about(text: str) -> tuple[str, ...]:
    """The messages about a file `sync.yaml` with this text."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sync.yaml"
        path.write_text(text, encoding="utf-8")
        configuration, problems = examine_configuration(path)
        assert (configuration is None) == bool(problems)
        return tuple(problem.replace(str(path), "sync.yaml") for problem in problems)


if __name__ == "__main__":
    blocks = [
        f"{_CASE}{name}\n{text}" + "".join(f"{_SAYS}{one}\n" for one in said_about(text)) for name, text, _ in cases()
    ]
    FILE.write_text("".join(blocks), encoding="utf-8")
