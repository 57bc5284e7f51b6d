"""Mail files as e-mails of both systems: whatever can be read of each, however broken it is."""

from __future__ import annotations

import email
import email.policy
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime
from pathlib import Path
from typing import Any

from activity_sync.activities.activity import RichText
from activity_sync.activities.kinds import ActivityType
from activity_sync_tests.end_to_end.real_data.records import Given, new_id

SOURCE = "mails"
Person = tuple[str, str]
"""Name and address, either may be empty."""

_FIRST_ID = 910_001
_ROLES = {"from": 1, "to": 2, "cc": 3}
# Dynamics neither takes nor keeps these: facts, error 0x80040278; its own address check; the column's length.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")
_SUBJECT_LENGTH = 800
_OLDEST = datetime(1970, 1, 2, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Mail:
    """What a mail file says."""

    name: str
    subject: str
    people: dict[str, list[Person]]
    html: str
    text: str
    sent: datetime | None

    @property
    def body(self) -> RichText | None:
        """What a mail program shows: the HTML part where there is one."""
        if self.html.strip():
            return RichText(self.html, html=True)
        return RichText(self.text, html=False) if self.text.strip() else None


def read_mails(folder: Path) -> list[Mail]:
    """All mails of a folder, by name."""
    return [read_mail(path.name, path.read_bytes()) for path in sorted(folder.glob("*.eml"))]


def read_mail(name: str, content: bytes) -> Mail:
    """One mail. Never fails: a part that cannot be read is missing."""
    message = email.message_from_bytes(content, policy=email.policy.compat32)
    return Mail(
        name=name,
        subject=" ".join(_header(message, "subject").split()),
        people={role: _people(message, role) for role in _ROLES},
        html=_first_part(message, html=True),
        text=_first_part(message, html=False),
        sent=_sent(message),
    )


def given_mails(mails: list[Mail], system: str) -> list[Given]:
    """Each mail as a received e-mail that stands in a system."""
    describe = _hubspot if system == "hubspot" else _dynamics
    return [describe(mail, new_id(system, _FIRST_ID + n, mail.name)) for n, mail in enumerate(mails)]


def _hubspot(mail: Mail, record_id: str) -> Given:
    headers = {
        "from": next(iter(_hubspot_people(mail, "from")), {}),
        **{role: _hubspot_people(mail, role) for role in ("to", "cc")},
        "bcc": [],
    }
    values: dict[str, Any] = {
        "hs_email_direction": "INCOMING_EMAIL",
        "hs_email_status": "SENT",
        "hs_email_headers": json.dumps(headers),
        "hs_email_subject": mail.subject,
        "hs_email_html": mail.html,
        "hs_email_text": mail.text,
    }
    if mail.sent:
        values["hs_timestamp"] = mail.sent.isoformat()
    values = {column: value for column, value in values.items() if value.strip()}
    return Given(SOURCE, mail.name, "hubspot", ActivityType.EMAIL, record_id, values, mail.body, mail.sent)


def _hubspot_people(mail: Mail, role: str) -> list[dict[str, str]]:
    return [{"email": address, "firstName": name} for name, address in mail.people[role]]


def _dynamics(mail: Mail, record_id: str) -> Given:
    body = RichText(_CONTROL.sub("", mail.body.text), html=mail.body.html) if mail.body else None
    sent = mail.sent.replace(microsecond=0).isoformat() if mail.sent else None
    parties = [
        {"addressused": address, "participationtypemask": mask}
        for role, mask in _ROLES.items()
        for _, address in (mail.people[role][:1] if role == "from" else mail.people[role])
        if _ADDRESS.fullmatch(address)
    ]
    values = {
        "subject": _CONTROL.sub("", mail.subject)[:_SUBJECT_LENGTH],
        "description": body.text if body else None,
        "directioncode": False,
        "statecode": 1,
        "statuscode": 4,
        "senton": sent,
        "actualend": sent,
    }
    values = {column: value for column, value in values.items() if value not in (None, "")}
    return Given(
        SOURCE, mail.name, "dynamics", ActivityType.EMAIL, record_id, values, body, mail.sent, parties=tuple(parties)
    )


def _header(message: Message, name: str) -> str:
    """A header, decoded."""
    return _decoded(next((value for given, value in message.raw_items() if given.lower() == name), ""))


def _people(message: Message, role: str) -> list[Person]:
    found = getaddresses([_storable(value) for name, value in message.raw_items() if name.lower() == role])
    return [(_decoded(name), address) for name, address in found if address]


def _decoded(text: str) -> str:
    """Encoded words in a header as text; as they stand where their encoding is broken."""
    text = _storable(text)
    try:
        return _storable(str(make_header(decode_header(text))))
    except (HeaderParseError, LookupError, ValueError):
        return text


def _first_part(message: Message, *, html: bool) -> str:
    """The first part of HTML, or of text, that is not an attachment, decoded.

    A broken multipart that could not be taken apart counts as text: that is how a reader sees it.
    """
    for part in message.walk():
        if part.get_content_disposition() == "attachment" or part.is_multipart():
            continue
        is_html = part.get_content_type() == "text/html"
        if is_html == html and part.get_content_maintype() in {"text", "multipart"}:
            payload = part.get_payload(decode=True)
            if isinstance(payload, bytes) and payload.strip():
                return _text(payload, part.get_content_charset() or "utf-8")
    return ""


def _text(payload: bytes, charset: str) -> str:
    for one in (charset, "utf-8"):
        try:
            return payload.decode(one)
        except (LookupError, ValueError):
            continue
    return payload.decode("latin-1")


def _sent(message: Message) -> datetime | None:
    """The time of sending; None where the header does not tell a time that either system could hold."""
    try:
        sent = parsedate_to_datetime(str(message.get("date", "")))
        sent = sent.replace(tzinfo=UTC) if sent.tzinfo is None else sent.astimezone(UTC)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    return sent if _OLDEST <= sent <= datetime.now(tz=UTC) else None


def _storable(text: str) -> str:
    """Without the marks that the parser leaves for bytes it could not read: no JSON holds them."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
