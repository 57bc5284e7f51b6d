"""The records that an activity hangs on and that have no place in it: named in a block at the end of its body. Pure.

The block is no part of the body. It is taken off when a row is read, wherever in the text people have left it, so that
it never travels back. Names are the source's.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from activity_sync.activities.kinds import RecordKind
from activity_sync.mapping import TypeMapping
from activity_sync.mapping.cut import LengthUnit, cut_text, length
from activity_sync.mapping.richtext import is_html
from activity_sync.mapping.rules import Kind
from activity_sync.systems.records import TargetLink

BODY = "body"

_KINDS: dict[str, str] = {
    RecordKind.CONTACT: "Contact",
    RecordKind.COMPANY: "Account",
    RecordKind.DEAL: "Opportunity",
    RecordKind.TICKET: "Case",
}
_HEADER = "Also related to:"
_LINE = rf"• (?:{'|'.join(_KINDS.values())}): "
_TEXT_BLOCK = re.compile(rf"(?:\r?\n){{0,2}}^--\r?\n{_HEADER}(?:\r?\n{_LINE}[^\r\n]*)+", re.MULTILINE)
# An editor may add attributes, and lose the rule above.
_HTML_BLOCK = re.compile(
    rf"(?:<hr\b[^<>]*>\s*)?<p\b[^<>]*>\s*<(?P<bold>strong|b)\b[^<>]*>{_HEADER}</(?P=bold)>"
    rf"(?:\s*<br\b[^<>]*>\s*{_LINE}[^<]*)+</p>"
)
_LONGEST_NAME = 100
_SHARE = 4
"""The block takes no more than this part of the column."""


@dataclass(frozen=True, slots=True)
class Column:
    """The column of a type's body. `limit`: its characters, counted in `unit`."""

    name: str
    kind: Kind
    limit: int
    unit: LengthUnit

    @classmethod
    def of(cls, mapping: TypeMapping, limits: Mapping[str, int]) -> Column:
        """The body's column of a type, with the organization's own limit where that is known."""
        rule = mapping.fields[BODY]
        name = rule.write[0]
        return cls(name, rule.kind, limits.get(name, rule.limit or 0), mapping.notation.length_unit)

    def holds_markup(self, text: str) -> bool:
        """Whether this value of it is HTML."""
        return self.kind is Kind.HTML or (self.kind is Kind.RICH and is_html(text))


@dataclass(frozen=True, slots=True)
class Block:
    """Lines to stand under a body, and the (kind, id) that they name."""

    lines: tuple[str, ...] = ()
    records: frozenset[tuple[str, str]] = frozenset()

    def under(self, text: str, column: Column) -> str:
        """The text of a column with the block under it."""
        return text + (self._written(text, is_markup=column.holds_markup(text)) if self.lines else "")

    def size(self, column: Column) -> int:
        """What it takes of the column, under a body."""
        if not self.lines:
            return 0
        forms = {Kind.HTML: (True,), Kind.PLAIN: (False,)}.get(column.kind, (True, False))
        return max(length(self._written("x", is_markup=one), column.unit) for one in forms)

    def _written(self, text: str, *, is_markup: bool) -> str:
        if is_markup:
            lines = "".join(f"<br>{html.escape(line, quote=False)}" for line in self.lines)
            return f"<hr><p><strong>{_HEADER}</strong>{lines}</p>"
        return ("\n\n" if text else "") + "\n".join(("--", _HEADER, *self.lines))


def make_block(links: Iterable[TargetLink], column: Column, *, room: int | None = None) -> Block:
    """The block that names these records, as many as there is room for (by default a part of the column)."""
    most = column.limit // _SHARE if room is None else min(room, column.limit // _SHARE)
    order = list(_KINDS)
    block = Block()
    for link in sorted(links, key=lambda one: (order.index(one.kind), one.name, one.id)):
        name = cut_text(" ".join(link.name.split()) or link.id, _LONGEST_NAME, unit=column.unit)
        # In a column that may hold either, a name that looks like markup would make markup of the whole text.
        shown = link.id if column.kind is Kind.RICH and is_html(name) else name
        longer = Block((*block.lines, f"• {_KINDS[link.kind]}: {shown}"), block.records | {(link.kind, link.id)})
        if longer.size(column) > most:
            break
        block = longer
    return block


def split_block(text: str) -> tuple[str, str]:
    """A column's text without the block, and the block as it stands there; empty where there is none."""
    for pattern in (_HTML_BLOCK, _TEXT_BLOCK) if _HEADER in text else ():
        if found := pattern.search(text):
            return text[: found.start()] + text[found.end() :], found[0]
    return text, ""
