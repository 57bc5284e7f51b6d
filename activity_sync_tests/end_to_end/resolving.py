"""Resolution alone: source records and target records as rows of a table, one activity on each, one run of the step."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from activity_sync.activities.identity import Flow
from activity_sync.activities.kinds import ActivityType, Step
from activity_sync.bootstrap import open_session
from activity_sync.pipeline.extract import extract
from activity_sync.pipeline.resolve import resolve
from activity_sync.pipeline.scope import Mode, Partitions, Scope, midnight
from activity_sync.systems.records import Window
from activity_sync_tests.end_to_end.bridge import Bridge, ago, iso

TO_DYNAMICS = Flow("hubspot", "dynamics")
TO_HUBSPOT = Flow("dynamics", "hubspot")

OBJECTS = {"contact": "contacts", "company": "companies", "deal": "deals", "ticket": "tickets"}
TABLES = {"contact": "contact", "company": "account", "deal": "opportunity", "ticket": "incident"}
_CALL_TYPES = {"contact": 194, "company": 182, "deal": 206, "ticket": 220}
_DIGITS = {"contact": "c", "company": "a", "deal": "d", "ticket": "e"}

STORED_IDS = {
    "hubspot.contact": "dynamics_contact_id",
    "hubspot.company": "dynamics_account_id",
    "hubspot.deal": "dynamics_opportunity_id",
    "hubspot.ticket": "dynamics_incident_id",
    "dynamics.contact": "crm_contact_id",
    "dynamics.company": "crm_company_id",
    "dynamics.deal": "hubspot_deal_id",
    "dynamics.ticket": "hubspot_ticket_id",
}

Values = Mapping[str, Any]


@dataclass(frozen=True)
class Row:
    """One line of the table. A value `@label` is the id of that record of the row; `@source` that of the source.

    `targets`: what the target holds, by label, the first being the oldest. `found`: the label of the counterpart, None
    where there is none. `rule`: what is staged of it. `also`: further records of the source, by label.
    """

    says: str
    kind: str
    source: Values
    targets: Mapping[str, Values]
    found: str | None
    rule: str
    also: Mapping[str, Values] = field(default_factory=dict)


def hubspot_id(number: int, position: int) -> str:
    return str(100_000 + number * 10 + position)


def dynamics_id(kind: str, number: int, position: int) -> str:
    return f"{_DIGITS[kind]}{number:07x}-0000-4000-8000-{position:012x}"


def ids_of(row: Row, number: int, flow: Flow) -> dict[str, str]:
    """By label, the ids of a row's records."""

    def make(system: str, position: int) -> str:
        return hubspot_id(number, position) if system == "hubspot" else dynamics_id(row.kind, number, position)

    ids = {"source": make(flow.source, 0)}
    ids |= {label: make(flow.target, 1 + at) for at, label in enumerate(row.targets)}
    return ids | {label: make(flow.source, 5 + at) for at, label in enumerate(row.also)}


def seed_of(rows: Sequence[Row], flow: Flow) -> dict[str, Any]:
    """All records of the rows, and one call on each source record, by system."""
    hubspot: dict[str, list[Values]] = {name: [] for name in (*OBJECTS.values(), "calls")}
    dynamics: dict[str, list[Values]] = {name: [] for name in (*TABLES.values(), "phonecall")}
    associations: list[Values] = []
    for number, row in enumerate(rows):
        ids = ids_of(row, number, flow)
        of_source = {"source": row.source, **row.also}
        for system, records in ((flow.source, of_source), (flow.target, row.targets)):
            for age, (label, values) in enumerate(records.items()):
                made = ago(days=90 - age)
                resolved = {name: _resolved(value, ids) for name, value in values.items()}
                if system == "hubspot":
                    hubspot[OBJECTS[row.kind]].append(_hubspot_record(row.kind, ids[label], resolved, made))
                else:
                    dynamics[TABLES[row.kind]].append(_dynamics_record(row.kind, ids[label], resolved, made))
        moment = ago(minutes=20)
        if flow.source == "hubspot":
            call = str(900_000 + number)
            hubspot["calls"].append(
                {
                    "id": call,
                    "properties": {"hs_timestamp": iso(moment), "hs_call_title": row.says},
                    "createdAt": iso(moment),
                    "updatedAt": iso(moment),
                }
            )
            end = [OBJECTS[row.kind], ids["source"]]
            associations.append({"from": ["calls", call], "to": end, "types": [_CALL_TYPES[row.kind]]})
        else:
            dynamics["phonecall"].append(
                {
                    "activityid": f"f{number:07x}-0000-4000-8000-000000000000",
                    "subject": row.says,
                    "createdon": _seconds(moment),
                    "modifiedon": _seconds(moment),
                    "regardingobjectid": {"type": TABLES[row.kind], "id": ids["source"]},
                }
            )
    return {
        "hubspot": {
            "properties": {OBJECTS[kind]: [_property(name)] for kind, name in _stored("hubspot").items()},
            "objects": hubspot,
            "associations": associations,
        },
        "dynamics": {
            "schema": {"columns": {TABLES[kind]: [{"name": name}] for kind, name in _stored("dynamics").items()}},
            "records": dynamics,
        },
    }


def run_resolution(bridge: Bridge, flow: Flow, kind: ActivityType) -> list[Values]:
    """The rows that the step stages; the request logs then hold its calls alone."""
    return asyncio.run(_run(bridge, flow, kind))


async def _run(bridge: Bridge, flow: Flow, kind: ActivityType) -> list[Values]:
    today = datetime.now(tz=UTC).date()
    days = (today - timedelta(days=1), today)
    window = Window(midnight(days[0]), midnight(today + timedelta(days=1)))
    span = (days[0].isoformat(), days[1].isoformat())
    scope = Scope(flow, kind, str(uuid.uuid4()), Partitions(span, window), Mode.WHOLE)
    async with open_session(bridge.settings) as session:
        await extract(session, scope)
        bridge.forget()
        await resolve(session, scope)
        frames = session.staging.read(
            flow.name, kind, Step.RESOLVED, run_id=scope.run_id, partitions=span, batch_rows=10_000
        )
        return [{**row, "refs": json.loads(row["refs"])} for frame in frames for row in frame.to_dict(orient="records")]


def _resolved(value: Any, ids: Mapping[str, str]) -> Any:
    if isinstance(value, str) and value.startswith("@") and value.removeprefix("@") in ids:
        return ids[value.removeprefix("@")]
    if isinstance(value, dict):
        return {name: _resolved(one, ids) for name, one in value.items()}
    return value


def _hubspot_record(kind: str, record_id: str, values: Values, made: datetime) -> Values:
    required = {"deal": {"dealname": "Deal"}, "ticket": {"subject": "Ticket"}}.get(kind, {})
    return {
        "id": record_id,
        "properties": {**required, **values},
        "createdAt": iso(made),
        "updatedAt": iso(made),
    }


def _dynamics_record(kind: str, record_id: str, values: Values, made: datetime) -> Values:
    required = {"ticket": {"title": "Case"}, "contact": {"lastname": "Somebody"}}.get(kind, {"name": "Nameless"})
    return {
        f"{TABLES[kind]}id": record_id,
        "createdon": _seconds(made),
        "modifiedon": _seconds(made),
        **required,
        **values,
    }


def _seconds(moment: datetime) -> str:
    return moment.replace(microsecond=0).isoformat().replace("+00:00", "Z")


def _stored(system: str) -> dict[str, str]:
    prefix = f"{system}."
    return {key.removeprefix(prefix): name for key, name in STORED_IDS.items() if key.startswith(prefix)}


def _property(name: str) -> Values:
    group = {
        "dynamics_contact_id": "contactinformation",
        "dynamics_account_id": "companyinformation",
        "dynamics_opportunity_id": "dealinformation",
    }.get(name, "ticketinformation")
    return {"name": name, "label": name, "groupName": group, "type": "string", "fieldType": "text"}
