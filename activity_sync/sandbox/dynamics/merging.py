"""The Merge action: one record takes over another's activities, the other is deactivated."""

from typing import TYPE_CHECKING, Any

from activity_sync.sandbox.dynamics.errors import DataverseError, bad_payload, missing_row, unsupported_message
from activity_sync.sandbox.dynamics.schema import Reference, Table
from activity_sync.sandbox.dynamics.writing import Caller, update_row

if TYPE_CHECKING:
    from activity_sync.sandbox.dynamics.store import Store

Row = dict[str, Any]
_MERGEABLE = ("account", "contact", "lead", "incident")


def merge(store: "Store", body: Any, *, caller: Caller) -> None:
    """Merges `Subordinate` into `Target`. Raises DataverseError.

    The subordinate is deactivated, not deleted, and names its master. Its activities move to the target, closed ones
    too; its notes stay (relations: activities cascade Merge, notes do not).
    """
    table, target = _named(store, body, "Target")
    other, subordinate = _named(store, body, "Subordinate")
    if table.name not in _MERGEABLE or other.name != table.name:
        raise unsupported_message("Merge", other.name)
    if target["statecode"] != 0 or subordinate["statecode"] != 0:
        raise DataverseError(400, "0x80045304", "You can't merge records that are inactive.")
    content = body.get("UpdateContent")
    if content:
        target = update_row(store, table, target, content, caller=caller)
    new, old = Reference(table.name, target[table.key]), Reference(table.name, subordinate[table.key])
    now = store.now()
    for activity_table, activity_id in sorted(store.hanging.get(old, ())):
        if activity_table != "annotation":
            row = store.rows[activity_table][activity_id]
            store.put(activity_table, row | {"regardingobjectid": new, "modifiedon": now}, action="update")
    for activity_id, parties in list(store.parties.items()):
        if any(party.get("partyid") == old for party in parties):
            moved = [party | {"partyid": new} if party.get("partyid") == old else party for party in parties]
            store.put_parties(activity_id, moved)
    inactive = table.states[-1]
    gone = subordinate | {
        "statecode": inactive.value,
        "statuscode": inactive.reasons[0][0],
        "merged": True,
        "masterid": new,
        "modifiedon": now,
        "modifiedby": caller.reference,
    }
    store.put(table.name, gone, action="update")


def _named(store: "Store", body: Any, parameter: str) -> tuple[Table, Row]:
    given = body.get(parameter) if isinstance(body, dict) else None
    name = str(given.get("@odata.type", "")).rpartition(".")[2] if isinstance(given, dict) else ""
    table = store.tables.get(name)
    if table is None or not isinstance(given, dict):
        raise bad_payload("Merge", f"Microsoft.OData.ODataException: The parameter '{parameter}' is not valid.")
    row_id = str(given.get(table.key, "")).lower()
    row = store.get(name, row_id)
    if row is None:
        raise missing_row(name, row_id)
    return table, row
