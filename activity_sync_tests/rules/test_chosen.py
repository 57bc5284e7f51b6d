"""What a person may decide about a held record, and what comes of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from activity_sync.rules.actions import (
    Action,
    Adopt,
    Confirm,
    Create,
    Defer,
    DeleteTarget,
    Filtered,
    Hold,
    Skip,
    Update,
)
from activity_sync.rules.chosen import Decision, decide_as_chosen, fitting
from activity_sync.rules.decide import decide
from activity_sync.rules.values import Closed, Delete, Link, NoLink, Observation, Pending, Policy, Tombstoned
from activity_sync_tests.rules.states import (
    DEFAULT,
    EDITED,
    EDITED_THERE,
    GONE,
    LAST_REMOVED,
    LINKED,
    PETRA,
    SAME,
    UNRESOLVED,
    UNSEEN,
    side,
)

ENDED = Tombstoned(side(), side(), 0, frozenset({"subject"}), source_gone=True, target_id="there", target_linked=True)
LEAVE = Policy(closed=Closed.LEAVE)
ARCHIVE = Policy(delete=Delete.ARCHIVE)

# By reason: a link, source, target and policy that are held for it.
HELD: dict[str, tuple[Link, Observation, Observation, Policy]] = {
    "ambiguous": (NoLink(("a", "b")), SAME, SAME, DEFAULT),
    "edited_after_delete": (LINKED, EDITED, GONE, DEFAULT),
    "edited_before_delete": (LINKED, GONE, EDITED_THERE, ARCHIVE),
    "uncertain_create": (Pending("key", 0, SAME.prints, settleable=False), SAME, UNSEEN, DEFAULT),
    "merged": (replace(LINKED, survivor_linked=True), replace(SAME, merged_into="other"), SAME, DEFAULT),
    "closed": (LINKED, EDITED, replace(SAME, closed=True), LEAVE),
    "oscillating": (replace(LINKED, oscillating=True), EDITED, SAME, DEFAULT),
    "last_association": (
        LINKED,
        replace(SAME, associations=LAST_REMOVED),
        SAME,
        Policy(needs_association=True),
    ),
    "counterpart_linked": (ENDED, SAME, SAME, DEFAULT),
}


def held(reason: str) -> Hold:
    action = decide(*HELD[reason])
    assert isinstance(action, Hold)
    assert action.reason == reason
    return action


def chosen(reason: str, decision: Decision, *, other_id: str = "") -> Action:
    return decide_as_chosen(held(reason), *HELD[reason], decision, other_id=other_id)


@pytest.mark.parametrize("reason", HELD)
@pytest.mark.parametrize("decision", Decision)
def test_a_decision_has_an_effect_where_it_fits_and_none_elsewhere(reason: str, decision: Decision):
    assert (chosen(reason, decision, other_id="a") != held(reason)) == (decision in fitting(reason))


def test_a_reason_that_nobody_knows_leaves_nothing_to_decide():
    assert fitting("no_such_reason") == ()


@pytest.mark.parametrize(
    ("reason", "decision", "what"),
    [
        ("ambiguous", Decision.LINK, Adopt),
        ("ambiguous", Decision.CREATE, Create),
        ("ambiguous", Decision.KEEP, Filtered),
        ("edited_after_delete", Decision.CREATE, Create),
        ("edited_before_delete", Decision.DELETE, DeleteTarget),
        ("uncertain_create", Decision.LINK, Confirm),
        ("uncertain_create", Decision.CREATE, Create),
        ("oscillating", Decision.RELEASE, Update),
        ("oscillating", Decision.KEEP, Skip),
    ],
)
def test_what_was_chosen_is_done(reason: str, decision: Decision, what: type):
    assert isinstance(chosen(reason, decision, other_id="b"), what)


def test_what_is_linked_is_the_record_that_was_named():
    for reason in ("ambiguous", "uncertain_create"):
        action = chosen(reason, Decision.LINK, other_id="b")
        assert isinstance(action, Adopt | Confirm)
        assert action.target_id == "b"


@pytest.mark.parametrize(("decision", "how"), [(Decision.DELETE, Delete.ARCHIVE), (Decision.KEEP, Delete.IGNORE)])
def test_a_delete_is_carried_or_the_edited_counterpart_stays(decision: Decision, how: Delete):
    action = chosen("edited_before_delete", decision)

    assert isinstance(action, DeleteTarget)
    assert action.how is how


def test_what_is_kept_although_its_original_was_deleted_brings_nothing_back():
    action = chosen("edited_before_delete", Decision.KEEP)
    mirrored = Tombstoned(LINKED.target, LINKED.source, 0, frozenset(EDITED_THERE.prints))
    known = replace(mirrored, source=replace(mirrored.source, base=mirrored.source.base | action.moves.target))

    assert isinstance(decide(mirrored, EDITED_THERE, GONE, DEFAULT), Hold)
    assert decide(known, EDITED_THERE, GONE, DEFAULT) == Skip(23, "unlinked")


def test_a_second_life_has_a_key_of_its_own():
    action = chosen("edited_after_delete", Decision.CREATE)

    assert isinstance(action, Create)
    assert action.generation == LINKED.generation + 1


def test_a_create_that_a_person_wants_waits_for_its_records_all_the_same():
    link, _, target, _ = HELD["uncertain_create"]
    needs_one = Policy(needs_association=True)

    filtered = decide_as_chosen(held("uncertain_create"), link, SAME, target, needs_one, Decision.CREATE)
    waits = replace(SAME, references=UNRESOLVED)
    deferred = decide_as_chosen(held("uncertain_create"), link, waits, target, needs_one, Decision.CREATE)

    assert filtered == Filtered(case=30, reason="no_association")
    assert deferred == Defer(case=29, reason="unresolved", waits_for=(PETRA,))
