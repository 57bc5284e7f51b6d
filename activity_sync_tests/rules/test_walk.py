"""A walk over all combinations of link, source, target and policy: `decide` is total and keeps its laws."""

from __future__ import annotations

from dataclasses import fields, replace
from itertools import product

import pytest

from activity_sync.rules.actions import (
    Acknowledge,
    Action,
    Create,
    DeleteTarget,
    Forget,
    KeepTarget,
    ReadTimes,
    Relink,
    Skip,
    Unlink,
    Update,
)
from activity_sync.rules.decide import decide
from activity_sync.rules.values import (
    Closed,
    Conflict,
    Delete,
    Gone,
    Linked,
    LossyEdit,
    NoLink,
    Pending,
    Policy,
    Present,
    Require,
    Restore,
    Side,
    TargetEdits,
    Tombstoned,
    Unresolved,
    Unseen,
)
from activity_sync_tests.rules.states import (
    CONTACT_ADDED,
    EDITED,
    EDITED_BODY,
    EDITED_THERE,
    ERASED,
    GONE,
    LINKED,
    MATCHED,
    MOVED,
    NO_LINK,
    PARTLY_RESOLVED,
    PENDING,
    SAME,
    TOMBSTONED,
    UNRESOLVED,
    UNSEEN,
    edited_at,
    prints,
    side,
)

UNSETTLED = Side(prints(subject="s|x", body="b"), unsettled=frozenset({"subject"}))
LINKS = [
    NO_LINK,
    MATCHED,
    NoLink(("a", "b")),
    PENDING,
    replace(PENDING, found="x"),
    replace(PENDING, looked=False, certain=False),
    replace(PENDING, certain=False),
    replace(PENDING, settleable=False),
    LINKED,
    replace(LINKED, source=UNSETTLED, target=UNSETTLED),
    replace(LINKED, source=Side({}), target=side(body="other")),
    replace(LINKED, oscillating=True),
    replace(LINKED, plan_prints=(prints(subject="half"), prints(subject="edited here"))),
    replace(LINKED, plan_prints=(prints(subject="half"),), plan_on_source=True),
    replace(LINKED, survivor_linked=True),
    TOMBSTONED,
    replace(TOMBSTONED, erased=True),
    replace(TOMBSTONED, source_gone=True),
]
PRESENT = [
    SAME,
    MOVED,
    EDITED,
    edited_at(EDITED_THERE, 0, "subject"),
    edited_at(EDITED, 60, "subject", "body"),
    EDITED_BODY,
    replace(EDITED, projected=prints(body="b")),
    replace(SAME, prints={}, projected={}),
    replace(SAME, associations=CONTACT_ADDED),
    replace(EDITED, references=UNRESOLVED),
    replace(EDITED, references=PARTLY_RESOLVED, closed=True),
    replace(EDITED, passes_filter=False),
    replace(SAME, closed=True, closed_type_kept=True),
    replace(SAME, invalid=("rule", "reason")),
    replace(SAME, merged_into="9"),
    replace(SAME, empty=frozenset({"subject"})),
]
OBSERVATIONS = [UNSEEN, GONE, ERASED, Gone(back_again=True), *PRESENT]
# Every value of every setting, each beside the defaults, and the two ends at once.
SETTINGS = {
    "two_way": [True, False],
    "conflict": list(Conflict),
    "delete": list(Delete),
    "restore": list(Restore),
    "closed": list(Closed),
    "lossy_edit": list(LossyEdit),
    "target_edits": list(TargetEdits),
    "require": list(Require),
    "unresolved": list(Unresolved),
    "filter_always": [False, True],
    "source_breaks_ties": [True, False],
    "needs_association": [False, True],
    "lossy_at_source": [frozenset(), frozenset({"subject"})],
    "one_way_fields": [frozenset(), frozenset({"subject"})],
    "remapped": [False, True],
}
POLICIES = [
    Policy(),
    *(replace(Policy(), **{name: value}) for name, values in SETTINGS.items() for value in values[1:]),
    *(replace(Policy(two_way=False), **{name: value}) for name, values in SETTINGS.items() for value in values[1:]),
    replace(Policy(), **{name: values[-1] for name, values in SETTINGS.items()}),
]
WRITES_TO_TARGET = (Create, Update, DeleteTarget)
ENDS_THE_LINK = (Forget, Unlink, DeleteTarget)


def test_the_walk_knows_every_setting():
    assert set(SETTINGS) == {one.name for one in fields(Policy)}


@pytest.mark.parametrize("link", LINKS, ids=lambda link: type(link).__name__)
def test_every_combination_gives_an_action_that_keeps_the_laws(link):
    for source, target, policy in product(OBSERVATIONS, OBSERVATIONS, POLICIES):
        action = decide(link, source, target, policy)

        assert isinstance(action, Action)
        assert 1 <= action.case <= 33
        broken = [law.__name__ for law in LAWS if not law(link, source, target, policy, action)]
        assert not broken, (broken, link, source, target, policy, action)


def unseen_never_deletes(link, source, target, policy, action):
    if isinstance(source, Unseen):
        return not isinstance(action, (*ENDS_THE_LINK, *WRITES_TO_TARGET))
    if isinstance(target, Unseen) and not isinstance(link, Pending):
        return not isinstance(action, ENDS_THE_LINK)
    return True


def only_a_gone_source_deletes(link, source, target, policy, action):
    return not isinstance(action, DeleteTarget) or isinstance(source, Gone)


def never_a_second_create_beside_a_known_counterpart(link, source, target, policy, action):
    if not isinstance(action, Create):
        return True
    match link:
        case Linked() | Tombstoned():
            return isinstance(target, Gone) and policy.restore is Restore.CREATE
        case Pending():
            return link.certain and link.found is None and link.settleable
        case NoLink():
            return not link.matches or (len(link.matches) == 1 and isinstance(target, Gone))


def the_erased_is_never_created_again(link, source, target, policy, action):
    gone_for_good = target == ERASED or (isinstance(link, Tombstoned) and link.erased)
    return not (gone_for_good and isinstance(action, Create))


def an_update_needs_a_read_target_and_writes_something(link, source, target, policy, action):
    if not isinstance(action, Update):
        return True
    return (
        isinstance(source, Present)
        and isinstance(target, Present)
        and bool(action.fields or action.add or action.remove)
        and set(action.fields) <= set(source.projected)
        and set(action.overwrites) <= set(action.fields)
        and not set(action.fields) & {*action.lost_to_target, *action.kept_lossy}
    )


def a_written_field_has_its_base_moved_on_both_sides(link, source, target, policy, action):
    if not isinstance(action, Update):
        return True
    return all(
        (link.target.base | action.moves.target)[f] == source.projected[f]
        and (f not in source.prints or (link.source.base | action.moves.source)[f] == source.prints[f])
        for f in action.fields
    )


def a_lost_field_stays_changed(link, source, target, policy, action):
    lost = action.lost_to_target if isinstance(action, Update | KeepTarget) else ()
    return not set(lost) & (action.moves.source.keys() | action.moves.target.keys())


def case_11_writes_nothing_at_all(link, source, target, policy, action):
    return action.case != 11 or (isinstance(action, Skip) and not action.moves)


def without_a_link_no_base_moves(link, source, target, policy, action):
    return isinstance(link, Linked) or action.case in {2, 3, 25} or not action.moves


def moves_are_values_that_a_side_shows_or_will_show(link, source, target, policy, action):
    if not isinstance(link, Linked) or not action.moves:
        return True
    here = all(source.prints[f] == seen for f, seen in action.moves.source.items())
    there = all(seen in (target.prints.get(f), source.projected.get(f)) for f, seen in action.moves.target.items())
    return here and there


def a_tie_is_settled_only_with_times(link, source, target, policy, action):
    if not isinstance(action, ReadTimes):
        return True
    return policy.conflict is Conflict.LATEST and (source.field_times is None or target.field_times is None)


def one_way_sync_gives_nothing_to_the_target_side(link, source, target, policy, action):
    return policy.two_way or not (isinstance(action, KeepTarget | Update) and action.lost_to_target)


def what_is_held_back_has_a_reason(link, source, target, policy, action):
    return isinstance(action, (*WRITES_TO_TARGET, Acknowledge, KeepTarget, Relink)) or not_silent(action)


def not_silent(action):
    held_back = type(action).__name__ in {"Hold", "Defer", "Filtered", "Fail", "Unlink", "Forget"}
    return bool(action.reason) or not held_back


LAWS = [
    unseen_never_deletes,
    only_a_gone_source_deletes,
    never_a_second_create_beside_a_known_counterpart,
    the_erased_is_never_created_again,
    an_update_needs_a_read_target_and_writes_something,
    a_written_field_has_its_base_moved_on_both_sides,
    a_lost_field_stays_changed,
    case_11_writes_nothing_at_all,
    without_a_link_no_base_moves,
    moves_are_values_that_a_side_shows_or_will_show,
    a_tie_is_settled_only_with_times,
    one_way_sync_gives_nothing_to_the_target_side,
    what_is_held_back_has_a_reason,
]
