"""A walk over all combinations of link, source, target and policy: `decide` is total and keeps its laws."""

from __future__ import annotations

from dataclasses import fields, replace
from itertools import product
from typing import NamedTuple

import pytest

from activity_sync.rules.actions import (
    Action,
    Create,
    Defer,
    DeleteTarget,
    Fail,
    Filtered,
    Forget,
    Hold,
    KeepTarget,
    ReadTimes,
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
    Link,
    Linked,
    LossyEdit,
    NoLink,
    Observation,
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
    LAST_REMOVED,
    LINKED,
    MATCHED,
    MOVED,
    NO_LINK,
    NOON,
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
    NoLink(("a",), rivals=("other",)),
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
    replace(LINKED, plan_prints=(prints(subject="edited here"),), plan_since=NOON),
    replace(LINKED, survivor_linked=True),
    TOMBSTONED,
    replace(TOMBSTONED, erased=True),
    replace(TOMBSTONED, source_gone=True),
    replace(TOMBSTONED, source_gone=True, target_id=""),
    replace(TOMBSTONED, delete_due=True),
    replace(TOMBSTONED, delete_due=True, target_linked=True),
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
    replace(SAME, associations=LAST_REMOVED),
    replace(EDITED, associations=LAST_REMOVED, references=UNRESOLVED),
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
    "target_times_by_row": [False, True],
}
POLICIES = [
    Policy(),
    *(replace(Policy(), **{name: value}) for name, values in SETTINGS.items() for value in values[1:]),
    *(replace(Policy(two_way=False), **{name: value}) for name, values in SETTINGS.items() for value in values[1:]),
    replace(Policy(), **{name: values[-1] for name, values in SETTINGS.items()}),
    *(Policy(needs_association=True, unresolved=one) for one in Unresolved),
]


class Seen(NamedTuple):
    link: Link
    source: Observation
    target: Observation
    policy: Policy
    action: Action


WRITES_TO_TARGET = (Create, Update, DeleteTarget)
ENDS_THE_LINK = (Forget, Unlink, DeleteTarget)


def test_the_walk_knows_every_setting():
    assert set(SETTINGS) == {one.name for one in fields(Policy)}


@pytest.mark.parametrize("link", LINKS, ids=lambda link: type(link).__name__)
def test_every_combination_gives_an_action_that_keeps_the_laws(link):
    for source, target, policy in product(OBSERVATIONS, OBSERVATIONS, POLICIES):
        seen = Seen(link, source, target, policy, decide(link, source, target, policy))

        assert isinstance(seen.action, Action)
        assert 1 <= seen.action.case <= 33
        broken = [law.__name__ for law in LAWS if not law(seen)]
        assert not broken, (broken, seen)


def unseen_never_deletes(seen):
    if isinstance(seen.source, Unseen):
        return not isinstance(seen.action, (*ENDS_THE_LINK, *WRITES_TO_TARGET))
    if isinstance(seen.target, Unseen) and not isinstance(seen.link, Pending):
        return not isinstance(seen.action, ENDS_THE_LINK)
    return True


def only_a_gone_source_deletes(seen):
    return not isinstance(seen.action, DeleteTarget) or isinstance(seen.source, Gone)


def never_a_second_create_beside_a_known_counterpart(seen):
    if not isinstance(seen.action, Create):
        return True
    match seen.link:
        case Tombstoned(target_id="") if isinstance(seen.target, Unseen):
            return True  # it never had one
        case Linked() | Tombstoned():
            return isinstance(seen.target, Gone) and seen.policy.restore is Restore.CREATE
        case Pending():
            return seen.link.certain and seen.link.found is None and seen.link.settleable
        case NoLink():
            return not seen.link.matches or (len(seen.link.matches) == 1 and isinstance(seen.target, Gone))


def the_erased_is_never_created_again(seen):
    gone_for_good = seen.target == ERASED or (isinstance(seen.link, Tombstoned) and seen.link.erased)
    return not (gone_for_good and isinstance(seen.action, Create))


def an_update_needs_a_read_target_and_writes_something(seen):
    if not isinstance(seen.action, Update):
        return True
    return (
        isinstance(seen.source, Present)
        and isinstance(seen.target, Present)
        and bool(seen.action.fields or seen.action.add or seen.action.remove)
        and set(seen.action.fields) <= set(seen.source.projected)
        and set(seen.action.overwrites) <= set(seen.action.fields)
        and not set(seen.action.fields) & {*seen.action.lost_to_target, *seen.action.kept_lossy}
    )


def a_written_field_has_its_base_moved_on_both_sides(seen):
    if not isinstance(seen.action, Update):
        return True
    return all(
        (seen.link.target.base | seen.action.moves.target)[f] == seen.source.projected[f]
        and (
            f not in seen.source.prints
            or (seen.link.source.base | seen.action.moves.source)[f] == seen.source.prints[f]
        )
        for f in seen.action.fields
    )


def a_lost_field_stays_changed(seen):
    lost = seen.action.lost_to_target if isinstance(seen.action, Update | KeepTarget) else ()
    return not set(lost) & (seen.action.moves.source.keys() | seen.action.moves.target.keys())


def case_11_writes_nothing_at_all(seen):
    return seen.action.case != 11 or (isinstance(seen.action, Skip) and not seen.action.moves)


def without_a_link_no_base_moves(seen):
    return isinstance(seen.link, Linked) or seen.action.case in {2, 3, 25} or not seen.action.moves


def moves_are_values_that_a_side_shows_or_will_show(seen):
    if not isinstance(seen.link, Linked) or not seen.action.moves:
        return True
    moves, source, target = seen.action.moves, seen.source, seen.target
    here = all(source.prints[f] == entry for f, entry in moves.source.items())
    there = all(entry in (target.prints.get(f), source.projected.get(f)) for f, entry in moves.target.items())
    return here and there


def a_tie_is_settled_only_with_times(seen):
    if not isinstance(seen.action, ReadTimes):
        return True
    if seen.link.plan_since is not None and seen.target.field_times is None:
        return True  # whether a write of unknown end arrived is asked under every policy
    return seen.policy.conflict is Conflict.LATEST and (
        seen.source.field_times is None or seen.target.field_times is None
    )


def one_way_sync_gives_nothing_to_the_target_side(seen):
    return seen.policy.two_way or not (isinstance(seen.action, KeepTarget | Update) and seen.action.lost_to_target)


def the_last_association_is_parted_only_where_the_configuration_says_so(seen):
    removes = isinstance(seen.action, Update) and seen.action.remove
    return not (removes and seen.source.associations.leaves_none and seen.policy.keeps_last)


def what_is_held_back_has_a_reason(seen):
    return bool(seen.action.reason) or not isinstance(seen.action, Hold | Defer | Filtered | Fail | Unlink | Forget)


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
    the_last_association_is_parted_only_where_the_configuration_says_so,
    what_is_held_back_has_a_reason,
]
