"""How batches of staged rows travel together."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from activity_sync.pipeline.resolve import in_groups


@pytest.mark.parametrize("number", [0, 1, 4, 5, 6, 10, 11])
def test_every_value_is_in_one_group_in_order_and_only_the_last_is_short(number: int) -> None:
    async def grouped() -> list[list[int]]:
        return [group async for group in in_groups(range(number), 5)]

    groups = asyncio.run(grouped())

    assert [one for group in groups for one in group] == list(range(number))
    assert all(len(group) == 5 for group in groups[:-1])
    assert all(groups)


def test_others_have_their_turn_between_two_values() -> None:
    seen: list[int] = []
    turns: list[int] = []

    def values() -> Iterator[int]:
        for one in (1, 2, 3):
            seen.append(one)
            yield one

    async def other() -> None:
        while True:
            turns.append(len(seen))
            await asyncio.sleep(0)

    async def beside() -> None:
        task = asyncio.create_task(other())
        async for _ in in_groups(values(), 5):
            pass
        task.cancel()

    asyncio.run(beside())

    assert {1, 2} <= set(turns)
