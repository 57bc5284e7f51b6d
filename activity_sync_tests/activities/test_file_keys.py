"""Keys of carried files: always the same, shown for what they are, and never taken for a key of an activity."""

from __future__ import annotations

import uuid

from hypothesis import given
from hypothesis import strategies as st

from activity_sync.activities.identity import RecordRef, file_key, is_file_key, key_bytes, own_key

CALL = RecordRef("hubspot", "call", "501")
TEXT = st.text(min_size=1, max_size=40)


def key(activity: RecordRef = CALL, file_id: str = "31", generation: int = 0, account: str = "8727216") -> str:
    return file_key(account=account, activity=activity, file_id=file_id, generation=generation)


def test_a_key_never_changes() -> None:
    """A file that was brought by an earlier version is found under the key of today."""
    assert key() == "f11ec0de-26ee-80c4-8d84-891da686c3ba"


@given(TEXT, TEXT, TEXT, st.integers(0, 9))
def test_a_key_shows_what_it_is_and_is_no_key_of_an_activity(
    account: str, record: str, file_id: str, generation: int
) -> None:
    activity = RecordRef("hubspot", "call", record)

    found = key(activity, file_id, generation, account)

    assert is_file_key(found)
    assert is_file_key(found.upper())
    assert key_bytes(found) is None
    assert not is_file_key(own_key(account=account, source=activity, generation=generation))


def test_every_activity_file_and_life_has_a_key_of_its_own() -> None:
    other = RecordRef("hubspot", "note", "501")

    keys = {key(), key(other), key(file_id="32"), key(generation=1), key(account="1")}

    assert len(keys) == 5


@given(st.uuids() | TEXT)
def test_what_others_call_their_files_is_no_key(text: uuid.UUID | str) -> None:
    assert not is_file_key(str(text))
