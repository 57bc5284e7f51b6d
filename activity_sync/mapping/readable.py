"""HTML as plain text that a person can read: lists, tables, links with their address, quoted mail behind `>`."""

from __future__ import annotations

import html
import re

import nh3
from inscriptis import Inscriptis
from inscriptis.css_profiles import CSS_PROFILES
from inscriptis.model.config import ParserConfig
from lxml import etree
from lxml import html as lxml_html

from activity_sync.mapping.cut import VOID_ELEMENTS
from activity_sync.mapping.flowing import flow, flow_of, link_note

# "strict" lays elements out as a browser does; the library's own default indents every <div>.
_CONFIG = ParserConfig(css=CSS_PROFILES["strict"])
# Parsers and renderers give up on, or lose, what stands deeper than this: such markup is no layout to keep.
_MOST_NESTED = 200
_TAG = re.compile(r"<(/?)([a-z][^\s/>]*)")
_BLOCK_START = re.compile(r"<(?=(?:p|div|br|li|tr|h[1-6]|blockquote|pre|table|ul|ol)\b)")
_BLANK_LINES = re.compile(r"\n{3,}")


def html_to_text(markup: str) -> str:
    """The visible text of sanitised `markup`, laid out in lines. Empty when there is none."""
    if (text := flow_of(markup)) is not None:
        return _tidy(text)
    if _depth(markup) > _MOST_NESTED:
        flat = html.unescape(nh3.clean(_BLOCK_START.sub("\n<", markup), tags=set()))
        return _tidy(flat)
    tree = _parse(markup)
    if tree is None:
        return ""
    _show_link_addresses(tree)
    _quote(tree)
    return _render(tree)


def first_line(text: str) -> str:
    """The first line of `text` that shows something, without the blanks around it; empty when there is none."""
    return next((line.strip() for line in text.splitlines() if line.strip()), "")


def _depth(markup: str) -> int:
    """How deep well-formed `markup` nests at most."""
    depth = deepest = 0
    for match in _TAG.finditer(markup):
        if match[1]:
            depth -= 1
        elif match[2] not in VOID_ELEMENTS:
            depth += 1
            deepest = max(deepest, depth)
    return deepest


def _parse(markup: str) -> lxml_html.HtmlElement | None:
    if not markup.strip():
        return None
    try:
        return lxml_html.fromstring(f"<div>{markup}</div>")
    except etree.ParserError:  # the document holds nothing but comments
        return None


def _render(tree: lxml_html.HtmlElement) -> str:
    if (text := flow(tree)) is not None:
        return _tidy(text)
    for element in tree.iter():  # the library decodes what the parser has decoded already
        element.text = element.text and element.text.replace("&", "&amp;")
        element.tail = element.tail and element.tail.replace("&", "&amp;")
    return _tidy(Inscriptis(tree, _CONFIG).get_text())


def _tidy(text: str) -> str:
    text = text.replace("\xa0", " ")
    return _BLANK_LINES.sub("\n\n", "\n".join(line.rstrip() for line in text.split("\n"))).strip("\n")


def _show_link_addresses(tree: lxml_html.HtmlElement) -> None:
    for link in list(tree.iter("a")):
        if note := link_note(link.get("href") or "", "".join(link.itertext())):
            link.tail = f"{note}{link.tail or ''}"


def _quote(tree: lxml_html.HtmlElement) -> None:
    """Each quotation becomes preformatted lines behind `> `, the innermost first."""
    for quotation in reversed(list(tree.iter("blockquote"))):
        tail, quotation.tail = quotation.tail, None
        lines = _render(quotation).strip("\n").split("\n")
        quotation.clear()
        quotation.tag = "pre"
        quotation.text = "\n".join(f"> {line}".rstrip() for line in lines)
        quotation.tail = tail
