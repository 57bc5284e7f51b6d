"""Bodies as markup: what is HTML and what is text, HTML without active content, text as HTML."""

from __future__ import annotations

import html
import re
from functools import lru_cache

import nh3

from activity_sync.activities.activity import RichText
from activity_sync.activities.fingerprint import visible_text
from activity_sync.mapping.readable import html_to_text

# A body is written as HTML and as text, one after the other.
_BODIES_AT_HAND = 4

_TAGS = """
    a abbr address article aside b big blockquote body br caption center cite code col colgroup dd del details dfn
    div dl dt em figcaption figure font footer h1 h2 h3 h4 h5 h6 head header hr html i img ins kbd li main mark meta
    nav ol p pre q s samp script section small span strike strong style sub summary sup table tbody td tfoot th
    thead title tr tt u ul var wbr
"""
# A tag counts only in full (name, then name=value attributes, then its end), so that "a<b and c>d" stays text.
_MARKUP = re.compile(
    r"<!doctype\s+html|<!--|</?(?:" + "|".join(_TAGS.split()) + r")"
    r"""(?:\s+[\w:-]+\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'>]+))*\s*/?>"""
    r"|&(?:amp|lt|gt|quot|apos|nbsp|#[0-9]{1,7}|#x[0-9a-f]{1,6});",
    re.IGNORECASE,
)
# What a rich-text control leaves in a plain column: the whole value is one or more block elements.
_WRAPPED = re.compile(r"\s*<(div|p|html|table|ul|ol|h[1-6])\b[^<>]*>.*</(div|p|html|table|ul|ol|h[1-6])>\s*", re.DOTALL)

# Most bodies: a letter or digit that nothing but plain tags stands before, so that it is surely seen.
_BEGINS_WITH_TEXT = re.compile(
    r"(?:\s|<(?:p|div|span|b|strong|i|em|u|br|h[1-6])(?:\s+[\w-]+=\"[^\"<>&]*\")*\s*/?>)*[A-Za-z0-9]"
)

# Characters that XML, and so Dynamics (0x80040278), refuses; and halves of surrogate pairs, which no encoding has.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")

_UNWANTED_WORDS = """
    script style title head noscript template iframe frame frameset object embed applet svg math textarea select
    button audio video canvas
"""
_UNWANTED_WITH_CONTENT = set(_UNWANTED_WORDS.split())
_ALLOWED_TAGS = (nh3.ALLOWED_TAGS | {"font", "u", "s", "tt", "big", "center", "section"}) - _UNWANTED_WITH_CONTENT
_ALLOWED_ATTRIBUTES = {
    **{tag: set(names) for tag, names in nh3.ALLOWED_ATTRIBUTES.items()},
    "*": {"style", "dir", "lang", "title", "align"},
    "font": {"color", "face", "size"},
    "td": {"align", "valign", "colspan", "rowspan", "width", "height", "bgcolor", "headers"},
    "th": {"align", "valign", "colspan", "rowspan", "width", "height", "bgcolor", "headers", "scope"},
    "table": {"align", "border", "cellpadding", "cellspacing", "width", "bgcolor", "summary"},
}
# Appearance only: nothing that positions over the page, loads a resource or holds a URL.
_STYLE_WORDS = """
    color background-color font font-family font-size font-style font-weight font-variant line-height
    letter-spacing text-align text-decoration text-indent text-transform vertical-align white-space direction
    margin margin-top margin-right margin-bottom margin-left padding padding-top padding-right padding-bottom
    padding-left border border-top border-right border-bottom border-left border-collapse border-color
    border-spacing border-style border-width width height max-width min-width list-style-type
"""
_ALLOWED_STYLES = set(_STYLE_WORDS.split())
# CSS that computes, loads, or hides one of these behind an escape.
_ACTIVE_STYLE = re.compile(r"expression|url\s*\(|image\s*\(|@import|script:|\\", re.IGNORECASE)
_ALLOWED_SCHEMES = {"http", "https", "mailto", "tel", "cid", "data"}
_WEB_ADDRESS = re.compile(r"https?://", re.IGNORECASE)
_INLINE_IMAGE = re.compile(r"\s*data:image/(?:png|gif|jpe?g|webp|bmp);base64,", re.IGNORECASE)


def _keep_attribute(tag: str, name: str, value: str) -> str | None:
    if name == "style" and _ACTIVE_STYLE.search(value):
        return None
    if name in {"href", "src"} and value.strip().lower().startswith("data:"):
        return value if tag == "img" and name == "src" and _INLINE_IMAGE.match(value) else None
    if name == "cite" and not _WEB_ADDRESS.match(value):  # the library looks at the schemes of href and src alone
        return None
    # A browser reads "<" inside a value as text. Not every program that shows a body reads as a browser does.
    if name in {"href", "src", "cite"}:
        return value.replace("<", "%3C").replace(">", "%3E")
    return value.replace("<", "\u2039").replace(">", "\u203a")


_CLEANER = nh3.Cleaner(
    tags=_ALLOWED_TAGS,
    clean_content_tags=_UNWANTED_WITH_CONTENT,
    attributes=_ALLOWED_ATTRIBUTES,
    attribute_filter=_keep_attribute,
    url_schemes=_ALLOWED_SCHEMES,
    url_relative="deny",  # it would point into the CRM that shows it
    filter_style_properties=_ALLOWED_STYLES,
)


def without_forbidden_characters(text: str) -> str:
    """`text` without control characters (tab and line ends stay) and without halves of surrogate pairs."""
    # Nothing that can be printed is forbidden, and that is asked faster.
    return text if text.isprintable() or text.replace("\n", "").isprintable() else _FORBIDDEN.sub("", text)


def is_html(text: str) -> bool:
    """Whether a value of a property that may hold either is markup. Decided per value (observed: both occur)."""
    return _MARKUP.search(text) is not None


def is_wrapped_in_html(text: str) -> bool:
    """Whether a value of a plain-text column was written by a rich-text control: it consists of block elements."""
    return _WRAPPED.fullmatch(text) is not None


def has_content(body: RichText) -> bool:
    """Whether a reader sees anything: `<p></p>` and `<div ...><br></div>` are ways to spell "empty"."""
    return _BEGINS_WITH_TEXT.match(body.text) is not None or _shows_something(body)


def _shows_something(body: RichText) -> bool:
    return bool(visible_text(body)) or (body.html and "<img" in body.text.lower())


@lru_cache(maxsize=_BODIES_AT_HAND)
def sanitise(markup: str) -> str:
    """Well-formed HTML without active content: no script, no handler, no form, no frame, no foreign document.

    Idempotent. Keeps text, links, tables, lists, images and inline appearance.
    """
    return _CLEANER.clean(without_forbidden_characters(markup))


def text_to_html(text: str) -> str:
    """`text` as HTML that shows it as it stands: escaped, blank lines as paragraphs, line ends and indents kept."""
    text = without_forbidden_characters(text).replace("\r\n", "\n").replace("\r", "\n").strip("\n")
    if not text.strip():
        return ""
    paragraphs = re.split(r"\n[ \t]*(?:\n[ \t]*)+", text)
    return "".join(f"<p>{'<br>'.join(map(_line_as_html, one.split(chr(10))))}</p>" for one in paragraphs)


def as_html(body: RichText) -> str:
    """The body as sanitised HTML, which `is_html` knows for what it is."""
    if not body.html:
        return text_to_html(body.text)
    markup = sanitise(body.text)
    return markup if not markup.strip() or is_html(markup) else f"<p>{markup}</p>"


def as_text(body: RichText) -> str:
    """The body as readable plain text."""
    return html_to_text(sanitise(body.text)) if body.html else without_forbidden_characters(body.text)


def _line_as_html(line: str) -> str:
    indent = len(line) - len(line.lstrip(" \t"))
    return "&nbsp;" * len(line[:indent].expandtabs(4)) + html.escape(line[indent:], quote=False).replace(
        "\xa0", "&nbsp;"
    )
