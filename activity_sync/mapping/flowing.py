"""The layout of the markup that most bodies consist of: paragraphs, line ends, and what is set off inside a line.

It comes to what the library (inscriptis, with its strict profile) makes of such markup, which walks through a text
character by character: for lists, tables, quotations and styles that move text it is asked itself. Most bodies are not
even made a tree of: whoever reads the tags one after the other sees the same.
"""

from __future__ import annotations

import html
import re

from lxml.html import HtmlElement

from activity_sync.activities.fingerprint import OTHER_ENTITY

# Blank lines around an element that begins a line of its own.
_BLANK_LINES = {"div": 0} | dict.fromkeys(("p", "h1", "h2", "h3", "h4", "h5", "h6"), 1)
_WORDS = """
    a abbr b big br center code del em font hr i img ins mark s section small span strike strong sub sup tt u
"""
_INLINE = frozenset(_WORDS.split())
_MOVES_TEXT = re.compile("display|space|margin|padding", re.IGNORECASE)
_TOP = 1000
"""No blank lines are needed at the beginning."""

# The tags that need no tree to be understood, each in full; those of the second kind leave no trace in a text.
_ATTRIBUTES = r'((?:\s+[\w-]+="[^"<>]*")*)\s*>'
_TAG = re.compile(rf"<(/?(?:p|div|h[1-6]|br|a)\b){_ATTRIBUTES}")
_INLINE_TAG = re.compile(rf"</?(?:b|strong|i|em|u|s|span|font)\b{_ATTRIBUTES}")
_ADDRESS = re.compile(r'\shref="([^"]*)"')
_MOST_NESTED = 50
_SHOWN_SCHEMES = ("http://", "https://", "mailto:", "tel:")


def flow(tree: HtmlElement) -> str | None:
    """The text in lines; None where the markup is not as plain as that."""
    for element in tree.iter():
        if element.tag not in _BLANK_LINES and element.tag not in _INLINE:
            return None
        if _MOVES_TEXT.search(element.get("style") or ""):
            return None
    page = _Page()
    page.lay_out(tree)
    page.end_line()
    return "\n".join(page.lines)


def flow_of(markup: str) -> str | None:
    """As `flow` of its tree, with the addresses of its links, for sanitised `markup`.

    None where the tags alone do not say it: some are others, or stand where a parser would move or close them.
    """
    if OTHER_ENTITY.search(markup) or (" style=" in markup and _MOVES_TEXT.search(markup)):
        return None
    plain = _INLINE_TAG.sub("", markup)
    parts = _TAG.split(plain)
    if plain.count("<") != len(parts) // 3:
        return None
    page = _Page()
    open_tags = ["div"]
    note = ""
    page.write(html.unescape(parts[0]))
    for at in range(1, len(parts), 3):
        tag, text = parts[at], html.unescape(parts[at + 2])
        if tag == "br":
            page.break_line()
        elif tag[0] == "/":
            if len(open_tags) == 1 or open_tags.pop() != tag[1:]:
                return None
            if tag == "/a":
                page.write(note)
            else:
                page.set_off(_BLANK_LINES[tag[1:]])
        elif len(open_tags) > _MOST_NESTED or open_tags[-1] == "a" or (tag != "a" and open_tags[-1] != "div"):
            return None
        else:
            open_tags.append(tag)
            if tag != "a":
                page.set_off(_BLANK_LINES[tag])
            elif parts[at + 3 : at + 4] == ["/a"]:
                found = _ADDRESS.search(parts[at + 1])
                note = link_note(html.unescape(found[1]) if found else "", text)
            else:  # lines within a link
                return None
        page.write(text)
    if len(open_tags) > 1:
        return None
    page.end_line()
    return "\n".join(page.lines)


def link_note(address: str, shown: str) -> str:
    """What stands behind a link that shows `shown`: its address, where that is one and the text does not tell it."""
    address, shown = address.strip(), shown.strip()
    bare = address.removeprefix("mailto:").removeprefix("tel:")
    is_told = shown.rstrip("/") in {address.rstrip("/"), bare, bare.partition("//")[2].rstrip("/")}
    return f" ({bare})" if shown and address.lower().startswith(_SHOWN_SCHEMES) and not is_told else ""


class _Page:
    """The lines so far, the one that is being written, and the blank lines that stand above it."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._line: list[str] = []
        self._blank = _TOP
        self._after_space = True

    def lay_out(self, element: HtmlElement, around: int = 0) -> None:
        """The element and all in it. `around`: the blank lines that the element around it has."""
        blank = _BLANK_LINES.get(element.tag)
        if element.tag == "br":
            self.break_line()
        if blank is not None:
            self.set_off(max(around, blank))
        self.write(element.text)
        for inner in element:
            self.lay_out(inner, blank or 0)
            self.write(inner.tail)
        if blank is not None:
            self.set_off(blank)

    def break_line(self) -> None:
        """What follows stands on a line of its own, under an empty one where nothing was written."""
        if not self.end_line():
            self.lines.append("")

    def set_off(self, blank: int) -> None:
        """What follows stands on a line of its own, under so many blank ones."""
        self.end_line()
        if blank > self._blank:
            self.lines.append("\n" * (blank - self._blank - 1))
            self._blank = blank

    def end_line(self) -> bool:
        """Whether there was anything on it."""
        if not self._line:
            return False
        line = "".join(self._line)
        if self._after_space:
            line = line.removesuffix(" ")
        if not line:
            return False
        self.lines.append(line)
        self._line, self._after_space, self._blank = [], True, 0
        return True

    def write(self, text: str | None) -> None:
        """White space becomes one blank, and none where one stands already, or nothing else does."""
        if not text:
            return
        words = " ".join(text.split())
        if text[0].isspace() and not self._after_space:
            self._line.append(" ")
            self._after_space = True
        if words:
            self._line.append(words)
            self._after_space = text[-1].isspace()
            if self._after_space:
                self._line.append(" ")
