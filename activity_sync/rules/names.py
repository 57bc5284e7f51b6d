"""Company names for comparison: the same but for letter case, blanks, punctuation at the ends, and the legal form.

Nothing is guessed beyond that: a name is the same or it is not. A legal form counts at the end of a name only, since at
the beginning it is as often part of the name ("AS Roma", "SE Ranking").
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_FORMS_TEXT: Final = """
    ab ag aps asa as bhd bv bvba co company corp corporation cv dd doo eg eirl ek eurl ev gbr ggmbh gk gmbh
    haftungsbeschränkt inc incorporated kg kgaa kft kk lda limited llc llp lp ltd ltda mbh nv nyrt ohg ooo oy oyj ou
    oü plc pte pty publ pvt sa sab sapi sarl sas sasu sàrl scs sdn se sia sl slu snc sprl sro srl srls ug uab vof
    zrt
"""
_FORMS: Final = frozenset(_FORMS_TEXT.split())
"""Single words, without their dots, strokes and brackets."""

_PHRASES: Final = frozenset({"sp z oo", "spol s ro", "sa de cv", "s de rl de cv", "sab de cv", "s en c", "sà rl"})
_BEFORE_FORMS: Final = frozenset({"private"})
"""Part of a form where one follows, and else a word."""
_ABBREVIATIONS: Final = frozenset({"s.p.a", "s.p.a."})
"""Forms that without their dots are a word."""
_CONNECTIVES: Final = frozenset({"&", "+", "and", "und", "et", "y", "e"})
_LONGEST_SPELLED: Final = 4
"""Letters of a form that is written apart: S. A. R. L."""

_TRADE_MARKS: Final = "®™©"
_BETWEEN_LETTERS: Final = re.compile(r"[^\w&+]")


def normal_name(name: str) -> str:
    """The name but for case, runs of blanks, and punctuation at the ends. Empty for a name of nothing else."""
    return _trimmed(unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold()))


def name_without_form(name: str) -> str:
    """As `normal_name`, without the legal forms at its end: `Acme GmbH & Co. KG` is `acme`.

    A name that is nothing but a legal form stays as it is.
    """
    return _without_form(normal_name(_with_dots(name)))


def searchable(name: str) -> str:
    """As `name_without_form`, for a search of what holds it: in lower case only, since none takes "ß" for "ss"."""
    return _without_form(_trimmed(unicodedata.normalize("NFC", _with_dots(name)).lower()))


def search_words(name: str) -> tuple[str, ...]:
    """The words of a name without its legal form by which a search finds it, each once, the most telling first.

    Words with punctuation inside are left out where there are others: searches differ in how they take them apart.
    """
    words = dict.fromkeys(word for one in searchable(name).split(" ") if (word := _trimmed(one)))
    plain = [word for word in words if word.isalnum()]
    return tuple(sorted(plain or words, key=len, reverse=True))


def _without_form(whole: str) -> str:
    words = whole.split(" ")
    left = len(words)
    while (shorter := _before_form(words[:left], is_further=left < len(words))) and _trimmed(" ".join(words[:shorter])):
        left = shorter
    return _trimmed(" ".join(words[:left]))


def _before_form(words: list[str], *, is_further: bool) -> int:
    """How many words stand before the last legal form; 0 where the name does not end in one."""
    bare = [_BETWEEN_LETTERS.sub("", word) for word in words]
    if not bare:
        return 0
    if not bare[-1] or (is_further and bare[-1] in _CONNECTIVES):
        return len(words) - 1
    for phrase in _PHRASES:
        size = phrase.count(" ") + 1
        if " ".join(bare[-size:]) == phrase:
            return len(words) - size
    is_form = bare[-1] in _FORMS or words[-1] in _ABBREVIATIONS or (is_further and bare[-1] in _BEFORE_FORMS)
    if is_form:
        return len(words) - 1
    for size in range(_LONGEST_SPELLED, 1, -1):
        letters = bare[-size:]
        if len(letters) == size and all(len(one) == 1 for one in letters) and "".join(letters) in _FORMS:
            return len(words) - size
    return 0


def _with_dots(name: str) -> str:
    return re.sub(r"\bSpA\b", "S.p.A.", name)


def _trimmed(text: str) -> str:
    """Without blanks and punctuation at its ends, and with single blanks between its words."""
    start, end = 0, len(text)
    while start < end and _is_edge(text[start]):
        start += 1
    while end > start and _is_edge(text[end - 1]):
        end -= 1
    return " ".join(text[start:end].split())


def _is_edge(char: str) -> bool:
    return char.isspace() or char in _TRADE_MARKS or unicodedata.category(char)[0] in "PZC"
