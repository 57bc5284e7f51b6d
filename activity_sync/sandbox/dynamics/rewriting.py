"""What the server makes of HTML: stored text is not the text that was sent, though it reads the same.

Rich-text columns come back wrapped and re-serialised (facts/observed.md: a recorded note body begins with
`<div class="ck-content" ...>`), which is why a connector must compare content and not characters.
"""

import re

from lxml import etree, html

_TAG = re.compile(r"<[a-zA-Z!/]")
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_WRAPPER = (
    '<div class="ck-content" data-wrapper="true" dir="ltr" style="--ck-image-style-spacing: 1.5em; '
    '--ck-inline-image-style-spacing: calc(var(--ck-image-style-spacing) / 2)">'
)
_ACTIVE = ("script", "iframe", "object", "embed", "form", "applet", "base", "link", "meta")


def rewrite_html(text: str) -> str:
    """Rich text as the server keeps it: re-serialised, one wrapper around it. Plain text stays as it is."""
    parts = _parts(text)
    if parts is None:
        return text
    if len(parts) == 1 and not isinstance(parts[0], str) and "ck-content" in parts[0].get("class", ""):
        return _serialised(parts)
    return f"{_WRAPPER}{_serialised(parts)}</div>"


def safe_html(text: str) -> tuple[str, bool]:
    """The text without active content, and whether it held any."""
    parts = _parts(text)
    if parts is None:
        return text, False
    root = html.Element("div")
    for part in parts:
        if isinstance(part, str):
            root.text = part
        else:
            root.append(part)
    found = False
    for element in list(root.iter()):
        if not isinstance(element.tag, str):
            continue
        if element.tag in _ACTIVE:
            element.drop_tree()
            found = True
            continue
        for name in list(element.attrib):
            script = str(element.attrib[name]).strip().lower().startswith("javascript:")
            if name.lower().startswith("on") or script:
                del element.attrib[name]
                found = True
    inner = html.tostring(root, encoding="unicode")
    return inner.removeprefix("<div>").removesuffix("</div>"), found


def rewrite_plain(text: str) -> str:
    """Plain text as the server keeps it: line ends are single line feeds."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _parts(text: str) -> list[str | html.HtmlElement] | None:
    """The text as HTML fragments, or None when it holds no markup."""
    if not _TAG.search(text):
        return None
    try:
        return list(html.fragments_fromstring(_DECLARATION.sub("", rewrite_plain(text))))
    except (etree.ParserError, etree.XMLSyntaxError):
        return None


def _serialised(parts: list[str | html.HtmlElement]) -> str:
    out: list[str] = []
    for part in parts:
        if isinstance(part, str):
            out.append(part.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))
            continue
        for element in part.iter():
            if isinstance(element.tag, str) and element.get("style") is not None:
                element.set("style", _style(element.get("style")))
        out.append(html.tostring(part, encoding="unicode"))
    return "".join(out)


def _style(text: str) -> str:
    """Style declarations with one blank after colon and semicolon, and no last semicolon."""
    pairs = [pair.partition(":") for pair in text.split(";") if pair.strip()]
    return "; ".join(f"{name.strip()}: {value.strip()}" if colon else name.strip() for name, colon, value in pairs)
