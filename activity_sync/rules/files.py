"""What is done next about one file of a linked activity, and when again. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

TOO_LARGE: Final = "too_large"
REMOVED: Final = "removed"
"""Its activity did not name it any more when it was to be carried."""
FORBIDDEN: Final = 403
LOOK_AGAIN: Final = timedelta(days=1)
"""How long a right that is missing is not asked for again."""

_LATER: Final = frozenset({"busy", "uncertain"})


class FileState(StrEnum):
    """`pending`: announced, and its end is unknown. `made`: it stands in the target, and hangs on nothing yet.

    `done`: it hangs on the counterpart. `failed`: it does not, and a code says why. `dismissed`: neither, and a person
    wants to hear no more of it.
    """

    PENDING = "pending"
    MADE = "made"
    DONE = "done"
    FAILED = "failed"
    DISMISSED = "dismissed"


class FileStep(StrEnum):
    """`carry`: find it, else fetch and keep it, then attach it. `attach`: it is kept. `refuse`: it is too large."""

    LEAVE = "leave"
    CARRY = "carry"
    ATTACH = "attach"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a file, or of a try. `next_try`: when to try again unasked; None for never."""

    state: FileState
    next_try: datetime | None


def largest(max_bytes: int, target_takes: int | None) -> int:
    """The most bytes that a file may have: what is configured, and what the target takes, where it says so."""
    return max_bytes if target_takes is None else min(max_bytes, target_takes)


def fits(size: int | None, at_most: int) -> bool:
    """Whether a file may be carried, as far as its size is told."""
    return size is None or size <= at_most


def decide_file(
    state: FileState, *, code: str, next_try: datetime | None, size: int | None, at_most: int, now: datetime
) -> FileStep:
    """The step for a file that was announced.

    One that was too large is looked at again where the limit has been raised, and one that was taken away where it is
    there again; one that was refused for what it is never again, nor one that a person has dismissed; one that a right
    was missing for, a day later.
    """
    match state:
        case FileState.DONE | FileState.DISMISSED:
            return FileStep.LEAVE
        case FileState.MADE:
            return FileStep.ATTACH
        case FileState.FAILED if code == TOO_LARGE:
            return FileStep.CARRY if size is not None and size <= at_most else FileStep.LEAVE
        case FileState.FAILED if code == REMOVED:
            return FileStep.CARRY if fits(size, at_most) else FileStep.REFUSE
        case FileState.FAILED if next_try is None or next_try > now:
            return FileStep.LEAVE
        case _:
            return FileStep.CARRY if fits(size, at_most) else FileStep.REFUSE


def judge_try(outcome: str, *, status: int | None, kept: bool, now: datetime) -> Verdict:
    """What follows from a try that did not end well. `kept`: the file stands in the target already."""
    if outcome in _LATER:
        return Verdict(FileState.MADE if kept else FileState.PENDING, now)
    return Verdict(FileState.FAILED, now + LOOK_AGAIN if status == FORBIDDEN else None)
