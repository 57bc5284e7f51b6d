"""Dynamics' awkward activities: what real organisations hold and documentation does not mention. Each has a name."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from activity_sync.sandbox.seeds.dynamics_activities import (
    CC,
    ORGANIZER,
    REQUIRED,
    SENDER,
    TO,
    DynamicsActivities,
    Row,
    between,
    party,
)
from activity_sync.sandbox.seeds.words import EMOJI, RIGHT_TO_LEFT
from activity_sync.sandbox.seeds.world import World, guid, iso_s

Add = Callable[..., str]

_FILE = base64.b64encode(b"price list, page 1").decode()


def add_awkward(activities: DynamicsActivities, world: World) -> None:
    """Add one activity of each awkward kind, some hours apart."""
    contact, owner = world.shared_contacts()[0], world.owners[0]
    start = world.now - timedelta(days=9, hours=1)
    made = 0

    def add(
        case: str, table: str, row: Row, *, about: tuple[str, str] | None = ("contact", contact.dynamics_id)
    ) -> str:
        nonlocal made
        made += 1
        at = (start + timedelta(hours=4 * made)).replace(microsecond=0)
        given: Row = {"ownerid": {"type": "systemuser", "id": owner.dynamics_id}} | row
        if about is not None:
            column = "objectid" if table == "annotation" else "regardingobjectid"
            given[column] = {"type": about[0], "id": about[1]}
        return activities.add(table, given, at=at, case=case)

    for add_table in (_tasks, _phone_calls, _emails, _appointments, _notes):
        add_table(add, world)


def _tasks(add: Add, world: World) -> None:
    gone = next(each for each in world.owners if not each.active)
    sales = next(each for each in world.owners if not each.hubspot_id)
    add("task without subject", "task", {"description": "only a description"})
    add("task without description", "task", {"subject": "Bare"})
    add("task of 2,000 characters", "task", {"subject": "Full", "description": "0123456789" * 200})
    add("task with emoji", "task", {"subject": "Emoji 🎉", "description": EMOJI})
    add("task from right to left", "task", {"subject": "עברית", "description": RIGHT_TO_LEFT})
    add("task with tags in plain text", "task", {"subject": "Tags", "description": "<b>not bold</b> & 1 < 2"})
    add("task closed", "task", {"subject": "Closed", "statecode": 1, "statuscode": 5, "percentcomplete": 100})
    add("task cancelled", "task", {"subject": "Cancelled", "statecode": 2, "statuscode": 6})
    add("task deferred", "task", {"subject": "Deferred", "statuscode": 7})
    add("task waiting", "task", {"subject": "Waiting", "statuscode": 4})
    add("task about nothing", "task", {"subject": "Hangs on nothing"}, about=None)
    add("task of a disabled owner", "task", {
        "subject": "From before", "ownerid": {"type": "systemuser", "id": gone.dynamics_id}})  # fmt: skip
    add("task of an unknown owner", "task", {
        "subject": "Whose?", "ownerid": {"type": "systemuser", "id": guid("systemuser", "unknown")}})  # fmt: skip
    add("task of a sales owner", "task", {
        "subject": "Ours", "ownerid": {"type": "systemuser", "id": sales.dynamics_id}})  # fmt: skip
    add("task about a contact of Dynamics only", "task", {"subject": "Not there yet"},
        about=("contact", guid("contact", "dynamics-only")))  # fmt: skip
    add("task about a contact without address", "task", {"subject": "No address"},
        about=("contact", guid("contact", "without-address")))  # fmt: skip
    add("task about a second contact of one address", "task", {"subject": "The other Pat"},
        about=("contact", guid("contact", "twice-2")))  # fmt: skip
    add("task about an opportunity", "task", {"subject": "Deal"}, about=("opportunity", world.deals[0].dynamics_id))
    add("task about a case", "task", {"subject": "Case"}, about=("incident", world.tickets[0].dynamics_id))


def _phone_calls(add: Add, world: World) -> None:
    contact, owner = world.shared_contacts()[0], world.owners[0]
    ends = {"phonecall_activity_parties": between(contact, owner, outgoing=True)}
    add("phone call without duration", "phonecall", {"subject": "Quick one", **ends})
    add("phone call without parties", "phonecall", {"subject": "Who called?", "directioncode": False})
    add("phone call cancelled", "phonecall", {"subject": "Never happened", "statecode": 2, "statuscode": 3, **ends})
    add("phone call closed", "phonecall", {
        "subject": "Made", "statecode": 1, "statuscode": 2, "leftvoicemail": True, **ends})  # fmt: skip
    crowd = [party("contact", each.dynamics_id, TO) for each in world.shared_contacts()[1:5]]
    add("phone call with four contacts", "phonecall", {
        "subject": "Conference", "actualdurationminutes": 61,
        "phonecall_activity_parties": [party("systemuser", owner.dynamics_id, SENDER), *crowd]})  # fmt: skip


def _emails(add: Add, world: World) -> None:
    contact, owner = world.shared_contacts()[0], world.owners[0]
    mail = {"email_activity_parties": between(contact, owner, outgoing=True, addresses=True)}
    sent = {"statecode": 1, "statuscode": 3, **mail}
    add("email without subject", "email", {"description": "<p>no subject</p>", **sent})
    add("email without body", "email", {"subject": "Nothing inside", **sent})
    add("email with empty HTML", "email", {"subject": "Empty", "description": "<p></p>", **sent})
    add("email of 70,000 characters", "email", {
        "subject": "Long", "description": f"<div>{'<p>Lorem ipsum dolor.</p>' * 2_800}</div>", **sent})  # fmt: skip
    add("email draft", "email", {"subject": "Not sent", "description": "<p>draft</p>", **mail})
    add("email failed", "email", {"subject": "Came back", "statuscode": 8, **mail})
    add("email cancelled", "email", {"subject": "Off", "statecode": 2, "statuscode": 5, **mail})
    add("email with active content", "email", {
        "subject": "Script", "description": '<p onclick="x()">Hi<script>alert(1)</script></p>', **sent})  # fmt: skip
    strangers = [
        *between(contact, owner, outgoing=True, addresses=True),
        {"addressused": "stranger@elsewhere.example", "participationtypemask": CC},
    ]
    add("email with a stranger in copy", "email", {
        "subject": "Hello", "statecode": 1, "statuscode": 3, "email_activity_parties": strangers})  # fmt: skip
    add("email about nothing", "email", {"subject": "Parties only", **sent}, about=None)


def _appointments(add: Add, world: World) -> None:
    owner = world.owners[0]
    day = datetime(world.now.year, world.now.month, world.now.day, tzinfo=UTC) - timedelta(days=3)
    hour = {"scheduledstart": iso_s(day + timedelta(hours=9)), "scheduledend": iso_s(day + timedelta(hours=10))}
    add("appointment of a whole day", "appointment", {
        "subject": "Trade fair", "isalldayevent": True, "scheduledstart": iso_s(day),
        "scheduledend": iso_s(day + timedelta(days=1)), "statecode": 3, "statuscode": 5})  # fmt: skip
    add("appointment without times", "appointment", {"subject": "Some time"})
    add("appointment cancelled", "appointment", {"subject": "Off", "statecode": 2, "statuscode": 4, **hour})
    add("appointment completed", "appointment", {"subject": "Held", "statecode": 1, "statuscode": 3, **hour})
    add("appointment tentative", "appointment", {"subject": "Perhaps", "statecode": 0, "statuscode": 2, **hour})
    guests = [party("contact", each.dynamics_id, REQUIRED) for each in world.shared_contacts()[:3]]
    add("appointment with three companies", "appointment", {
        "subject": "Round table", "statecode": 3, "statuscode": 5, **hour,
        "appointment_activity_parties": [party("systemuser", owner.dynamics_id, ORGANIZER), *guests]},
        about=("account", world.companies[0].dynamics_id))  # fmt: skip


def _notes(add: Add, _: World) -> None:
    add("note without text", "annotation", {"subject": "Only a title"})
    add("note without subject", "annotation", {"notetext": "only text"})
    add("note of 70,000 characters", "annotation", {"subject": "Long", "notetext": "All of it. " * 6_364})
    add("note with a file", "annotation", {
        "subject": "Prices", "notetext": "<p>see file</p>", "isdocument": True, "filename": "prices.txt",
        "mimetype": "text/plain", "documentbody": _FILE})  # fmt: skip
    add("note about nothing", "annotation", {"subject": "Loose", "notetext": "hangs on nothing"}, about=None)
    held = add("task with a note", "task", {"subject": "See note"})
    add("note about a task", "annotation", {"subject": "On a task", "notetext": "x"}, about=("task", held))
