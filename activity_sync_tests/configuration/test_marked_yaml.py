"""YAML with the place of everything in it."""

from __future__ import annotations

import yaml

from activity_sync.marked_yaml import Spot, Twice, read_marked
from activity_sync.settings import PROJECT_ROOT


def test_every_setting_has_its_line_and_its_spelling():
    marked = read_marked("a: 1\n\nb:\n  c: [on, 'x']\n  d: {e: 0x10}\n")

    assert marked.value == {"a": 1, "b": {"c": [True, "x"], "d": {"e": 16}}}
    assert marked.spots["a",] == Spot(1, "1")
    assert marked.spots["b", "c", 0] == Spot(4, "on")
    assert marked.spots["b", "d", "e"] == Spot(5, "0x10")
    assert marked.spots["b", "d"] == Spot(5)


def test_a_location_leads_to_the_deepest_place_that_there_is():
    marked = read_marked("a: {b: 1}\n")

    assert marked.known(("a", "b", "int")) == ("a", "b")
    assert marked.known(("a", "some-model", "b")) == ("a", "b")
    assert marked.known(("z",)) == ()


def test_a_key_that_stands_twice_is_told_at_any_depth():
    marked = read_marked("a: {b: 1}\nc: [{d: 1, d: 2}]\na: 3\n")

    assert set(marked.twice) == {Twice(("c", 0, "d"), 2, 2), Twice(("a",), 3, 1)}


def test_a_merged_mapping_is_no_repetition():
    marked = read_marked("one: &one {a: 1, b: 2}\nother:\n  <<: *one\n  b: 3\n")

    assert marked.value["other"] == {"a": 1, "b": 3}
    assert marked.twice == ()
    assert marked.spots["other", "a"] == Spot(1, "1")
    assert marked.spots["other", "b"] == Spot(4, "3")


def test_times_of_day_are_no_numbers_and_impossible_days_are_texts():
    marked = read_marked("a: 12:30\nb: 2:30\nc: 1:30.5\nd: 2020-02-30\ne: 90\n")

    assert marked.value == {"a": "12:30", "b": "2:30", "c": "1:30.5", "d": "2020-02-30", "e": 90}


def test_everything_else_is_read_as_the_safe_loader_reads_it():
    for path in [PROJECT_ROOT / "activity_sync" / "sync.yaml", *PROJECT_ROOT.glob("activity_sync/mapping/**/*.yaml")]:
        text = path.read_text(encoding="utf-8")
        assert read_marked(text).value == yaml.safe_load(text)
