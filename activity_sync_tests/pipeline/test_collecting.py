"""What is set for the whole process while sessions are open."""

from __future__ import annotations

import gc
from contextlib import ExitStack

import pytest

from activity_sync.pipeline.collecting import Collecting


def test_cycles_are_looked_for_rarely_inside_and_as_before_afterwards() -> None:
    before = gc.get_threshold()

    with Collecting().rarely():
        assert gc.get_threshold()[0] > before[0]
        assert gc.get_threshold()[1:] == before[1:]

    assert gc.get_threshold() == before


def test_of_sessions_that_overlap_the_last_to_close_restores_what_was_before_the_first() -> None:
    before = gc.get_threshold()
    collecting = Collecting()
    first, second = ExitStack(), ExitStack()

    first.enter_context(collecting.rarely())
    rarely = gc.get_threshold()
    second.enter_context(collecting.rarely())
    first.close()
    assert gc.get_threshold() == rarely
    second.close()

    assert gc.get_threshold() == before


def test_an_error_inside_restores_what_was_before() -> None:
    before = gc.get_threshold()

    with pytest.raises(ZeroDivisionError), Collecting().rarely():
        _ = 1 / 0

    assert gc.get_threshold() == before
