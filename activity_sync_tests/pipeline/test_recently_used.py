from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from activity_sync.pipeline.recently_used import RecentlyUsed


def test_what_was_used_last_stays():
    memory = RecentlyUsed[str, int](3)
    for number, key in enumerate("abc"):
        assert memory.make_room([key]) == {key}
        memory[key] = number

    assert memory.make_room(["a", "d"]) == {"d"}
    memory["d"] = 3

    assert [key in memory for key in "abcd"] == [True, False, True, True]
    assert memory["a"] == 0


@given(st.integers(0, 6), st.lists(st.sets(st.integers(0, 20)), max_size=12))
def test_all_that_is_wanted_at_once_is_there_and_little_else(capacity, batches):
    memory = RecentlyUsed[int, int](capacity)
    for wanted in batches:
        for key in memory.make_room(wanted):
            memory[key] = -key

        assert {key: memory[key] for key in wanted} == {key: -key for key in wanted}
        assert len(memory) <= max(capacity, len(wanted))
