from __future__ import annotations

from dataclasses import replace

import pytest

from activity_sync.activities.kinds import Role
from activity_sync.rules.elements import (
    Element,
    ElementMerge,
    ElementState,
    element_key,
    flip,
    merge_elements,
    parse_element_key,
)

ANN, BOB = "contact/ann/associated", "contact/bob/associated"
ANN_THERE, BOB_THERE = "contact/1/associated", "contact/2/associated"
CARRIED = Element(ANN, ANN_THERE)
WAITING = Element(ANN, "", ElementState.WAITING)
LOST = Element(ANN, "", ElementState.LOST)


def only(**sets: str) -> ElementMerge:
    return ElementMerge(**{name: frozenset({key}) for name, key in sets.items()})


@pytest.mark.parametrize(
    ("known", "source", "target", "merge"),
    [
        ([], {ANN: ANN_THERE}, None, only(add=ANN)),
        ([], {ANN: ANN_THERE}, [], only(add=ANN)),
        ([], {ANN: ANN_THERE}, [ANN_THERE], only(agree=ANN)),
        ([], {ANN: None}, [], only(wait=ANN)),
        ([WAITING], {ANN: None}, [], ElementMerge()),
        ([WAITING], {ANN: ANN_THERE}, [], only(add=ANN)),
        ([WAITING], {}, [], only(forget=ANN)),
        ([CARRIED], {ANN: ANN_THERE}, [ANN_THERE], ElementMerge()),
        ([CARRIED], {}, [ANN_THERE], replace(only(remove=ANN, parted=ANN_THERE), leaves_none=True)),
        ([CARRIED], {}, [ANN_THERE, BOB_THERE], only(remove=ANN, parted=ANN_THERE)),
        ([CARRIED], {BOB: BOB_THERE}, [ANN_THERE], only(remove=ANN, parted=ANN_THERE, add=BOB)),
        ([CARRIED], {BOB: None}, [ANN_THERE], replace(only(remove=ANN, parted=ANN_THERE, wait=BOB), leaves_none=True)),
        ([CARRIED], {}, None, only(remove=ANN, parted=ANN_THERE)),
        ([CARRIED], {}, [], only(forget=ANN)),
        ([LOST], {ANN: ANN_THERE}, [], ElementMerge()),
        ([LOST], {}, [ANN_THERE], only(forget=ANN)),
    ],
    ids=[
        "added",
        "added, target read",
        "added on both sides",
        "added, does not resolve",
        "still does not resolve",
        "resolves at last",
        "removed before it resolved",
        "in step",
        "removed",
        "removed, another one stays",
        "replaced",
        "replaced by one that does not resolve",
        "removed, target not read",
        "removed on both sides",
        "no place in the target",
        "never carried, never removed there",
    ],
)
def test_an_element_by_itself(known, source, target, merge):
    assert merge_elements(known, source=source, target=target) == merge


def test_one_added_here_and_another_removed_there_are_two_changes():
    source = {ANN: ANN_THERE, BOB: BOB_THERE}

    here = merge_elements([CARRIED], source=source, target=[])
    there = merge_elements([flip(CARRIED)], source={}, target=source)

    assert here == only(add=BOB)
    assert there == only(remove=ANN_THERE, parted=ANN)
    assert not there.leaves_none


def test_what_only_the_target_shows_is_the_mirror_flows():
    assert merge_elements([], source={}, target=[BOB_THERE]) == ElementMerge()


def test_a_merged_record_is_its_survivor_and_nothing_is_written():
    merge = merge_elements(
        [CARRIED], source={BOB: BOB_THERE}, target=[ANN_THERE], merged_into={ANN: BOB, "contact/other/associated": BOB}
    )

    assert merge == ElementMerge(moved=frozenset({(ANN, BOB)}))
    assert not merge.diff


def test_a_former_record_that_the_activity_still_shows_stays_itself():
    merge = merge_elements([CARRIED], source={ANN: ANN_THERE, BOB: None}, target=None, merged_into={ANN: BOB})

    assert merge == only(wait=BOB)


def test_a_merged_record_that_waited_is_carried_as_its_survivor():
    merge = merge_elements([WAITING], source={BOB: BOB_THERE}, target=[], merged_into={ANN: BOB})

    assert merge == ElementMerge(add=frozenset({BOB}), moved=frozenset({(ANN, BOB)}))


def test_both_counterparts_of_a_survivor_go_when_it_is_removed():
    known = [Element(BOB, ANN_THERE), Element(BOB, BOB_THERE)]

    merge = merge_elements(known, source={}, target=[ANN_THERE, BOB_THERE])

    assert merge == ElementMerge(remove=frozenset({BOB}), parted=frozenset({ANN_THERE, BOB_THERE}), leaves_none=True)


@pytest.mark.parametrize("target", [None, [BOB_THERE]])
def test_a_record_stays_in_the_target_while_another_stands_for_it(target):
    known = [Element(ANN, BOB_THERE), Element(BOB, BOB_THERE)]

    assert merge_elements(known, source={BOB: BOB_THERE}, target=target) == only(forget=ANN)
    assert merge_elements(known, source={}, target=target) == ElementMerge(
        remove=frozenset({ANN, BOB}), parted=frozenset({BOB_THERE}), leaves_none=target is not None
    )


def test_a_record_stays_in_the_target_when_another_comes_to_stand_for_it():
    merge = merge_elements([CARRIED], source={BOB: ANN_THERE}, target=[ANN_THERE])

    assert merge == only(forget=ANN, agree=BOB)


def test_decide_is_told_of_the_writes_only():
    diff = merge_elements([WAITING, Element(BOB, BOB_THERE)], source={ANN: ANN_THERE}, target=None).diff

    assert (diff.added, diff.removed) == ({ANN}, {BOB})


def test_a_key_is_read_back():
    key = element_key("contact", "42", Role.TO)

    assert key == "contact/42/to"
    assert parse_element_key(key) == ("contact", "42", "to")
