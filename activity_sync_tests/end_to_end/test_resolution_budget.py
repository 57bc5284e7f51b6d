"""What the resolution of a large batch costs: 10,000 activities on 3,000 contacts, in API calls of the step alone."""

from __future__ import annotations

from typing import Any

import pytest

from activity_sync.activities.kinds import ActivityType
from activity_sync_tests.end_to_end.bridge import Bridge, ago, iso
from activity_sync_tests.end_to_end.resolving import TO_DYNAMICS, TO_HUBSPOT, dynamics_id, run_resolution

CONTACTS = 3_000
ACTIVITIES = 10_000
FURTHER = 30
"""Contacts that the two systems know by an address that is the primary one in neither or only one of them."""
MOST_CALLS = 60


def address(number: int) -> str:
    return f"somebody.number.{number}@customers.example"


def hubspot_contacts() -> list[dict[str, Any]]:
    made = iso(ago(days=40))
    return [
        {
            "id": str(100_001 + n),
            "properties": {"email": address(n)}
            if n >= FURTHER
            else {"email": f"other.{n}@private.example", "hs_additional_emails": address(n)},
            "createdAt": made,
            "updatedAt": made,
        }
        for n in range(CONTACTS)
    ]


def dynamics_contacts() -> list[dict[str, Any]]:
    return [
        {"contactid": dynamics_id("contact", n, 1), "lastname": f"No. {n}", "emailaddress1": address(n)}
        for n in range(CONTACTS)
    ]


def calls_made(bridge: Bridge) -> dict[str, int]:
    """By system, the requests that the step made, tokens aside."""
    return {
        system: sum(number for kind, number in bridge.asked(system)["by_kind"].items() if kind != "token")
        for system in ("hubspot", "dynamics")
    }


@pytest.fixture
def crowded(bridge: Bridge) -> Bridge:
    bridge.seed(
        {
            "hubspot": {"objects": {"contacts": hubspot_contacts()}},
            "dynamics": {"records": {"contact": dynamics_contacts()}},
        }
    )
    return bridge


def test_ten_thousand_activities_of_hubspot_are_resolved_within_sixty_calls(crowded: Bridge) -> None:
    moment = iso(ago(minutes=30))
    crowded.seed(
        {
            "hubspot": {
                "objects": {
                    "notes": [
                        {
                            "id": str(500_000 + n),
                            "properties": {"hs_timestamp": moment, "hs_note_body": f"Note {n}"},
                            "createdAt": moment,
                            "updatedAt": moment,
                        }
                        for n in range(ACTIVITIES)
                    ]
                },
                "associations": [
                    {
                        "from": ["notes", str(500_000 + n)],
                        "to": ["contacts", str(100_001 + n * 7 % CONTACTS)],
                        "types": [202],
                    }
                    for n in range(ACTIVITIES)
                ],
            }
        }
    )

    rows = run_resolution(crowded, TO_DYNAMICS, ActivityType.NOTE)

    assert len(rows) == ACTIVITIES
    assert sum(row["resolved"] for row in rows) == ACTIVITIES
    assert sum(calls_made(crowded).values()) <= MOST_CALLS, calls_made(crowded)


def test_ten_thousand_activities_of_dynamics_are_resolved_within_sixty_calls(crowded: Bridge) -> None:
    moment = ago(minutes=30).replace(microsecond=0).isoformat().replace("+00:00", "Z")
    crowded.seed(
        {
            "dynamics": {
                "records": {
                    "task": [
                        {
                            "activityid": dynamics_id("deal", n, 9),
                            "subject": f"Task {n}",
                            "createdon": moment,
                            "modifiedon": moment,
                            "regardingobjectid": {
                                "type": "contact",
                                "id": dynamics_id("contact", n * 7 % CONTACTS, 1),
                            },
                        }
                        for n in range(ACTIVITIES)
                    ]
                }
            }
        }
    )

    rows = run_resolution(crowded, TO_HUBSPOT, ActivityType.TASK)

    assert len(rows) == ACTIVITIES
    assert sum(row["resolved"] for row in rows) == ACTIVITIES
    assert sum(calls_made(crowded).values()) <= MOST_CALLS, calls_made(crowded)
