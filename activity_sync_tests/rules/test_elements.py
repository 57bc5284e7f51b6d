from __future__ import annotations

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
        ([CARRIED], {}, [ANN_THERE], only(remove=ANN)),
        ([CARRIED], {}, None, only(remove=ANN)),
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
    assert there == only(remove=ANN_THERE)


def test_what_only_the_target_shows_is_the_mirror_flows():
    assert merge_elements([], source={}, target=[BOB_THERE]) == ElementMerge()


def test_decide_is_told_of_the_writes_only():
    diff = merge_elements([WAITING, Element(BOB, BOB_THERE)], source={ANN: ANN_THERE}, target=None).diff

    assert (diff.added, diff.removed) == ({ANN}, {BOB})


def test_a_key_is_read_back():
    key = element_key("contact", "42", Role.TO)

    assert key == "contact/42/to"
    assert parse_element_key(key) == ("contact", "42", "to")
