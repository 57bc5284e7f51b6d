"""Associations of one record or pair, and the labels of a direction.

Source: HubSpot developer documentation, "Associations v4", and the published OpenAPI files, read 2026-11.
"""

from __future__ import annotations

from activity_sync.sandbox.hubspot.association_requests import (
    PAGE_LIMIT,
    associate,
    associate_more,
    default_kind,
    default_results,
    id_body,
    kind_body,
    kinds_given,
    links_of,
    living,
    page_of,
    part,
    types_of_path,
)
from activity_sync.sandbox.hubspot.associations import Ref
from activity_sync.sandbox.hubspot.batch_operations import batch_reply
from activity_sync.sandbox.hubspot.errors import bad_request
from activity_sync.sandbox.hubspot.gateway import Call, Reply
from activity_sync.sandbox.hubspot.object_types import ObjectType, object_type


def list_of_one(call: Call) -> Reply:
    """Page through what one record is associated with."""
    source, target = call.type, object_type(call.path["to_type"])
    record = living(call, source, call.path["record_id"])
    limit = call.count("limit", default=PAGE_LIMIT, at_most=PAGE_LIMIT)
    page, paging = page_of(links_of(call, record, target), after=call.query.get("after", "0"), limit=limit)
    return Reply(200, {"results": page, **paging})


def put_default(call: Call) -> Reply:
    """Associate one pair under the plain type."""
    source, target = call.type, object_type(call.path["to_type"])
    first, second = _ends_of_path(call, source, target)
    kind = default_kind(call, source, target)
    associate_more(call, first, second, kind)
    return batch_reply(call, default_results(first, second, kind), [], status=200)


def put_typed(call: Call) -> Reply:
    """Associate one pair under the types of the body, a list."""
    source, target = call.type, object_type(call.path["to_type"])
    first, second = _ends_of_path(call, source, target)
    kinds = kinds_given(call, source, target, call.any_json())
    associate(call, first, second, kinds)
    return Reply(
        201,
        {
            "fromObjectTypeId": source.type_id,
            "fromObjectId": id_body(call, first[1]),
            "toObjectTypeId": target.type_id,
            "toObjectId": id_body(call, second[1]),
            "labels": [kind.label for kind in kinds if kind.label],
        },
    )


def delete_pair(call: Call) -> Reply:
    """Part one pair; parting what is apart is success."""
    target = object_type(call.path["to_type"])
    part(call, (call.type.name, call.path["record_id"]), (target.name, call.path["to_id"]))
    return Reply(204)


def list_labels(call: Call) -> Reply:
    """Give the types of a direction."""
    source, target = types_of_path(call)
    kinds = call.store.associations.kinds(source.name, target.name)
    return Reply(200, {"results": [kind_body(kind) for kind in kinds]})


def create_label(call: Call) -> Reply:
    """Add a label of the portal's own."""
    source, target = types_of_path(call)
    label = call.json().get("label")
    if not isinstance(label, str) or not label:
        raise bad_request("A label needs a label.")
    kinds = call.store.associations.define_label(source.name, target.name, label)
    return Reply(200, {"results": [kind_body(kind) for kind in kinds]})


def _ends_of_path(call: Call, source: ObjectType, target: ObjectType) -> tuple[Ref, Ref]:
    first = living(call, source, call.path["record_id"])
    second = living(call, target, call.path["to_id"])
    return (source.name, first.id), (target.name, second.id)
