"""Dynamics' share of the activities: the ordinary ones."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from activity_sync.sandbox.seeds.words import SENTENCES, TOPICS
from activity_sync.sandbox.seeds.world import Contact, Owner, World, guid, iso_s, within

SHARES = {"email": 0.4, "phonecall": 0.2, "task": 0.15, "annotation": 0.15, "appointment": 0.1}
"""How the activities spread over the tables."""

Row = dict[str, Any]
SENDER, TO, CC, REQUIRED, ORGANIZER = 1, 2, 3, 5, 7


@dataclass(slots=True)
class DynamicsActivities:
    """Collects rows by table; `cases` names the awkward ones."""

    records: dict[str, list[Row]] = field(default_factory=dict)
    cases: dict[str, list[str]] = field(default_factory=dict)

    def add(self, table: str, row: Row, *, at: datetime, case: str = "", changed_later: timedelta = timedelta()) -> str:
        """Add one row; gives its id."""
        rows = self.records.setdefault(table, [])
        row_id = guid(table, len(rows))
        key = "annotationid" if table == "annotation" else "activityid"
        dates = {"createdon": iso_s(at), "modifiedon": iso_s(at + changed_later)}
        rows.append({key: row_id, **row, **dates})
        if case:
            self.cases[case] = [table, row_id]
        return row_id


def add_ordinary(activities: DynamicsActivities, world: World, *, count: int, draw: random.Random) -> None:
    """Add so many ordinary activities, spread over the tables by their shares."""
    contacts, owners = world.shared_contacts(), world.shared_owners()
    for table in draw.choices(list(SHARES), weights=list(SHARES.values()), k=count):
        contact, owner, at = draw.choice(contacts), draw.choice(owners), within(world, draw)
        row = ordinary(table, contact, owner, at=at, draw=draw)
        about = "objectid" if table == "annotation" else "regardingobjectid"
        row[about] = _about(world, contact, draw)
        activities.add(table, row, at=at, changed_later=timedelta(seconds=draw.randint(0, 60)))


def ordinary(table: str, contact: Contact, owner: Owner, *, at: datetime, draw: random.Random) -> Row:
    """Give one ordinary row, without what it is about."""
    topic = draw.choice(TOPICS)
    sentences = [draw.choice(SENTENCES).format(topic=topic, name=contact.first) for _ in range(draw.randint(1, 4))]
    text = "\n".join(sentences)
    html = "".join(f"<p>{sentence.replace('&', '&amp;')}</p>" for sentence in sentences)
    shared: Row = {"ownerid": {"type": "systemuser", "id": owner.dynamics_id}}
    closed = draw.random() < 0.6
    match table:
        case "annotation":
            wrapped = f'<div class="ck-content" data-wrapper="true" dir="ltr">{html}</div>'
            return shared | {"subject": f"Note on {topic}", "notetext": draw.choice((text, wrapped))}
        case "task":
            state = {"statecode": 1, "statuscode": 5} if closed else {"statecode": 0, "statuscode": draw.choice((2, 3))}
            return (
                shared
                | state
                | {
                    "subject": f"Prepare {topic} for {contact.last}",
                    "description": text,
                    "scheduledend": iso_s(at + timedelta(days=draw.choice((-1, 2, 14)))),
                    "prioritycode": draw.choice((0, 1, 1, 2)),
                    "actualend": iso_s(at) if closed else None,
                }
            )
        case "phonecall":
            outgoing = draw.random() < 0.6
            reason = 2 if outgoing else 4
            return shared | {
                "subject": f"Phone call with {contact.first} {contact.last}",
                "description": text,
                "directioncode": outgoing,
                "phonenumber": f"+49 40 {draw.randint(100_000, 999_999)}",
                "actualdurationminutes": draw.randint(1, 60),
                "scheduledend": iso_s(at),
                "actualend": iso_s(at) if closed else None,
                "statecode": 1 if closed else 0,
                "statuscode": reason if closed else 1,
                "phonecall_activity_parties": between(contact, owner, outgoing=outgoing),
            }
        case "email":
            outgoing = draw.random() < 0.6
            return shared | {
                "subject": f"Regarding {topic}",
                "description": html,
                "directioncode": outgoing,
                "actualend": iso_s(at),
                "senton": iso_s(at),
                "statecode": 1,
                "statuscode": 3 if outgoing else 4,
                "email_activity_parties": between(contact, owner, outgoing=outgoing, addresses=True),
            }
        case _:
            state = {"statecode": 1, "statuscode": 3} if closed else {"statecode": 3, "statuscode": 5}
            return shared | state | {
                "subject": f"Appointment on {topic}",
                "description": text,
                "location": draw.choice((None, "At their office", "Room 2")),
                "scheduledstart": iso_s(at),
                "scheduledend": iso_s(at + timedelta(minutes=draw.choice((30, 60)))),
                "actualend": iso_s(at + timedelta(hours=1)) if closed else None,
                "appointment_activity_parties": [
                    party("systemuser", owner.dynamics_id, ORGANIZER),
                    party("contact", contact.dynamics_id, REQUIRED),
                ],
            }  # fmt: skip


def party(table: str, row_id: str, role: int, *, address: str = "") -> Row:
    """Give one party of an activity."""
    given = {"party": {"type": table, "id": row_id}, "participationtypemask": role}
    return given | ({"addressused": address} if address else {})


def between(contact: Contact, owner: Owner, *, outgoing: bool, addresses: bool = False) -> list[Row]:
    """Give the sender and the recipient of a call or a mail."""
    ours, theirs = (SENDER, TO) if outgoing else (TO, SENDER)
    return [
        party("systemuser", owner.dynamics_id, ours, address=owner.email if addresses else ""),
        party("contact", contact.dynamics_id, theirs, address=contact.dynamics_email if addresses else ""),
    ]


def _about(world: World, contact: Contact, draw: random.Random) -> Row:
    drawn = draw.random()
    if drawn < 0.65:
        return {"type": "contact", "id": contact.dynamics_id}
    if drawn < 0.8:
        return {"type": "account", "id": contact.company.dynamics_id}
    if drawn < 0.93:
        return {"type": "opportunity", "id": draw.choice(world.deals).dynamics_id}
    return {"type": "incident", "id": draw.choice(world.tickets).dynamics_id}
