"""How many of a mail's visible words are left after HTML became text and HTML again.

`python -m activity_sync_tests.mapping.words_kept` prints the worst ten of the collection, as in docs/bodies.md.
"""

from __future__ import annotations

import email
import email.policy
import re
import sys
from collections import Counter
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path

import lxml.etree
import lxml.html

from activity_sync.activities.activity import RichText
from activity_sync.mapping.readable import html_to_text
from activity_sync.mapping.richtext import sanitise, text_to_html

DATA = Path(__file__).parents[2] / ".." / "shared" / "data" / "mails"
_UNSEEN = "//script|//style|//head|//title|//noscript|//template|//comment()|//*[@hidden]"
_WORD = re.compile(r"\w+", re.UNICODE)
_WORST = 10


@dataclass(frozen=True, slots=True)
class Kept:
    """One mail: how many visible words its bodies have, and how many of them are left."""

    mail: str
    words: int
    kept: int

    @property
    def share(self) -> float:
        """1.0 when nothing is lost, also where there was nothing."""
        return self.kept / self.words if self.words else 1.0


def bodies_of(path: Path) -> list[RichText]:
    """All text parts of a mail, decoded as far as they can be."""
    message = email.message_from_bytes(path.read_bytes(), policy=email.policy.compat32, _class=EmailMessage)
    bodies = []
    for part in message.walk():
        kind = part.get_content_type()
        payload = part.get_payload(decode=True)
        if kind in {"text/plain", "text/html"} and isinstance(payload, bytes):
            bodies.append(RichText(payload.decode("utf-8", "replace"), html=kind == "text/html"))
    return bodies


def measure(body: RichText) -> tuple[int, int]:
    """The words of the body, as another HTML parser than the product's shows them, and how many are left afterwards."""
    clean = sanitise(body.text) if body.html else text_to_html(body.text)
    again = text_to_html(html_to_text(clean))
    before = _words(body.text, html=body.html)
    after = _words(again, html=True)
    return before.total(), (before & after).total()


def collection() -> list[Kept]:
    """Every mail with a body, the worst first, longer ones before shorter ones."""
    counted = {
        path.stem: [measure(body) for body in bodies]
        for path in sorted(DATA.glob("*.eml"))
        if (bodies := bodies_of(path))
    }
    found = [Kept(mail, sum(one[0] for one in each), sum(one[1] for one in each)) for mail, each in counted.items()]
    return sorted(found, key=lambda one: (one.share, -one.words, one.mail))


def table(found: list[Kept]) -> str:
    """The worst ten, in Markdown."""
    rows = [f"| {one.mail} | {one.words} | {one.kept} | {one.share:.1%} |" for one in found[:_WORST]]
    return "\n".join(["| mail | words | kept | share |", "| --- | --- | --- | --- |", *rows])


def _words(text: str, *, html: bool) -> Counter[str]:
    if not html:
        return Counter(_WORD.findall(text))
    try:
        tree = lxml.html.fromstring(text.replace("\x00", "") or "<p></p>")
    except (lxml.etree.ParserError, ValueError):
        return Counter()
    for unseen in tree.xpath(_UNSEEN):
        if unseen.getparent() is not None:
            unseen.drop_tree()
    return Counter(word for piece in tree.itertext() for word in _WORD.findall(str(piece)))


if __name__ == "__main__":
    everything = collection()
    whole = sum(one.share == 1.0 for one in everything)
    sys.stdout.write(f"{len(everything)} mails, {whole} of them whole\n{table(everything)}\n")
