"""HubSpot's share of the activities: the ordinary ones."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from activity_sync.sandbox.seeds.words import SENTENCES, TOPICS
from activity_sync.sandbox.seeds.world import Contact, Owner, World, iso_ms, within

SHARES = {"emails": 0.4, "calls": 0.2, "tasks": 0.15, "notes": 0.15, "meetings": 0.1}
"""How the activities spread over the types."""


@dataclass(slots=True)
class HubSpotActivities:
    """Collects records and associations; `cases` names the awkward ones. Ids start anew in every type."""

    objects: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    associations: list[dict[str, Any]] = field(default_factory=list)
    cases: dict[str, list[str]] = field(default_factory=dict)

    def add(
        self,
        kind: str,
        properties: dict[str, str],
        *,
        at: datetime,
        to: list[tuple[str, str]],
        case: str = "",
        changed_later: timedelta = timedelta(),
    ) -> str:
        """Add one activity that hangs on the given records."""
        records = self.objects.setdefault(kind, [])
        record_id = str(100_001 + len(records))
        records.append(
            {
                "id": record_id,
                "properties": properties,
                "createdAt": iso_ms(at),
                "updatedAt": iso_ms(at + changed_later),
            }
        )
        self.associations += [{"from": [kind, record_id], "to": list(target)} for target in to]
        if case:
            self.cases[case] = [kind, record_id]
        return record_id


def add_ordinary(activities: HubSpotActivities, world: World, *, count: int, draw: random.Random) -> None:
    """Add so many ordinary activities, spread over the types by their shares."""
    contacts, owners = world.shared_contacts(), world.shared_owners()
    kinds = draw.choices(list(SHARES), weights=list(SHARES.values()), k=count)
    for number, kind in enumerate(kinds):
        contact, owner, at = draw.choice(contacts), draw.choice(owners), within(world, draw)
        if number % 7 == 0:
            at = at.replace(microsecond=0)
        to = _hangs_on(world, contact, draw)
        properties = ordinary(kind, contact, owner, at=at, draw=draw)
        activities.add(kind, properties, at=at, to=to, changed_later=timedelta(seconds=draw.uniform(0, 60)))


def ordinary(kind: str, contact: Contact, owner: Owner, *, at: datetime, draw: random.Random) -> dict[str, str]:
    """Give the properties of one ordinary activity."""
    topic = draw.choice(TOPICS)
    sentences = [draw.choice(SENTENCES).format(topic=topic, name=contact.first) for _ in range(draw.randint(1, 4))]
    body = _body(sentences, draw)
    shared = {"hs_timestamp": iso_ms(at), "hubspot_owner_id": owner.hubspot_id}
    match kind:
        case "notes":
            return shared | {"hs_note_body": body}
        case "tasks":
            status = draw.choice(("NOT_STARTED", "NOT_STARTED", "IN_PROGRESS", "COMPLETED", "COMPLETED"))
            return shared | {
                "hs_timestamp": iso_ms(at + timedelta(days=draw.choice((-2, 3, 20)))),
                "hs_task_subject": f"Send {contact.first} {topic}",
                "hs_task_body": body,
                "hs_task_status": status,
                "hs_task_priority": draw.choice(("NONE", "LOW", "MEDIUM", "HIGH")),
                "hs_task_type": draw.choice(("TODO", "CALL", "EMAIL")),
            }
        case "calls":
            return shared | {
                "hs_call_title": f"Call with {contact.first} {contact.last}",
                "hs_call_body": body,
                "hs_call_direction": draw.choice(("INBOUND", "OUTBOUND")),
                "hs_call_duration": str(draw.randint(20, 3600) * 1000),
                "hs_call_status": draw.choice(("COMPLETED", "COMPLETED", "COMPLETED", "NO_ANSWER")),
                "hs_call_disposition": "f240bbac-87c9-4f6e-bf70-924b57d47db7",
                "hs_call_to_number": f"+49 30 {draw.randint(100_000, 999_999)}",
            }
        case "emails":
            incoming = draw.random() < 0.4
            return shared | {
                "hs_email_direction": "INCOMING_EMAIL" if incoming else "EMAIL",
                "hs_email_status": "SENT",
                "hs_email_subject": f"About {topic}",
                "hs_email_html": "".join(f"<p>{sentence}</p>" for sentence in sentences),
                "hs_email_headers": headers(contact, owner, incoming=incoming),
            }
        case _:
            return shared | {
                "hs_meeting_title": f"Meeting on {topic}",
                "hs_meeting_body": body,
                "hs_meeting_start_time": iso_ms(at),
                "hs_meeting_end_time": iso_ms(at + timedelta(minutes=draw.choice((15, 30, 60, 90)))),
                "hs_meeting_outcome": draw.choice(("SCHEDULED", "COMPLETED", "COMPLETED")),
                "hs_meeting_location": draw.choice(("", "Room 4", "https://meet.example/abc")),
            }


def headers(contact: Contact, owner: Owner, *, incoming: bool) -> str:
    """Give the headers of a mail between an owner and a contact, as the JSON text that the property holds."""
    theirs = {"email": contact.email, "firstName": contact.first, "lastName": contact.last}
    ours = {"email": owner.email, "firstName": owner.first, "lastName": owner.last}
    sender, recipient = (theirs, ours) if incoming else (ours, theirs)
    return json.dumps({"from": sender, "to": [recipient], "cc": [], "bcc": []}, ensure_ascii=False)


def _hangs_on(world: World, contact: Contact, draw: random.Random) -> list[tuple[str, str]]:
    to = [("contacts", contact.hubspot_id)]
    if draw.random() < 0.6:
        to.append(("companies", contact.company.hubspot_id))
    if draw.random() < 0.2:
        to.append(("deals", draw.choice(world.deals).hubspot_id))
    elif draw.random() < 0.1:
        to.append(("tickets", draw.choice(world.tickets).hubspot_id))
    return to


def _body(sentences: list[str], draw: random.Random) -> str:
    """Bodies in the three forms found in one and the same property."""
    match draw.randrange(3):
        case 0:
            return "\n".join(sentences)
        case 1:
            return "".join(f"<p>{sentence.replace('&', '&amp;')}</p>" for sentence in sentences)
        case _:
            inner = "".join(f'<p style="margin:0;">{sentence.replace("&", "&amp;")}</p>' for sentence in sentences)
            return f'<div style="" dir="auto" data-top-level="true">{inner}</div>'
