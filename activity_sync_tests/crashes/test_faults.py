"""A third of all requests fails, in every way a server or a line can fail: all activities arrive, each once.

Retries wait as the product decides, a thousand times faster. Now and then seven attempts are not enough, and a type
stops: then the run is started again, as an operator would.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from activity_sync.activities.kinds import ActivityType
from activity_sync.sandbox.faults import Fault, FaultPlan
from activity_sync.sandbox.serve import Sandbox
from activity_sync_tests.crashes.crowd import Crowd, open_in
from activity_sync_tests.crashes.world import World, make_world

ACTIVITIES = 5000
_SHARE = 1 / 3
_STEP = 10
"""Every tenth activity is edited where it was made, every next one in its copy."""
_MOST_RUNS = 15
_ON_EITHER: list[dict[str, Any]] = [
    {"kind": "status", "status": 429, "retry_after": 2},
    {"kind": "status", "status": 429},
    {"kind": "status", "status": 500},
    {"kind": "status", "status": 502},
    {"kind": "status", "status": 503},
    {"kind": "status", "status": 423},
    {"kind": "status_after", "status": 500},
    {"kind": "drop_before"},
    {"kind": "drop_after"},
    {"kind": "truncate"},
    {"kind": "slow", "delay_ms": 50},
]
# HubSpot's token does not expire; a Dynamics token may be refused before its time.
_ON_DYNAMICS: list[dict[str, Any]] = [{"kind": "status", "status": 401}]
_ON_TOKENS = [
    Fault("status", route="token", status=503, probability=0.1),
    Fault("drop_after", route="token", probability=0.1),
]


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1])
def test_five_thousand_activities_arrive_once_though_a_third_of_all_requests_fails(tmp_path: Path, seed: int) -> None:
    with make_world(tmp_path) as world:
        crowd = Crowd(world, each=ACTIVITIES // 2 // len(ActivityType))
        crowd.begin()

        sow(world, seed)
        runs = [carry_until_done(world)]
        crowd.go_on(_STEP)
        runs.append(carry_until_done(world))
        befallen = [reap(one) for one in world.both]
        world.forget()
        quiet = world.carry()

        for kind in ActivityType:
            expected = crowd.expected(kind, _STEP)
            assert crowd.subjects_in_hubspot(kind) == expected
            assert crowd.subjects_in_dynamics(kind) == expected
        assert not list(open_in(world))
        assert not quiet.errors
        assert world.writes() == 0
        for one in befallen:
            assert one["share"] == pytest.approx(_SHARE, abs=0.07), befallen
            assert len(one["kinds"]) >= len(_ON_EITHER)
        print(f"{runs} runs; {befallen}")  # noqa: T201 for docs/reliability.md


def sow(world: World, seed: int) -> None:
    """From now on a third of all requests to either sandbox fails, each way alike often."""
    for place, (sandbox, own) in enumerate(zip(world.both, ([], _ON_DYNAMICS), strict=True)):
        faults = sandbox.controls.faults = FaultPlan(seed=seed * 100 + place)
        ways = [*_ON_EITHER, *own]
        for number, way in enumerate(ways):
            # The first rule that fires wins: the later ones meet only what the earlier ones have let through.
            faults.add(Fault(probability=_SHARE / len(ways) / (1 - number * _SHARE / len(ways)), **way))
        if own:
            for fault in _ON_TOKENS:
                faults.add(fault)


def reap(sandbox: Sandbox) -> dict[str, Any]:
    """What befell the requests of a sandbox, as a share of all and by kind. No more faults."""
    shown = [one for one in sandbox.controls.faults.shown() if one["route"] != "token"]
    kinds = Counter({f"{one['kind']} {one['status']} {one['retry_after']}": one["fired"] for one in shown})
    requests = shown[0]["matched"]
    sandbox.controls.faults.clear()
    return {"requests": requests, "share": sum(kinds.values()) / requests, "kinds": +kinds}


def carry_until_done(world: World) -> int:
    """How many runs it takes until nothing failed and nothing is open."""
    for runs in range(1, _MOST_RUNS + 1):
        ended = world.carry()
        world.advance(minutes=1)
        if not ended.errors and not list(open_in(world)):
            return runs
    raise AssertionError(f"not done after {_MOST_RUNS} runs: {ended.errors} {list(open_in(world))[:5]}")
