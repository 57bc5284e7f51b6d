"""`docs/mapping.md` as data, for tests that hold the running product to it."""

from __future__ import annotations

import re
from pathlib import Path

_PAGE = Path(__file__).parents[2] / "docs" / "mapping.md"
_NAME = re.compile(r"`(\w+)`")


def documented_rows(kind: str) -> dict[str, list[str]]:
    """The rows of a type's table by field: HubSpot, Dynamics, way, transform, limit, loss."""
    section = _PAGE.read_text(encoding="utf-8").split(f"\n## {kind.capitalize()}\n")[1].split("\n## ")[0]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if line[:1] == "|"]
    return {row[0].strip("`"): row[1:] for row in cells[2:]}


def documented_properties(kind: str, system: str) -> frozenset[str]:
    """Every property that the table names for a system, those of its transforms ("becomes `actualend`") included."""
    column = 0 if system == "hubspot" else 1
    named = {name for row in documented_rows(kind).values() for name in _NAME.findall(row[column])}
    transforms = {name for row in documented_rows(kind).values() for name in _NAME.findall(row[3])}
    return frozenset(named | (transforms if system == "dynamics" else set()))


def documented_losses(kind: str) -> dict[str, str]:
    """What the table declares as lost, by field; fields that lose nothing are left out."""
    return {name: row[5] for name, row in documented_rows(kind).items() if row[5]}
