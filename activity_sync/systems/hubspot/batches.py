"""Sending a batch of writes so that a bad record harms no other, and one that is lost is not called written."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Final, TypeVar

from activity_sync.errors import FatalError, RateLimited, RetriableError, ServerUnavailable
from activity_sync.systems.hubspot.refusals import RowRefusal
from activity_sync.systems.records import WriteResult

T = TypeVar("T")
R = TypeVar("R")

_TRANSIENT_CODES: Final = frozenset({"RATE_LIMIT", "RATE_LIMITS", "LOCKED"})


async def gather_all(work: Iterable[Awaitable[R]]) -> list[R]:
    """All results, in order. Everything is carried to its end before the first error, if any, is raised."""
    results = await asyncio.gather(*work, return_exceptions=True)
    finished: list[R] = []
    for result in results:
        if isinstance(result, BaseException):
            raise result
        finished.append(result)
    return finished


async def in_halves(
    send: Callable[[Sequence[T]], Awaitable[dict[str, WriteResult]]], batch: Sequence[T]
) -> dict[str, WriteResult]:
    """The results of a batch that was refused as a whole, from sending its two halves."""
    middle = len(batch) // 2
    halves = await gather_all(send(half) for half in (batch[:middle], batch[middle:]))
    return halves[0] | halves[1]


def refused(row: RowRefusal) -> WriteResult:
    """What a refusal means for the record it is about."""
    outcome = "missing" if row.says_missing else "busy" if row.codes & _TRANSIENT_CODES else "refused"
    return WriteResult(
        outcome=outcome,
        status=row.status,
        code=row.code,
        message=row.message,
        correlation_id=row.correlation_id,
    )


def unanswered(error: RetriableError, *, repeatable: bool) -> WriteResult:
    """What a call without a usable answer means for each record in it.

    `repeatable`: doing it again does no harm, so it need not be known whether it was done.
    """
    maybe_applied = isinstance(error, ServerUnavailable) and error.maybe_applied
    return WriteResult(
        outcome="uncertain" if maybe_applied and not repeatable else "busy",
        status=error.status,
        code=error.code or ("rate_limited" if isinstance(error, RateLimited) else "no_answer"),
        message=error.message,
        correlation_id=error.correlation_id or "",
    )


def stopped(error: FatalError, *, untouched: bool) -> WriteResult:
    """What an error that stops the run means for each record of the call that met it."""
    return WriteResult(
        outcome="busy" if untouched else "uncertain",
        status=error.status,
        code=error.code or "stopped",
        message=error.message,
        correlation_id=error.correlation_id or "",
    )


def unaccounted(*, status: int, correlation_id: str = "", message: str = "") -> WriteResult:
    """For a record that an answer leaves out without a word, or of which it says what cannot be relied on."""
    return WriteResult(
        outcome="uncertain",
        status=status,
        code="not_in_answer",
        message=message or "The answer does not mention this record.",
        correlation_id=correlation_id,
    )


def attribute(rows: Iterable[RowRefusal], names: Sequence[str]) -> dict[str, RowRefusal]:
    """The refused rows by the trace id or record id that they name, of those sent.

    A row that names nobody belongs to the only record sent, if there is but one.
    """
    wanted = set(names)
    found: dict[str, RowRefusal] = {}
    for row in rows:
        subjects = row.subjects & wanted
        if not subjects and len(wanted) == 1:
            subjects = frozenset(wanted)
        for name in subjects:
            found.setdefault(name, row)
    return found
