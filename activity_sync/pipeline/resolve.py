"""Step 2: for every reference on an activity, the target's record and the rule that found it."""

from __future__ import annotations

from activity_sync.activities.activity import Activity
from activity_sync.activities.kinds import Step
from activity_sync.errors import InvalidRecord
from activity_sync.pipeline.report import StepReport
from activity_sync.pipeline.resolver import Resolver
from activity_sync.pipeline.rows import Extracted, Resolved, frame, records
from activity_sync.pipeline.scope import Scope
from activity_sync.pipeline.session import Session
from activity_sync.pipeline.watching import watching


async def resolve(session: Session, scope: Scope) -> StepReport:
    """Every staged record has a row with its references and its owner in the target, found or not."""
    await session.identify()
    report = StepReport(scope)
    resolver = Resolver(session, scope, makes=True)
    flow, kind = scope.flow.name, scope.activity_type
    async with watching(session, scope, Step.RESOLVED) as watch:
        with session.staging.write(
            flow,
            kind,
            Step.RESOLVED,
            scope.run_id,
            partitions=(scope.partitions.first, scope.partitions.last),
        ) as out:
            staged = session.staging.read(
                flow,
                kind,
                Step.EXTRACTED,
                run_id=scope.input_run,
                partitions=(scope.partitions.first, scope.partitions.last),
                batch_rows=session.configuration.limits.batch_rows,
            )
            for batch in records(staged):
                extracted = [Extracted.from_row(row) for row in batch]
                resolved = await resolver.resolve(decodable(session, scope, extracted))
                rows = [resolved.get(one.record.id, Resolved()).to_row(one, scope.run_id) for one in extracted]
                for one in extracted:
                    report.count(one.partition, "extracted")
                out.append(frame(rows))
                watch.advance(len(rows))
    return report


def decodable(session: Session, scope: Scope, extracted: list[Extracted]) -> list[Activity]:
    """The activities of the records that keep their own system's contract; the others fail in the next step."""
    activities = []
    for one in extracted:
        if one.record.gone:
            continue
        try:
            activities.append(session.source(scope).translator.decode(scope.activity_type, one.record))
        except InvalidRecord:
            continue  # the transform decodes it again and makes it a failed row with its reason (case 28)
    return activities
