"""Associations: read, made and removed in batches, one pair at a time, and their labels.

Source: HubSpot developer documentation, "Associations v4", and the published OpenAPI files, read 2026-11.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from activity_sync.sandbox.hubspot.association_types import AssociationType
from activity_sync.sandbox.hubspot.associations import Ref
from activity_sync.sandbox.hubspot.batch_operations import batch_reply
from activity_sync.sandbox.hubspot.errors import ApiError, bad_request, not_found
from activity_sync.sandbox.hubspot.gateway import Call, Reply
from activity_sync.sandbox.hubspot.object_types import ObjectType, object_type
from activity_sync.sandbox.hubspot.records import Record

READ_LIMIT, WRITE_LIMIT, ARCHIVE_LIMIT, PAGE_LIMIT = 1_000, 2_000, 100, 500


def batch_read(call: Call) -> Reply:
    """Read what up to 1,000 records are associated with; those with nothing are absent from the results."""
    source, target = _types(call)
    inputs = call.inputs(at_most=READ_LIMIT)
    results, errors = [], []
    for each in inputs:
        record_id = str(each.get("id", ""))
        record = call.store.get(source, record_id)
        links = [] if record is None else _links(call, record, target)
        if not links:
            errors.append(_nothing_found(source, record_id, target))
            continue
        page, paging = _page(links, after=str(each.get("after") or "0"))
        results.append({"from": {"id": record_id}, "to": page, **paging})
    return batch_reply(call, results, errors, status=200)


def batch_create(call: Call) -> Reply:
    """Associate pairs under the given types; labels that a pair had and that are not given again are taken off."""
    source, target = _types(call)
    inputs = call.inputs(at_most=WRITE_LIMIT)
    # A type of the other direction refuses the request before anything is done.
    wanted = [_kinds(call, source, target, each.get("types")) for each in inputs]
    results, errors = [], []
    for each, kinds in zip(inputs, wanted, strict=True):
        pair = _pair(call, source, target, each)
        if isinstance(pair, ApiError):
            errors.append(pair.row())
            continue
        _associate(call, *pair, kinds)
        (from_type, from_id), (to_type, to_id) = pair
        results.append(
            {
                "fromObjectTypeId": object_type(from_type).type_id,
                "fromObjectId": _spelled_id(call, from_id),
                "toObjectTypeId": object_type(to_type).type_id,
                "toObjectId": _spelled_id(call, to_id),
                "labels": [kind.label for kind in kinds if kind.label],
            }
        )
    return batch_reply(call, results, errors, status=call.version.associations_created)


def batch_default(call: Call) -> Reply:
    """Associate pairs under the plain type of their direction."""
    source, target = _types(call)
    kind = _default(call, source, target)
    results, errors = [], []
    for each in call.inputs(at_most=WRITE_LIMIT):
        pair = _pair(call, source, target, each)
        if isinstance(pair, ApiError):
            errors.append(pair.row())
            continue
        _associate_more(call, *pair, kind)
        results += _default_results(*pair, kind)
    return batch_reply(call, results, errors, status=200)


def batch_archive(call: Call) -> Reply:
    """Part records from all those named, whatever the labels."""
    source, target = _types(call)
    inputs = call.inputs(at_most=ARCHIVE_LIMIT)
    for each in inputs:
        for other in each.get("to") or []:
            _part(call, (source.name, _end(each.get("from"))), (target.name, _end(other)))
    return _archived(call)


def batch_labels_archive(call: Call) -> Reply:
    """Take types off pairs; taking the plain one parts them."""
    source, target = _types(call)
    for each in call.inputs(at_most=WRITE_LIMIT):
        kinds = _kinds(call, source, target, each.get("types"))
        first, second = (source.name, _end(each.get("from"))), (target.name, _end(each.get("to")))
        call.store.associations.remove_kinds(first, second, kinds)
        call.store.controls.wrote(source.name, "disassociate", first[1])
    return _archived(call)


def list_of_one(call: Call) -> Reply:
    """Page through what one record is associated with."""
    source, target = call.type, object_type(call.path["to_type"])
    record = _living(call, source, call.path["record_id"])
    limit = call.count("limit", default=PAGE_LIMIT, at_most=PAGE_LIMIT)
    page, paging = _page(_links(call, record, target), after=call.query.get("after", "0"), limit=limit)
    return Reply(200, {"results": page, **paging})


def put_default(call: Call) -> Reply:
    """Associate one pair under the plain type."""
    source, target = call.type, object_type(call.path["to_type"])
    first, second = _ends_of_path(call, source, target)
    kind = _default(call, source, target)
    _associate_more(call, first, second, kind)
    return batch_reply(call, _default_results(first, second, kind), [], status=200)


def put_typed(call: Call) -> Reply:
    """Associate one pair under the types of the body, a list."""
    source, target = call.type, object_type(call.path["to_type"])
    first, second = _ends_of_path(call, source, target)
    kinds = _kinds(call, source, target, call.any_json())
    _associate(call, first, second, kinds)
    return Reply(
        201,
        {
            "fromObjectTypeId": source.type_id,
            "fromObjectId": _spelled_id(call, first[1]),
            "toObjectTypeId": target.type_id,
            "toObjectId": _spelled_id(call, second[1]),
            "labels": [kind.label for kind in kinds if kind.label],
        },
    )


def delete_pair(call: Call) -> Reply:
    """Part one pair; parting what is apart is success."""
    target = object_type(call.path["to_type"])
    _part(call, (call.type.name, call.path["record_id"]), (target.name, call.path["to_id"]))
    return Reply(204)


def list_labels(call: Call) -> Reply:
    """Give the types of a direction."""
    source, target = _types(call)
    kinds = call.store.associations.kinds(source.name, target.name)
    return Reply(200, {"results": [_spelled(kind) for kind in kinds]})


def create_label(call: Call) -> Reply:
    """Add a label of the portal's own."""
    source, target = _types(call)
    label = call.json().get("label")
    if not isinstance(label, str) or not label:
        raise bad_request("A label needs a label.")
    kinds = call.store.associations.define_label(source.name, target.name, label)
    return Reply(200, {"results": [_spelled(kind) for kind in kinds]})


def _types(call: Call) -> tuple[ObjectType, ObjectType]:
    return object_type(call.path["from_type"]), object_type(call.path["to_type"])


def _kinds(call: Call, source: ObjectType, target: ObjectType, given: Any) -> list[AssociationType]:
    if not isinstance(given, list) or not given:
        raise bad_request("Invalid input JSON: types must be a list that is not empty.", code="INVALID_JSON")
    kinds = []
    for each in given:
        match each:
            case {"associationCategory": str(category), "associationTypeId": int(type_id)}:
                kind = call.store.associations.find(source.name, target.name, category=category, type_id=type_id)
            case _:
                raise bad_request(
                    "Invalid input JSON: a type needs associationCategory and associationTypeId.", code="INVALID_JSON"
                )
        if kind is None:
            raise bad_request(
                f"{category} association type {type_id} is not valid from {source.type_id} to {target.type_id}.",
                code="INVALID_ASSOCIATION_TYPE",
            )
        kinds.append(kind)
    return kinds


def _default(call: Call, source: ObjectType, target: ObjectType) -> AssociationType:
    kind = call.store.associations.default(source.name, target.name)
    if kind is None:
        raise bad_request(f"{source.name} cannot be associated with {target.name}.")
    return kind


def _pair(call: Call, source: ObjectType, target: ObjectType, given: Mapping[str, Any]) -> tuple[Ref, Ref] | ApiError:
    first, second = _end(given.get("from")), _end(given.get("to"))
    missing = [each for kind, each in ((source, first), (target, second)) if call.store.get(kind, each) is None]
    if missing:
        return not_found(missing)
    return (source.name, first), (target.name, second)


def _ends_of_path(call: Call, source: ObjectType, target: ObjectType) -> tuple[Ref, Ref]:
    first = _living(call, source, call.path["record_id"])
    second = _living(call, target, call.path["to_id"])
    return (source.name, first.id), (target.name, second.id)


def _living(call: Call, kind: ObjectType, record_id: str) -> Record:
    record = call.store.get(kind, record_id)
    if record is None:
        raise not_found()
    return record


def _end(given: Any) -> str:
    match given:
        case {"id": str(text)} if text:
            return text
        case {"id": int(number)}:
            return str(number)
    raise bad_request("Invalid input JSON: both ends of an association need an id.", code="INVALID_JSON")


def _associate(call: Call, first: Ref, second: Ref, kinds: Iterable[AssociationType]) -> None:
    if call.store.associations.set(first, second, kinds):
        call.store.controls.wrote(first[0], "associate", first[1])


def _associate_more(call: Call, first: Ref, second: Ref, kind: AssociationType) -> None:
    present = call.store.associations.of(first, second[0]).get(second[1], [])
    _associate(call, first, second, [*present, kind])


def _part(call: Call, first: Ref, second: Ref) -> None:
    if call.store.associations.remove(first, second):
        call.store.controls.wrote(first[0], "disassociate", first[1])


def _archived(call: Call) -> Reply:
    return batch_reply(call, [], [], status=200) if call.version.archives_with_body else Reply(204)


def _links(call: Call, record: Record, target: ObjectType) -> list[dict[str, Any]]:
    return [
        {"toObjectId": _spelled_id(call, target_id), "associationTypes": [_spelled(kind) for kind in kinds]}
        for target_id, kinds in call.store.living_links(record, target.name)
    ]


def _page(
    links: list[dict[str, Any]], *, after: str, limit: int = PAGE_LIMIT
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    if not after.isdigit():
        raise bad_request(f"Invalid after cursor: {after}")
    rest = [link for link in links if int(link["toObjectId"]) >= int(after)]
    if len(rest) <= limit:
        return rest, {}
    cursor = str(rest[limit]["toObjectId"])
    return rest[:limit], {"paging": {"next": {"after": cursor, "link": f"?after={cursor}"}}}


def _default_results(first: Ref, second: Ref, kind: AssociationType) -> list[dict[str, Any]]:
    """Both directions of the association that was made."""
    return [
        {
            "from": {"id": source},
            "to": {"id": target},
            "associationSpec": {"associationCategory": kind.category, "associationTypeId": type_id},
        }
        for source, target, type_id in ((first[1], second[1], kind.type_id), (second[1], first[1], kind.inverse_id))
    ]


def _nothing_found(source: ObjectType, record_id: str, target: ObjectType) -> dict[str, Any]:
    return ApiError(
        404,
        "OBJECT_NOT_FOUND",
        f"No {target.name} is associated with {source.name} {record_id}.",
        context={"fromObjectId": [record_id], "fromObjectType": [source.type_id], "toObjectType": [target.type_id]},
        sub_category="crm.associations.NO_ASSOCIATIONS_FOUND",
    ).row()


def _spelled(kind: AssociationType) -> dict[str, Any]:
    return {"category": kind.category, "typeId": kind.type_id, "label": kind.label}


def _spelled_id(call: Call, record_id: str) -> str | int:
    return int(record_id) if call.version.numeric_ids else record_id
