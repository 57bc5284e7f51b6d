"""Comparing values as the database does: text without case and accents, ids in SQL Server's own order."""

import re
import unicodedata
from functools import lru_cache
from typing import Any

from activity_sync.sandbox.dynamics.schema import Column, Reference


@lru_cache(maxsize=65536)
def folded(text: str) -> str:
    """Text as the database's collation compares it: no case, no accents, no trailing blanks."""
    plain = text.casefold().rstrip(" ")
    if plain.isascii():
        return plain
    return "".join(c for c in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(c))


@lru_cache(maxsize=131072)
def guid_order(text: str) -> str:
    """A key that sorts ids as SQL Server sorts `uniqueidentifier`: the last group first, then backwards."""
    first, second, third, fourth, fifth = text.split("-")
    return "".join((fifth, fourth, _reversed_pairs(third), _reversed_pairs(second), _reversed_pairs(first)))


def _reversed_pairs(text: str) -> str:
    return "".join(text[index : index + 2] for index in range(len(text) - 2, -1, -2))


def comparable(column: Column, value: Any) -> Any:
    """A stored value in the form in which it is compared and sorted; None stays None."""
    if value is None:
        return None
    if isinstance(value, Reference):
        return guid_order(value.id)
    match column.kind:
        case "string" | "memo":
            return folded(value)
        case "guid" | "lookup":
            return guid_order(value)
        case "date":
            return f"{value}T00:00:00Z"  # as a literal of either form is compared
    return value


def like(pattern: str) -> re.Pattern[str]:
    """A LIKE pattern as an expression: `%` any text, `_` one character, `[...]` a set. The text must be folded."""
    out: list[str] = []
    position = 0
    while position < len(pattern):
        character = pattern[position]
        closing = pattern.find("]", position + 1)
        if character == "%":
            out.append(".*")
        elif character == "_":
            out.append(".")
        elif character == "[" and closing > position + 1:
            inside = pattern[position + 1 : closing]
            negated = "^" if inside.startswith("^") else ""
            members = re.escape(inside.removeprefix("^")).replace(r"\-", "-")
            out.append(f"[{negated}{members}]")
            position = closing
        else:
            out.append(re.escape(character))
        position += 1
    return re.compile("".join(out), re.DOTALL)
