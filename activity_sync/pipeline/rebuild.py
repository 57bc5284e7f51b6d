"""Rebuilding a lost ledger from what the records themselves say, and naming what cannot be rebuilt.

Reads both systems and writes to neither. What the ledger knows already stays as it is, and every batch is committed by
itself: a rebuild may stop at any moment and be repeated.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice, permutations
from typing import TypeVar

from activity_sync.activities.identity import Flow, RecordRef
from activity_sync.activities.kinds import ActivityType
from activity_sync.ledger.outstanding import Outstanding, OutstandingState
from activity_sync.ledger.rows import LinkRow
from activity_sync.pipeline.lookalikes import LookalikeFinder
from activity_sync.pipeline.marks import Listing, list_records, read_marks
from activity_sync.pipeline.relink import Relinker
from activity_sync.pipeline.session import Session
from activity_sync.pipeline.standing import REBUILD_RULE
from activity_sync.rules.kinship import Kinship, Pair, sort_pairs

_log = logging.getLogger(__name__)

_AT_ONCE = 500

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class NotRebuilt:
    """A record without a living link, and why.

    `reason`: `deleted` (its counterpart is, and the link is an ended one), `ambiguous` (several claim it, or nobody
    does whom its key could belong to) or `unseen` (its counterpart could not be read). The last two are held.
    """

    record: RecordRef
    reason: str
    candidates: tuple[RecordRef, ...] = ()


@dataclass
class Rebuilt:
    """What a rebuild found for one type. `linked`: new links; `known`: pairs that the ledger had."""

    activity_type: ActivityType
    linked: int = 0
    known: int = 0
    not_rebuilt: list[NotRebuilt] = field(default_factory=list)


async def rebuild(session: Session, activity_type: ActivityType) -> Rebuilt:
    """The ledger has a link for every pair of records that says it is one. Complete listings of both systems.

    Both systems are identified: LedgerUnusable where the ledger is another account's.
    """
    await session.identify()
    result = Rebuilt(activity_type)
    listings = {name: await list_records(system, activity_type) for name, system in session.systems.items()}
    accounts = {name: account.id for name, account in session.accounts.items()}
    # Seconds of arithmetic for a hundred thousand records: leases must be renewed meanwhile.
    marks = await asyncio.to_thread(read_marks, listings, accounts, activity_type)
    settled, ended, known = _known(session, activity_type, marks.pairs, marks.strays)
    result.known = sum(not pair.gone for pair in known)
    unknown = [pair for pair in marks.pairs if pair not in known]
    kinship = await asyncio.to_thread(sort_pairs, unknown, settled=settled)
    unseen = await _link(session, kinship, result)
    named = {record for pair in marks.pairs for record in (pair.origin, pair.copy)}
    contested = dict(kinship.contested) | unseen
    contested |= {one: () for one in marks.strays if one not in named | settled | ended}
    contested |= await _keyless(session, result, listings, named | set(marks.strays))
    _hold(session, activity_type, contested)
    result.not_rebuilt += [
        NotRebuilt(one, "unseen" if one in unseen else "ambiguous", candidates)
        for one, candidates in sorted(contested.items())
    ]
    session.ledger.note_keys_read(activity_type)
    _log.info(
        "event=ledger_rebuilt type=%s linked=%d known=%d not_rebuilt=%d",
        activity_type,
        result.linked,
        result.known,
        len(result.not_rebuilt),
    )
    return result


async def _keyless(
    session: Session, result: Rebuilt, listings: Mapping[str, Listing], named: Collection[RecordRef]
) -> dict[RecordRef, tuple[RecordRef, ...]]:
    """Links the copies in systems whose records can carry no key, and tells the doubtful ones.

    Only for a new ledger: in one that is at work, what has no link has simply not been carried.
    """
    kind = result.activity_type
    doubtful: dict[RecordRef, tuple[RecordRef, ...]] = {}
    for origin, copy in permutations(session.systems, 2):
        if await session.systems[copy].reader.keys_settle_after(kind) is not None:
            continue
        if not session.ledger.keys_unread(kind):
            doubtful |= _held_before(session, kind)
            continue
        free = {}
        for system in (origin, copy):
            taken = {one.id for one in named if one.system == system} | set(session.ledger.linked_ids(system, kind))
            free[system] = sorted(listings[system].ids - taken)
        alike = await LookalikeFinder(session, kind, origin=origin, copy=copy).find(free[origin], free[copy])
        await _link(session, Kinship(alike.pairs), result)
        doubtful |= alike.doubtful
    return doubtful


async def _link(session: Session, kinship: Kinship, result: Rebuilt) -> dict[RecordRef, tuple[RecordRef, ...]]:
    """Makes the links; the living records whose counterpart could not be read, with that."""
    unseen: dict[RecordRef, tuple[RecordRef, ...]] = {}
    for origin, copy in permutations(session.systems, 2):
        relinker = Relinker(session, result.activity_type, origin=origin, copy=copy)
        ended: list[Pair] = []
        for some in _batches(_between(kinship.pairs, origin, copy), _AT_ONCE):
            answer = await relinker.link(some)
            result.linked += answer.linked
            ended += answer.ended
            unseen |= {one: (pair.other(one),) for pair in answer.unseen for one in (pair.origin, pair.copy)}
        for some in _batches(_between(kinship.ended, origin, copy), _AT_ONCE):
            # A listing is no proof, nor is a stamp: what is gone says so itself.
            answer = await relinker.link(some)
            result.linked += answer.linked
            ended += answer.ended
            for pair in answer.unseen:
                (gone,) = pair.gone
                unseen[pair.other(gone)] = (gone,)
        for some in _batches(ended, _AT_ONCE):
            result.not_rebuilt += [
                NotRebuilt(pair.other(gone), "deleted", (gone,))
                for pair in await relinker.end(some)
                for gone in pair.gone
            ]
    return unseen


def _between(pairs: Iterable[Pair], origin: str, copy: str) -> Iterator[Pair]:
    return (pair for pair in pairs if (pair.origin.system, pair.copy.system) == (origin, copy))


def _known(
    session: Session, activity_type: ActivityType, pairs: Collection[Pair], strays: Collection[RecordRef]
) -> tuple[set[RecordRef], set[RecordRef], set[Pair]]:
    """The records that have a living link, those that have an ended one, and the pairs that the ledger knows."""
    named = {record for pair in pairs for record in (pair.origin, pair.copy)} | set(strays)
    settled: set[RecordRef] = set()
    ended: set[RecordRef] = set()
    linked: set[frozenset[tuple[str, str | None]]] = set()
    for system in session.systems:
        for some in _batches(sorted(one.id for one in named if one.system == system), _AT_ONCE):
            for record_id, row in session.ledger.links(system, activity_type, some).items():
                (settled if row.is_living else ended).add(RecordRef(system, activity_type.value, record_id))
                linked.add(_ends(row))
    ends = {pair: frozenset((one.system, one.id) for one in (pair.origin, pair.copy)) for pair in pairs}
    return settled, ended, {pair for pair in pairs if ends[pair] in linked}


def _ends(row: LinkRow) -> frozenset[tuple[str, str | None]]:
    return frozenset((system, side.record_id) for system, side in row.sides.items())


def _held_before(session: Session, activity_type: ActivityType) -> dict[RecordRef, tuple[RecordRef, ...]]:
    """What an earlier rebuild held, and nobody has decided on."""
    kind = activity_type.value
    return {
        RecordRef(source, kind, row.source_id): tuple(RecordRef(target, kind, one) for one in row.candidates)
        for source, target in permutations(session.systems, 2)
        for row in session.ledger.list_outstanding(
            OutstandingState.HELD, flow=Flow(source, target).name, activity_type=activity_type
        )
        if row.rule == REBUILD_RULE
    }


def _hold(session: Session, activity_type: ActivityType, contested: Mapping[RecordRef, Sequence[RecordRef]]) -> None:
    """These records wait for a person, and those that an earlier rebuild held and that are clear now do not."""
    now = session.clock()
    for source, target in permutations(session.systems, 2):
        flow = Flow(source, target).name
        rows = [
            Outstanding(
                flow=flow,
                activity_type=activity_type,
                source_id=one.id,
                state=OutstandingState.HELD,
                since=now,
                last_seen=now,
                case=4,
                rule=REBUILD_RULE,
                reason="ambiguous",
                candidates=tuple(other.id for other in candidates),
            )
            for one, candidates in contested.items()
            if one.system == source
        ]
        before = {one.id for one in _held_before(session, activity_type) if one.system == source}
        session.ledger.clear_outstanding(flow, activity_type, before - {row.source_id for row in rows})
        session.ledger.record_outstanding(rows)


def _batches(values: Iterable[T], size: int) -> Iterator[tuple[T, ...]]:
    rest = iter(values)
    while some := tuple(islice(rest, size)):
        yield some
