"""Counterparts by the keys of records that have been merged, and the address that an activity knows a record by."""

from __future__ import annotations

import pytest

from activity_sync.pipeline.resolver import Candidates, Found, leads_to, lookup_for
from activity_sync.systems.records import NaturalKey


@pytest.mark.parametrize(
    ("source", "rule"),
    [
        (NaturalKey("7", "contact", stored_id="old"), "stored_id"),
        (NaturalKey("7", "contact", former_stored_ids=("gone", "OLD")), "stored_id"),
        (NaturalKey("5", "contact"), "stored_id_in_target"),
        (NaturalKey("7", "contact", former_ids=("5",)), "stored_id_in_target"),
        (NaturalKey("7", "contact", emails=("new@x.example", "old@x.example")), "secondary_email"),
    ],
    ids=["stored", "stored on what was merged", "in the target", "of what was merged, in the target", "address"],
)
def test_a_survivor_is_found_by_what_the_merged_records_had(source: NaturalKey, rule: str) -> None:
    survivor = NaturalKey(
        "new",
        "contact",
        emails=("here@x.example", "old@x.example"),
        former_ids=("old",),
        former_stored_ids=("5",),
    )

    found = Candidates([survivor, NaturalKey("other", "contact")]).match(source)

    assert (found.target, found.rule) == ("new", rule)


def test_the_ids_of_merged_records_are_looked_up_with_their_survivors() -> None:
    key = NaturalKey("7", "deal", stored_id="d7", former_ids=("5", "6"), former_stored_ids=("d5",))

    lookup = lookup_for("deal", [key])

    assert lookup.ids == ("d7", "d5")
    assert lookup.stored_ids == ("7", "5", "6")


def test_a_record_is_known_by_the_address_that_takes_part() -> None:
    found = Found("1", "email", "main@x.example", ("main@x.example", "Old@x.example"))

    assert found.address_among({"old@x.example", "else@x.example"}) == "Old@x.example"
    assert found.address_among({"old@x.example", "main@x.example"}) == "main@x.example"
    assert found.address_among(set()) == "main@x.example"


@pytest.mark.parametrize(
    ("source", "leads"),
    [
        (NaturalKey("7", "contact", emails=("MAIN@x.example",)), True),
        (NaturalKey("7", "contact", emails=("else@x.example", "main@x.example")), False),
        (NaturalKey("7", "contact", stored_id="T", emails=("else@x.example",)), True),
        (NaturalKey("7", "contact", stored_id="another", emails=("main@x.example",)), False),
        (NaturalKey("7", "contact", name="Main"), False),
        (NaturalKey("7", "company", name="Main", domains=("main.example",)), True),
        (NaturalKey("7", "company", name="Main"), False),
    ],
    ids=["address", "second address", "stored id", "another's stored id", "nothing", "domain", "name"],
)
def test_only_the_key_that_is_looked_for_first_makes_a_tie_worth_keeping(source: NaturalKey, *, leads: bool) -> None:
    target = NaturalKey("t", source.kind, name="Main", emails=("main@x.example",), domains=("main.example",))

    assert leads_to(source, target) is leads
