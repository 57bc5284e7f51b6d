"""What complete listings of two systems say of each other."""

from __future__ import annotations

from activity_sync.activities.identity import RecordRef, own_key
from activity_sync.activities.kinds import ActivityType
from activity_sync.pipeline.marks import GENERATIONS, Listing, Marks, read_marks
from activity_sync.rules.kinship import Pair
from activity_sync.systems.records import KeyedRecord

ACCOUNTS = {"hubspot": "4711", "dynamics": "0f0f0f0f-0000-4000-8000-000000000001"}
D1, D2 = "00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002"


def here(record_id: str) -> RecordRef:
    return RecordRef("hubspot", "task", record_id)


def there(record_id: str) -> RecordRef:
    return RecordRef("dynamics", "task", record_id)


def key_of(source: RecordRef, generation: int = 0, *, account: str = "") -> str:
    return own_key(account=account or ACCOUNTS[source.system], source=source, generation=generation)


def marks(hubspot: list[KeyedRecord], dynamics: list[KeyedRecord]) -> Marks:
    listings = {"hubspot": Listing(), "dynamics": Listing()}
    for name, records in (("hubspot", hubspot), ("dynamics", dynamics)):
        for one in records:
            listings[name].add(one)
    return read_marks(listings, ACCOUNTS, ActivityType.TASK)


def test_an_id_that_is_a_key_names_its_original_of_any_generation():
    for generation in (0, GENERATIONS - 1):
        key = key_of(here("1"), generation)

        found = marks([KeyedRecord("1"), KeyedRecord("2")], [KeyedRecord(key.upper()), KeyedRecord(D1)])

        assert found == Marks((Pair(here("1"), there(key.upper()), key, generation),), ())


def test_a_key_property_names_its_original():
    copy = KeyedRecord("1", key=key_of(there(D1)), source_system="dynamics", source_id=D1)

    assert marks([copy], [KeyedRecord(D1)]) == Marks((Pair(there(D1), here("1"), copy.key),), ())


def test_a_stamp_without_a_key_names_a_record_that_was_linked():
    copy = KeyedRecord("1", source_system="dynamics", source_id=D1)

    assert marks([copy], [KeyedRecord(D1)]) == Marks((Pair(there(D1), here("1")),), ())


def test_an_original_without_a_trace_is_known_by_key_and_stamp_together():
    copy = KeyedRecord("1", key=key_of(there(D1), 2), source_system="dynamics", source_id=D1)

    assert marks([copy], []) == Marks((Pair(there(D1), here("1"), copy.key, 2, frozenset({there(D1)})),), ())


def test_a_copy_in_the_bin_tells_what_was_deleted():
    copy = KeyedRecord("1", key=key_of(there(D1)), gone=True)

    assert marks([copy], [KeyedRecord(D1)]).pairs == (Pair(there(D1), here("1"), copy.key, 0, frozenset({here("1")})),)


def test_another_organizations_copy_is_no_stray():
    key = key_of(there(D1), account="another organization")
    copy = KeyedRecord("1", key=key, source_system="dynamics", source_id=D1)

    assert marks([copy], [KeyedRecord(D2)]) == Marks((), ())


def test_a_key_of_nobodys_is_a_stray():
    key = key_of(here("deleted long ago"))

    assert marks([KeyedRecord("1")], [KeyedRecord(key)]) == Marks((), (there(key),))


def test_a_cloned_key_names_one_original_twice():
    key = key_of(there(D1))

    found = marks([KeyedRecord("1", key=key), KeyedRecord("2", key=key)], [KeyedRecord(D1)])

    assert {pair.copy for pair in found.pairs} == {here("1"), here("2")}
