"""Keyed hashes of field values: what the ledger remembers instead of contents.

Each field gives two hashes: `exact`, of the value after normalisation, and `visible`, of what a reader sees of it.
Servers rewrite the markup they are given; `visible` tells such a rewriting from an edit (sync-rules.md, "Settling").
"""

from __future__ import annotations

import hashlib
import html
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time
from functools import lru_cache

import nh3

from activity_sync.activities.activity import Participant, RichText, Value


@dataclass(frozen=True, slots=True)
class FieldPrint:
    """The two hashes of one value. Equal `exact` implies equal `visible`.

    The `visible` of a point in time begins with `day:` (a midnight, UTC) or `time:`, before the hash of its day: a
    column that keeps no more than the day shows midnight, but two times of one day are two values to a reader.
    """

    exact: str
    visible: str

    def reads_like(self, other: FieldPrint) -> bool:
        """Whether a reader sees the same value. Symmetric."""
        return self.exact == other.exact or (self.visible == other.visible and ":" not in self.visible)

    def settles(self, sent: FieldPrint) -> bool:
        """Whether this value, read, is how a server may show `sent`: same visible text, or the day of the time sent."""
        day = self.visible.removeprefix("day:")
        return self.reads_like(sent) or (day != self.visible and sent.visible == f"time:{day}")

    def __str__(self) -> str:
        return self.exact if self.exact == self.visible else f"{self.exact}.{self.visible}"

    @classmethod
    def parse(cls, text: str) -> FieldPrint:
        """The inverse of `str`."""
        exact, _, visible = text.partition(".")
        return cls(exact, visible or exact)


Fingerprint = Mapping[str, FieldPrint]

_NOTHING: Mapping[str, Value] = {}
_NO_PRINTS: Fingerprint = {}

# Tags that part words, or nothing, and hide none of them; attributes as a serialiser writes them.
_WORDS = "a|b|big|br|center|div|em|font|h[1-6]|hr|i|li|ol|p|s|small|span|strong|sub|sup|tt|u|ul"
_PLAIN_TAG = re.compile(rf'</?(?:{_WORDS})(?:\s+[\w-]+="[^"<>]*")*\s*/?>', re.ASCII)
OTHER_ENTITY = re.compile("&(?!(?:amp|lt|gt|quot|nbsp);)")
"""What a parser reads in a way of its own; `html.unescape` reads the five named here alike."""
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f]")
_TAG_START = re.compile(r"<(?=[a-zA-Z/!])")
_MARKUP = re.compile("[<&]")
# Characters without a glyph: servers drop or add them freely.
_INVISIBLE = re.compile("[\u200b-\u200d\u2060\ufeff\u00ad]")
# A record's body is looked at several times in a row: read, compared, written, compared.
_BODIES_AT_HAND = 16


def fingerprint(
    fields: Mapping[str, Value],
    *,
    key: bytes,
    like: Mapping[str, Value] = _NOTHING,
    known: Fingerprint = _NO_PRINTS,
) -> dict[str, FieldPrint]:
    """One entry per field. The same value gives the same entry on any machine that has the key.

    `like`: other fields, whose entries are `known`; what is the same in both is not hashed a second time.
    """
    return {
        name: known[name] if name in known and _is_same(value, like.get(name)) else _print(value, key)
        for name, value in fields.items()
    }


@lru_cache(maxsize=_BODIES_AT_HAND)
def visible_text(body: RichText) -> str:
    """All characters a reader sees, without any white space: equal for two markups of the same text."""
    text = body.text
    if body.html:
        text = html.unescape(_without_plain_tags(text) or nh3.clean(_TAG_START.sub(" <", text), tags=set()))
    return _without_space(text if text.isascii() else _INVISIBLE.sub("", unicodedata.normalize("NFC", text)))


def _without_plain_tags(markup: str) -> str | None:
    """The text between the tags; None where a parser would read something in a way of its own."""
    text = _PLAIN_TAG.sub(" ", markup)
    return None if "<" in text or OTHER_ENTITY.search(text) or _CONTROL.search(text) else text


def _print(value: Value, key: bytes) -> FieldPrint:
    exact, visible = _normal_forms(value)
    if not exact:
        return _print_of_nothing(key)
    first = _digest(exact, key)
    if exact == visible:
        return FieldPrint(first, first)
    if isinstance(value, datetime):
        # The precision of a time stays readable in its print; of the time itself nothing does.
        precision, _, day = visible.partition(":")
        return FieldPrint(first, f"{precision}:{_digest(day, key)}")
    return FieldPrint(first, _digest(visible, key))


@lru_cache(maxsize=4)
def _print_of_nothing(key: bytes) -> FieldPrint:
    """Most fields of most records hold nothing."""
    nothing = _digest("", key)
    return FieldPrint(nothing, nothing)


def _is_same(one: Value, other: Value) -> bool:
    """Whether two values are one: 1 and true, which Python takes for equal, are two."""
    return type(one) is type(other) and one == other


def _normal_forms(value: Value) -> tuple[str, str]:
    match value:
        case None | "" | ():
            return "", ""  # empty is empty, however a system spells it
        case bool():
            text = f"b:{int(value)}"
            return text, text
        case int():
            text = f"i:{value}"
            return text, text
        case datetime():
            # Dynamics keeps whole seconds, the coarser of the two systems' precisions.
            moment = value.astimezone(UTC).replace(microsecond=0)
            # A column of format DateOnly may keep no more than the day, and shows midnight.
            precision = "day" if moment.time() == time() else "time"
            return f"t:{moment.isoformat()}", f"{precision}:{moment.date().isoformat()}"
        case RichText():
            seen = visible_text(value)
            if not seen and "<img" not in value.text:
                return "", ""
            # Markup and plain text of the same characters are two values, where the characters allow both.
            form = "h" if value.html and _MARKUP.search(value.text) else "r"
            return f"{form}:{_lines(value.text)}", f"v:{seen}"
        case tuple():
            text = "p:" + "\x1e".join(sorted({_participant(one) for one in value}))
            return text, text
        case str():
            text = "s:" + _lines(value)
            seen = "s:" + _without_space(text[2:])
            return ("", "") if seen == "s:" else (text, seen)


def _without_space(text: str) -> str:
    return "".join(text.split())


def _lines(text: str) -> str:
    text = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n")
    if "\n" not in text:
        return text.strip()
    return "\n".join([line.rstrip() for line in text.split("\n")]).strip()


def _participant(one: Participant) -> str:
    # Names are the address book's business and differ per system; the address decides, the name only without one.
    return f"{one.role}\x1f{one.address.strip().lower() or one.name.strip()}"


def _digest(text: str, key: bytes) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), key=key[:64], digest_size=9).hexdigest()
