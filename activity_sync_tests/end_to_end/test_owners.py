"""Owners that left, and addresses that are nobody's: neither breaks a load, and nothing is assigned to who is gone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from activity_sync_tests.end_to_end.bridge import CONTACT_IDS, USER_ID, Bridge, ago, iso
from activity_sync_tests.end_to_end.passes import carry
from activity_sync_tests.end_to_end.people import (
    DYNAMICS_OWNERS,
    HUBSPOT_OWNERS,
    dynamics_activity,
    hubspot_activity,
    populate,
)

CALL_ROW = "f0000000-0000-4000-8000-000000000701"
FALLBACK = "owners: {fallback: olga@ourfirm.example}"


@pytest.fixture
def staffed(bridge: Bridge) -> Bridge:
    populate(bridge)
    return bridge


def leave_dynamics(bridge: Bridge, name: str) -> None:
    row = {"systemuserid": DYNAMICS_OWNERS[name], "isdisabled": True}
    bridge.seed({"dynamics": {"records": {"systemuser": [row]}}})


def leave_hubspot(bridge: Bridge, name: str) -> None:
    """HubSpot lists the owner as archived, and without a user id."""
    made = iso(ago(days=40))
    bridge.seed(
        {
            "hubspot": {
                "owners": [
                    {
                        "id": HUBSPOT_OWNERS[name],
                        "userIdIncludingInactive": 4711,
                        "email": f"{name}@ourfirm.example",
                        "archived": True,
                        "createdAt": made,
                        "updatedAt": made,
                    }
                ]
            }
        }
    )


def task_in_hubspot(bridge: Bridge, owner: str) -> None:
    properties = {"hs_task_subject": "T", "hs_task_status": "NOT_STARTED", "hubspot_owner_id": HUBSPOT_OWNERS[owner]}
    hubspot_activity(bridge, "task", "701", properties)


def task_in_dynamics(bridge: Bridge, owner: str) -> None:
    columns = {"subject": "T", "ownerid": {"type": "systemuser", "id": DYNAMICS_OWNERS[owner]}}
    dynamics_activity(bridge, "task", CALL_ROW, columns)


def owner_there(bridge: Bridge) -> str:
    (row,) = bridge.dynamics("task").values()
    return str(row["ownerid"]["id"])


def owner_here(bridge: Bridge) -> str | None:
    (record,) = bridge.hubspot("tasks").values()
    owner: str | None = record["properties"].get("hubspot_owner_id") or None
    return owner


@pytest.mark.parametrize(("configured", "owner"), [("{}", None), (FALLBACK, USER_ID)], ids=["nobody", "fallback"])
def test_a_disabled_user_gets_nothing_assigned(staffed: Bridge, configured: str, owner: str | None) -> None:
    staffed.configure(configured)
    leave_dynamics(staffed, "omar")
    task_in_hubspot(staffed, "omar")

    counts = carry(staffed)

    assert counts["created"] == 1
    assert "failed" not in counts
    assert owner_there(staffed) != DYNAMICS_OWNERS["omar"]
    assert owner is None or owner_there(staffed) == owner


def test_an_override_to_a_disabled_user_gives_way_to_the_fallback(staffed: Bridge) -> None:
    staffed.configure(
        "owners: {overrides: {hubert@ourfirm.example: omar@ourfirm.example}, fallback: olga@ourfirm.example}"
    )
    leave_dynamics(staffed, "omar")
    task_in_hubspot(staffed, "hubert")

    assert carry(staffed)["created"] == 1
    assert owner_there(staffed) == USER_ID


def test_an_override_names_another_address_whatever_its_letter_case(staffed: Bridge) -> None:
    staffed.configure("owners: {overrides: {Hubert@OurFirm.example: OMAR@ourfirm.example}}")
    task_in_hubspot(staffed, "hubert")

    assert carry(staffed)["created"] == 1
    assert owner_there(staffed) == DYNAMICS_OWNERS["omar"]


def test_an_archived_owner_without_a_user_id_is_still_who_it_was(staffed: Bridge) -> None:
    leave_hubspot(staffed, "omar")
    task_in_hubspot(staffed, "omar")

    assert carry(staffed)["created"] == 1
    assert owner_there(staffed) == DYNAMICS_OWNERS["omar"]


def test_an_archived_owner_gets_nothing_assigned(staffed: Bridge) -> None:
    leave_hubspot(staffed, "omar")
    task_in_dynamics(staffed, "omar")

    counts = carry(staffed)

    assert counts["created"] == 1
    assert "failed" not in counts
    assert owner_here(staffed) is None


def test_what_a_user_who_left_owns_in_dynamics_goes_to_the_owner_of_that_address(staffed: Bridge) -> None:
    leave_dynamics(staffed, "omar")
    task_in_dynamics(staffed, "omar")

    assert carry(staffed)["created"] == 1
    assert owner_here(staffed) == HUBSPOT_OWNERS["omar"]


def test_an_edit_of_a_task_whose_owner_left_meanwhile_is_carried(staffed: Bridge) -> None:
    task_in_hubspot(staffed, "omar")
    carry(staffed)
    leave_dynamics(staffed, "omar")
    staffed.people.edit_hubspot("tasks", "701", {"hs_task_subject": "Renamed"})

    counts = carry(staffed)

    assert counts["updated"] == 1
    assert "failed" not in counts
    assert [row["subject"] for row in staffed.dynamics("task").values()] == ["Renamed"]


@pytest.mark.parametrize(
    "headers",
    [
        {
            "from": {"email": "seller@ourfirm.example", "firstName": "S", "lastName": "Eller"},
            "to": [{"email": "Person 0 <PERSON-0@acme.example>"}],
            "cc": [{"email": "stranger@else.example", "firstName": "A", "lastName": "Stranger"}],
            "bcc": [],
        },
        {
            "from": {},
            "sender": {"email": "seller@ourfirm.example"},
            "to": [{"raw": '"Person 0" <person-0@acme.example>'}],
            "cc": [{"raw": "stranger@else.example"}],
        },
    ],
    ids=["names apart", "raw, and an empty from"],
)
def test_an_address_that_is_nobodys_stands_alone_and_the_server_makes_its_own_rows(
    staffed: Bridge, headers: Mapping[str, Any]
) -> None:
    properties = {
        "hs_email_subject": "Hello",
        "hs_email_direction": "EMAIL",
        "hs_email_status": "SENT",
        "hs_email_html": "<p>Hello</p>",
        "hs_email_headers": json.dumps(headers),
        "hubspot_owner_id": HUBSPOT_OWNERS["olga"],
    }
    hubspot_activity(staffed, "email", "701", properties, on=("ann", "deal"))

    counts = carry(staffed)
    (row,) = staffed.dynamics("email").values()
    found = {
        (one["participationtypemask"], one.get("addressused"), (one.get("partyid") or {}).get("id"))
        for one in row["parties"]
        if one["participationtypemask"] not in {8, 9}
    }
    own = [one["participationtypemask"] for one in row["parties"] if one["participationtypemask"] in {8, 9}]
    staffed.forget()
    carry(staffed)

    assert counts["created"] == 1
    assert {(mask, (address or "").lower(), record) for mask, address, record in found} == {
        (1, "seller@ourfirm.example", None),
        (2, "person-0@acme.example", CONTACT_IDS[0]),
        (3, "stranger@else.example", None),
    }
    assert sorted(own) == [8, 9]
    assert staffed.writes() == 0
