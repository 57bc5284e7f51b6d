"""Ten passes of both flows over servers that rewrite what they are given: nothing is written after the second.

Both servers re-serialise bodies; HubSpot moves modified dates a while after a write, and those of tasks that fall due.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from activity_sync.activities.kinds import ActivityType
from activity_sync_tests.end_to_end.bridge import (
    CONTACT_IDS,
    USER_ID,
    Bridge,
    ago,
    iso,
)
from activity_sync_tests.end_to_end.conftest import make_bridge
from activity_sync_tests.end_to_end.goldens import load_goldens, seed_golden
from activity_sync_tests.end_to_end.long_bodies import long_body
from activity_sync_tests.end_to_end.passes import carry
from activity_sync_tests.end_to_end.people import dynamics_activity, hubspot_activity, populate

_PASSES = 10
_HTML = (
    "<!DOCTYPE html><html><head><style>p{color:red}</style></head><body bgcolor=white><p>Dear Ann,<br>the&nbsp;offer:"
    "<table border=1><tr><th>What<td>1&frac12; &euro;</table><ul><li>one<li>two</ul><blockquote type=cite>&gt; old"
    "</blockquote><p>Yours</p><img src='cid:logo@1'></body></html>"
)
_BODIES = {
    "note": ("hs_note_body", "notetext"),
    "task": ("hs_task_body", "description"),
    "call": ("hs_call_body", "description"),
    "email": ("hs_email_html", "description"),
    "meeting": ("hs_meeting_body", "description"),
}
_SUBJECTS = {
    "task": "hs_task_subject",
    "call": "hs_call_title",
    "email": "hs_email_subject",
    "meeting": "hs_meeting_title",
}
_PLAIN = {"task", "call"}
"""Of these Dynamics keeps 2,000 characters of text without markup."""


@pytest.fixture
def rewriting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bridge]:
    """Servers that do all they are known to do of themselves."""
    doing = {"rewrite_bodies": True, "hubspot_post_processing": True, "hubspot_due_tasks_move": True}
    for bridge in make_bridge(tmp_path, monkeypatch, settings={**doing, "limits_enabled": False}):
        populate(bridge)
        yield bridge


@pytest.mark.slow
def test_nothing_is_written_after_the_second_of_ten_passes(rewriting: Bridge) -> None:
    made = _seed(rewriting)
    rewriting.forget()
    counts, written = [], []

    for _ in range(_PASSES):
        counts.append(carry(rewriting))
        written.append(rewriting.writes())
        rewriting.forget()
        # Post-processing is over, and the tasks of the near future fall due, one after the other.
        for sandbox in (rewriting.sandboxes.hubspot, rewriting.sandboxes.dynamics):
            sandbox.controls.clock.advance(2)

    assert counts[0].get("created") == made, counts[0]
    assert written[2:] == [0] * (_PASSES - 2), (written, counts)
    assert all(set(one) == {"extracted", "unchanged"} for one in counts[2:]), counts[2:]
    assert {one["extracted"] for one in counts[2:]} == {2 * made}


def _seed(bridge: Bridge) -> int:
    """Every shape of record, of all types and on both sides; gives their number."""
    goldens = load_goldens()
    for golden in goldens:
        seed_golden(bridge, golden)
    number = 0
    for kind in ActivityType:
        here, there = _BODIES[kind]
        for n, (name, body) in enumerate(_bodies("hubspot").items()):
            number += 1
            hubspot_activity(
                bridge,
                kind,
                str(700_000 + number),
                _hubspot_properties(kind, f"{kind} {name}", n) | {here: body},
                on=("ann", "ben", "acme", "deal"),
            )
        for n, (name, body) in enumerate(_bodies("dynamics").items()):
            number += 1
            shorter = body[:2000] if kind in _PLAIN else body[:100_000]
            dynamics_activity(
                bridge,
                kind,
                f"00000000-0000-4000-b000-{number:012d}",
                _dynamics_columns(kind, f"{kind} {name}", n) | {there: shorter},
                about=("ann", "acme", "deal")[n % 3],
                parties=_parties(kind),
            )
    return number + len(goldens)


def _bodies(system: str) -> dict[str, str]:
    return {
        "as text": "First line\r\n\r\n  second & third < fourth\ttabbed\r\nhttps://acme.example/?a=1&b=2 ",
        "as a whole page": _HTML,
        "of the editor": long_body(system, 900),
        "as long as it may be": long_body(system, 65_000),
        "of odd characters": "<p>Gr\u00fc\u00dfe \U0001f680 \u202e&zwj;&shy;&#8203;</p>"
        "<p>&nbsp;</p><p>&lt;p&gt; &amp;amp;</p>",
    }


def _hubspot_properties(kind: str, subject: str, number: int) -> dict[str, str]:
    properties = {} if kind == "note" else {_SUBJECTS[kind]: subject}
    soon = iso(ago(minutes=-1) + timedelta(seconds=number))
    match kind:
        case "task":
            # Some are done; the others fall due while the passes run.
            return properties | {
                "hs_timestamp": soon,
                "hs_task_status": "COMPLETED" if number % 2 else "NOT_STARTED",
                "hubspot_owner_id": "7001",
            }
        case "call":
            return properties | {
                "hs_call_status": "COMPLETED",
                "hs_call_duration": "61500",
                "hs_call_direction": "INBOUND",
            }
        case "email":
            return properties | {"hs_email_status": "SENT", "hs_email_direction": "EMAIL"}
        case "meeting":
            return properties | {
                "hs_meeting_start_time": "2026-05-06T07:08:09.871Z",
                "hs_meeting_end_time": "2026-05-06T08:08:09.871Z",
                "hs_meeting_outcome": ("SCHEDULED", "COMPLETED", "NO_SHOW", "RESCHEDULED", "CANCELED")[number % 5],
            }
    return properties


def _dynamics_columns(kind: str, subject: str, number: int) -> dict[str, Any]:
    columns: dict[str, Any] = {"subject": subject, "ownerid": {"type": "systemuser", "id": USER_ID}}
    closed = number % 2 == 1
    match kind:
        case "task":
            state = {"statecode": 1, "statuscode": 5} if closed else {"statecode": 0, "statuscode": 2}
            return columns | state | {"scheduledend": iso(ago(minutes=-1).replace(microsecond=0))}
        case "call":
            state = {"statecode": 1, "statuscode": 2} if closed else {"statecode": 0, "statuscode": 1}
            return columns | state | {"actualdurationminutes": 7, "directioncode": closed}
        case "email":
            state = {"statecode": 1, "statuscode": 4} if closed else {"statecode": 0, "statuscode": 1}
            return columns | state | {"directioncode": not closed}
        case "meeting":
            state = {"statecode": 2, "statuscode": 4} if closed else {"statecode": 3, "statuscode": 5}
            times = {"scheduledstart": "2026-05-06T07:00:00Z", "scheduledend": "2026-05-06T08:00:00Z"}
            return columns | state | times | {"location": "Room 1"}
    return columns


def _parties(kind: str) -> list[dict[str, Any]]:
    """Two contacts, a user, and somebody whom nobody knows."""
    masks = {"call": (1, 2), "email": (1, 2), "meeting": (7, 5)}
    if kind not in masks:
        return []
    first, others = masks[kind]
    return [
        {"participationtypemask": first, "party": {"type": "systemuser", "id": USER_ID}},
        *(
            {"participationtypemask": others, "party": {"type": "contact", "id": contact}}
            for contact in CONTACT_IDS[:2]
        ),
        *([{"participationtypemask": 3, "addressused": "nobody@elsewhere.example"}] if kind == "email" else []),
    ]
