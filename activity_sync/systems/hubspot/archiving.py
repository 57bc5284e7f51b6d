"""Moving records to the recycling bin, in batches. Doing it again does no harm: what is there already is done.

HubSpot has no conditional delete: whoever calls has read the records just before.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from activity_sync.activities.kinds import ActivityType
from activity_sync.errors import RetriableError
from activity_sync.http.message import ApiRequest
from activity_sync.systems.hubspot.batches import gather_all, in_halves, refused, unanswered
from activity_sync.systems.hubspot.operations import Operations
from activity_sync.systems.hubspot.refusals import explain, is_record_refusal, read_rows, read_whole
from activity_sync.systems.hubspot.wire import BATCH, split_batches
from activity_sync.systems.records import WriteResult


async def archive_records(
    operations: Operations, activity_type: ActivityType, ids: Sequence[str]
) -> dict[str, WriteResult]:
    """By record id, what became of it; a batch that was refused is sent in parts."""
    send = partial(_archive_batch, operations, activity_type)
    answers = await gather_all(send(some) for some in split_batches(dict.fromkeys(ids), BATCH))
    return {record_id: result for answer in answers for record_id, result in answer.items()}


async def _archive_batch(
    operations: Operations, activity_type: ActivityType, ids: Sequence[str]
) -> dict[str, WriteResult]:
    send_part = partial(_archive_batch, operations, activity_type)
    path = operations.paths.batch(activity_type, "archive")
    body = {"inputs": [{"id": one} for one in ids]}
    try:
        answer = await operations.client.send(ApiRequest("POST", path, json=body, repeatable=True))
    except RetriableError as error:
        return dict.fromkeys(ids, unanswered(error, repeatable=False))
    if answer.status >= 400:
        if not is_record_refusal(answer.status):
            raise explain(answer, f"a batch of {activity_type} records to archive")
        rows = [read_whole(answer)]
    else:
        # 204 has no body; the dated versions may well answer with one, errors included.
        rows = list(read_rows(answer))
    if answer.status >= 400 and len(ids) > 1:
        return await in_halves(send_part, ids)
    problems = [row for row in rows if not row.says_missing]
    if not problems:
        return {one: WriteResult("done", id=one, status=answer.status) for one in ids}
    if len(ids) > 1:
        return await in_halves(send_part, ids)
    return {ids[0]: refused(problems[0])}
