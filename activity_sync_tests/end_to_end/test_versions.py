"""The core of the product over every version of HubSpot's API: what passes with one passes with all."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from activity_sync.activities.kinds import ActivityType
from activity_sync.settings import API_VERSIONS
from activity_sync_tests.end_to_end.bridge import (
    ACCOUNT_ID,
    CONTACT_IDS,
    DYNAMICS_TABLES,
    HUBSPOT_TYPES,
    USER_ID,
    Bridge,
    ago,
    iso,
)
from activity_sync_tests.end_to_end.passes import carry

PATHS = {
    "2026-09": r"/crm/(objects|associations|properties|owners)/2026-09(/.*)?",
    "2026-03": r"/crm/(objects|associations|properties|owners)/2026-03(/.*)?",
    "v3": r"/crm/(v3/(objects|properties|owners)|v4/associations)(/.*)?",
}
TRACKING = {"activity_sync_key", "activity_sync_source_system", "activity_sync_source_id", "activity_sync_source_url"}
SUBJECTS = {
    "note": ("hs_note_body", "notetext"),
    "task": ("hs_task_subject", "subject"),
    "call": ("hs_call_title", "subject"),
    "email": ("hs_email_subject", "subject"),
    "meeting": ("hs_meeting_title", "subject"),
}
"""By type, the property and the column in which an edit is looked for."""


@pytest.mark.slow
@pytest.mark.parametrize("version", API_VERSIONS)
def test_every_type_is_made_changed_and_associated_both_ways(
    peopled: Bridge, monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    bridge = peopled
    bridge.environ["HUBSPOT_API_VERSION"] = version
    monkeypatch.setenv("HUBSPOT_API_VERSION", version)
    bridge.seed({"hubspot": hubspot_activities(), "dynamics": {"records": dynamics_activities()}})
    bridge.forget()

    first = carry(bridge)
    asked = bridge.sandboxes.hubspot.controls.requests.shown(last=1000)["log"]
    bridge.forget()
    again = carry(bridge)

    assert first == {"extracted": 15, "created": 10, "unchanged": 5}  # the mirror reads back what has just been made
    assert set(again) == {"extracted", "unchanged"}
    assert bridge.writes() == 0
    paths = {one["path"].partition("?")[0] for one in asked} - {"/account-info/v3/details"}
    assert [path for path in paths if not re.fullmatch(PATHS[version], path)] == []
    copies = find_copies(bridge)
    assert_associated(bridge, copies)
    assert_tracked(bridge, copies)

    edits = {kind: f"Edited here: {kind}" for kind in HUBSPOT_TYPES}
    back = {kind: f"Edited there: {kind}" for kind in DYNAMICS_TABLES}
    bridge.seed({"hubspot": {"objects": edited_in_hubspot(edits)}, "dynamics": {"records": edited_in_dynamics(back)}})
    changed = carry(bridge)
    bridge.forget()
    quiet = carry(bridge)

    # The e-mails that Dynamics has closed stay as they are, which is the shipped policy.
    assert changed["updated"] == 9, changed
    assert changed["held"] == 1
    assert set(quiet) == {"extracted", "unchanged", "held"}
    assert bridge.writes() == 0
    for kind, table in DYNAMICS_TABLES.items():
        here, there = SUBJECTS[kind]
        if kind != "email":
            row = bridge.dynamics(table)[copies[kind].in_dynamics]
            assert edits[kind] in row[there]
        record = bridge.hubspot(HUBSPOT_TYPES[kind])[copies[kind].in_hubspot]
        assert back[kind] in record["properties"][here]


@dataclass(frozen=True)
class Copies:
    """The ids of the two copies of a type: of HubSpot's activity in Dynamics, and the other way round."""

    in_dynamics: str
    in_hubspot: str


def find_copies(bridge: Bridge) -> dict[str, Copies]:
    """The copies by type, as the ledger knows them."""
    found = {}
    with bridge.ledger() as ledger:
        for kind in ActivityType:
            here = ledger.links("hubspot", kind, ["501"])["501"]
            there = ledger.links("dynamics", kind, [dynamics_id(kind)])[dynamics_id(kind)]
            found[kind.value] = Copies(
                in_dynamics=str(here.sides["dynamics"].record_id), in_hubspot=str(there.sides["hubspot"].record_id)
            )
    return found


def assert_associated(bridge: Bridge, copies: Mapping[str, Copies]) -> None:
    """Each copy hangs on the counterparts of what its original hangs on."""
    for kind, object_type in HUBSPOT_TYPES.items():
        copy = copies[kind].in_hubspot
        wanted = {("contacts", "1002")} if kind in {"note", "task"} else {("contacts", "1002"), ("companies", "2001")}
        assert bridge.associations(object_type, copy) == wanted, kind
        row = bridge.dynamics(DYNAMICS_TABLES[kind])[copies[kind].in_dynamics]
        about = row["objectid" if kind == "note" else "regardingobjectid"]["id"]
        assert about == ACCOUNT_ID, kind  # a company before a contact
        if kind in {"call", "email", "meeting"}:
            assert CONTACT_IDS[0] in {one["partyid"]["id"] for one in row["parties"] if one.get("partyid")}, kind


def assert_tracked(bridge: Bridge, copies: Mapping[str, Copies]) -> None:
    """The portal has our properties on every type, the key unique, and the copies carry them."""
    definitions = bridge.sandboxes.hubspot.store.dump()["properties"]
    for kind, object_type in HUBSPOT_TYPES.items():
        ours = {one["name"]: one for one in definitions[object_type]}
        assert ours.keys() == TRACKING
        assert ours["activity_sync_key"]["hasUniqueValue"]
        copy = bridge.hubspot(object_type)[copies[kind].in_hubspot]
        assert copy["properties"]["activity_sync_source_system"] == "dynamics"
        assert copy["properties"]["activity_sync_source_id"] == dynamics_id(kind)
        page = f"/main.aspx?pagetype=entityrecord&etn={DYNAMICS_TABLES[kind]}&id={dynamics_id(kind)}"
        assert copy["properties"]["activity_sync_source_url"] == bridge.environ["DYNAMICS_URL"] + page


def hubspot_activities() -> dict[str, Any]:
    """One activity of each type, on the first contact and the company."""
    moment = iso(ago(minutes=30))
    own: Mapping[str, Mapping[str, str]] = {
        "notes": {"hs_note_body": "<p>A note</p>"},
        "tasks": {"hs_task_subject": "A task", "hs_task_status": "NOT_STARTED"},
        "calls": {"hs_call_title": "A call", "hs_call_direction": "OUTBOUND", "hs_call_status": "COMPLETED"},
        "emails": {"hs_email_subject": "A mail", "hs_email_direction": "EMAIL", "hs_email_status": "SENT"},
        "meetings": {
            "hs_meeting_title": "A meeting",
            "hs_meeting_start_time": moment,
            "hs_meeting_end_time": iso(ago(minutes=10)),
            "hs_meeting_outcome": "SCHEDULED",
        },
    }
    return {
        "objects": {
            name: [
                {
                    "id": "501",
                    "properties": {"hs_timestamp": moment, "hubspot_owner_id": "7001", **properties},
                    "createdAt": moment,
                    "updatedAt": moment,
                }
            ]
            for name, properties in own.items()
        },
        "associations": [
            {"from": [name, "501"], "to": list(end)}
            for name in own
            for end in (("contacts", "1001"), ("companies", "2001"))
        ],
    }


def dynamics_activities() -> dict[str, Any]:
    """One activity of each type, about the second contact; those with parties have the account among them."""
    moment = ago(minutes=30).replace(microsecond=0).isoformat().replace("+00:00", "Z")
    person = {"type": "contact", "id": CONTACT_IDS[1]}
    firm = {"type": "account", "id": ACCOUNT_ID}
    user = {"type": "systemuser", "id": USER_ID}
    stamps = {"createdon": moment, "modifiedon": moment, "ownerid": user}
    own: Mapping[str, Mapping[str, Any]] = {
        "annotation": {"annotationid": dynamics_id("note"), "notetext": "Their note", "objectid": person},
        "task": {"subject": "Their task", "scheduledend": moment},
        "phonecall": {
            "subject": "Their call",
            "directioncode": True,
            "parties": [*parties({1: user, 2: person}), *parties({2: firm})],
        },
        "email": {
            "subject": "Their mail",
            "directioncode": True,
            "parties": [*parties({1: user, 2: person}), *parties({3: firm})],
        },
        "appointment": {
            "subject": "Their meeting",
            "scheduledstart": moment,
            "scheduledend": ago(minutes=10).replace(microsecond=0).isoformat().replace("+00:00", "Z"),
            "parties": [*parties({5: person}), *parties({6: firm})],
        },
    }
    kinds = {table: kind for kind, table in DYNAMICS_TABLES.items()}
    about = {"regardingobjectid": person}
    return {
        table: [
            {**stamps, **({} if table == "annotation" else {"activityid": dynamics_id(kinds[table]), **about}), **row}
        ]
        for table, row in own.items()
    }


def parties(given: Mapping[int, Mapping[str, str]]) -> list[dict[str, Any]]:
    """Activity parties by their role's number."""
    return [{"participationtypemask": mask, "party": dict(party)} for mask, party in given.items()]


def edited_in_hubspot(texts: Mapping[str, str]) -> dict[str, Any]:
    """The first activity of each type with another subject (a note: another body), edited now."""
    return {
        HUBSPOT_TYPES[kind]: [{"id": "501", "properties": {SUBJECTS[kind][0]: text}}] for kind, text in texts.items()
    }


def edited_in_dynamics(texts: Mapping[str, str]) -> dict[str, Any]:
    """As `edited_in_hubspot`, of the activities that began in Dynamics."""
    return {
        DYNAMICS_TABLES[kind]: [
            {("annotationid" if kind == "note" else "activityid"): dynamics_id(kind), SUBJECTS[kind][1]: text}
        ]
        for kind, text in texts.items()
    }


def dynamics_id(kind: str) -> str:
    """The id of the Dynamics activity of a type."""
    return f"00000000-0000-4000-8000-00000000050{list(DYNAMICS_TABLES).index(kind)}"
