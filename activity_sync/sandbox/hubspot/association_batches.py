"""Associations in batches: read, made and removed.

Source: HubSpot developer documentation, "Associations v4", and the published OpenAPI files, read 2026-11.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from activity_sync.sandbox.hubspot.association_requests import (
    associate,
    associate_more,
    default_kind,
    default_results,
    end_id,
    id_body,
    kinds_given,
    links_of,
    page_of,
    part,
    types_of_path,
)
from activity_sync.sandbox.hubspot.associations import Ref
from activity_sync.sandbox.hubspot.batch_operations import batch_reply
from activity_sync.sandbox.hubspot.errors import ApiError, not_found
from activity_sync.sandbox.hubspot.gateway import Call, Reply
from activity_sync.sandbox.hubspot.object_types import ObjectType, object_type

READ_LIMIT, WRITE_LIMIT, ARCHIVE_LIMIT = 1_000, 2_000, 100


def batch_read(call: Call) -> Reply:
    """Read what up to 1,000 records are associated with; those with nothing are absent from the results."""
    source, target = types_of_path(call)
    inputs = call.inputs(at_most=READ_LIMIT)
    results, errors = [], []
    for each in inputs:
        record_id = str(each.get("id", ""))
        record = call.store.get(source, record_id)
        links = [] if record is None else links_of(call, record, target)
        if not links:
            errors.append(_nothing_found(source, record_id, target))
            continue
        page, paging = page_of(links, after=str(each.get("after") or "0"))
        results.append({"from": {"id": record_id}, "to": page, **paging})
    return batch_reply(call, results, errors, status=200)


def batch_create(call: Call) -> Reply:
    """Associate pairs under the given types; labels that a pair had and that are not given again are taken off."""
    source, target = types_of_path(call)
    inputs = call.inputs(at_most=WRITE_LIMIT)
    # A type of the other direction refuses the request before anything is done.
    wanted = [kinds_given(call, source, target, each.get("types")) for each in inputs]
    results, errors = [], []
    for each, kinds in zip(inputs, wanted, strict=True):
        pair = _pair(call, source, target, each)
        if isinstance(pair, ApiError):
            errors.append(pair.row())
            continue
        associate(call, *pair, kinds)
        (from_type, from_id), (to_type, to_id) = pair
        results.append(
            {
                "fromObjectTypeId": object_type(from_type).type_id,
                "fromObjectId": id_body(call, from_id),
                "toObjectTypeId": object_type(to_type).type_id,
                "toObjectId": id_body(call, to_id),
                "labels": [kind.label for kind in kinds if kind.label],
            }
        )
    return batch_reply(call, results, errors, status=call.version.associations_created)


def batch_default(call: Call) -> Reply:
    """Associate pairs under the plain type of their direction."""
    source, target = types_of_path(call)
    kind = default_kind(call, source, target)
    results, errors = [], []
    for each in call.inputs(at_most=WRITE_LIMIT):
        pair = _pair(call, source, target, each)
        if isinstance(pair, ApiError):
            errors.append(pair.row())
            continue
        associate_more(call, *pair, kind)
        results += default_results(*pair, kind)
    return batch_reply(call, results, errors, status=200)


def batch_archive(call: Call) -> Reply:
    """Part records from all those named, whatever the labels."""
    source, target = types_of_path(call)
    inputs = call.inputs(at_most=ARCHIVE_LIMIT)
    for each in inputs:
        for other in each.get("to") or []:
            part(call, (source.name, end_id(each.get("from"))), (target.name, end_id(other)))
    return _archived(call)


def batch_labels_archive(call: Call) -> Reply:
    """Take types off pairs; taking the plain one parts them."""
    source, target = types_of_path(call)
    for each in call.inputs(at_most=WRITE_LIMIT):
        kinds = kinds_given(call, source, target, each.get("types"))
        first, second = (source.name, end_id(each.get("from"))), (target.name, end_id(each.get("to")))
        call.store.associations.remove_kinds(first, second, kinds)
        call.store.controls.wrote(source.name, "disassociate", first[1])
    return _archived(call)


def _pair(call: Call, source: ObjectType, target: ObjectType, given: Mapping[str, Any]) -> tuple[Ref, Ref] | ApiError:
    first, second = end_id(given.get("from")), end_id(given.get("to"))
    missing = [each for kind, each in ((source, first), (target, second)) if call.store.get(kind, each) is None]
    if missing:
        return not_found(missing)
    return (source.name, first), (target.name, second)


def _archived(call: Call) -> Reply:
    return batch_reply(call, [], [], status=200) if call.version.archives_with_body else Reply(204)


def _nothing_found(source: ObjectType, record_id: str, target: ObjectType) -> dict[str, Any]:
    return ApiError(
        404,
        "OBJECT_NOT_FOUND",
        f"No {target.name} is associated with {source.name} {record_id}.",
        context={"fromObjectId": [record_id], "fromObjectType": [source.type_id], "toObjectType": [target.type_id]},
        sub_category="crm.associations.NO_ASSOCIATIONS_FOUND",
    ).row()
