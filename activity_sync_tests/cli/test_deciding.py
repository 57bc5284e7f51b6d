"""What people decide about failures is what the next run does, against both sandboxes."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from activity_sync.activities.kinds import ActivityType
from activity_sync.pipeline.scope import Mode
from activity_sync_tests.cli.commands import answer
from activity_sync_tests.end_to_end.bridge import Bridge, ago, iso
from activity_sync_tests.end_to_end.passes import carry
from activity_sync_tests.end_to_end.people import hubspot_activity

TASK = ActivityType.TASK
BROKEN = "hubspot:task/601"


def next_run(bridge: Bridge) -> dict[str, int]:
    """What an incremental run counts that begins where all before was read, and nothing has changed since."""
    with bridge.ledger() as ledger:
        ledger.move_watermark("hubspot_to_dynamics", TASK, datetime.now(tz=UTC))
    return carry(bridge, Mode.INCREMENTAL)


def task(bridge: Bridge, record_id: str, **properties: str) -> None:
    """A task of twenty minutes ago, out of the next runs' window."""
    hubspot_activity(
        bridge, "task", record_id, {"hs_task_subject": "Ask", "hs_task_status": "NOT_STARTED"} | properties
    )


@pytest.fixture
def one_way(peopled: Bridge) -> Bridge:
    """Tasks only, from HubSpot to Dynamics only."""
    off = {kind.value: {"enabled": False} for kind in ActivityType}
    here = {kind: section for kind, section in off.items() if kind != TASK}
    peopled.configure(json.dumps({"flows": {"hubspot_to_dynamics": here, "dynamics_to_hubspot": off}}))
    return peopled


@pytest.fixture
def broken(one_way: Bridge) -> Bridge:
    """A task that cannot be carried has failed once."""
    task(one_way, "601", hs_timestamp="not a time")
    assert carry(one_way) == {"extracted": 1, "failed": 1}
    assert next_run(one_way) == {}, "tried again though nothing has changed"
    return one_way


def test_a_failed_record_is_tried_again_when_somebody_says_so_and_only_once(broken: Bridge):
    answer("failures", "retry", BROKEN)

    assert next_run(broken) == {"extracted": 1, "failed": 1}
    assert next_run(broken) == {}
    [failed] = answer("failures", "list")
    assert (failed["id"], failed["attempts"], failed["case"]) == ("601", 2, 28)


def test_a_failed_record_is_tried_again_under_another_mapping(broken: Bridge):
    with broken.ledger() as ledger:
        [row] = ledger.list_outstanding()
        assert row.mapping
        ledger.record_outstanding([replace(row, mapping="an earlier one")])

    assert next_run(broken) == {"extracted": 1, "failed": 1}
    assert next_run(broken) == {}


def test_a_dismissed_record_fails_in_no_run_and_is_carried_when_it_is_repaired(broken: Bridge):
    answer("failures", "dismiss", BROKEN)

    assert next_run(broken) == {}
    assert carry(broken) == {"extracted": 1, "filtered": 1}
    assert carry(broken) == {"extracted": 1, "filtered": 1}
    assert answer("failures", "list") == []

    broken.people.edit_hubspot("tasks", "601", {"hs_timestamp": iso(ago(minutes=1))})
    assert carry(broken)["created"] == 1
    assert len(broken.dynamics("task")) == 1


def test_a_dismissed_record_that_is_edited_and_still_broken_is_listed_again(broken: Bridge):
    answer("failures", "dismiss", BROKEN)

    broken.people.edit_hubspot("tasks", "601", {"hs_task_subject": "Ask again"})

    assert carry(broken) == {"extracted": 1, "failed": 1}
    assert [one["id"] for one in answer("failures", "list")] == ["601"]


def test_what_waits_names_the_record_it_waits_for(one_way: Bridge):
    hubspot_activity(one_way, "task", "602", {"hs_task_subject": "Ask"}, on=())
    stranger = {"from": ["tasks", "602"], "to": ["contacts", "1999"]}
    one_way.seed({"hubspot": {"objects": {"contacts": [_stranger()]}, "associations": [stranger]}})

    assert carry(one_way) == {"extracted": 1, "deferred": 1}

    [waiting] = answer("waiting")
    assert waiting["waits_for"] == [{"system": "hubspot", "kind": "contact", "id": "1999"}]
    assert next_run(one_way) == {}
    assert [one["attempts"] for one in answer("waiting")] == [1]


def _stranger() -> dict[str, Any]:
    made = iso(ago(days=40))
    properties = {"email": "nobody@elsewhere.example"}
    return {"id": "1999", "properties": properties, "createdAt": made, "updatedAt": made}
