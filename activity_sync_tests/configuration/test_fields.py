"""Fields that the configuration maps, where other settings name them."""

from __future__ import annotations

import pytest

from activity_sync.activities.identity import Flow
from activity_sync.activities.kinds import ActivityType
from activity_sync.configuration import Configuration, parse_configuration

TO_DYNAMICS, TO_HUBSPOT = Flow("hubspot", "dynamics"), Flow("dynamics", "hubspot")
REGION = {"region": {"from": "region", "to": "new_region"}}


def configuration(**task: object) -> Configuration:
    return parse_configuration({"flows": {"hubspot_to_dynamics": {"task": task}}}, name="sync.yaml")


def test_a_filter_may_name_a_field_of_ones_own():
    one = {"field": "region", "operator": "is", "value": "EMEA"}

    assert configuration(fields=REGION, filter=one).condition(TO_DYNAMICS, ActivityType.TASK) is not None


def test_a_field_of_one_flow_is_no_conflict_in_it_and_nothing_in_the_other():
    found = configuration(fields=REGION)

    policies = [found.policy(flow, ActivityType.TASK, shows_unassociated=True) for flow in (TO_DYNAMICS, TO_HUBSPOT)]

    assert [one.one_way_fields for one in policies] == [{"region", "hubspot_files"}, {"dynamics_files"}]
    assert found.carried(TO_HUBSPOT, ActivityType.TASK).left_out == {"region", "hubspot_files"}


@pytest.mark.parametrize("system", ["hubspot", "dynamics"])
def test_a_changed_field_is_a_changed_mapping(system: str):
    other = {"region": {"from": "region", "to": "new_territory"}}

    revisions = [one.mapping(system).revision for one in (configuration(), configuration(fields=REGION))]

    assert len({*revisions, configuration(fields=REGION | {"more": other["region"]}).mapping(system).revision}) == 3
