"""A record that is deleted on one side and edited on the other, when each flow sees its own half of that."""

from __future__ import annotations

import pytest

from activity_sync.pipeline.scope import Mode
from activity_sync_tests.end_to_end.bridge import Bridge
from activity_sync_tests.end_to_end.passes import carry
from activity_sync_tests.end_to_end.test_deletes import assert_quiet, configured, held, pair


@pytest.mark.parametrize("side", ["hubspot", "dynamics"])
def test_a_delete_that_was_held_is_no_longer_when_the_mirror_flow_has_brought_the_record_back(
    peopled: Bridge, side: str
) -> None:
    configured(peopled, "task", delete="archive", restore="create")
    ((here, there),) = pair(peopled, "task")
    if side == "hubspot":
        peopled.people.delete_hubspot("tasks", here)
        peopled.people.edit_dynamics("tasks", there, {"subject": "Still needed"})
    else:
        peopled.people.delete_dynamics("tasks", there)
        peopled.people.edit_hubspot("tasks", here, {"hs_task_subject": "Still needed"})

    for _ in range(2):
        carry(peopled, Mode.INCREMENTAL)

    assert held(peopled) == []
    assert [one["properties"]["hs_task_subject"] for one in peopled.hubspot("tasks").values()] == ["Still needed"]
    assert [row["subject"] for row in peopled.dynamics("task").values()] == ["Still needed"]
    assert_quiet(peopled)
