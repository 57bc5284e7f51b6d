"""What the end of a link leaves to be done, and when that is void."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from activity_sync.activities.identity import Flow
from activity_sync.activities.kinds import ActivityType
from activity_sync.ledger.rows import LinkRow, LinkState, SideRow, Tombstone
from activity_sync.pipeline.ending import heard, outlived
from activity_sync.pipeline.rows import Proposal
from activity_sync.pipeline.scope import Partitions, Scope
from activity_sync.systems.records import Window

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAYS = Partitions(("2026-03-01",), Window(NOON, NOON + timedelta(days=1)))
SCOPE = Scope(Flow("dynamics", "hubspot"), ActivityType.TASK, "run", DAYS)
PROPOSAL = Proposal("501", "2026-03-01", "2026-03-01", "window", action="create", case=24, link_id=1, revision=7)
DUE = Tombstone(mapped=frozenset({"subject"}), gone=frozenset({"dynamics"}), delete_due="dynamics")
ENDED = LinkRow(
    id=1,
    activity_type=ActivityType.TASK,
    state=LinkState.TOMBSTONED,
    origin="hubspot",
    key="key",
    generation=0,
    revision=7,
    intended={},
    plan=None,
    sides={"hubspot": SideRow("501", {}, frozenset(), None), "dynamics": SideRow("there", {}, frozenset(), None)},
    elements=(),
    tombstone=DUE,
    written_at=(),
    updated_at=NOON,
)


def test_a_delete_that_is_due_is_void_once_its_record_lives_again():
    change = outlived(PROPOSAL, ENDED)

    assert change is not None
    assert change.tombstone == replace(DUE, delete_due="")
    assert change.expect_revision == 7


def test_nothing_changes_where_no_delete_is_due():
    assert outlived(PROPOSAL, replace(ENDED, tombstone=replace(DUE, delete_due=""))) is None
    assert outlived(PROPOSAL, replace(ENDED, state=LinkState.LINKED, tombstone=None)) is None


def test_a_delete_of_unknown_end_is_over_when_its_target_is_seen_gone():
    gone = Proposal("there", "2026-03-01", "2026-03-01", "pending", action="skip", case=26, link_id=1, revision=7)
    unfinished = replace(ENDED, plan={"writes_to": "hubspot", "prints": []}, tombstone=replace(DUE, delete_due=""))

    change = heard(SCOPE, gone, unfinished)

    assert change is not None
    assert change.clear_plan
    assert heard(SCOPE, gone, replace(unfinished, plan=None)) is None
