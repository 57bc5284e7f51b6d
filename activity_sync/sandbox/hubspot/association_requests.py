"""What all operations on associations share: reading their requests, doing them, and the form of answers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from activity_sync.sandbox.hubspot.association_types import AssociationType
from activity_sync.sandbox.hubspot.associations import Ref
from activity_sync.sandbox.hubspot.errors import bad_request, not_found
from activity_sync.sandbox.hubspot.gateway import Call
from activity_sync.sandbox.hubspot.object_types import ObjectType, object_type
from activity_sync.sandbox.hubspot.records import Record

PAGE_LIMIT = 500


def types_of_path(call: Call) -> tuple[ObjectType, ObjectType]:
    """Read the two object types of the path."""
    return object_type(call.path["from_type"]), object_type(call.path["to_type"])


def kinds_given(call: Call, source: ObjectType, target: ObjectType, given: Any) -> list[AssociationType]:
    """Read the types of a write; refuses those of another direction."""
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


def default_kind(call: Call, source: ObjectType, target: ObjectType) -> AssociationType:
    """Give the plain kind of a direction; refuses types that cannot be associated."""
    kind = call.store.associations.default(source.name, target.name)
    if kind is None:
        raise bad_request(f"{source.name} cannot be associated with {target.name}.")
    return kind


def living(call: Call, kind: ObjectType, record_id: str) -> Record:
    """Find a living record; refuses others with 404."""
    record = call.store.get(kind, record_id)
    if record is None:
        raise not_found()
    return record


def end_id(given: Any) -> str:
    """Read the id of one end."""
    match given:
        case {"id": str(text)} if text:
            return text
        case {"id": int(number)}:
            return str(number)
    raise bad_request("Invalid input JSON: both ends of an association need an id.", code="INVALID_JSON")


def associate(call: Call, first: Ref, second: Ref, kinds: Iterable[AssociationType]) -> None:
    """Associate two records under exactly these kinds and the plain one."""
    if call.store.associations.set(first, second, kinds):
        call.store.controls.wrote(first[0], "associate", first[1])


def associate_more(call: Call, first: Ref, second: Ref, kind: AssociationType) -> None:
    """Associate two records under one kind more."""
    present = call.store.associations.of(first, second[0]).get(second[1], [])
    associate(call, first, second, [*present, kind])


def part(call: Call, first: Ref, second: Ref) -> None:
    """Part two records."""
    if call.store.associations.remove(first, second):
        call.store.controls.wrote(first[0], "disassociate", first[1])


def links_of(call: Call, record: Record, target: ObjectType) -> list[dict[str, Any]]:
    """Give what a record is associated with, as reads show it."""
    return [
        {"toObjectId": id_body(call, target_id), "associationTypes": [kind_body(kind) for kind in kinds]}
        for target_id, kinds in call.store.living_links(record, target.name)
    ]


def page_of(
    links: list[dict[str, Any]], *, after: str, limit: int = PAGE_LIMIT
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Cut a page out of a record's associations; gives it with its `paging`."""
    if not after.isdigit():
        raise bad_request(f"Invalid after cursor: {after}")
    rest = [link for link in links if int(link["toObjectId"]) >= int(after)]
    if len(rest) <= limit:
        return rest, {}
    cursor = str(rest[limit]["toObjectId"])
    return rest[:limit], {"paging": {"next": {"after": cursor, "link": f"?after={cursor}"}}}


def default_results(first: Ref, second: Ref, kind: AssociationType) -> list[dict[str, Any]]:
    """Both directions of the association that was made."""
    return [
        {
            "from": {"id": source},
            "to": {"id": target},
            "associationSpec": {"associationCategory": kind.category, "associationTypeId": type_id},
        }
        for source, target, type_id in ((first[1], second[1], kind.type_id), (second[1], first[1], kind.inverse_id))
    ]


def kind_body(kind: AssociationType) -> dict[str, Any]:
    """Give a kind as reads show it."""
    return {"category": kind.category, "typeId": kind.type_id, "label": kind.label}


def id_body(call: Call, record_id: str) -> str | int:
    """Give a record id as this generation shows it."""
    return int(record_id) if call.version.numeric_ids else record_id
