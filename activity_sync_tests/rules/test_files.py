"""What is done next about a file: every combination, and that whatever is tried comes to an end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from activity_sync.rules.files import (
    LOOK_AGAIN,
    REMOVED,
    TOO_LARGE,
    FileState,
    FileStep,
    decide_file,
    fits,
    judge_try,
    largest,
)

NOW = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
LATER = NOW + timedelta(minutes=1)

SIZES = st.none() | st.integers(0, 100)
MOMENTS = st.sampled_from([None, NOW - timedelta(days=2), NOW, LATER])
CODES = st.sampled_from(["", TOO_LARGE, REMOVED, "0x80043e09", "missing_right", "no_answer"])


def step(state: FileState, *, code: str = "", next_try: datetime | None = None, size: int | None = 5) -> FileStep:
    return decide_file(state, code=code, next_try=next_try, size=size, at_most=10, now=NOW)


def test_the_steps_of_a_file() -> None:
    assert step(FileState.PENDING, next_try=NOW) is FileStep.CARRY
    assert step(FileState.PENDING, next_try=NOW, size=11) is FileStep.REFUSE
    assert step(FileState.PENDING, next_try=NOW, size=None) is FileStep.CARRY
    assert step(FileState.MADE, next_try=NOW) is FileStep.ATTACH
    assert step(FileState.DONE) is FileStep.LEAVE
    assert step(FileState.DISMISSED, next_try=NOW) is FileStep.LEAVE


def test_a_file_that_failed_is_left_but_for_a_reason_to_try_again() -> None:
    assert step(FileState.FAILED, code="0x80043e09") is FileStep.LEAVE
    assert step(FileState.FAILED, code="missing_right", next_try=LATER) is FileStep.LEAVE
    assert step(FileState.FAILED, code="missing_right", next_try=NOW) is FileStep.CARRY
    assert step(FileState.FAILED, code=TOO_LARGE, size=11) is FileStep.LEAVE
    assert step(FileState.FAILED, code=TOO_LARGE, size=None) is FileStep.LEAVE
    assert step(FileState.FAILED, code=TOO_LARGE, size=10) is FileStep.CARRY
    assert step(FileState.FAILED, code=REMOVED) is FileStep.CARRY
    assert step(FileState.FAILED, code=REMOVED, size=11) is FileStep.REFUSE


@given(st.sampled_from(FileState), CODES, MOMENTS, SIZES, st.integers(1, 100))
def test_nothing_too_large_is_carried_and_nothing_done_is_touched(
    state: FileState, code: str, next_try: datetime | None, size: int | None, at_most: int
) -> None:
    found = decide_file(state, code=code, next_try=next_try, size=size, at_most=at_most, now=NOW)

    assert found is not FileStep.CARRY or fits(size, at_most)
    assert (found is FileStep.ATTACH) == (state is FileState.MADE)
    assert state is not FileState.DONE or found is FileStep.LEAVE


@given(
    st.sampled_from(["busy", "uncertain", "refused", "missing"]),
    st.none() | st.integers(400, 599),
    st.booleans(),
    SIZES,
)
def test_after_a_try_a_file_is_due_now_or_a_day_later_or_never(
    outcome: str, status: int | None, kept: object, size: int | None
) -> None:
    verdict = judge_try(outcome, status=status, kept=bool(kept), now=NOW)

    again = decide_file(verdict.state, code="x", next_try=verdict.next_try, size=size, at_most=100, now=NOW)
    if outcome in {"busy", "uncertain"}:
        assert verdict.next_try == NOW
        assert again is (FileStep.ATTACH if kept else FileStep.CARRY)
    else:
        assert verdict.next_try == (NOW + LOOK_AGAIN if status == 403 else None)
        assert again is FileStep.LEAVE


@given(st.integers(1, 100), st.none() | st.integers(1, 100))
def test_the_smaller_limit_counts(max_bytes: int, takes: int | None) -> None:
    assert largest(max_bytes, takes) == min(max_bytes, max_bytes if takes is None else takes)
