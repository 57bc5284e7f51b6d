"""What a reader sees of a body, judged without the product's own eyes."""

from __future__ import annotations

import re

import lxml.html

from activity_sync_tests.end_to_end.real_data.crossing import Crossed

_UNSEEN = "//script|//style|//head|//title|//comment()"
_SUBJECTS = {
    "hubspot": ("hs_task_subject", "hs_call_title", "hs_email_subject", "hs_meeting_title"),
    "dynamics": ("subject",),
}
_BODIES = {
    "hubspot": ("hs_note_body", "hs_task_body", "hs_call_body", "hs_email_html", "hs_meeting_body"),
    "dynamics": ("notetext", "description"),
}


def sent_letters(crossed: Crossed) -> str:
    """The letters and digits of a given body, with what the target shows in the same place.

    HubSpot's notes have no subject: that of a Dynamics note is the first paragraph of its body.
    """
    given = crossed.given
    heading = given.values.get("subject", "") if given.system == "dynamics" and given.kind == "note" else ""
    return _letters(heading, html=False) + (_letters(given.body.text, html=given.body.html) if given.body else "")


def shown_letters(crossed: Crossed) -> set[str]:
    """The letters and digits of the body in the target: read as markup, and read as text."""
    body = _value(crossed, _BODIES)
    return {_letters(body, html=html) for html in (True, False)}


def sent_subject(crossed: Crossed) -> str:
    """The subject that was given, on one line; empty for a note, whose subject counts with its body."""
    if crossed.given.kind == "note":
        return ""
    found = (crossed.given.values.get(name) for name in _SUBJECTS[crossed.given.system])
    return " ".join(next((value for value in found if value), "").split())


def shown_subject(crossed: Crossed) -> str:
    """The subject in the target."""
    return _value(crossed, _SUBJECTS)


def _value(crossed: Crossed, names: dict[str, tuple[str, ...]]) -> str:
    there = crossed.there
    if crossed.given.system == "hubspot":
        values, properties = there, names["dynamics"]
    else:
        values, properties = there["properties"], names["hubspot"]
    return next((value for name in properties if (value := values.get(name))), "")


def _letters(text: str, *, html: bool) -> str:
    if html and text:
        tree = lxml.html.fromstring(f"<div>{text}</div>")
        for unseen in tree.xpath(_UNSEEN):
            unseen.drop_tree()
        text = tree.text_content()
    return "".join(re.findall(r"\w+", text)).casefold()
