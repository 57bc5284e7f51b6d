"""Which days an incremental run has to cover."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

from activity_sync.activities.identity import Flow
from activity_sync.activities.kinds import ActivityType
from activity_sync.errors import AuthenticationFailed
from activity_sync.pipeline.scope import midnight
from activity_sync.pipeline.session import Session

# Up to here one run takes all days: a probe would cost more than the empty days it saves.
_PROBED_FROM = timedelta(days=62)
_STRETCH = timedelta(days=31)


@dataclass(frozen=True, slots=True)
class Stretch:
    """UTC days, both inclusive, in which some types have changes."""

    first: date
    last: date
    types: frozenset[ActivityType]


@dataclass(frozen=True, slots=True)
class News:
    """What an incremental sync has to read: `older` stretches, oldest first, and then from `first` to `last` (today).

    `older` belongs to types that have no watermark yet; it is read in full, and the watermark moves with the rest.
    `denied`: the types that the source does not let us read, with its answer; they stop no other.
    """

    first: date
    last: date
    older: tuple[Stretch, ...] = ()
    denied: Mapping[ActivityType, AuthenticationFailed] = field(default_factory=dict)


async def find_news(session: Session, flow: Flow, types: Sequence[ActivityType]) -> News:
    """From the oldest watermark less the overlap; a type without one begins at its oldest change in the source.

    Only the latter costs calls: one question per type. Every partition costs Dagster half a second of bookkeeping for
    the flow's 20 assets, changes or not, so a history of years is asked for its gaps: the first change of each type
    opens a stretch of 31 days, the first change after that the next one. One question per type and stretch that has
    changes; days in none of them are left out. A history of up to 62 days is read as it is, without further questions.
    """
    today = session.clock().date()
    start = session.configuration.start_date
    overlap = timedelta(seconds=session.configuration.limits.overlap_seconds)
    known = {kind: session.ledger.watermark(flow.name, kind) for kind in types}
    recent = [moment - overlap for moment in known.values() if moment is not None]
    first = max(min((moment.astimezone(UTC).date() for moment in recent), default=today), start)
    first = min(first, today)
    fresh = [kind for kind, moment in known.items() if moment is None]
    if not fresh:
        return News(first, today)
    oldest, denied = await _readable(session, flow, fresh)
    begin = min([*oldest.values(), today])
    if today - begin <= _PROBED_FROM:
        return News(min(first, begin), today, denied=denied)
    return replace(_joined(await _stretches(session, flow, oldest), first, today), denied=denied)


async def _readable(
    session: Session, flow: Flow, types: Sequence[ActivityType]
) -> tuple[dict[ActivityType, date], dict[ActivityType, AuthenticationFailed]]:
    """As `_oldest` for the types that we may read, and the refusals of the others: asked together, else one by one."""
    try:
        return await _oldest(session, flow, types), {}
    except AuthenticationFailed as error:
        if len(types) == 1:
            return {}, {types[0]: error}
    found: dict[ActivityType, date] = {}
    denied: dict[ActivityType, AuthenticationFailed] = {}
    for kind in types:
        days, refusals = await _readable(session, flow, [kind])
        found |= days
        denied |= refusals
    return found, denied


async def _oldest(
    session: Session, flow: Flow, types: Collection[ActivityType], *, since: date | None = None
) -> dict[ActivityType, date]:
    """The day of the first change at or after `since`, not before the configured first day; absent where none is."""
    reader = session.systems[flow.source].reader
    found = await reader.oldest_changes(types, since=None if since is None else midnight(since))
    start = session.configuration.start_date
    return {kind: max(_day(moment), start) for kind, moment in found.items() if moment is not None}


async def _stretches(session: Session, flow: Flow, oldest: dict[ActivityType, date]) -> list[Stretch]:
    """Stretches that do not overlap, oldest first, and that together hold every change up to today."""
    today = session.clock().date()
    found = []
    ahead = {kind: day for kind, day in oldest.items() if day <= today}
    while ahead:
        first = min(ahead.values())
        last = min(first + _STRETCH - timedelta(days=1), today)
        here = frozenset(kind for kind, day in ahead.items() if day <= last)
        found.append(Stretch(first, last, here))
        after = last + timedelta(days=1)
        following = await _oldest(session, flow, here, since=after) if after <= today else {}
        ahead = {kind: day for kind, day in ahead.items() if kind not in here}
        ahead |= {kind: day for kind, day in following.items() if day <= today}
    return found


def _joined(stretches: Sequence[Stretch], first: date, today: date) -> News:
    """The stretches that the run up to today takes in by itself are no older ones."""
    older = list(stretches)
    while older and older[-1].last >= first - timedelta(days=1) and today - older[-1].first <= _PROBED_FROM:
        first = min(first, older.pop().first)
    return News(first, today, tuple(one for one in older if one.first < first))


def _day(moment: datetime) -> date:
    return moment.astimezone(UTC).date()
