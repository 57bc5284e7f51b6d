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

# "strict" lays elements out as a browser does; the library's own default indents every <div>.
_CONFIG = ParserConfig(css=CSS_PROFILES["strict"])
# Parsers and renderers give up on, or lose, what stands deeper than this: such markup is no layout to keep.
_MOST_NESTED = 200
_TAG = re.compile(r"<(/?)([a-z][^\s/>]*)")
_BLOCK_START = re.compile(r"<(?=(?:p|div|br|li|tr|h[1-6]|blockquote|pre|table|ul|ol)\b)")
_BLANK_LINES = re.compile(r"\n{3,}")
# One plane of characters that mean nothing by themselves; whoever uses them in a text gets it laid out as it is.
_FIRST = 0xF0000
_MOST_STAND_INS = 0xFFFD
_STAND_IN = re.compile("[\U000f0000-\U000ffffd]")
# Columns are as wide as their texts, and preformatted text keeps its blanks.
_BY_LENGTH = frozenset({"table", "pre", "xmp", "listing", "plaintext"})
_LINK_SCHEMES = ("http://", "https://", "mailto:", "tel:")


def html_to_text(markup: str) -> str:
    """The visible text of sanitised `markup`, laid out in lines. Empty when there is none."""
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
    words = _set_aside(tree) if _lays_out_alike(tree) else []
    for element in tree.iter():  # the library decodes what the parser has decoded already
        element.text = element.text and element.text.replace("&", "&amp;")
        element.tail = element.tail and element.tail.replace("&", "&amp;")
    laid_out = Inscriptis(tree, _CONFIG).get_text()
    return _tidy(_STAND_IN.sub(lambda found: words[ord(found[0]) - _FIRST], laid_out) if words else laid_out)


def _lays_out_alike(tree: lxml_html.HtmlElement) -> bool:
    """Whether the layout hangs on no text's length, and on white space only as far as there is some."""
    for element in tree.iter():
        if element.tag in _BY_LENGTH or "space" in (element.get("style") or "").lower():
            return False
        if _STAND_IN.search(element.text or "") or _STAND_IN.search(element.tail or ""):
            return False
    return True


def _set_aside(tree: lxml_html.HtmlElement) -> list[str]:
    """What the texts of the tree say; in it stands one character for each, and the white space around it.

    The library walks through a text character by character, which takes longer than all else that is done to an
    activity.
    """
    words: list[str] = []

    def stand_in(text: str | None) -> str | None:
        said = " ".join((text or "").split())
        if not text or not said or len(words) == _MOST_STAND_INS:
            return text
        words.append(said)
        before, after = (" " if text[end].isspace() else "" for end in (0, -1))
        return f"{before}{chr(_FIRST + len(words) - 1)}{after}"

    for element in tree.iter():
        element.text, element.tail = stand_in(element.text), stand_in(element.tail)
    return words


def _tidy(text: str) -> str:
    text = text.replace("\xa0", " ")
    return _BLANK_LINES.sub("\n\n", "\n".join(line.rstrip() for line in text.split("\n"))).strip("\n")


def _show_link_addresses(tree: lxml_html.HtmlElement) -> None:
    for link in list(tree.iter("a")):
        address = (link.get("href") or "").strip()
        shown = "".join(link.itertext()).strip()
        bare = address.removeprefix("mailto:").removeprefix("tel:")
        is_told = shown.rstrip("/") in {address.rstrip("/"), bare, bare.partition("//")[2].rstrip("/")}
        if shown and address.lower().startswith(_LINK_SCHEMES) and not is_told:
            link.tail = f" ({bare}){link.tail or ''}"


def _quote(tree: lxml_html.HtmlElement) -> None:
    """Each quotation becomes preformatted lines behind `> `, the innermost first."""
    for quotation in reversed(list(tree.iter("blockquote"))):
        tail, quotation.tail = quotation.tail, None
        lines = _render(quotation).strip("\n").split("\n")
        quotation.clear()
        quotation.tag = "pre"
        quotation.text = "\n".join(f"> {line}".rstrip() for line in lines)
        quotation.tail = tail
