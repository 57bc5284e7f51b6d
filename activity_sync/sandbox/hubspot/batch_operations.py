"""Records by the hundred: read, create, update, upsert, archive.

A batch with a refused row fails as a whole with that row's error, unless every row carries a trace id of its own:
then the others are done and the errors name the trace ids. Successful results do not repeat them.
Source: HubSpot developer documentation, "Error handling" (multi-status errors), read 2026-11.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from activity_sync.sandbox.hubspot.errors import ApiError, bad_request, not_found
from activity_sync.sandbox.hubspot.gateway import Call, Reply
from activity_sync.sandbox.hubspot.moments import to_iso
from activity_sync.sandbox.hubspot.object_operations import find_by_property
from activity_sync.sandbox.hubspot.record_views import View, read_body, written_body
from activity_sync.sandbox.hubspot.records import Record
from activity_sync.sandbox.hubspot.writing import (
    Create,
    Reserved,
    Update,
    apply_create,
    apply_update,
    prepare_create,
    prepare_update,
    reserve,
)

_READ_LIMIT_WITH_HISTORY = 50

Prepared = TypeVar("Prepared")


def batch_read(call: Call) -> Reply:
    """Read records by id or by a unique property; those not found are named in `errors`."""
    body = call.json()
    view = View(_strings(body, "properties"), _strings(body, "propertiesWithHistory"))
    inputs = call.inputs(at_most=_READ_LIMIT_WITH_HISTORY if view.history else 100)
    ids = list(dict.fromkeys(_id(each) for each in inputs))
    id_property, archived = body.get("idProperty"), call.flag("archived")
    found: dict[str, Record] = {}
    for each in ids:
        record = (
            find_by_property(call, id_property, each)
            if id_property
            else call.store.get(call.type, each, archived=archived)
        )
        if record is not None:
            found[each] = record
    missing = [each for each in ids if each not in found]
    results = [read_body(call.store, record, view, version=call.version) for record in found.values()]
    errors = [not_found(missing).row()] if missing else []
    return batch_reply(call, results, errors, status=200)


def batch_create(call: Call) -> Reply:
    """Create records with their associations."""
    reserved: Reserved = set()

    def prepare(given: dict[str, Any]) -> Create:
        create = prepare_create(call.store, call.type, given, reserved=reserved)
        reserve(call.store, call.type, create.values, reserved)
        return create

    prepared, errors = _prepare_all(call, prepare)
    results = [
        written_body(call.store, apply_create(call.store, create), names=None, version=call.version)
        for create in prepared
    ]
    return batch_reply(call, results, errors, status=201)


def batch_update(call: Call) -> Reply:
    """Change records; ids that were merged away are not followed, and unknown ones are left out."""
    reserved: Reserved = set()
    _refuse_repeated(call)
    unknown: list[str] = []

    def prepare(given: dict[str, Any]) -> Update | None:
        id_property = given.get("idProperty")
        record = (
            find_by_property(call, id_property, _id(given)) if id_property else call.store.get(call.type, _id(given))
        )
        if record is None:
            unknown.append(_id(given))
            return None
        update = prepare_update(call.store, record, given.get("properties", {}), reserved=reserved)
        reserve(call.store, call.type, update.values, reserved)
        return update

    prepared, errors = _prepare_all(call, prepare)
    results = [_updated(call, update) for update in prepared if update is not None]
    if unknown and not call.store.controls.settings.hubspot_unknown_ids_silent:
        errors = [*errors, not_found(unknown).row()]
    return batch_reply(call, results, errors, status=200, partial=bool(unknown))


def batch_upsert(call: Call) -> Reply:
    """Change the records that hold a unique value and create those that do not exist; takes no associations."""
    inputs = call.inputs()
    properties = {str(each.get("idProperty")) for each in inputs}
    if len(properties) != 1 or properties == {"None"}:
        raise bad_request("All inputs need the same idProperty.")
    id_property = properties.pop()
    if id_property == "hs_object_id":
        raise bad_request("hs_object_id cannot be used as idProperty of an upsert.")
    reserved: Reserved = set()
    _refuse_repeated(call)

    def prepare(given: dict[str, Any]) -> Create | Update:
        record = find_by_property(call, id_property, _id(given))
        values = given.get("properties", {})
        if not isinstance(values, dict):
            raise bad_request("Invalid input JSON: properties must be an object.", code="INVALID_JSON")
        if record is not None:
            update = prepare_update(call.store, record, values, reserved=reserved)
            reserve(call.store, call.type, update.values, reserved)
            return update
        whole = {"properties": {id_property: _id(given), **values}}
        create = prepare_create(call.store, call.type, whole, reserved=reserved)
        reserve(call.store, call.type, create.values, reserved)
        return create

    # The documentation rules out partial upserts by e-mail address.
    prepared, errors = _prepare_all(call, prepare, partial=id_property != "email")
    results = []
    for each in prepared:
        match each:
            case Create():
                record = apply_create(call.store, each)
                body = written_body(call.store, record, names=None, version=call.version)
                results.append(body | {"new": True})
            case Update():
                results.append(_updated(call, each) | {"new": False})
    return batch_reply(call, results, errors, status=200)


def batch_archive(call: Call) -> Reply:
    """Move records to the recycling bin; those not there are archived already."""
    for each in call.inputs():
        record = call.store.get(call.type, _id(each))
        if record is not None:
            call.store.archive(record)
            call.store.controls.wrote(call.type.name, "delete", record.id)
    return Reply(204)


def batch_reply(
    call: Call,
    results: list[dict[str, Any]],
    errors: list[dict[str, Any]],
    *,
    status: int,
    partial: bool = False,
) -> Reply:
    """Give a batch answer, its results in no promised order."""
    if call.store.controls.settings.shuffle_results:
        call.store.controls.random.shuffle(results)
    now = to_iso(call.store.now_ms)
    body: dict[str, Any] = {
        "status": "COMPLETE",
        "results": results,
        "startedAt": now,
        "completedAt": now,
        "requestedAt": now,
    }
    if errors:
        body |= {"numErrors": len(errors), "errors": errors}
    incomplete = bool(errors) or partial
    return Reply(call.version.partial_status or status if incomplete else status, body)


def _prepare_all(
    call: Call, prepare: Callable[[dict[str, Any]], Prepared], *, partial: bool = True
) -> tuple[list[Prepared], list[dict[str, Any]]]:
    """Accept or refuse every input; refuses the whole request where partial success was not asked for."""
    inputs = call.inputs()
    traces = [each.get("objectWriteTraceId") for each in inputs]
    given = [trace for trace in traces if trace is not None]
    if len(set(map(str, given))) != len(given):
        raise bad_request("objectWriteTraceId must be unique in a request.", code="DUPLICATE_TRACE_ID")
    traced = partial and len(given) == len(inputs)
    prepared: list[Prepared] = []
    errors: list[dict[str, Any]] = []
    for each, trace in zip(inputs, traces, strict=True):
        try:
            prepared.append(prepare(each))
        except ApiError as refused:
            if not traced:
                raise
            errors.append(refused.row(context={"objectWriteTraceId": [str(trace)]}))
    return prepared, errors


def _updated(call: Call, update: Update) -> dict[str, Any]:
    names = apply_update(call.store, update)
    shown = names if call.store.controls.settings.hubspot_patch_answers_subset else None
    return written_body(call.store, update.record, names=shown, version=call.version)


def _refuse_repeated(call: Call) -> None:
    ids = [_id(each) for each in call.inputs()]
    if repeated := sorted({each for each in ids if ids.count(each) > 1}):
        raise bad_request(f"Duplicate IDs found in batch input: [{', '.join(repeated)}]. IDs must be unique")


def _id(given: Mapping[str, Any]) -> str:
    match given.get("id"):
        case str(text) if text:
            return text
        case int(number) if not isinstance(number, bool):
            return str(number)
    raise bad_request("Invalid input JSON: every input needs an id.", code="INVALID_JSON")


def _strings(body: Mapping[str, Any], name: str) -> tuple[str, ...]:
    given = body.get(name) or []
    if not isinstance(given, list) or not all(isinstance(each, str) for each in given):
        raise bad_request(f"Invalid input JSON: {name} must be a list of names.", code="INVALID_JSON")
    return tuple(given)
