"""The main job in small: everything crosses once, and then there is nothing left to do."""

from __future__ import annotations

from activity_sync_tests.end_to_end.bridge import CONTACT_IDS, Bridge, ago, iso, totals


def _task(record_id: str, **properties: str) -> dict[str, object]:
    moment = iso(ago(minutes=30))
    return {
        "id": record_id,
        "properties": {"hs_timestamp": moment, "hs_task_subject": f"Task {record_id}", **properties},
        "createdAt": moment,
        "updatedAt": moment,
    }


def test_a_task_crosses_once_and_nothing_is_left_to_do(peopled: Bridge) -> None:
    peopled.seed(
        {
            "hubspot": {
                "objects": {"tasks": [_task("501", hs_task_body="<p>Call them</p>", hubspot_owner_id="7001")]},
                "associations": [{"from": ["tasks", "501"], "to": ["contacts", "1001"], "types": [204]}],
            }
        }
    )

    first = peopled.sync(kind="task")
    peopled.forget()
    again = peopled.sync(kind="task")

    assert totals(first)["created"] == 1
    assert totals(again) == {"extracted": 1, "unchanged": 1}  # our own write, read back once
    assert peopled.writes() == 0
    (row,) = peopled.dynamics("task").values()
    assert (row["subject"], row["description"]) == ("Task 501", "Call them")
    assert row["regardingobjectid"]["id"] == CONTACT_IDS[0]


def test_an_edit_on_either_side_is_carried_and_does_not_come_back(peopled: Bridge) -> None:
    peopled.seed(
        {
            "hubspot": {
                "objects": {"tasks": [_task("501"), _task("502")]},
                "associations": [
                    {"from": ["tasks", "501"], "to": ["contacts", "1001"], "types": [204]},
                    {"from": ["tasks", "502"], "to": ["contacts", "1002"], "types": [204]},
                ],
            }
        }
    )
    peopled.sync(kind="task")
    other = peopled.counterpart("hubspot", "task", "502")
    peopled.people.edit_hubspot("tasks", "501", {"hs_task_subject": "Edited here"})
    peopled.people.edit_dynamics("tasks", str(other), {"subject": "Edited there"})
    peopled.forget()

    carried = peopled.sync(kind="task")
    written = peopled.writes()
    peopled.forget()
    echoes = [peopled.sync(kind="task") for _ in range(2)]

    assert totals(carried)["updated"] == 2
    assert written == 2
    assert peopled.writes() == 0
    assert all(set(totals(one)) == {"extracted", "unchanged"} for one in echoes)
    assert peopled.hubspot("tasks")["502"]["properties"]["hs_task_subject"] == "Edited there"
    subjects = {row["subject"] for row in peopled.dynamics("task").values()}
    assert subjects == {"Edited here", "Edited there"}
