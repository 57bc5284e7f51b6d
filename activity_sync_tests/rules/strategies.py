"""What people type, and how a world may be."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

from activity_sync.rules.values import Conflict, Delete, Restore
from activity_sync_tests.rules.crm import FIELDS
from activity_sync_tests.rules.world import World

VALUES = {
    "subject": st.sampled_from(["", "call", "call back", "mail"]),
    "body": st.sampled_from(["", "ab", "*ab*", "a*b", "abcd", "abcdef", "abcdxyz", "*abcdef*", "zz"]),
    "status": st.sampled_from(["open", "done"]),
    "colour": st.sampled_from(["red", "blue"]),
    "room": st.sampled_from(["1", "2"]),
}
BETA_STATUS = st.sampled_from(["open", "done", "maybe"])


def worlds_of(conflicts: Sequence[Conflict], deletes: Sequence[Delete]) -> st.SearchStrategy[World]:
    return st.builds(
        World,
        rewrites=st.sets(st.sampled_from(["alpha", "beta"])),
        delete=st.sampled_from(deletes),
        restore=st.sampled_from(Restore),
        conflict=st.sampled_from(conflicts),
    )


CONFLICTS = (Conflict.LATEST, Conflict.SOURCE)
DELETES = (Delete.ARCHIVE, Delete.IGNORE)
WORLDS = worlds_of(CONFLICTS, DELETES)
PAUSES = st.sampled_from([1, 4, 5, 60])


def value_of(system: str, name: str) -> st.SearchStrategy[str]:
    return BETA_STATUS if (system, name) == ("beta", "status") else VALUES[name]


def records_of(system: str) -> st.SearchStrategy[dict[str, str]]:
    return st.fixed_dictionaries({name: value_of(system, name) for name in FIELDS[system]})


def edits_of(system: str) -> st.SearchStrategy[tuple[str, str]]:
    """(field, value)."""
    return st.one_of([st.tuples(st.just(name), value_of(system, name)) for name in FIELDS[system]])
