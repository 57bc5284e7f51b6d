"""`trace_record`: what the command prints, as a run of Dagster's."""

import json

import dagster as dg
import pytest

from activity_sync.defs.lineage import trace_job
from activity_sync.errors import ConfigurationError
from activity_sync_tests.end_to_end.bridge import Bridge, ago
from activity_sync_tests.end_to_end.missing import hubspot_contact
from activity_sync_tests.end_to_end.ordinary import hubspot_activities
from activity_sync_tests.end_to_end.passes import carry


def trace(record: str) -> dict[str, dg.MetadataValue]:
    """The metadata of the run's output."""
    result = trace_job.execute_in_process(run_config={"ops": {"life_of_a_record": {"config": {"record": record}}}})
    (event,) = result.filter_events(lambda one: one.event_type_value == "STEP_OUTPUT")
    return dict(event.step_output_data.metadata)


def test_a_record_is_told_by_either_of_its_ids_as_the_command_tells_it(peopled: Bridge):
    peopled.seed({"hubspot": hubspot_activities("task", [ago(hours=2)])})
    carry(peopled)
    there = peopled.counterpart("hubspot", "task", "501")
    command = json.loads(peopled.command("trace", "hubspot:task/501", "--json").stdout)

    found, other = trace("hubspot:task/501"), trace(f"dynamics:task/{there}")

    rows = [dict(one.data) for one in found["steps"].records]
    assert [(one["run_id"], one["step"], one["outcome"], one["rule"]) for one in rows] == [
        (one["run_id"], one["step"], one["outcome"], one["rule"]) for one in command["steps"]
    ]
    assert {"created", "unchanged"} <= {one["outcome"] for one in rows}
    assert found["link"].value == f"**linked**: hubspot 501 = dynamics {there}, first in hubspot"
    assert [one.data for one in other["steps"].records] == [one.data for one in found["steps"].records]
    assert "pending" not in found


def test_what_waits_is_told_and_an_unknown_record_too(peopled: Bridge):
    peopled.seed({"hubspot": hubspot_contact("1999", email="nobody@there.example")})
    peopled.seed({"hubspot": hubspot_activities("call", [ago(hours=2)], contact="1999")})
    carry(peopled)

    waiting, unknown = trace("hubspot:call/501"), trace("hubspot:call/77")

    (row,) = waiting["pending"].records
    assert (row.data["state"], row.data["waits_for"]) == ("deferred", "hubspot:contact/1999")
    assert unknown["steps"].value == "no run has seen it"


@pytest.mark.usefixtures("peopled")
def test_what_names_no_record_fails_with_what_to_write():
    with pytest.raises(ConfigurationError, match="write SYSTEM:TYPE/ID"):
        trace("task 501")
