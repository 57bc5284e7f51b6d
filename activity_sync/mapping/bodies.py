"""Bodies on their way into a property: as HTML or text, under a heading, cut at the property's limit."""

from __future__ import annotations

from activity_sync.activities.activity import RichText, Value
from activity_sync.activities.loss import Loss
from activity_sync.mapping.cut import LengthUnit, cut_html, cut_text, length
from activity_sync.mapping.heading import join_heading
from activity_sync.mapping.richtext import as_html, as_text, has_content, is_html, sanitise
from activity_sync.mapping.rules import Kind


def body_as(value: Value) -> RichText:
    """A body; a bare string is plain text."""
    if isinstance(value, RichText):
        return value
    if isinstance(value, str):
        return RichText(value, html=False)
    raise TypeError(f"a {type(value).__name__} is no body")


def write_body(
    field: str, kind: Kind, body: RichText, *, limit: int | None, unit: LengthUnit
) -> tuple[str | None, Loss | None]:
    """What to write for `body` into a property of this kind, and the loss if it was cut; None when it shows nothing."""
    if not has_content(body):
        return None, None
    # Text that looks like markup would be read as markup: it travels as the HTML that shows it.
    is_text = kind is Kind.PLAIN or (kind is Kind.RICH and not body.html and not is_html(body.text))
    return _cut(field, as_text(body) if is_text else as_html(body), limit, unit=unit, html=not is_text)


def write_headed_body(
    field: str, subject: str | None, body: RichText | None, *, is_ours: bool, limit: int | None, unit: LengthUnit
) -> tuple[str | None, Loss | None]:
    """As `write_body`, as HTML under its heading. `is_ours`: the body stands there already and stays as it is."""
    markup = ""
    if body is not None and has_content(body):
        markup = body.text if is_ours and body.html else as_html(body)
    if subject is not None and subject.strip():
        markup = join_heading(subject, markup)
    return _cut(field, markup, limit, unit=unit, html=True) if markup else (None, None)


def fits_unheaded(body: Value, limit: int | None, *, unit: LengthUnit) -> bool:
    """Whether a body would be written whole, as HTML without a heading."""
    return body is None or limit is None or length(as_html(body_as(body)), unit) <= limit


def _cut(field: str, text: str, limit: int | None, *, unit: LengthUnit, html: bool) -> tuple[str | None, Loss | None]:
    size = length(text, unit)
    if limit is None or size <= limit:
        return text if text.strip() else None, None
    kept = cut_html(sanitise(text), limit, unit=unit) if html else cut_text(text, limit, unit=unit)
    return kept, Loss(field, "cut", f"kept {length(kept, unit)} of {size}")
