"""What more than one test of the mapping needs."""

from __future__ import annotations

import re
from collections.abc import Callable

import lxml.etree
import lxml.html
import pytest

_ACTIVE = re.compile(
    r"<\s*/?\s*(?:script|style|iframe|object|embed|form|input|button|meta|base|link|svg|math|body|template|video|frame)\b"
    r"|<[^>]*\son\w+\s*=|<!--",
    re.IGNORECASE,
)
_QUOTED = re.compile('"[^"]*"')
_ELEMENTS = """
    a abbr acronym address article aside b bdi bdo big blockquote br caption center cite code col colgroup data dd del
    details dfn div dl dt em figcaption figure font footer h1 h2 h3 h4 h5 h6 header hgroup hr html i img ins kbd li
    map area mark nav ol p pre q rp rt rtc ruby s samp section small span strike strong sub summary sup table tbody td
    tfoot th thead time tr tt u ul var wbr body
"""
_ADDRESSES = frozenset(
    {"href", "src", "cite", "action", "formaction", "background", "poster", "longdesc", "xlink:href"}
)
_FOREIGN = ("ping", "srcset", "srcdoc", "dynsrc", "lowsrc", "is", "datasrc", "usemap")
_HARMLESS_ADDRESS = re.compile(
    r"(?:https?:|mailto:|tel:|cid:|data:image/(?:png|gif|jpe?g|webp|bmp);base64,)", re.IGNORECASE
)
_STYLE = re.compile(
    r"url|expression|import|script|behavior|binding|position|content|filter|/\*|\\|z-index|animation", re.IGNORECASE
)


def looks_active(markup: str) -> bool:
    """Whether markup could do something by itself: by patterns, and by another parser than the sanitiser's."""
    return _ACTIVE.search(_QUOTED.sub('""', markup)) is not None or any(map(_is_active, _elements(markup)))


def _elements(markup: str) -> list[lxml.html.HtmlElement]:
    try:
        return list(lxml.html.fromstring(f"<div>{markup.replace(chr(0), '')}</div>").iter())
    except lxml.etree.ParserError:
        return []


def _is_active(element: lxml.html.HtmlElement) -> bool:
    if not isinstance(element.tag, str) or element.tag.lower() not in _ELEMENTS.split():
        return True
    for name, value in element.attrib.items():
        bare = re.sub(r"[\x00-\x20]", "", value)
        if (
            name.startswith("on")
            or value.startswith("&{")
            or name in _FOREIGN
            or (name == "style" and _STYLE.search(value))
        ):
            return True
        if name in _ADDRESSES and not _HARMLESS_ADDRESS.match(bare):
            return True
    return False


@pytest.fixture
def is_active() -> Callable[[str], bool]:
    """`looks_active`."""
    return looks_active
