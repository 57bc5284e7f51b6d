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


def documented_words(kind: str, name: str) -> str:
    """Everything that the page says of a property (its rows of the type's table), or of what activities hang on."""
    if name in {"with", "about", "parties"}:
        section = _PAGE.read_text(encoding="utf-8").split("\n## Associations\n")[1].split("\n## ")[0]
        lines = section.splitlines()
        of_type = [line for line in lines if line[:1] == "|" and kind.capitalize() in line.split("|")[1]]
        text = " ".join(line for line in lines if line[:1] != "|")
        people = documented_rows(kind).get("participants", [])
        return " ".join([text, *of_type, *people])
    return " ".join(" ".join(row) for row in documented_rows(kind).values() if f"`{name}`" in " ".join(row))
