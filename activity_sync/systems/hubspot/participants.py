"""An e-mail's participants, as HubSpot keeps them: JSON text in `hs_email_headers`. Pure.

Recorded values differ: a person has `email` with names apart, or `raw`, or a display name inside `email`; `from` may be
empty with the sender in `sender`; any part may be missing.
Source: HubSpot developer documentation, "Email engagements", and recorded answers, read 2026-11.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from activity_sync.activities.activity import Participant
from activity_sync.activities.kinds import Role
from activity_sync.activities.loss import Loss
from activity_sync.systems.hubspot.wire import Json, split_list

HEADERS: Final = "hs_email_headers"
FIELD: Final = "participants"

_LISTS: Final = {Role.TO: "to", Role.CC: "cc", Role.BCC: "bcc"}
_NAMED_ADDRESS: Final = re.compile(r"^\s*(?P<name>.*?)\s*<\s*(?P<address>[^<>]*?)\s*>\s*$", re.DOTALL)
# Filled by HubSpot from the headers, or by other ways of logging an e-mail; read where there are no headers.
_ADDRESS_PROPERTIES: Final = {
    Role.SENDER: "hs_email_from_email",
    Role.TO: "hs_email_to_email",
    Role.CC: "hs_email_cc_email",
    Role.BCC: "hs_email_bcc_email",
}

COLUMNS: Final = (HEADERS, *_ADDRESS_PROPERTIES.values())
"""The properties that participants are read from."""


def decode_participants(properties: Json) -> tuple[Participant, ...] | None:
    """Sender first, then to, cc and bcc as they stand, each (role, address) once. None where nobody is named."""
    headers = _read_headers(properties.get(HEADERS))
    if headers:
        found = [
            *_people(headers.get("from"), Role.SENDER),
            *(one for role, name in _LISTS.items() for one in _people(headers.get(name), role)),
        ]
        if not any(one.role is Role.SENDER for one in found):
            found = [*_people(headers.get("sender"), Role.SENDER), *found]
    else:
        found = [
            one
            for role, name in _ADDRESS_PROPERTIES.items()
            for address in split_list(properties.get(name))
            for one in _people(address, role)
        ]
    unique = {(one.role, one.address.lower() or one.name): one for one in reversed(found)}
    return tuple(reversed(unique.values())) or None


def encode_participants(participants: Iterable[Participant]) -> tuple[str, list[Loss]]:
    """The headers that name these people, and what they cannot say: addresses missing, roles unknown, more senders."""
    headers: dict[str, Any] = {"from": {}, **{name: [] for name in _LISTS.values()}}
    losses = []
    for one in participants:
        if not one.address:
            losses.append(Loss(FIELD, "dropped", f"a participant without an address, as {one.role.value}"))
        elif one.role in _LISTS:
            headers[_LISTS[one.role]].append(_person(one))
        elif one.role is not Role.SENDER:
            losses.append(Loss(FIELD, "dropped", f"a participant in the role {one.role.value}"))
        elif headers["from"]:
            losses.append(Loss(FIELD, "dropped", "a further sender"))
        else:
            headers["from"] = _person(one)
    return json.dumps(headers, ensure_ascii=False, separators=(",", ":")), losses


def _person(one: Participant) -> dict[str, str]:
    # Names are put together again with one blank when read, so any cut keeps them whole.
    first, _, last = one.name.strip().rpartition(" ")
    person = {"email": one.address.strip()}
    if first.strip():
        return person | {"firstName": first.strip(), "lastName": last}
    return person | ({"firstName": last} if last else {})


def _read_headers(value: Any) -> Mapping[str, Any]:
    try:
        headers = json.loads(value) if isinstance(value, str) else value
    except ValueError:
        return {}
    return headers if isinstance(headers, dict) else {}


def _people(value: Any, role: Role) -> Iterator[Participant]:
    for one in value if isinstance(value, list) else [value]:
        match one:
            case str():
                participant = _participant(one, "", role)
            case dict():
                stated = " ".join(str(part).strip() for name in ("firstName", "lastName") if (part := one.get(name)))
                participant = _participant(str(one.get("email") or one.get("raw") or ""), stated, role)
            case _:
                continue
        if participant.address or participant.name:
            yield participant


def _participant(address: str, name: str, role: Role) -> Participant:
    """A display name inside the address gives way to one stated apart."""
    inside = ""
    if found := _NAMED_ADDRESS.match(address):
        inside, address = found["name"].strip().strip("\"'").strip(), found["address"]
    return Participant(role, address.strip(), " ".join((name or inside).split()))
