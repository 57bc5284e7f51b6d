"""What an extractor has put out, in the two formats of the field: Singer's messages and Airbyte's. Pure.

Read as a target that writes by key would hold it: of several records of one id the last counts.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from benchmarks.peers.outcomes import Found, text_of


@dataclass(frozen=True, slots=True)
class Extracted:
    """The e-mails, and the last state, None where there was none: with it the next pass begins."""

    found: tuple[Found, ...]
    state: Any = None


def from_singer(lines: Iterable[str]) -> Extracted:
    """Of `meltano-tap-hubspot`: a stream of e-mails, and one of associations for each kind of record."""
    emails: dict[str, Mapping[str, Any]] = {}
    ends: dict[tuple[str, str], set[str]] = defaultdict(set)
    state = None
    for message in _messages(lines):
        match message:
            case {"type": "STATE", "value": value}:
                state = value
            case {"type": "RECORD", "stream": "emails", "record": record}:
                emails[str(record["id"])] = record
            case {"type": "RECORD", "stream": str(stream), "record": {"from_id": email, "to_id": end}}:
                ends[stream.removeprefix("emails_").removesuffix("_associations"), str(email)].add(str(end))
    found = (_found(email, record, ends["contacts", email], ends["tickets", email]) for email, record in emails.items())
    return Extracted(tuple(found), state)


def from_airbyte(lines: Iterable[str]) -> Extracted:
    """Of `airbyte-source-hubspot`: the associated ids stand in the record."""
    emails: dict[str, Mapping[str, Any]] = {}
    state = None
    for message in _messages(lines):
        match message:
            case {"type": "STATE", "state": value}:
                state = [value]
            case {"type": "RECORD", "record": {"stream": "engagements_emails", "data": record}}:
                emails[str(record["id"])] = record
    found = (
        _found(email, record, record.get("contacts") or (), record.get("tickets") or ())
        for email, record in emails.items()
    )
    return Extracted(tuple(found), state)


def last_error(lines: Iterable[str]) -> str:
    """What Airbyte says of its failure; it says it where others put records."""
    said = ""
    for message in _messages(lines):
        match message:
            case {"type": "TRACE", "trace": {"error": {"internal_message": str(text)}}}:
                said = text
    return said


def _found(email: str, record: Mapping[str, Any], contacts: Iterable[Any], tickets: Iterable[Any]) -> Found:
    return Found(
        email=email,
        text=text_of(record["properties"].get("hs_email_html")),
        contacts=frozenset(map(str, contacts)),
        tickets=frozenset(map(str, tickets)),
        gone=bool(record.get("archived")),
    )


def _messages(lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    """JSON objects, one a line; a last line may be cut where the tool was stopped."""
    for line in lines:
        try:
            message = json.loads(line)
        except ValueError:
            continue
        if isinstance(message, dict):
            yield message
