"""Two fields in one property: a subject kept as the first, bold paragraph of a body.

HubSpot's notes have no subject; a Dynamics note's subject is carried as `<p><strong>SUBJECT</strong></p>` before the
body, where a reader finds it, and is split off again when the note is read.
"""

from __future__ import annotations

import html
import re

# HubSpot's editor wraps what it is given in a <div> and adds attributes (observed): both are let through.
_HEADING = re.compile(
    r"\s*(?P<around>(?:<div\b[^<>]*>\s*)*)<p\b[^<>]*>\s*<(?P<bold>strong|b)\b[^<>]*>(?P<subject>[^<]+)</(?P=bold)>\s*</p>"
)
# Longer than any subject: a paragraph that a person made bold, not a heading.
_LONGEST_SUBJECT = 500


def join_heading(subject: str, body: str) -> str:
    """The HTML of `body` under its heading."""
    return f"<p><strong>{html.escape(subject, quote=False)}</strong></p>{body}"


def split_heading(markup: str) -> tuple[str | None, str]:
    """The subject, if `markup` begins with one, and the HTML that is left: the inverse of `join_heading`."""
    found = _HEADING.match(markup)
    if found is None:
        return None, markup
    subject = html.unescape(found["subject"])
    if not subject.strip() or len(subject) > _LONGEST_SUBJECT:
        return None, markup
    return subject, found["around"] + markup[found.end() :]
