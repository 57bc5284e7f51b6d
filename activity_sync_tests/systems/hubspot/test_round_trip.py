"""What we write is what we then read, through translator, writer and reader, over HTTP."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from activity_sync.activities.activity import Activity, Association, Participant, RichText
from activity_sync.activities.fingerprint import fingerprint
from activity_sync.activities.kinds import ActivityType, Role
from activity_sync.systems.records import CreateRequest, TargetLink, UpdateRequest

WHEN = datetime(2026, 2, 1, 10, 0, 0, 250_000, tzinfo=UTC)
BODY = RichText("<p>Hello <b>you</b></p><ul><li>one</li><li>two &amp; more</li></ul>", html=True)
PEOPLE = (
    Participant(Role.SENDER, "ann@example.com", "Ann Lee"),
    Participant(Role.TO, "bob@example.com", "Bob"),
    Participant(Role.CC, "carl@example.com"),
)
ACTIVITIES: dict[ActivityType, dict[str, Any]] = {
    ActivityType.NOTE: {"subject": "Kept in the body", "body": BODY, "time": WHEN, "owner": "42"},
    ActivityType.TASK: {
        "subject": "Call back", "body": BODY, "due": WHEN, "status": "in_progress", "priority": "high",
        "task_type": "call", "owner": "42",
    },
    ActivityType.CALL: {
        "subject": "First call", "body": BODY, "time": WHEN, "direction": "outbound", "status": "completed",
        "outcome": "connected", "duration_ms": 63_000, "to_number": "+49 30 1234", "owner": "42",
    },
    ActivityType.EMAIL: {
        "subject": "Offer", "body": BODY, "time": WHEN, "direction": "outgoing", "status": "sent",
        "participants": PEOPLE, "owner": "42",
    },
    ActivityType.MEETING: {
        "subject": "Kick-off", "body": BODY, "start": WHEN, "end": WHEN.replace(hour=11), "location": "Room 1",
        "outcome": "cancelled", "owner": "42",
    },
}  # fmt: skip
LINKS = [TargetLink("contact", "1", "to", regarding=True), TargetLink("company", "9", "associated")]


def visible(fields: dict[str, Any], names: frozenset[str]) -> dict[str, str]:
    prints = fingerprint({name: fields[name] for name in names if name in fields}, key=b"key")
    return {name: entry.visible for name, entry in prints.items()}


@pytest.mark.parametrize("activity_type", list(ActivityType))
def test_an_activity_is_shown_as_it_was_meant_when_created_and_when_changed(any_portal, activity_type):
    any_portal.seed(
        {
            "contacts": [{"id": "1", "properties": {"email": "bob@example.com"}}],
            "companies": [{"id": "9", "properties": {"name": "Acme"}}],
        },
        owners=[{"id": "42", "email": "ann@example.com", "userId": 7}],
    )
    activity = Activity("dynamics", activity_type, "d-1", ACTIVITIES[activity_type])
    edited = Activity("dynamics", activity_type, "d-1", {**activity.fields, "subject": "Another subject"})

    async def write_and_read(hubspot):
        await hubspot.learn([activity_type])
        await hubspot.writer.prepare([activity_type])
        wire = hubspot.translator.encode(activity, LINKS, key="key-1")
        [made] = await hubspot.writer.create(activity_type, [CreateRequest("key-1", wire.body)])
        first = await hubspot.reader.read(activity_type, [made.id])
        current = hubspot.translator.decode(activity_type, first[made.id])
        change = hubspot.translator.encode(edited, LINKS[:1], only={"subject"}, current=current)
        [changed] = await hubspot.writer.update(activity_type, [UpdateRequest(made.id, change.body)])
        second = await hubspot.reader.read(activity_type, [made.id])
        return wire, current, change, changed, hubspot.translator.decode(activity_type, second[made.id])

    wire, current, change, changed, final = any_portal.run(write_and_read)

    names = frozenset(wire.intended)
    assert names >= set(activity.fields) - {"participants"}
    assert wire.losses == ()
    assert visible(current.fields, names) == visible(wire.intended, names)
    assert current.associations == {Association("contact", "1"), Association("company", "9")}
    assert changed.outcome == "done"
    assert "associate" not in change.body
    assert final.fields["subject"] == "Another subject"
    rest = names - {"subject"}
    assert visible(final.fields, rest) == visible(current.fields, rest)


def test_the_server_s_clock_is_known_after_the_first_answer(portal):
    async def look(hubspot):
        before = hubspot.clock_ahead
        await hubspot.identify()
        return before, hubspot.clock_ahead, hubspot.calls

    before, after, calls = portal.run(look)

    assert before.total_seconds() == 0
    assert abs(after.total_seconds()) < 5
    assert calls == 1
