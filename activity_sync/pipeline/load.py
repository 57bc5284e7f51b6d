"""Step 4: carries out the proposals, batched, and remembers what became of each.

A staged proposal is only that: it carries the link's revision and the source's version it was decided on. A row whose
link has moved, or for which staging holds a newer source row, is read and decided again here (sync-rules.md, "Claim
before write"). So rerunning a load, of any age, in any order, writes no older state over a newer one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from activity_sync.activities.kinds import Step
from activity_sync.errors import ActivitySyncError
from activity_sync.ledger.reads import Read
from activity_sync.pipeline.ageing import age_out
from activity_sync.pipeline.attached import with_files
from activity_sync.pipeline.carry_files import FileCarrier
from activity_sync.pipeline.freshness import outdated
from activity_sync.pipeline.making import Maker
from activity_sync.pipeline.mapping_change import note_mapping
from activity_sync.pipeline.mask import mask
from activity_sync.pipeline.observe import Seen
from activity_sync.pipeline.propose import Proposer
from activity_sync.pipeline.recall import recall
from activity_sync.pipeline.refer_back import refer_back
from activity_sync.pipeline.remember import confirm, remember
from activity_sync.pipeline.report import WRITES, OpenRecord, StepReport, outcome_of
from activity_sync.pipeline.resolve import decodable
from activity_sync.pipeline.resolver import Resolver
from activity_sync.pipeline.rows import Extracted, Proposal, Resolved, Result, frame, records
from activity_sync.pipeline.safeguard import guard_proposals
from activity_sync.pipeline.scope import Mode, Scope, day_of, midnight
from activity_sync.pipeline.session import Session
from activity_sync.pipeline.waiting_room import count_overdue
from activity_sync.pipeline.watching import watching
from activity_sync.pipeline.write_creates import write_creates
from activity_sync.pipeline.write_deletes import write_deletes
from activity_sync.pipeline.write_links import write_links
from activity_sync.pipeline.write_updates import write_updates
from activity_sync.staging.writer import StagedWriter

_DECISIONS = 3  # the first and, when the record moves under us, two more (case 31)

_OPEN = frozenset({"failed", "held", "deferred"})
_NAMED = 100
_WORTH_ITS_CALLS = 300
"""So many rows fill a batch of either API well: they need not wait for those of the next partition, and a fault that
stops the load leaves their partitions finished."""


async def load(session: Session, scope: Scope, *, report: StepReport | None = None) -> StepReport:
    """Every proposal has one result; what was learnt is committed before the watermark moves.

    Partitions come one after the other. A fault that stops the load leaves the results it got staged, and `report`
    tells the partitions that it had finished.
    """
    await session.identify()
    report = StepReport(scope) if report is None else report
    loader = Loader(session, scope)
    flow, kind = scope.flow.name, scope.activity_type
    async with watching(session, scope, Step.LOADED) as watch:
        proposed = guard(session, scope)
        watch.expect(sum(number for (action, _), number in proposed.items() if action in WRITES))
        await recall(session, scope)
        with session.staging.write(
            flow, kind, Step.LOADED, scope.run_id, partitions=(scope.partitions.first, scope.partitions.last)
        ) as out:
            stopped = await _carry_out_all(session, scope, loader, out=out, report=report)
    report.foreseen = watch.foreseen
    report.overdue = count_overdue(session, scope.flow, kind)
    if stopped is not None:
        raise stopped
    read = session.ledger.read_of(scope.run_id, flow, kind) if scope.own_input else None
    if read is not None:
        move_watermark(session, scope, read)
        note_mapping(session, scope, read)
        if read.deletions is not None:
            session.ledger.store_deletion_cursor(flow, kind, read.deletions)
        if read.fed is not None:
            session.ledger.note_fed(flow, kind, read.fed)
    age_out(session, scope)
    return report


async def _carry_out_all(
    session: Session, scope: Scope, loader: Loader, *, out: StagedWriter, report: StepReport
) -> ActivitySyncError | None:
    """What stopped the load before its end, if anything did. What was written before that has its rows all the same."""
    carrier = FileCarrier(session, scope)
    for batch in proposals_of(session, scope):
        report.reached = batch[0].partition
        try:
            results = await loader.carry_out(batch)
        except ActivitySyncError as error:
            return error
        out.append(frame([one.to_row(scope.run_id, session.clock()) for one in results]))
        _note(report, results, now=session.clock() + session.source(scope).clock_ahead)
        try:
            report.told += await refer_back(session, scope, results)
            report.files += await carrier.carry(results)
        except ActivitySyncError as error:
            return error
    report.reached = None
    return None


def _note(report: StepReport, results: Sequence[Result], *, now: datetime) -> None:
    for one in results:
        report.count(one.proposal.partition, "extracted")
        report.count(one.proposal.partition, one.outcome)
        if one.outcome in {"created", "updated"} and one.proposal.modified_at is not None:
            report.latencies[int((now - one.proposal.modified_at).total_seconds())] += 1
        elif one.outcome in _OPEN and len(report.open) < _NAMED:
            reason = mask(": ".join(part for part in (one.reason or one.proposal.reason, one.message) if part))
            report.open.append(OpenRecord(one.proposal.source_id, one.outcome, one.proposal.case, reason))


def guard(session: Session, scope: Scope) -> Mapping[tuple[str, int], int]:
    """How many proposals there are of each action and case; nothing is written by a run that looks like an accident.

    SafeguardTripped.
    """
    proposed = session.staging.tally(
        scope.flow.name,
        scope.activity_type,
        Step.TRANSFORMED,
        by=("action", "case_number"),
        run_id=scope.input_run,
        partitions=(scope.partitions.first, scope.partitions.last),
    )
    guard_proposals(session, scope, proposed)
    return proposed


def proposals_of(session: Session, scope: Scope) -> Iterator[list[Proposal]]:
    """The staged proposals by partition, in bounded batches that end with one wherever they are worth their calls."""
    batch: list[Proposal] = []
    for one in _staged(session, scope):
        full = len(batch) >= session.configuration.limits.batch_rows
        if full or (len(batch) >= _WORTH_ITS_CALLS and one.partition != batch[-1].partition):
            yield batch
            batch = []
        batch.append(one)
    if batch:
        yield batch


def _staged(session: Session, scope: Scope) -> Iterator[Proposal]:
    staged = session.staging.read(
        scope.flow.name,
        scope.activity_type,
        Step.TRANSFORMED,
        run_id=scope.input_run,
        partitions=(scope.partitions.first, scope.partitions.last),
        batch_rows=session.configuration.limits.batch_rows,
    )
    for batch in records(staged):
        for row in batch:
            yield Proposal.from_row(row)


def move_watermark(session: Session, scope: Scope, read: Read) -> None:
    """The watermark follows what is now committed, unless the run left a gap behind it.

    A window that began after the watermark would jump over what lies between; without a watermark only a window that
    began with the first day of history, or with the source's oldest change, moves it.
    """
    if read.covers is None:
        return
    known = session.ledger.watermark(scope.flow.name, scope.activity_type)
    complete = scope.mode is Mode.INCREMENTAL and scope.covers_history
    first = complete or read.begins <= midnight(session.configuration.start_date)
    if read.begins <= known if known is not None else first:
        session.ledger.move_watermark(scope.flow.name, scope.activity_type, read.covers)


class Loader:
    """Carries out proposals of one scope."""

    def __init__(self, session: Session, scope: Scope) -> None:
        self.session = session
        self.scope = scope
        self.proposer = Proposer(session, scope)
        self.resolver = Resolver(session, scope, makes=True)
        self.maker = Maker(session, scope, self.resolver)
        self.prepared = False

    async def carry_out(self, proposals: Sequence[Proposal]) -> list[Result]:
        """One result per proposal. Rows that moved meanwhile are decided again, at most twice, then deferred."""
        results: dict[str, Result] = {}
        todo = list(proposals)
        for decision in range(_DECISIONS):
            todo = await self.with_records(todo)
            moved = await self.moved(todo)
            results |= {one.source_id: Result(one, "stale") for one in todo if one.source_id in moved}
            sound = [one for one in todo if one.source_id not in moved]
            results |= {one.proposal.source_id: one for one in await self.apply(sound)}
            again = {one.proposal.source_id for one in results.values() if one.outcome == "stale"}
            if not again or decision == _DECISIONS - 1:
                break
            todo = await self.decide_again([one for one in todo if one.source_id in again])
        final = [self.maker.explain(self.final(results[one.source_id])) for one in proposals]
        remember(self.session, self.scope, final)
        self.act_on_choices(final)
        return final

    async def with_records(self, proposals: Sequence[Proposal]) -> list[Proposal]:
        """The proposals, with the records that they need made first: those are decided again, on what there is now.

        A proposal names a record that is still to be made by our key, which is not its id everywhere.
        """
        sound = [one for one in proposals if not one.creates]
        needy = [one for one in proposals if one.creates]
        for _ in range(_DECISIONS):
            if not needy:
                break
            await self.maker.make_for(needy)
            decided = await self.decide_again(needy)
            sound += [one for one in decided if not one.creates]
            needy = [one for one in decided if one.creates]
        return sound + [replace(one, action="defer", case=31, reason="moving", body=None) for one in needy]

    def act_on_choices(self, results: Sequence[Result]) -> None:
        """What people chose and a run has now done is forgotten; what they chose to leave alone stays so."""
        flow, kind = self.scope.flow, self.scope.activity_type
        chosen = self.session.ledger.choices(flow.source, kind)
        done = [
            one.proposal
            for one in results
            if one.proposal.source_id in chosen and one.outcome not in {"held", "deferred", "failed", "filtered"}
        ]
        if done:
            self.session.ledger.forget_choices(flow.source, kind, [one.source_id for one in done])
            # The mirror flow may have held the same matter from its own side, and has nothing to ask any more.
            self.session.ledger.clear_outstanding(
                flow.mirror.name, kind, [one.target_id for one in done if one.target_id]
            )

    @staticmethod
    def final(result: Result) -> Result:
        """A record that kept moving under us waits for the next run (case 31)."""
        if result.outcome != "stale":
            return result
        return Result(result.proposal, "deferred", detail="moving", reason="the record kept changing as it was written")

    async def moved(self, proposals: Sequence[Proposal]) -> set[str]:
        """The source ids whose proposal is out of date: the link moved on, or the source is known in a newer state.

        Fresh proposals are asked, too: another run may have written between our look at the source and at the ledger.
        """
        flow, kind = self.scope.flow, self.scope.activity_type
        ids = [one.source_id for one in proposals]
        newest = self.session.staging.newest_versions(
            flow.name, kind, ids, not_before=min((one.source_day for one in proposals), default=None)
        )
        links = self.session.ledger.link_versions(flow.source, kind, ids)
        moved = set()
        for one in proposals:
            known = newest.get(one.source_id)
            if known is not None and one.modified_at is not None and known[0] > one.modified_at:
                moved.add(one.source_id)
            row = links.get(one.source_id)
            if (row.link_id, row.revision) != (one.link_id, one.revision) if row else one.link_id is not None:
                moved.add(one.source_id)
        left = [one for one in proposals if one.source_id not in moved]
        return moved | await outdated(self.session, self.scope, left, links)

    async def decide_again(self, proposals: Sequence[Proposal]) -> list[Proposal]:
        """Fresh proposals for these records, from the source as it is now; they stay in their rows' partitions."""
        known = {one.source_id: one for one in proposals}
        kind = self.scope.activity_type
        found = await self.session.source(self.scope).reader.read(kind, list(known))
        extracted = [
            Extracted(record, known[record.id].partition, day_of(record.modified_at), known[record.id].trigger)
            for record in await with_files(self.session, self.scope, found.values())
            if record.id in known
        ]
        resolved = await self.resolver.resolve(decodable(self.session, self.scope, extracted))
        fresh = await self.proposer.propose([Seen(one, resolved.get(one.record.id, Resolved())) for one in extracted])
        unseen = [
            Proposal(
                one.source_id,
                one.partition,
                one.source_day,
                one.trigger,
                action="defer",
                case=10,
                reason="the source record moved and could not be read again",
            )
            for one in proposals
            if one.source_id not in found
        ]
        return [*fresh, *unseen]

    async def apply(self, proposals: Sequence[Proposal]) -> list[Result]:
        """Results of these proposals; `stale` where the record moved under the write, or is linked only now."""
        creates = [one for one in proposals if one.action == "create"]
        updates = [one for one in proposals if one.action == "update"]
        confirmed = [one for one in proposals if one.action == "confirm"]
        adopted = [one for one in proposals if one.action == "adopt"]
        deletes = [one for one in proposals if one.action == "deletetarget" and one.body is not None]
        written = {one.source_id for one in (*creates, *updates, *confirmed, *adopted, *deletes)}
        others = [one for one in proposals if one.source_id not in written]
        if (creates or updates or adopted) and not self.prepared:
            await self.session.target(self.scope).writer.prepare([self.scope.activity_type])
            self.prepared = True
        confirm(self.session, self.scope, confirmed)
        # The source may have been edited since its create was announced, and no later window has that edit.
        results = [Result(one, "stale") for one in confirmed]
        results += [Result(one, outcome_of(one)) for one in others]
        results += await write_links(self.session, self.scope, adopted)
        results += await write_creates(self.session, self.scope, creates)
        results += await write_updates(self.session, self.scope, updates)
        results += await write_deletes(self.session, self.scope, deletes)
        return results
