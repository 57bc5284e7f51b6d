"""How the service rewrites the bodies it is given, and the plain text it derives from them.

Recorded bodies show that HTML does not come back as it was sent: a wrapper with `data-top-level`, margins on
paragraphs, quoting, entities and white space in the service's own manner. The visible text stays. A value
without markup stays as it is, apart from its line ends.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree

_MARKUP = re.compile(r"</?[a-zA-Z][^<>]*>")
_DECLARATION = re.compile(r"<\?xml[^>]*\?>")
_WRAPPER = '<div style="" dir="auto" data-top-level="true">'
_BLOCKS = frozenset(
    {"address", "article", "blockquote", "body", "div", "dl", "dt", "dd", "fieldset", "footer", "form"}
    | {"h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "ol", "p", "pre", "section"}
    | {"table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul"}
)
PREVIEW_LIMIT_CHARS = 500


def has_markup(value: str) -> bool:
    """Whether a body is HTML; this is decided value by value, since both kinds stand in the same property."""
    return _MARKUP.search(value) is not None


def rewrite_body(value: str, *, wrap: bool) -> str:
    """Give the body as the service keeps it; `wrap` for timeline bodies, not for the HTML of mails.

    Applying it twice changes nothing more.
    """
    if not has_markup(value):
        return value.replace("\r\n", "\n")
    body = _parse(value)
    for element in list(_elements(body)):
        if element.tag in {"script", "object"}:
            _remove(element)
        elif wrap and element.tag == "p" and not element.get("style"):
            element.set("style", "margin:0;")
        elif style := element.get("style"):
            element.set("style", _normalised_style(style))
    _drop_layout_space(body)
    inner = _inner_html(body)
    if wrap and not inner.startswith(_WRAPPER):
        return f"{_WRAPPER}{inner}</div>"
    # Without its only, stray tags the rest would read as plain text, entities and all.
    return inner if not inner or has_markup(inner) else f"<div>{inner}</div>"


def visible_text(value: str) -> str:
    """Give the text of a body, one line a block; a value without markup is its own text."""
    if not has_markup(value):
        return value
    pieces: list[str] = []
    _collect(_parse(value), pieces)
    lines = (" ".join(line.replace("\xa0", " ").split()) for line in "".join(pieces).split("\n"))
    return "\n".join(line for line in lines if line)


def preview(value: str) -> tuple[str, str, bool]:
    """Give the preview of a body: text, HTML document, and whether the text was cut."""
    whole = " ".join(visible_text(value).split())
    shown = whole[:PREVIEW_LIMIT_CHARS]
    document = f"<html>\n <head></head>\n <body>\n  {value[: 4 * PREVIEW_LIMIT_CHARS]}\n </body>\n</html>"
    return shown, document, len(whole) > len(shown)


def _parse(value: str) -> etree._Element:
    # Characters that no HTML may hold would end the parse early.
    clean = _DECLARATION.sub("", value).replace("\x00", "")
    parser = etree.HTMLParser(remove_comments=True, remove_pis=True, huge_tree=True)
    root = etree.fromstring(f"<html><body>{clean}</body></html>", parser)
    body = root.find("body")
    return root if body is None else body


def _elements(body: etree._Element) -> Iterator[etree._Element]:
    yield from body.iterdescendants(tag=etree.Element)


def _remove(element: etree._Element) -> None:
    parent, tail, before = element.getparent(), element.tail, element.getprevious()
    if parent is None:
        return
    if tail and before is not None:
        before.tail = (before.tail or "") + tail
    elif tail:
        parent.text = (parent.text or "") + tail
    parent.remove(element)


def _normalised_style(style: str) -> str:
    rules = (rule.split(":", 1) for rule in style.split(";") if ":" in rule)
    return "".join(f"{name.strip().lower()}:{value.strip()};" for name, value in rules)


def _drop_layout_space(body: etree._Element) -> None:
    """Remove line breaks and indents that only lay out the source between blocks."""
    for element in [body, *_elements(body)]:
        inside_pre = element.tag == "pre" or next(element.iterancestors("pre"), None) is not None
        if inside_pre:
            continue
        children = [child for child in element if isinstance(child.tag, str)]
        if children and _is_layout(element.text) and children[0].tag in _BLOCKS:
            element.text = None
        for child in children:
            following = child.getnext()
            beside_block = child.tag in _BLOCKS and (following is None or following.tag in _BLOCKS)
            if beside_block and _is_layout(child.tail):
                child.tail = None


def _is_layout(space: str | None) -> bool:
    return bool(space) and space is not None and not space.strip(" \t\r\n")


def _inner_html(body: etree._Element) -> str:
    parts = [_escaped(body.text or "")]
    parts += [etree.tostring(child, method="html", encoding="unicode") for child in body]
    return "".join(parts).strip()


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _collect(body: etree._Element, pieces: list[str]) -> None:
    """Append the text below, with line ends where a browser would show them, however deep the markup is nested."""
    left: list[etree._Element | str] = [body]
    while left:
        one = left.pop()
        if isinstance(one, str):
            pieces.append(one)
            continue
        if not isinstance(one.tag, str) or one.tag in {"script", "style", "head", "title"}:
            continue
        block = one.tag in _BLOCKS
        if one.tag == "br":
            pieces.append("\n")
        if block:
            pieces.append("\n")
            left.append("\n")
        pieces.append(_flowed(one, one.text))
        for child in reversed(one):
            left += [_flowed(one, child.tail), child]


def _flowed(parent: etree._Element, text: str | None) -> str:
    if not text:
        return ""
    return text if parent.tag == "pre" else re.sub(r"[ \t\r\n]+", " ", text)
