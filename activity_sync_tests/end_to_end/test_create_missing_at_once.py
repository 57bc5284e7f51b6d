"""Several runs that need the same missing record at the same moment: it is made once.

The runs are real processes with one ledger between them, and servers that take their time to answer. Those of one type
hold no lease, which would keep them apart.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from activity_sync.activities.identity import Flow
from activity_sync.activities.kinds import ActivityType
from activity_sync_tests.end_to_end.at_once import Leg, run, run_at_once
from activity_sync_tests.end_to_end.bridge import Bridge, ago, dynamics_people, hubspot_people
from activity_sync_tests.end_to_end.conftest import make_bridge
from activity_sync_tests.end_to_end.missing import (
    BOTH,
    NEW_ACCOUNT,
    NEW_CONTACT,
    dynamics_account,
    dynamics_calls,
    dynamics_contact,
    hubspot_contact,
)
from activity_sync_tests.end_to_end.ordinary import hubspot_activities

TO_DYNAMICS, TO_HUBSPOT = Flow("hubspot", "dynamics"), Flow("dynamics", "hubspot")
_SLOW = {"latency_ms": 15.0, "latency_jitter_ms": 25.0, "limits_enabled": False, "search_lag_seconds": 60.0}
_KINDS = (ActivityType.CALL, ActivityType.TASK)


@pytest.fixture(params=["unique", "plain", "absent"])
def slow(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bridge]:
    """Slow servers, with a HubSpot that keeps our keys unique, that keeps them, and that takes none."""
    keys = {
        "unique": {},
        "plain": {"allow_unique_properties": False},
        "absent": {"allow_unique_properties": False, "allow_custom_properties": False},
    }
    for bridge in make_bridge(tmp_path, monkeypatch, settings=_SLOW | keys[request.param]):
        bridge.configure(BOTH)
        bridge.seed({"hubspot": hubspot_people(), "dynamics": dynamics_people()})
        yield bridge


@pytest.mark.slow
def test_four_runs_that_need_the_same_contact_and_company_make_each_once_in_both_flows(slow: Bridge) -> None:
    slow.seed({"hubspot": hubspot_contact("1900", lastname="Moss")})
    slow.seed({"dynamics": dynamics_contact(lastname="Nord", emailaddress1="nord@new.example")})
    slow.seed({"dynamics": dynamics_account(name="Nova", websiteurl="https://nova.example")})
    moments = [ago(minutes=40, seconds=n) for n in range(8)]
    slow.seed({"hubspot": hubspot_activities("call", moments, contact="1900")})
    slow.seed({"hubspot": hubspot_activities("task", moments, first_id=701, contact="1900")})
    for at, kind in enumerate(("phonecall", "task")):
        slow.seed({"dynamics": dynamics_calls(NEW_CONTACT, 8, first=1 + 100 * at, kind=kind)})
        slow.seed({"dynamics": dynamics_calls(NEW_ACCOUNT, 8, table="account", first=51 + 100 * at, kind=kind)})

    errands = [[Leg(flow, kind)] for kind in _KINDS for flow in (TO_DYNAMICS, TO_HUBSPOT) for _ in range(2)]
    run_at_once(slow.environ, errands)
    slow.sandboxes.hubspot.controls.clock.advance(3600)
    run(slow.environ, *(Leg(flow, kind) for kind in _KINDS for flow in (TO_DYNAMICS, TO_HUBSPOT)))

    moss = [one for one in slow.dynamics("contact").values() if one["lastname"] == "Moss"]
    nord = [one for one in slow.hubspot("contacts").values() if one["properties"].get("lastname") == "Nord"]
    nova = [one for one in slow.hubspot("companies").values() if one["properties"].get("name") == "Nova"]
    assert (len(moss), len(nord), len(nova)) == (1, 1, 1)
    assert len(slow.dynamics("phonecall")) == len(slow.dynamics("task")) == 24
    assert len(slow.hubspot("calls")) == len(slow.hubspot("tasks")) == 24
