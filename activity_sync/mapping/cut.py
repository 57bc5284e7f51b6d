"""Cuts text and HTML at a length, as a system counts it, where a reader would cut: never inside a character.

A character is what a reader takes for one: a letter with its accents, an emoji with its skin tone, a flag. HTML is
never cut inside a tag or an entity, and every element that is open at the cut is closed.
"""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum


class LengthUnit(StrEnum):
    """In what a system counts a text's length: Unicode characters, or UTF-16 code units (an emoji counts two)."""

    CHARS = "chars"
    UTF16 = "utf16"


VOID_ELEMENTS = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
)

# Well-formed HTML as our own sanitiser writes it: double-quoted attribute values, which may hold `>`.
_TOKEN = re.compile(r'<(?:[^<>"]|"[^"]*")*>|&#?\w+;|[^<&]+|.', re.DOTALL)
_NAME = re.compile(r"</?([a-zA-Z][^\s/>]*)")

_ZERO_WIDTH_JOINER = "\u200d"
_HANGUL = range(0x1100, 0x1200)
_HANGUL_FOLLOWERS = range(0x1160, 0x1200)
_SKIN_TONES = range(0x1F3FB, 0x1F400)
_FLAG_LETTERS = range(0x1F1E6, 0x1F200)
_TAG_CHARACTERS = range(0xE0020, 0xE0080)


def length(text: str, unit: LengthUnit) -> int:
    """The length of `text`, counted in `unit`."""
    match unit:
        case LengthUnit.CHARS:
            return len(text)
        case LengthUnit.UTF16:
            return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def cut_text(text: str, limit: int, *, unit: LengthUnit) -> str:
    """The longest beginning of `text` that is no longer than `limit` and ends between two characters.

    A single character longer than the limit is cut between its code points.
    """
    if length(text, unit) <= limit:
        return text
    end = limit if unit is LengthUnit.CHARS else _code_points(text, limit)
    whole = end
    while whole > 0 and _is_inside_character(text, whole):
        whole -= 1
    return text[: whole or end]


def cut_html(html: str, limit: int, *, unit: LengthUnit) -> str:
    """The beginning of well-formed `html` that, with its open elements closed, is no longer than `limit`."""
    if length(html, unit) <= limit:
        return html
    kept: list[str] = []
    closers: list[str] = []
    room = limit
    for token in _TOKEN.findall(html):
        if token.startswith("</"):
            if closers and closers[-1] == token:  # its length was set aside when the element was opened
                kept.append(closers.pop())
            continue
        closer = _closer(token)
        cost = length(token, unit) + length(closer, unit)
        if cost > room:
            if not token.startswith(("<", "&")):
                kept.append(cut_text(token, room, unit=unit))
            break
        kept.append(token)
        room -= cost
        if closer:
            closers.append(closer)
    return "".join(kept + closers[::-1])


def _code_points(text: str, units: int) -> int:
    """How many code points of `text` fit into so many UTF-16 code units."""
    raw = text[:units].encode("utf-16-le", "surrogatepass")[: units * 2]
    return len(raw.decode("utf-16-le", "ignore"))


def _closer(token: str) -> str:
    if not token.startswith("<") or len(token) == 1:
        return ""
    name = _NAME.match(token)
    if name is None or name[1].lower() in VOID_ELEMENTS:
        return ""
    return f"</{name[1]}>"


def _is_inside_character(text: str, at: int) -> bool:
    """Whether a cut before `text[at]` would split one visible character.

    The main rules of Unicode Standard Annex 29, "Grapheme Cluster Boundaries" (read 2026-11).
    """
    before, after = text[at - 1], text[at]
    code, next_code = ord(before), ord(after)
    if before == "\r" and after == "\n":
        return True
    if _ZERO_WIDTH_JOINER in (before, after) or next_code in _SKIN_TONES or next_code in _TAG_CHARACTERS:
        return True
    if unicodedata.category(after) in {"Mn", "Me", "Mc"}:
        return True
    if code in _HANGUL and next_code in _HANGUL_FOLLOWERS:
        return True
    if code in _FLAG_LETTERS and next_code in _FLAG_LETTERS:
        start = at
        while start > 0 and ord(text[start - 1]) in _FLAG_LETTERS:
            start -= 1
        return (at - start) % 2 == 1
    return False
