"""Cutting a `$filter` into tokens."""

import re
from dataclasses import dataclass
from typing import Literal

from activity_sync.sandbox.dynamics.errors import bad_query
from activity_sync.sandbox.dynamics.values import read_moment

TokenKind = Literal["string", "quoted", "guid", "moment", "number", "name", "mark", "end"]


@dataclass(frozen=True)
class Token:
    """One token: for `string` the text without quotes, for `quoted` the text of a double-quoted array item."""

    kind: TokenKind
    text: str
    at: int


_GUID = r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"
_MOMENT = r"\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d))?"
_PATTERN = re.compile(
    rf"""\s*(?:
        (?P<string>'(?:[^']|'')*')
      | (?P<quoted>"(?:[^"\\]|\\.)*")
      | (?P<guid>{_GUID})(?![\w-])
      | (?P<moment>{_MOMENT})(?![\w:-])
      | (?P<number>-?\d+(?:\.\d+)?)(?![\w-])
      | (?P<name>[@$A-Za-z_][\w.]*(?:/[A-Za-z_$][\w.]*)*)
      | (?P<mark>[()\[\],=:])
      | (?P<end>$)
    )""",
    re.VERBOSE,
)


def tokens(text: str) -> list[Token]:
    """The tokens, ended by one of kind `end`. Raises DataverseError for what is no token."""
    found: list[Token] = []
    position = 0
    while True:
        match = _PATTERN.match(text, position)
        if match is None or match.lastgroup is None:
            raise bad_query(f"Syntax error at position {position} in '{text}'.")
        kind: TokenKind = match.lastgroup  # type: ignore[assignment]
        raw = match.group(kind)
        match kind:
            case "string":
                found.append(Token(kind, raw[1:-1].replace("''", "'"), position))
            case "quoted":
                found.append(Token(kind, re.sub(r"\\(.)", r"\1", raw[1:-1]), position))
            case _:
                found.append(Token(kind, raw, position))
        if kind == "end":
            return found
        position = match.end()


def moment_value(text: str) -> str | None:
    """A date literal in a form that compares with stored dates.

    Stored dates have whole seconds, so a literal with a fraction gets a mark that sorts it after its own second and
    before the next.
    """
    whole = text if "T" in text else f"{text}T00:00:00Z"
    stored = read_moment(whole)
    if stored is None:
        return None
    fraction = re.search(r"\.(\d+)", whole)
    return f"{stored}~" if fraction and fraction.group(1).strip("0") else stored
