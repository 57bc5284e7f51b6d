"""The hand-written expectations in `golden/`: one file per type and direction, each with a few records.

    - name: what it is about
      record: the source's record: `properties` (HubSpot) or `columns` (Dynamics), `owner`, and what it hangs on:
              `with` (HubSpot's associations), `about` and `parties` (Dynamics), all by the names of `people.py`
      shows:  the target's record, in the same form
      losses: the fields whose value, or a part of it, is recorded as lost
      returns: how the record differs once its copy has been carried back: {name: [value, words of docs/mapping.md]}

An expected value is compared as it is, a time as a time. A mapping expects of a body: `lines`, what a reader sees of
its HTML line by line; `text`, the same of plain text; `reads`, of either; `has` and `lacks`, pieces of markup;
`people`, who stands in an e-mail's headers; `anything`, any value. A party is written `ROLE WHO [ADDRESS]`, with `-`
for an address that is nobody's record.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from activity_sync.activities.identity import Flow
from activity_sync.configuration import FLOWS
from activity_sync.mapping.richtext import is_html
from activity_sync.sandbox.hubspot.rewriting import has_markup, visible_text
from activity_sync_tests.end_to_end.bridge import DYNAMICS_TABLES, HUBSPOT_TYPES, Bridge
from activity_sync_tests.end_to_end.people import (
    DYNAMICS_OWNERS,
    DYNAMICS_RECORDS,
    HUBSPOT_OWNERS,
    HUBSPOT_RECORDS,
    dynamics_activity,
    hubspot_activity,
)

FOLDER = Path(__file__).parent / "golden"
ROLES = {1: "sender", 2: "to", 3: "cc", 4: "bcc", 5: "required", 6: "optional", 7: "organizer"}
_MASKS = {role: mask for mask, role in ROLES.items()}
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z")


@dataclass(frozen=True)
class Golden:
    """One record of one file, with the id that it is seeded under."""

    flow: Flow
    kind: str
    record_id: str
    name: str
    record: Mapping[str, Any]
    shows: Mapping[str, Any]
    losses: tuple[str, ...]
    returns: Mapping[str, tuple[Any, str]]

    def __str__(self) -> str:
        return f"{self.kind} {self.flow.name}: {self.name}"


def load_goldens() -> list[Golden]:
    """All records of all files."""
    found = []
    for flow in FLOWS:
        for kind in HUBSPOT_TYPES:
            document = yaml.safe_load((FOLDER / f"{kind}_{flow.name}.yaml").read_text(encoding="utf-8"))
            for number, one in enumerate(document):
                record_id = str(501 + number)
                if flow.source == "dynamics":
                    record_id = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{kind} {number}"))
                losses = tuple(sorted(one.get("losses", ())))
                returns = {name: (value, words) for name, (value, words) in one.get("returns", {}).items()}
                found.append(Golden(flow, kind, record_id, one["name"], one["record"], one["shows"], losses, returns))
    return found


def seed_golden(bridge: Bridge, golden: Golden) -> None:
    """The source's sandbox holds the record."""
    given = golden.record
    if golden.flow.source == "hubspot":
        properties = given["properties"] | {"hubspot_owner_id": HUBSPOT_OWNERS[given["owner"]]}
        hubspot_activity(bridge, golden.kind, golden.record_id, properties, on=given["with"])
        return
    columns = given["columns"] | {"ownerid": {"type": "systemuser", "id": DYNAMICS_OWNERS[given["owner"]]}}
    parties = [_party(one) for one in given.get("parties", ())]
    dynamics_activity(bridge, golden.kind, golden.record_id, columns, about=given["about"], parties=parties)


def _party(written: str) -> dict[str, Any]:
    role, who, *address = written.split()
    party: dict[str, Any] = {"participationtypemask": _MASKS[role]}
    if who in DYNAMICS_RECORDS:
        table, record_id = DYNAMICS_RECORDS[who]
        party["party"] = {"type": table, "id": record_id}
    elif who in DYNAMICS_OWNERS:
        party["party"] = {"type": "systemuser", "id": DYNAMICS_OWNERS[who]}
    return party | ({"addressused": address[0]} if address else {})


def shown(bridge: Bridge, system: str, kind: str, record_id: str) -> dict[str, Any]:
    """A stored record in the form of the golden files: values, owner, and what it hangs on."""
    if system == "hubspot":
        object_type = HUBSPOT_TYPES[kind]
        properties = {k: v for k, v in bridge.hubspot(object_type)[record_id]["properties"].items() if v}
        names = {record: name for name, record in HUBSPOT_RECORDS.items()}
        owners = {owner: name for name, owner in HUBSPOT_OWNERS.items()}
        return {
            "owner": owners.get(properties.pop("hubspot_owner_id", None)),
            "with": sorted(names[one] for one in bridge.associations(object_type, record_id)),
            "properties": properties,
        }
    row = bridge.dynamics(DYNAMICS_TABLES[kind])[record_id]
    owners = {owner: name for name, owner in DYNAMICS_OWNERS.items()}
    about = row.get("objectid" if kind == "note" else "regardingobjectid")
    people = _names()
    return {
        "owner": owners.get(row["ownerid"]["id"]),
        "about": people[about["id"]] if about else None,
        "parties": sorted(
            _written(one, people, addressed=kind == "email")
            for one in row.get("parties", ())
            if one["participationtypemask"] in ROLES
        ),
        "columns": {name: value for name, value in row.items() if value is not None and name != "ownerid"},
    }


def _names() -> dict[str, str]:
    records = {record_id: name for name, (_, record_id) in DYNAMICS_RECORDS.items()}
    return records | {owner: name for name, owner in DYNAMICS_OWNERS.items()}


def _written(party: Mapping[str, Any], names: Mapping[str, str], *, addressed: bool) -> str:
    who = party.get("partyid")
    # Of calls and meetings the server fills in the address that the record has.
    address = (party.get("addressused") or "").lower() if addressed else ""
    return f"{ROLES[party['participationtypemask']]} {names[who['id']] if who else '-'} {address}".strip()


def compare(expected: Mapping[str, Any], seen: Mapping[str, Any], *, mapped: frozenset[str]) -> dict[str, Any]:
    """What differs, by name: (expected, seen). `mapped`: the properties that must be empty unless they are expected."""
    differing: dict[str, Any] = {}
    for name in expected.keys() - {"properties", "columns"}:
        wanted = sorted(expected[name]) if isinstance(expected[name], list) else expected[name]
        if wanted != seen[name]:
            differing[name] = (wanted, seen[name])
    values = next(expected[name] for name in ("properties", "columns") if name in expected)
    held = next(seen[name] for name in ("properties", "columns") if name in seen)
    for name in sorted(values.keys() | (mapped & held.keys())):
        found = held.get(name)
        if not _is_as_expected(values.get(name), found):
            differing[name] = (values.get(name), found)
    return differing


def _is_as_expected(expected: Any, found: Any) -> bool:
    match expected:
        case {"people": people}:
            return people_in(found) == people
        case {"anything": _}:
            return found is not None
        case {"reads": lines}:
            return read_lines(found) == lines
        case {"text": lines}:
            return not has_markup(re.sub("[<>]", "", found)) and lines_of(found) == lines
        case {"lines": lines}:
            lacks = [piece for piece in expected.get("lacks", ()) if piece in found]
            has = [piece for piece in expected.get("has", ()) if piece not in found]
            return has_markup(found) and lines_of(visible_text(found)) == lines and not has and not lacks
        case str() if _MOMENT.fullmatch(expected) and isinstance(found, str):
            return moment(expected) == moment(found)
    return bool(expected == found)


def lines_of(text: str) -> list[str]:
    """The lines that show something, without the blanks around them."""
    return [line.strip() for line in text.splitlines() if line.strip()]


def read_lines(body: str) -> list[str]:
    """What a reader sees of HTML or plain text, line by line."""
    return lines_of(visible_text(body) if is_html(body) else body)


def moment(text: str) -> datetime:
    """A time as either API writes it."""
    return datetime.fromisoformat(text)


def people_in(headers: str) -> list[str]:
    """Who stands in an e-mail's headers, as `ROLE ADDRESS`."""
    document = json.loads(headers)
    sender = document["from"].get("email")
    return [
        *([f"from {sender}"] if sender else []),
        *(f"{role} {one['email']}" for role in ("to", "cc", "bcc") for one in document[role]),
    ]
