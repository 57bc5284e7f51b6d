"""Value maps of the configuration: values of the source to values of the target, as lines of both systems' rules. Pure.

They stand above the shipped lines, which go on to count for everything that they do not name. The canonical value in
the middle is what the shipped rule of the source says, or else the source's own word.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from activity_sync.mapping.rules import Choice, FieldRule, Kind, Notation, Scalar
from activity_sync.mapping.state import read_state
from activity_sync.mapping.values import find_choice, read_choice

ValueMap = Mapping[Scalar, Scalar]

_PAIR = re.compile(r"(\d+)/(\d+)")


def native(value: Scalar, rule: FieldRule | None, notation: Notation) -> tuple[Scalar, ...]:
    """A value of the configuration as a system's rule writes it: `1/5` is the state 1 with the reason 5.

    ValueError that says what would be right, where a pair of columns is given something else.
    """
    if rule is not None and rule.kind is Kind.STATE:
        pair = _PAIR.fullmatch(str(value))
        if pair is None:
            shown = "this value" if "@" in str(value) else repr(value)
            raise ValueError(f"{shown} is no state; use state/reason, as {told(rule.choices[0].native)}")
        return int(pair[1]), int(pair[2])
    if notation.strings:
        return (str(value).lower() if isinstance(value, bool) else str(value),)
    return (value,)


def inverse(values: ValueMap) -> dict[Scalar, Scalar]:
    """The map backwards; of several values with one image the first."""
    back: dict[Scalar, tuple[Scalar, Scalar]] = {}
    for here, there in values.items():
        back.setdefault(_key(there), (there, here))
    return dict(back.values())


def unmapped(values: ValueMap, rule: FieldRule, notation: Notation) -> tuple[str, ...]:
    """The values that the source's shipped rule knows and the map lacks, as the source spells them."""
    given = {canonical(one, rule, notation) for one in values}
    lacking = [
        "/".join(map(_word, one.native)) if rule.kind is Kind.STATE else _word(one.native[0])
        for one in rule.choices
        if one.value is not None and one.is_read and one.value not in given
    ]
    return tuple(dict.fromkeys(lacking))


def canonical(value: Scalar, rule: FieldRule | None, notation: Notation) -> str:
    """Our word for a value of a system: that of its shipped rule, else the value itself."""
    wanted = native(value, rule, notation)
    return _shipped_word(wanted, rule) or "/".join(map(_word, wanted))


def source_lines(values: Iterable[Scalar], rule: FieldRule | None, notation: Notation) -> tuple[Choice, ...]:
    """The source's lines: values that its shipped rule does not know are read and written as they are."""
    lines = {}
    for value in values:
        wanted = native(value, rule, notation)
        if _shipped_word(wanted, rule) is None:
            lines[wanted] = Choice(value=canonical(value, rule, notation), native=wanted)
    return (*lines.values(), *(rule.choices if rule is not None else ()))


def target_lines(
    there: ValueMap,
    back: ValueMap | None,
    *,
    source: FieldRule | None,
    source_notation: Notation,
    target: FieldRule | None,
    notation: Notation,
    is_whole: bool,
) -> tuple[Choice, ...]:
    """The target's lines: written by the map `there` and read by the map `back`, in our words for the source's values.

    Without `back` a value is read as the shipped rule reads it where that still holds, else as the first value of the
    source that becomes it. `is_whole`: the shipped lines are not written any more, only read.
    """
    shipped = target.choices if target is not None else ()
    written: dict[str, tuple[Scalar, ...]] = {}
    for here, image in there.items():
        word = canonical(here, source, source_notation)
        written.setdefault(word, native(image, target, notation))
    read: dict[tuple[Scalar, ...], str] = {}
    for image, here in (inverse(there) if back is None else back).items():
        wanted = native(image, target, notation)
        known = _shipped_word(wanted, target)
        if back is None and known is not None:
            now = written.get(known) or next((one.native for one in shipped if one.write and one.value == known), ())
            if _is_among(wanted, now, target):
                continue
        read[wanted] = canonical(here, source, source_notation)
    return (
        *(Choice(value=word, native=_spellings(one, target), read=False) for word, one in written.items()),
        *(Choice(value=word, native=one, write=False) for one, word in read.items()),
        *(one.model_copy(update={"write": one.write and (one.value is None or not is_whole)}) for one in shipped),
    )


def drifting(values: Iterable[tuple[Scalar, ...]], here: FieldRule, there: FieldRule) -> tuple[str, str, str] | None:
    """A value, what it becomes, and what that is after the way back and there again; None where all come to rest.

    Of two maps without such a value, what has gone there and back stays as it is, however often it goes.
    """
    for value in values:
        image = _image(value, here, there)
        again = _image(image, there, here) if image is not None else None
        at_last = _image(again, here, there) if again is not None else None
        if image is not None and at_last is not None and told(at_last) != told(image):
            return told(value), told(image), told(at_last)
    return None


def _image(value: tuple[Scalar, ...], here: FieldRule, there: FieldRule) -> tuple[Scalar, ...] | None:
    word = read_state(here, value[0], value[1], {}) if here.kind is Kind.STATE else read_choice(here, value[0], {})
    line = find_choice(there, word, {})
    if line is None or word is None:
        return None
    return line.native if there.kind is Kind.STATE else line.native[:1]


def _shipped_word(wanted: tuple[Scalar, ...], rule: FieldRule | None) -> str | None:
    lines = rule.choices if rule is not None else ()
    return next((one.value for one in lines if one.is_read and one.value and _is_among(wanted, one.native, rule)), None)


def _is_among(wanted: tuple[Scalar, ...], native: tuple[Scalar, ...], rule: FieldRule | None) -> bool:
    """Whether a value is this line's, or one of its spellings."""
    if rule is not None and rule.kind is Kind.STATE:
        return wanted == native
    return any(_word(one) == _word(wanted[0]) for one in native)


def _spellings(wanted: tuple[Scalar, ...], rule: FieldRule | None) -> tuple[Scalar, ...]:
    """The value, and how other portals spell it."""
    if rule is None or rule.kind is Kind.STATE:
        return wanted
    more = next((one.native for one in rule.choices if one.is_read and _is_among(wanted, one.native, rule)), ())
    return tuple(dict.fromkeys((*wanted, *more)))


def told(value: tuple[Scalar, ...]) -> str:
    """A value as the configuration spells it."""
    return "/".join(map(_word, value))


def _key(value: Scalar) -> Scalar:
    """Python takes true for 1."""
    return _word(value) if isinstance(value, bool) else value


def _word(value: Scalar) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
