"""The layout of the markup that most bodies consist of: paragraphs, line ends, and what is set off inside a line.

It comes to what the library (inscriptis, with its strict profile) makes of such markup, which walks through a text
character by character: for lists, tables, quotations and styles that move text it is asked itself.
"""

from __future__ import annotations

import re

from lxml.html import HtmlElement

# Blank lines around an element that begins a line of its own.
_BLANK_LINES = {"div": 0} | dict.fromkeys(("p", "h1", "h2", "h3", "h4", "h5", "h6"), 1)
_WORDS = """
    a abbr b big br center code del em font hr i img ins mark s section small span strike strong sub sup tt u
"""
_INLINE = frozenset(_WORDS.split())
_MOVES_TEXT = re.compile("display|space|margin|padding", re.IGNORECASE)
_TOP = 1000
"""No blank lines are needed at the beginning."""


def flow(tree: HtmlElement) -> str | None:
    """The text in lines; None where the markup is not as plain as that."""
    for element in tree.iter():
        if element.tag not in _BLANK_LINES and element.tag not in _INLINE:
            return None
        if _MOVES_TEXT.search(element.get("style") or ""):
            return None
    page = _Page()
    page.lay_out(tree, 0)
    page.end_line()
    return "\n".join(page.lines)


class _Page:
    """The lines so far, the one that is being written, and the blank lines that stand above it."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._line: list[str] = []
        self._blank = _TOP
        self._after_space = True

    def lay_out(self, element: HtmlElement, around: int) -> None:
        """The element and all in it. `around`: the blank lines that the element around it has."""
        blank = _BLANK_LINES.get(element.tag)
        if element.tag == "br" and not self.end_line():
            self.lines.append("")
        if blank is not None:
            self.end_line()
            self._leave_blank(max(around, blank))
        self._write(element.text)
        for inner in element:
            self.lay_out(inner, blank or 0)
            self._write(inner.tail)
        if blank is not None:
            self.end_line()
            self._leave_blank(blank)

    def end_line(self) -> bool:
        """Whether there was anything on it."""
        line = "".join(self._line)
        if self._after_space:
            line = line.removesuffix(" ")
        if not line:
            return False
        self.lines.append(line)
        self._line, self._after_space, self._blank = [], True, 0
        return True

    def _leave_blank(self, lines: int) -> None:
        if lines > self._blank:
            self.lines.append("\n" * (lines - self._blank - 1))
            self._blank = lines

    def _write(self, text: str | None) -> None:
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
