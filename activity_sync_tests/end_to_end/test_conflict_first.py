"""A conflict that the later edit wins in Dynamics, whose rows tell one time only, on a record with another edit."""

from __future__ import annotations

import pytest

from activity_sync.activities.identity import Flow
from activity_sync.pipeline.scope import Mode
from activity_sync_tests.end_to_end.bridge import USER_ID, Bridge, ago, iso
from activity_sync_tests.end_to_end.passes import carry

FLOWS = [Flow("hubspot", "dynamics"), Flow("dynamics", "hubspot")]


@pytest.mark.parametrize("order", [FLOWS, FLOWS[::-1]], ids=["hubspot first", "dynamics first"])
def test_the_later_edit_wins_whatever_else_was_edited_in_the_record(peopled: Bridge, order: list[Flow]) -> None:
    moment = iso(ago(minutes=30))
    peopled.seed(
        {
            "hubspot": {
                "objects": {
                    "tasks": [
                        {
                            "id": "501",
                            "properties": {"hs_timestamp": moment, "hs_task_subject": "Call"},
                            "createdAt": moment,
                            "updatedAt": moment,
                        }
                    ]
                },
                "associations": [{"from": ["tasks", "501"], "to": ["contacts", "1001"]}],
            }
        }
    )
    for _ in range(2):
        carry(peopled, Mode.INCREMENTAL)
    there = str(peopled.counterpart("hubspot", "task", "501"))
    # As people, not through the API under our own name.
    edit = {"id": "501", "properties": {"hs_task_subject": "Earlier", "hs_task_priority": "HIGH"}}
    peopled.seed({"hubspot": {"objects": {"tasks": [edit]}, "associations": []}})
    for sandbox in (peopled.sandboxes.hubspot, peopled.sandboxes.dynamics):
        sandbox.controls.clock.advance(60)
    user = {"type": "systemuser", "id": USER_ID}
    peopled.seed({"dynamics": {"records": {"task": [{"activityid": there, "subject": "Later", "modifiedby": user}]}}})

    for _ in range(3):
        carry(peopled, Mode.INCREMENTAL, flows=order)

    row = peopled.dynamics("task")[there]
    task = peopled.hubspot("tasks")["501"]["properties"]
    assert (row["subject"], row["prioritycode"]) == ("Later", 2)
    assert (task["hs_task_subject"], task["hs_task_priority"]) == ("Later", "HIGH")
    with peopled.ledger() as ledger:
        assert ledger.list_outstanding() == []
    peopled.forget()
    carry(peopled, Mode.INCREMENTAL)
    assert peopled.writes() == 0
