"""One record per type and direction, and some more, as they stand in the other system after one sync.

The expectations are written by hand from docs/mapping.md (`golden/`). Every property that the page names is compared:
one that is not expected must be empty.
"""

from __future__ import annotations

import json

import pytest

from activity_sync.activities.kinds import ActivityType, Step
from activity_sync.bootstrap import open_staging
from activity_sync_tests.end_to_end.bridge import HUBSPOT_TYPES, Bridge
from activity_sync_tests.end_to_end.documented import documented_properties
from activity_sync_tests.end_to_end.goldens import FOLDER, Golden, compare, load_goldens, shown
from activity_sync_tests.end_to_end.passes import carry

_GOLDENS = load_goldens()
# Filled by the servers themselves, with their own times.
_SERVERS_OWN = frozenset({"hs_createdate", "createdon", "overriddencreatedon", "hs_task_completion_date"})


@pytest.mark.parametrize("golden", _GOLDENS, ids=str)
def test_record_stands_in_the_target_as_written_down(carried: Bridge, golden: Golden) -> None:
    target = golden.flow.target
    counterpart = carried.counterpart(golden.flow.source, golden.kind, golden.record_id)
    assert counterpart is not None

    seen = shown(carried, target, golden.kind, counterpart)

    assert compare(golden.shows, seen, mapped=documented_properties(golden.kind, target) - _SERVERS_OWN) == {}


@pytest.mark.parametrize("golden", _GOLDENS, ids=str)
def test_source_stays_as_it_was(carried: Bridge, golden: Golden) -> None:
    seen = shown(carried, golden.flow.source, golden.kind, golden.record_id)

    given = golden.record.get("properties") or golden.record["columns"]
    held = seen.get("properties") or seen["columns"]
    assert {name: held.get(name) for name in given} == given


@pytest.mark.parametrize("golden", _GOLDENS, ids=str)
def test_what_is_lost_is_recorded_with_the_record(carried: Bridge, golden: Golden) -> None:
    rows = open_staging(carried.settings).trace(golden.flow.name, ActivityType(golden.kind), golden.record_id)
    (proposal,) = [row for row in rows if row["step"] == Step.TRANSFORMED.value]

    assert tuple(sorted({loss["field"] for loss in json.loads(proposal["losses"])})) == golden.losses


@pytest.mark.slow
def test_servers_rewriting_causes_no_writes(carried: Bridge) -> None:
    """Both servers keep other HTML than they were sent; the second pass settles, and eight more have nothing to say."""
    carry(carried)
    carried.forget()

    passes = [carry(carried) for _ in range(8)]

    assert carried.writes() == 0
    assert all(one == {"extracted": 2 * len(_GOLDENS), "unchanged": 2 * len(_GOLDENS)} for one in passes), passes


def test_every_file_is_used() -> None:
    assert {path.stem for path in FOLDER.iterdir()} == {f"{one.kind}_{one.flow.name}" for one in _GOLDENS}
    assert {one.kind for one in _GOLDENS} == set(HUBSPOT_TYPES)
