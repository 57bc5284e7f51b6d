"""Pairs, ended pairs and contested records, from what records say of themselves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from activity_sync.activities.identity import RecordRef
from activity_sync.rules.adopt import UNLIKE_ANY, adopt, as_edited
from activity_sync.rules.kinship import Pair, sort_pairs
from activity_sync.rules.values import Policy, Present
from activity_sync_tests.rules.states import prints


def here(record_id: str) -> RecordRef:
    return RecordRef("hubspot", "task", record_id)


def there(record_id: str) -> RecordRef:
    return RecordRef("dynamics", "task", record_id)


def test_a_pair_that_nobody_else_claims_is_certain():
    pair = Pair(here("1"), there("a"), "key")

    assert sort_pairs([pair]).pairs == (pair,)


def test_two_marks_of_one_pair_count_once_and_the_key_says_more():
    by_stamp = Pair(there("a"), here("1"))
    by_key = Pair(here("1"), there("a"), "key", generation=1)

    assert sort_pairs([by_stamp, by_key]).pairs == (by_key,)


def test_a_record_that_two_claim_is_contested_and_so_are_they():
    kinship = sort_pairs([Pair(there("a"), here("1")), Pair(there("a"), here("2")), Pair(there("b"), here("3"))])

    assert [pair.copy for pair in kinship.pairs] == [here("3")]
    assert kinship.contested == {
        there("a"): (here("1"), here("2")),
        here("1"): (there("a"),),
        here("2"): (there("a"),),
    }


def test_what_has_its_counterpart_is_nobody_elses():
    kinship = sort_pairs([Pair(there("a"), here("2"))], settled={there("a"), here("1")})

    assert kinship.pairs == ()
    assert kinship.contested == {here("2"): (there("a"),)}


def test_of_a_deleted_counterpart_the_last_life_is_remembered():
    lives = [Pair(here("1"), there(one), one, life, frozenset({there(one)})) for life, one in enumerate("ab")]

    assert sort_pairs(lives).ended == (lives[1],)


def test_a_deleted_counterpart_is_nothing_beside_a_living_one():
    living = Pair(here("1"), there("b"), "key", 1)
    dead = Pair(here("1"), there("a"), "key", 0, frozenset({there("a")}))

    kinship = sort_pairs([dead, living])

    assert (kinship.pairs, kinship.ended) == ((living,), ())


def test_what_is_deleted_on_both_sides_is_nothing():
    kinship = sort_pairs([Pair(here("1"), there("a"), "key", 0, frozenset({here("1"), there("a")}))])

    assert (kinship.pairs, kinship.ended, kinship.contested) == ((), (), {})


NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
NEW, OLD = prints(subject="new"), prints(subject="old")


def agreed(source: Present, target: Present):
    return adopt(source, target, Policy(), target_id="a")


def sides(**times: datetime | None) -> tuple[Present, Present]:
    """Two sides that differ; `source` and `target`: when a person edited them, where that is known."""
    found = [
        Present(shown, projected=shown, field_times={"subject": at} if (at := times.get(name)) else {})
        for name, shown in (("source", NEW), ("target", OLD))
    ]
    return found[0], found[1]


def test_the_side_that_was_written_last_has_the_edit():
    source, target = sides()

    found = as_edited(agreed(source, target), source, target, here={"subject": NOON}, there={})

    assert found.moves.source == {"subject": UNLIKE_ANY}
    assert found.moves.target == OLD


def test_the_other_side_keeps_what_it_shows_as_its_base():
    source, target = sides(source=NOON)
    times = {"here": {"subject": NOON}, "there": {"subject": NOON + timedelta(minutes=1)}}

    found = as_edited(agreed(source, target), source, target, **times)

    assert found.moves.source == NEW
    assert found.moves.target == {"subject": UNLIKE_ANY}


def test_within_one_second_nobody_was_later():
    source, target = sides()
    times = {"here": {"subject": NOON}, "there": {"subject": NOON + timedelta(milliseconds=900)}}

    found = as_edited(agreed(source, target), source, target, **times)

    assert found == agreed(source, target)


def test_what_people_edited_on_both_sides_stays_contested():
    source, target = sides(source=NOON, target=NOON + timedelta(hours=1))
    times = {"here": {"subject": NOON}, "there": {"subject": NOON + timedelta(hours=1)}}

    found = as_edited(agreed(source, target), source, target, **times)

    assert found.moves.source == found.moves.target == {"subject": UNLIKE_ANY}
