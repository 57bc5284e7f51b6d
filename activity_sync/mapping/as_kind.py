"""A canonical value in the form that another kind of property takes: a number as text, a text as a number."""

from __future__ import annotations

from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from zoneinfo import ZoneInfo

from activity_sync.activities.activity import RichText, Value
from activity_sync.mapping.richtext import as_text
from activity_sync.mapping.rules import BODY_KINDS, Kind
from activity_sync.mapping.values import read_bool, read_moment, read_whole_number

_MOST_DIGITS = 30


def as_kind(kind: Kind, value: Value, *, zone: str = "UTC") -> Value:
    """`value` as a property of this kind holds it; an empty one stays empty.

    ValueError, whose message says what the value is not and never what it is, where it has no such form. `zone`: in
    which a time that becomes text is told.
    """
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    match kind:
        case Kind.TEXT | Kind.LISTED:
            return value if isinstance(value, str | RichText) else in_words(value, zone)
        case Kind.ID:
            return in_words(value, zone)
        case _ if kind in BODY_KINDS:
            return value if isinstance(value, RichText) else RichText(in_words(value, zone), html=False)
        case Kind.MOMENT | Kind.DATE:
            return value if isinstance(value, datetime) else read_moment(in_words(value, zone))
        case Kind.DURATION | Kind.INTEGER:
            whole = read_number(in_words(value, zone))
            return read_whole_number(whole) if isinstance(whole, int) else round_number(whole, 0)[0]
        case Kind.NUMBER:
            return read_number(in_words(value, zone))
        case Kind.BOOL:
            return read_bool(in_words(value, zone))
        case Kind.CHOICE | Kind.STATE:
            return in_words(value, zone)
        case _:
            return value


def in_words(value: Value, zone: str) -> str:
    """What a reader is shown of a value on one line or, of a body, on several."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case datetime():
            local = value.astimezone(ZoneInfo(zone))
            return f"{local:%Y-%m-%d %H:%M}" if zone != "UTC" else f"{local:%Y-%m-%dT%H:%M:%SZ}"
        case RichText():
            return as_text(value).strip()
        case tuple():
            return "; ".join(one.name or one.address for one in value)
        case _:
            return str(value)


def read_number(raw: object) -> int | str:
    """A number: an int where it is whole, else its plain decimal notation. ValueError where it is none."""
    text = str(raw).strip()
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise ValueError("is not a number") from None
    if isinstance(raw, bool) or not number.is_finite() or not -_MOST_DIGITS < number.adjusted() < _MOST_DIGITS:
        raise ValueError("is not a number")
    plain = f"{number:f}"
    if "." in plain:
        plain = plain.rstrip("0").rstrip(".")
    if "." in plain:
        return plain
    return int(plain or "0")


def round_number(value: int | str, digits: int) -> tuple[int | str, bool]:
    """A number with so many digits after the point, half away from zero, and whether that changed it."""
    exact = Decimal(value)
    rounded = exact.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)
    return read_number(rounded), rounded != exact
