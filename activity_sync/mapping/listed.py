"""Fields without a place of their own: listed, each with its label, at the end of another field's body. Pure.

As with a heading, the list is no part of the body: it is taken off when a record is read, wherever people have left
it, and read as the fields it holds. An address in it is a link where the body is HTML.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

from activity_sync.activities.activity import RichText

HEADER = "Further details:"
_LABEL = r"[^\r\n<:]+"
_TEXT_LIST = re.compile(rf"(?:\r?\n){{0,2}}^--\r?\n{HEADER}(?:\r?\n• {_LABEL}: [^\r\n]*)+", re.MULTILINE)
# An editor may add attributes, lose the rule above, and make links of addresses.
_LINK_TAG = r"</?a\b[^<>]*>"
_HTML_VALUE = rf"(?:[^<]|{_LINK_TAG})*"
_HTML_LIST = re.compile(
    rf"(?:<hr\b[^<>]*>\s*)?<p\b[^<>]*>\s*<(?P<bold>strong|b)\b[^<>]*>{HEADER}</(?P=bold)>"
    rf"(?:\s*<br\b[^<>]*>\s*• {_LABEL}: {_HTML_VALUE})+</p>"
)
_TEXT_ENTRY = re.compile(rf"^• (?P<label>{_LABEL}): (?P<value>[^\r\n]*)", re.MULTILINE)
_HTML_ENTRY = re.compile(rf"<br\b[^<>]*>\s*• (?P<label>{_LABEL}): (?P<value>{_HTML_VALUE})")
_ADDRESS = re.compile(r"https?://[^\s<>\"']+")

Entry = tuple[str, str]
"""A label and one line."""


def write_list(entries: Sequence[Entry], *, markup: bool, under: bool) -> str:
    """The list of values, each on a line behind its label, as HTML or text; empty where there is none.

    `under`: something stands above it.
    """
    if not entries:
        return ""
    lines = [f"• {label}: {value}" for label, value in entries]
    if markup:
        return f"<hr><p><strong>{HEADER}</strong>{''.join(f'<br>{_linked(one)}' for one in lines)}</p>"
    return ("\n\n" if under else "") + "\n".join(("--", HEADER, *lines))


def split_list(body: RichText) -> tuple[RichText, list[Entry]]:
    """The body without the list, and the lines that stood there: the inverse of `write_list`."""
    if HEADER not in body.text:
        return body, []
    found = (_HTML_LIST if body.html else _TEXT_LIST).search(body.text)
    if found is None:
        return body, []
    shown, entry = (_unlinked, _HTML_ENTRY) if body.html else (str, _TEXT_ENTRY)
    entries = [(shown(one["label"]), shown(one["value"]).strip()) for one in entry.finditer(found[0])]
    return RichText(body.text[: found.start()] + body.text[found.end() :], html=body.html), entries


def _linked(line: str) -> str:
    return _ADDRESS.sub(lambda found: f'<a href="{found[0]}">{found[0]}</a>', html.escape(line, quote=False))


def _unlinked(markup: str) -> str:
    return html.unescape(re.sub(_LINK_TAG, "", markup))
