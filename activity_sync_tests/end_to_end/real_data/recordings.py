"""Recorded activities as lines of JSON: the answer a system once gave, or a row as its documentation shows it."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from activity_sync.activities.activity import RichText
from activity_sync.activities.kinds import ActivityType
from activity_sync_tests.end_to_end.bridge import DYNAMICS_TABLES, HUBSPOT_TYPES
from activity_sync_tests.end_to_end.real_data.records import Given

_KINDS = {name: ActivityType(kind) for names in (HUBSPOT_TYPES, DYNAMICS_TABLES) for kind, name in names.items()}
# Whether each is markup: HubSpot's editors write it; no recorded row of Dynamics has any.
_BODIES = {
    "hs_note_body": True,
    "hs_task_body": True,
    "hs_call_body": True,
    "hs_meeting_body": True,
    "hs_email_html": True,
    "hs_email_text": False,
    "notetext": False,
    "description": False,
}
# Where a recorded note shows what it is about.
_EXPANDED = "objectid_contact"


def given_recordings(folder: Path, system: str) -> list[Given]:
    """All recorded activities of a system, as they stand."""
    path = folder / f"{system}_activities.jsonl"
    describe = _hubspot if system == "hubspot" else _dynamics
    return [describe(path.name, json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]


def _hubspot(source: str, line: dict[str, Any]) -> Given:
    values = line["properties"]
    return Given(
        source,
        f"{line['object']} {line['id']}",
        "hubspot",
        _KINDS[line["object"]],
        line["id"],
        values,
        _body(values),
        datetime.fromisoformat(line["createdAt"]) if line["createdAt"] else None,
        tuple((kind, record_id) for kind, ids in line["associations"].items() for record_id in ids),
    )


def _dynamics(source: str, line: dict[str, Any]) -> Given:
    row = line["row"]
    # Annotations, look-ups and expanded rows are how an answer shows what the columns hold.
    columns = {
        name: value
        for name, value in row.items()
        if "@" not in name and not name.startswith("_") and not isinstance(value, dict | list)
    }
    about = [("account", row["_regardingobjectid_value"])] if "_regardingobjectid_value" in row else []
    about += [("contact", row[_EXPANDED]["contactid"])] if _EXPANDED in row else []
    parties = tuple(
        {
            "party": {"type": one["type"], "id": one["id"]},
            "participationtypemask": one["mask"],
            "addressused": one["address"],
        }
        for one in line["associations"].get("parties", ())
    )
    return Given(
        source,
        f"{line['object']} {line['id']}",
        "dynamics",
        _KINDS[line["object"]],
        line["id"],
        columns,
        _body(columns),
        hangs_on=tuple(about),
        parties=parties,
    )


def _body(values: dict[str, Any]) -> RichText | None:
    """The first body that says anything."""
    found = ((value, html) for name, html in _BODIES.items() if (value := values.get(name)) and value.strip())
    return next((RichText(value, html=html) for value, html in found), None)
