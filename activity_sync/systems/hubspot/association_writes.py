"""Associations of existing activities: made and parted in batches. Doing it again does no harm."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from activity_sync.activities.kinds import ActivityType
from activity_sync.errors import RetriableError
from activity_sync.http.message import ApiRequest
from activity_sync.rules.values import LAST_ASSOCIATION
from activity_sync.systems.hubspot.batches import gather_all, in_halves, refused, unanswered
from activity_sync.systems.hubspot.operations import Operations
from activity_sync.systems.hubspot.refusals import explain, is_record_refusal, read_rows, read_whole
from activity_sync.systems.hubspot.wire import ASSOCIATION_ARCHIVE, ASSOCIATION_CREATE, split_batches
from activity_sync.systems.records import UpdateRequest, WriteResult


@dataclass(frozen=True, slots=True)
class _Pairs:
    """One input of an association batch. `owner`: the activity whose update it is part of."""

    owner: str
    input: Mapping[str, Any]


_LIMITS: Final = {"create": ASSOCIATION_CREATE, "archive": ASSOCIATION_ARCHIVE}


async def write_associations(
    operations: Operations, activity_type: ActivityType, requests: Sequence[UpdateRequest]
) -> dict[str, WriteResult]:
    """The results of those requests, by record id, whose associations were not all written; new ones come first.

    What keeps its last association is parted only from what leaves it another one: `stale` where none would be left,
    unless a new one was refused, which then is the result.
    """
    failed = await _write_all(operations, activity_type, "create", _to_create(requests))
    parting = [one for one in requests if one.body.get("dissociate")]
    kept = await _kept(operations, activity_type, parting, refused_new=failed)
    free = [one for one in parting if one.id not in kept]
    return kept | failed | await _write_all(operations, activity_type, "archive", _to_archive(free))


async def _kept(
    operations: Operations,
    activity_type: ActivityType,
    requests: Sequence[UpdateRequest],
    *,
    refused_new: Collection[str],
) -> dict[str, WriteResult]:
    """By record id, why these are not parted: they would hang on nothing, or what they hang on cannot be read.

    Read at the last moment, since people may have taken away what was to stay. What has got a new association just now
    needs no look.
    """
    doubtful = [one for one in requests if one.keeps_last and (one.id in refused_new or not one.body.get("associate"))]
    if not doubtful:
        return {}
    try:
        shown = await operations.read_associations(activity_type, [one.id for one in doubtful])
    except RetriableError as error:
        return {one.id: unanswered(error, repeatable=True) for one in doubtful}
    kept = {}
    for one in doubtful:
        present = {(kind, str(end["id"])) for kind, ends in shown.get(one.id, {}).items() for end in ends}
        if present and present <= {(each["kind"], str(each["to"]["id"])) for each in one.body["dissociate"]}:
            kept[one.id] = WriteResult("stale", id=one.id, code=LAST_ASSOCIATION)
    return kept


async def _write_all(
    operations: Operations, activity_type: ActivityType, verb: str, by_kind: Mapping[str, Sequence[_Pairs]]
) -> dict[str, WriteResult]:
    answers = await gather_all(
        _write(operations, activity_type, kind, verb, some)
        for kind, pairs in by_kind.items()
        for some in split_batches(pairs, _LIMITS[verb])
    )
    return {owner: result for answer in answers for owner, result in answer.items()}


async def _write(
    operations: Operations, activity_type: ActivityType, kind: str, verb: str, pairs: Sequence[_Pairs]
) -> dict[str, WriteResult]:
    path = operations.paths.associations(activity_type, kind, verb)
    body = {"inputs": [one.input for one in pairs]}
    try:
        answer = await operations.client.send(ApiRequest("POST", path, json=body, repeatable=True))
    except RetriableError as error:
        return dict.fromkeys((one.owner for one in pairs), unanswered(error, repeatable=True))
    if answer.status >= 400:
        if not is_record_refusal(answer.status):
            raise explain(answer, f"associations of {activity_type} with {kind} records")
        problems = [read_whole(answer)]
    else:
        problems = list(read_rows(answer)) if answer.body.strip() else []
    if verb == "archive":
        # Parting what is not associated any more is success.
        problems = [row for row in problems if not (row.says_missing or row.says_unassociated)]
    if not problems:
        return {}
    if len(pairs) > 1:
        return await in_halves(partial(_write, operations, activity_type, kind, verb), pairs)
    return {pairs[0].owner: refused(problems[0])}


def _to_create(requests: Sequence[UpdateRequest]) -> dict[str, list[_Pairs]]:
    found: dict[str, list[_Pairs]] = {}
    for request in requests:
        for one in request.body.get("associate") or ():
            ends = {"from": {"id": request.id}, "to": one["to"], "types": one["types"]}
            found.setdefault(one["kind"], []).append(_Pairs(request.id, ends))
    return found


def _to_archive(requests: Sequence[UpdateRequest]) -> dict[str, list[_Pairs]]:
    """One input per activity and kind: the limit of a batch counts activities."""
    found: dict[str, list[_Pairs]] = {}
    for request in requests:
        by_kind: dict[str, list[Any]] = {}
        for one in request.body.get("dissociate") or ():
            by_kind.setdefault(one["kind"], []).append(one["to"])
        for kind, ends in by_kind.items():
            found.setdefault(kind, []).append(_Pairs(request.id, {"from": {"id": request.id}, "to": ends}))
    return found
