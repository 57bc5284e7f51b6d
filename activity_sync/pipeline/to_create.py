"""The contacts and companies that a run's proposals want made first, named without reading a single body."""

from __future__ import annotations

import json
from collections.abc import Collection

from activity_sync.activities.identity import Flow, RecordRef
from activity_sync.activities.kinds import ActivityType, Step
from activity_sync.pipeline.rows import text
from activity_sync.staging.staging import Staging


def records_to_create(
    staging: Staging, flow: Flow, types: Collection[ActivityType], run_ids: Collection[str]
) -> tuple[RecordRef, ...]:
    """The source's records whose counterparts these runs would make, in order, each once."""
    found = set()
    for kind in types:
        for run_id in run_ids:
            for (creates,) in staging.tally(flow.name, kind, Step.TRANSFORMED, by=("creates",), run_id=run_id):
                found |= {(one["kind"], one["source_id"]) for one in json.loads(text(creates) or "[]")}
    return tuple(RecordRef(flow.source, *one) for one in sorted(found))
