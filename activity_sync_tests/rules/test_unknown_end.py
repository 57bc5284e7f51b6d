"""Edited here, sent at noon to a target that tells of each field when people edited it; the answer was lost.

The target shows the old value: the write never arrived, or a person has put that back since.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from activity_sync.rules.actions import DeleteTarget, Hold, KeepTarget, Moves, ReadTimes, Update
from activity_sync.rules.decide import decide
from activity_sync.rules.values import Delete, Policy
from activity_sync_tests.rules.states import (
    DEFAULT,
    EDITED,
    GONE,
    LINKED,
    NOON,
    ONE_WAY,
    SAME,
    TARGET_WINS,
    edited_at,
    linked,
    prints,
    side,
)

SUBJECT_BOTH = Moves(source=prints(subject="edited here"), target=prints(subject="edited here"))
LINK = replace(LINKED, plan_prints=(prints(subject="edited here"),), plan_since=NOON)
DELETED = Policy(delete=Delete.ARCHIVE)


def test_the_time_of_the_last_edit_tells_which():
    assert decide(LINK, EDITED, SAME, DEFAULT) == ReadTimes(14, fields=("subject",))


@pytest.mark.parametrize("untouched", [replace(SAME, field_times={}), edited_at(SAME, -1, "subject")])
def test_it_is_sent_again_where_nobody_edited_the_field_since(untouched):
    action = decide(LINK, edited_at(EDITED, -60, "subject"), untouched, DEFAULT)

    assert action == Update(12, moves=SUBJECT_BOTH, fields=("subject",))


def test_the_old_value_that_a_person_put_back_is_an_edit():
    action = decide(LINK, edited_at(EDITED, -60, "subject"), edited_at(SAME, 60, "subject"), DEFAULT)

    assert action == KeepTarget(14, moves=Moves(target=prints(subject="edited here")), lost_to_target=("subject",))


def test_what_won_then_is_carried_back_by_the_mirror_flow():
    there = edited_at(SAME, 60, "subject")
    mirrored = linked(side(subject="edited here"), side())

    action = decide(mirrored, there, edited_at(EDITED, -60, "subject"), replace(DEFAULT, source_breaks_ties=False))

    assert isinstance(action, Update)
    assert action.overwrites == ("subject",)


def test_a_policy_that_lets_the_target_win_still_asks_whether_anybody_edited_it():
    assert decide(LINK, EDITED, SAME, TARGET_WINS) == ReadTimes(14, fields=("subject",))
    assert isinstance(decide(LINK, EDITED, edited_at(SAME, -1, "subject"), TARGET_WINS), Update)
    assert isinstance(decide(LINK, EDITED, edited_at(SAME, 1, "subject"), TARGET_WINS), KeepTarget)


def test_a_delete_waits_for_the_answer_too():
    assert decide(LINK, GONE, SAME, DELETED) == ReadTimes(18, fields=("subject",))
    assert isinstance(decide(LINK, GONE, edited_at(SAME, -1, "subject"), DELETED), DeleteTarget)
    assert decide(LINK, GONE, edited_at(SAME, 1, "subject"), DELETED) == Hold(18, "edited_before_delete")


def test_where_only_the_record_has_a_time_the_old_value_says_that_nothing_arrived():
    action = decide(replace(LINK, plan_since=None), EDITED, SAME, DEFAULT)

    assert action == Update(12, moves=SUBJECT_BOTH, fields=("subject",))


def test_in_a_one_way_sync_nobody_asks():
    assert isinstance(decide(LINK, EDITED, SAME, ONE_WAY), Update)
