"""Functions and actions: WhoAmI, counts, Merge, and the bulk messages."""

import re
from typing import TYPE_CHECKING, Any

from activity_sync.sandbox.dynamics.calls import Answer, Call
from activity_sync.sandbox.dynamics.errors import (
    DataverseError,
    bad_payload,
    bad_query,
    method_not_allowed,
    missing_row,
    unsupported_message,
)
from activity_sync.sandbox.dynamics.identity import BUSINESS_UNIT_ID, ORGANIZATION_ID
from activity_sync.sandbox.dynamics.keys import resolve_address
from activity_sync.sandbox.dynamics.merging import merge
from activity_sync.sandbox.dynamics.schema import Table
from activity_sync.sandbox.dynamics.virtual import rows_of
from activity_sync.sandbox.dynamics.writing import Caller, create_row, update_row

if TYPE_CHECKING:
    from activity_sync.sandbox.dynamics.store import Store

Row = dict[str, Any]
_TYPE = "#Microsoft.Dynamics.CRM."


def answer_unbound(store: "Store", call: Call, name: str, key: str | None, *, caller: Caller) -> Answer | None:
    """The answer of a function or action that stands alone; None when the name is none of them."""
    match name:
        case "WhoAmI":
            _only(call, "GET")
            body = {
                "@odata.context": f"{call.root}/$metadata#Microsoft.Dynamics.CRM.WhoAmIResponse",
                "BusinessUnitId": BUSINESS_UNIT_ID,
                "UserId": caller.user,
                "OrganizationId": ORGANIZATION_ID,
            }
            return Answer(200, body)
        case "RetrieveVersion":
            _only(call, "GET")
            return Answer(200, {"Version": "9.2.25112.00130"})
        case "RetrieveTotalRecordCount":
            _only(call, "GET")
            return _total_counts(store, call, key or "")
        case "Merge":
            _only(call, "POST")
            merge(store, call.json(), caller=caller)
            return Answer(204)
    return None


def answer_bulk(store: "Store", call: Call, table: Table, message: str, *, caller: Caller) -> Answer:
    """CreateMultiple, UpdateMultiple, UpsertMultiple: one transaction, the first error speaks for all."""
    if message == "DeleteMultiple":
        raise DataverseError(400, "0x80040800", "DeleteMultiple has not yet been implemented.")
    if message not in ("CreateMultiple", "UpdateMultiple", "UpsertMultiple"):
        raise bad_query(f"Resource not found for the segment 'Microsoft.Dynamics.CRM.{message}'.")
    if table.name not in store.controls.settings.dynamics_bulk_tables:
        raise unsupported_message(message, table.name)
    targets = call.json_object().get("Targets")
    if not isinstance(targets, list) or not targets:
        raise bad_payload(table.set_name, "Microsoft.OData.ODataException: The parameter 'Targets' is missing.")
    for target in targets:
        given = target.get("@odata.type") if isinstance(target, dict) else None
        if not isinstance(given, str) or given.lstrip("#") != f"Microsoft.Dynamics.CRM.{table.name}":
            raise bad_payload(
                table.set_name,
                "Microsoft.OData.ODataException: A type named by '@odata.type' is required on each item.",
            )
        if table.has_parties and table.party_property in target:
            raise bad_payload(
                table.set_name, f"Microsoft.OData.ODataException: '{table.party_property}' is not supported here."
            )
    match message:
        case "CreateMultiple":
            rows = [create_row(store, table, target, caller=caller) for target in targets]
            context = f"{call.root}/$metadata#Microsoft.Dynamics.CRM.CreateMultipleResponse"
            return Answer(200, {"@odata.context": context, "Ids": [row[table.key] for row in rows]})
        case "UpdateMultiple":
            for target in targets:
                row = _named_row(store, table, target)
                if row is None:
                    raise DataverseError(
                        404, "0x80040217", f"{table.name} With Ids = {target.get(table.key)} Do Not Exist"
                    )
                update_row(store, table, row, target, caller=caller)
        case "UpsertMultiple":
            for target in targets:
                row = _named_row(store, table, target)
                if row is not None:
                    update_row(store, table, row, target, caller=caller)
                else:
                    create_row(store, table, target, caller=caller)
    return Answer(204)


def _named_row(store: "Store", table: Table, target: Row) -> Row | None:
    """The row that an item names by its key column or its `@odata.id`."""
    row_id = target.get(table.key)
    if row_id is None and isinstance(target.get("@odata.id"), str):
        reference = resolve_address(store, target["@odata.id"])
        row_id = reference.id if reference is not None else None
    if not isinstance(row_id, str):
        raise bad_payload(
            table.set_name, f"Microsoft.OData.ODataException: '{table.key}' or '@odata.id' is required on each item."
        )
    return store.get(table.name, row_id.lower())


def _total_counts(store: "Store", call: Call, arguments: str) -> Answer:
    names = re.findall(r"[\"']([\w]+)[\"']", arguments + call.query)
    for name in names:
        if name not in store.tables:
            raise missing_row("entity", name)
    counts = [len(rows_of(store, store.tables[name])) for name in names]
    return Answer(
        200,
        {
            "@odata.context": f"{call.root}/$metadata{_TYPE}RetrieveTotalRecordCountResponse",
            "EntityRecordCountCollection": {
                "Count": len(names),
                "IsReadOnly": False,
                "Keys": names,
                "Values": counts,
            },
        },
    )


def _only(call: Call, method: str) -> None:
    if call.method != method:
        raise method_not_allowed(call.method)
