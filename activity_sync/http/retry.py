"""Whether to send a request again, and when. Pure: a value comes back, someone else sleeps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Bounds of one request's repetitions.

    `connect_attempts` holds until the host has answered once: a wrong address shows within seconds. A wait that
    would end after `total_seconds` is not begun.
    """

    attempts: int = 7
    connect_attempts: int = 4
    total_seconds: float = 600.0
    first_wait_seconds: float = 0.5
    longest_wait_seconds: float = 60.0


@dataclass(frozen=True, slots=True)
class NotSent:
    """No connection was made: the server has not seen the request."""

    detail: str


@dataclass(frozen=True, slots=True)
class AnswerLost:
    """The connection broke, or stayed silent, after the request may have been sent."""

    detail: str


@dataclass(frozen=True, slots=True)
class Later:
    """The server answered that it cannot now. `untouched`: it says before doing anything.

    `wait_seconds`: what it asks for. `exhausted`: no wait of minutes will help.
    """

    status: int
    untouched: bool
    wait_seconds: float | None = None
    exhausted: bool = False


Failure = NotSent | AnswerLost | Later


def may_have_been_done(failure: Failure) -> bool:
    """Whether the server may have carried out the request all the same."""
    return isinstance(failure, AnswerLost) or (isinstance(failure, Later) and not failure.untouched)


def name_failure(failure: Failure) -> str:
    """The failure in a word or two, for logs and messages."""
    return str(failure.status) if isinstance(failure, Later) else failure.detail


@dataclass(frozen=True, slots=True)
class Wait:
    """Send it again after this long."""

    seconds: float


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Do not send it again. `why`, for people."""

    why: str


SHORTEST_WAITS = {423: 2.0, 502: 1.0, 504: 1.0}
"""HubSpot: locks last 2 s; pause after 502 and 504 ("Error handling", read 2026-11)."""


def decide_retry(
    failure: Failure,
    *,
    attempt: int,
    elapsed_seconds: float,
    repeatable: bool,
    reached: bool,
    jitter: float,
    policy: RetryPolicy,
) -> Wait | GiveUp:
    """Decide after the `attempt`-th attempt (from 1) has failed.

    `reached`: the host has answered before. `jitter` in [0, 1) spreads the clients. A wait that the server names is
    never cut short; without one, waits double. What may have been carried out is repeated only if `repeatable`.
    """
    stated: float | None = None
    shortest = 0.0
    attempts = policy.attempts
    match failure:
        case NotSent():
            attempts = policy.attempts if reached else policy.connect_attempts
        case AnswerLost():
            if not repeatable:
                return GiveUp("the answer was lost and the request may have been carried out")
        case Later(status=status, untouched=untouched, wait_seconds=stated, exhausted=exhausted):
            if exhausted:
                return GiveUp("the quota is spent")
            if not untouched and not repeatable:
                return GiveUp("the request may have been carried out")
            shortest = SHORTEST_WAITS.get(status, 0.0)
        case _:
            assert_never(failure)
    if attempt >= attempts:
        return GiveUp(f"{attempt} attempts failed")
    doubled = min(policy.first_wait_seconds * 2 ** (attempt - 1), policy.longest_wait_seconds)
    own = max(doubled * (0.5 + jitter / 2), shortest)
    # Those who were told the same moment do not all come back in the same millisecond.
    seconds = own if stated is None else stated + jitter * min(doubled, 1.0)
    if elapsed_seconds + seconds > policy.total_seconds:
        return GiveUp(f"the next attempt, in {seconds:.0f} s, would exceed {policy.total_seconds:.0f} s")
    return Wait(seconds)
