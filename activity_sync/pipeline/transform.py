"""Step 3: the decision for each record, and the exact body that would be sent. Writes to no CRM."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from activity_sync.activities.kinds import Step
from activity_sync.pipeline.foresight import foresee
from activity_sync.pipeline.observe import Seen
from activity_sync.pipeline.propose import Proposer
from activity_sync.pipeline.recall import recall
from activity_sync.pipeline.report import WRITES, StepReport, outcome_of
from activity_sync.pipeline.rows import Extracted, Resolved, frame, records
from activity_sync.pipeline.scope import Scope
from activity_sync.pipeline.session import Session
from activity_sync.pipeline.watching import watching


async def transform(session: Session, scope: Scope) -> StepReport:
    """Every staged record has one proposal."""
    await session.identify()
    report = StepReport(scope)
    proposer = Proposer(session, scope)
    passed = to_write = 0
    async with watching(session, scope, Step.TRANSFORMED) as watch:
        await session.confirm_fields(scope.flow, scope.activity_type)
        await recall(session, scope)
        with session.staging.write(
            scope.flow.name,
            scope.activity_type,
            Step.TRANSFORMED,
            scope.run_id,
            partitions=(scope.partitions.first, scope.partitions.last),
        ) as out:
            for batch in staged(session, scope):
                proposals = await proposer.propose(batch)
                if session.preview:
                    proposals = await foresee(session, scope, proposer, batch, proposals)
                for proposal in proposals:
                    report.count(proposal.partition, "extracted")
                    report.count(proposal.partition, outcome_of(proposal))
                    report.note_records(proposal)
                out.append(frame([one.to_row(scope.run_id, session.clock()) for one in proposals]))
                passed += len(proposals)
                to_write += sum(one.action in WRITES for one in proposals)
                # What is new to one side only is written; of a window read again, little is.
                watch.foresee(Step.LOADED, to_write * max(watch.rows or 0, passed) // passed if passed else 0)
                watch.advance(len(proposals))
    return report


def staged(session: Session, scope: Scope) -> Iterator[Sequence[Seen]]:
    """The extracted and resolved rows of each record, joined by id, in bounded batches.

    A record without a resolved row (the step before was rerun for other rows) is left out: its own run carries it.
    """
    flow, kind = scope.flow.name, scope.activity_type
    span = (scope.partitions.first, scope.partitions.last)
    rows = session.configuration.limits.batch_rows
    extracted, resolved = (
        records(session.staging.read(flow, kind, step, run_id=scope.input_run, partitions=span, batch_rows=rows))
        for step in (Step.EXTRACTED, Step.RESOLVED)
    )
    # Both come in one order, so that little is at hand, but where the two steps saw a record in different partitions.
    at_hand: dict[str, Mapping[str, Any]] = {}
    for batch in extracted:
        wanted = {row["source_id"] for row in batch} - at_hand.keys()
        while wanted and (more := next(resolved, None)) is not None:
            at_hand |= {row["source_id"]: row for row in more}
            wanted -= at_hand.keys()
        yield [
            Seen(Extracted.from_row(row), Resolved.from_row(at_hand.pop(row["source_id"])))
            for row in batch
            if row["source_id"] in at_hand
        ]
