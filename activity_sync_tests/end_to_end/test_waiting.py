"""Activities that wait for their contacts are carried by themselves once these exist, and nothing else is touched."""

from __future__ import annotations

import json
from typing import Any

import pytest

from activity_sync_tests.end_to_end.bridge import CONTACT_IDS, Bridge, ago, dynamics_people, hubspot_people, totals
from activity_sync_tests.end_to_end.ordinary import hubspot_activities

CONTACTS, MISSING, EACH = 50, 20, 10
_ONLY_TASKS = ", ".join(f"{kind}: {{enabled: false}}" for kind in ("note", "call", "email", "meeting"))
TASKS = f"""
flows:
  hubspot_to_dynamics: {{{_ONLY_TASKS}}}
  dynamics_to_hubspot: {{{_ONLY_TASKS}}}
"""


def hubspot_tasks(bridge: Bridge) -> None:
    """Ten tasks on each of fifty contacts."""
    for number in range(CONTACTS):
        moments = [ago(hours=3, minutes=n) for n in range(EACH)]
        seed = hubspot_activities("task", moments, first_id=10_000 + number * EACH, contact=str(1001 + number))
        bridge.seed({"hubspot": seed})


def dynamics_tasks(bridge: Bridge) -> None:
    rows = []
    for number in range(CONTACTS):
        for n in range(EACH):
            moment = ago(hours=3, minutes=n).replace(microsecond=0).isoformat().replace("+00:00", "Z")
            rows.append(
                {
                    "activityid": f"00000000-0000-4000-9000-{10_000 + number * EACH + n:012d}",
                    "subject": f"Row {number} {n}",
                    "scheduledend": moment,
                    "createdon": moment,
                    "modifiedon": moment,
                    "regardingobjectid": {"type": "contact", "id": CONTACT_IDS[number]},
                }
            )
    bridge.seed({"dynamics": {"records": {"task": rows}}})


@pytest.mark.slow
@pytest.mark.parametrize("flow", ["hubspot_to_dynamics", "dynamics_to_hubspot"])
def test_activities_land_when_their_contacts_appear_and_only_these_are_touched(bridge: Bridge, flow: str) -> None:
    bridge.configure(TASKS)
    some, everybody = CONTACTS - MISSING, CONTACTS
    from_hubspot = flow.startswith("hubspot")
    bridge.seed({"hubspot": hubspot_people(everybody if from_hubspot else some)})
    bridge.seed({"dynamics": dynamics_people(some if from_hubspot else everybody)})
    (hubspot_tasks if from_hubspot else dynamics_tasks)(bridge)

    first = totals(bridge.sync(flow))
    idle_calls = _calls(bridge, flow)
    listed = json.loads(bridge.command("waiting", "--json").stdout)
    by_record = json.loads(bridge.command("waiting", "--by-record", "--json").stdout)

    assert first == {"extracted": 500, "created": 300, "deferred": 200}
    assert len(listed) == 200
    assert {one["reason"] for one in listed} == {"unresolved"}
    assert all(len(one["waits_for"]) == 1 and not one["overdue"] for one in listed)
    assert [one["activities"] for one in by_record] == [EACH] * MISSING
    # Nothing appeared: 200 waiting activities cost a look at 20 contacts, and are not read.
    assert max(idle_calls.values()) <= 8, idle_calls

    people = dynamics_people(everybody) if from_hubspot else hubspot_people(everybody)
    bridge.seed({"dynamics" if from_hubspot else "hubspot": people})
    bridge.forget()
    second = totals(bridge.sync(flow))

    assert second == {"extracted": 200, "created": 200}
    assert bridge.writes() >= 200
    made = bridge.dynamics("task") if from_hubspot else bridge.hubspot("tasks")
    assert len(made) == 500
    assert json.loads(bridge.command("waiting", "--json").stdout) == []
    bridge.forget()
    assert totals(bridge.sync(flow)) == {}
    assert bridge.writes() == 0


def _calls(bridge: Bridge, flow: str) -> dict[str, int]:
    """What a pass costs while nothing appears; it extracts nothing."""
    bridge.forget()
    assert totals(bridge.sync(flow)) == {}
    return {system: bridge.asked(system)["total"] for system in ("hubspot", "dynamics")}


@pytest.mark.slow
def test_half_written_activities_are_completed_when_the_missing_contact_appears(bridge: Bridge) -> None:
    bridge.configure(TASKS.replace("note: {enabled: false}, ", "").replace("call: {enabled: false}, ", ""))
    bridge.seed({"hubspot": hubspot_people(2), "dynamics": dynamics_people(1)})
    moments = [ago(hours=3, minutes=n % 50) for n in range(100)]
    calls = hubspot_activities("call", moments, first_id=20_000)
    calls["associations"] += [{**one, "to": ["contacts", "1002"]} for one in calls["associations"]]
    bridge.seed({"hubspot": calls})
    first = totals(bridge.sync("hubspot_to_dynamics"))
    bridge.seed({"hubspot": hubspot_activities("call", [ago(hours=4)], first_id=30_000)})

    bridge.seed({"dynamics": dynamics_people(2)})
    second = totals(bridge.sync("hubspot_to_dynamics"))
    bridge.forget()
    third = totals(bridge.sync("hubspot_to_dynamics"))

    assert first == {"extracted": 100, "created": 100}
    assert second == {"extracted": 100, "updated": 100}
    rows = bridge.dynamics("phonecall").values()
    assert all(_people(row) >= {CONTACT_IDS[0], CONTACT_IDS[1]} for row in rows)
    assert third == {}
    assert bridge.writes() == 0


def _people(row: dict[str, Any]) -> set[str]:
    named = [row.get("regardingobjectid"), *(one.get("partyid") for one in row.get("parties", ()))]
    return {one["id"] for one in named if one}


@pytest.mark.slow
def test_policy_that_no_longer_waits_releases_what_waited(bridge: Bridge) -> None:
    bridge.configure(TASKS)
    bridge.seed({"hubspot": hubspot_people(2), "dynamics": dynamics_people(1)})
    bridge.seed({"hubspot": hubspot_activities("task", [ago(hours=3)], contact="1002")})
    waited = totals(bridge.sync("hubspot_to_dynamics"))

    only = f"task: {{unresolved: load_unassociated}}, {_ONLY_TASKS}"
    bridge.configure(f"flows: {{hubspot_to_dynamics: {{{only}}}, dynamics_to_hubspot: {{{_ONLY_TASKS}}}}}")
    released = totals(bridge.sync("hubspot_to_dynamics"))

    assert waited == {"extracted": 1, "deferred": 1}
    assert released == {"extracted": 1, "created": 1}
