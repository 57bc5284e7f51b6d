"""HubSpot's awkward activities: what real portals hold and documentation does not mention. Each has a name."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from activity_sync.sandbox.seeds.hubspot_activities import HubSpotActivities, headers
from activity_sync.sandbox.seeds.records import ATTACHED_FILE
from activity_sync.sandbox.seeds.words import EMOJI, RIGHT_TO_LEFT
from activity_sync.sandbox.seeds.world import World, iso_ms

Links = list[tuple[str, str]]
Add = Callable[..., None]

_EMPTY_BODY = '<div style="" dir="auto" data-top-level="true"><br></div>'


def add_awkward(activities: HubSpotActivities, world: World) -> None:
    """Add one activity of each awkward kind, some hours apart."""
    usual: Links = [("contacts", world.shared_contacts()[0].hubspot_id)]
    at = (world.now - timedelta(days=9)).replace(microsecond=137_000)

    def add(case: str, kind: str, properties: dict[str, str], links: Links | None = None) -> None:
        nonlocal at
        at += timedelta(hours=3)
        given = {"hs_timestamp": iso_ms(at), "hubspot_owner_id": world.owners[0].hubspot_id} | properties
        present = {name: value for name, value in given.items() if value}
        activities.add(kind, present, at=at, to=usual if links is None else links, case=case)

    for add_type in (_notes, _tasks, _calls, _emails, _meetings):
        add_type(add, world)


def _notes(add: Add, world: World) -> None:
    add("note without body", "notes", {"hs_attachment_ids": ATTACHED_FILE})
    add("note with empty HTML", "notes", {"hs_note_body": "<p></p>"})
    add("note with empty wrapper", "notes", {"hs_note_body": _EMPTY_BODY})
    add("note of 65,000 characters", "notes", {"hs_note_body": f"<p>{'All of it. ' * 5_909}</p>"})
    add("note with emoji", "notes", {"hs_note_body": f"<p>{EMOJI}</p>"})
    add("note from right to left", "notes", {"hs_note_body": f'<p dir="rtl">{RIGHT_TO_LEFT}</p>'})
    add("note in plain text with signs", "notes", {"hs_note_body": "a < b & c > d\nsecond line"})
    add("note with active content", "notes", {"hs_note_body": '<p onclick="x()">Hi<script>alert(1)</script></p>'})
    add("note of 2014", "notes", {"hs_note_body": "backdated", "hs_timestamp": "2014-08-27T20:50:44.778Z"})
    add("note without owner", "notes", {"hs_note_body": "nobody's", "hubspot_owner_id": ""})
    add("note of an unknown owner", "notes", {"hs_note_body": "whose?", "hubspot_owner_id": "59999"})
    add("note of an archived owner", "notes", {"hs_note_body": "from before", "hubspot_owner_id": "50090"})
    add("note of a marketing owner", "notes", {"hs_note_body": "campaign", "hubspot_owner_id": "50091"})
    add("note without association", "notes", {"hs_note_body": "hangs on nothing"}, [])
    companies = [("companies", each.hubspot_id) for each in world.companies[:3]]
    add(
        "note on three companies",
        "notes",
        {"hs_note_body": "a group of three"},
        [("contacts", world.shared_contacts()[0].hubspot_id), *companies],
    )
    add("note on a company only", "notes", {"hs_note_body": "no person"}, companies[:1])
    add("note on a deal only", "notes", {"hs_note_body": "deal room"}, [("deals", world.deals[0].hubspot_id)])
    add("note on a ticket only", "notes", {"hs_note_body": "case room"}, [("tickets", world.tickets[0].hubspot_id)])
    add("note on a contact of HubSpot only", "notes", {"hs_note_body": "not there yet"}, [("contacts", "29002")])
    add("note on a contact without address", "notes", {"hs_note_body": "no address"}, [("contacts", "29003")])
    add("note on a contact by second address", "notes", {"hs_note_body": "at home"}, [("contacts", "29001")])
    add("note on a contact that Dynamics has twice", "notes", {"hs_note_body": "which one?"}, [("contacts", "29004")])


def _tasks(add: Add, world: World) -> None:
    add("task without subject", "tasks", {"hs_task_body": "only a body"})
    add("task without anything", "tasks", {})
    add("task completed", "tasks", {"hs_task_subject": "Done ", "hs_task_status": "COMPLETED"})
    add("task waiting", "tasks", {"hs_task_subject": "Waiting", "hs_task_status": "WAITING"})
    add("task deferred", "tasks", {"hs_task_subject": "Later", "hs_task_status": "DEFERRED"})
    soon = iso_ms((world.now + timedelta(minutes=2)).replace(microsecond=0))
    add("task due soon", "tasks", {"hs_task_subject": "Due soon", "hs_timestamp": soon})
    reminder = str(int((world.now + timedelta(days=1)).timestamp()) * 1000)
    add("task with reminder", "tasks", {"hs_task_subject": "Remind me", "hs_task_reminders": reminder})
    add("task with an apostrophe", "tasks", {"hs_task_subject": "Call Ms O'Brien d'Arcy \"soon\""})


def _calls(add: Add, world: World) -> None:
    several = [("contacts", each.hubspot_id) for each in world.shared_contacts()[1:6]]
    add("call without duration", "calls", {"hs_call_title": "Quick one", "hs_call_direction": "INBOUND"})
    add("call without direction", "calls", {"hs_call_title": "Who called?", "hs_call_duration": "0"})
    add("call without title", "calls", {"hs_call_body": "no title", "hs_call_direction": "OUTBOUND"})
    cancelled = {"hs_call_title": "Never happened", "hs_call_status": "CANCELED"}
    add("call cancelled", "calls", cancelled)
    add("call with five contacts", "calls", {"hs_call_title": "Conference", "hs_call_duration": "61500"}, several)


def _emails(add: Add, world: World) -> None:
    contact = world.shared_contacts()[0]
    mail = {"hs_email_direction": "EMAIL", "hs_email_headers": headers(contact, world.owners[0], incoming=False)}
    add("email without subject", "emails", mail | {"hs_email_html": "<p>no subject</p>"})
    add("email without body", "emails", mail | {"hs_email_subject": "Nothing inside"})
    add("email of 70,000 characters", "emails", mail | {
        "hs_email_subject": "Long", "hs_email_html": f"<div>{'<p>Lorem ipsum dolor.</p>' * 2_800}</div>"})  # fmt: skip
    add("email in text only", "emails", mail | {"hs_email_subject": "Plain", "hs_email_text": "line one\nline two"})
    add("email forwarded", "emails", mail | {"hs_email_direction": "FORWARDED_EMAIL", "hs_email_subject": "Fwd: x"})
    add("email bounced", "emails", mail | {"hs_email_status": "BOUNCED", "hs_email_subject": "Came back"})
    add("email without headers", "emails", {"hs_email_direction": "EMAIL", "hs_email_subject": "Who to whom?"})
    named = {"from": {}, "to": [{"email": f"{contact.first} (Sample) <{contact.email}>"}], "cc": [], "bcc": []}
    add("email with a name inside the address", "emails", {
        "hs_email_direction": "EMAIL", "hs_email_subject": "Old", "hs_email_headers": json.dumps(named)})  # fmt: skip
    strangers = {"from": {"email": world.owners[0].email}, "to": [{"email": "stranger@elsewhere.example"}],
                 "cc": [{"email": contact.email}], "bcc": [{"email": "hidden@elsewhere.example"}]}  # fmt: skip
    add("email to strangers", "emails", mail | {
        "hs_email_subject": "Hello", "hs_email_headers": json.dumps(strangers)})  # fmt: skip


def _meetings(add: Add, world: World) -> None:
    day = datetime(world.now.year, world.now.month, world.now.day, tzinfo=UTC) - timedelta(days=3)
    add("meeting of a whole day", "meetings", {
        "hs_meeting_title": "Trade fair", "hs_timestamp": iso_ms(day), "hs_meeting_start_time": iso_ms(day),
        "hs_meeting_end_time": iso_ms(day + timedelta(days=1)), "hs_timezone": "Europe/Warsaw"})  # fmt: skip
    add("meeting without end", "meetings", {"hs_meeting_title": "Open end", "hs_meeting_start_time": iso_ms(day)})
    add("meeting without times", "meetings", {"hs_meeting_title": "Some time"})
    add("meeting cancelled", "meetings", {
        "hs_meeting_title": "Off", "hs_meeting_outcome": "CANCELED", "hs_meeting_start_time": iso_ms(day),
        "hs_meeting_end_time": iso_ms(day + timedelta(hours=1))})  # fmt: skip
    add("meeting without title", "meetings", {"hs_meeting_body": "<p>attendee description</p>",
        "hs_internal_meeting_notes": "<p>between us</p>", "hs_meeting_start_time": iso_ms(day)})  # fmt: skip
