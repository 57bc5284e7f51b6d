"""Creates, updates and deletes, with all that the platform does on the way."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from activity_sync.sandbox.dynamics.derived import derived_columns, email_addresses
from activity_sync.sandbox.dynamics.errors import (
    DataverseError,
    already_exists,
    missing_row,
    unsupported_message,
)
from activity_sync.sandbox.dynamics.keys import rows_with
from activity_sync.sandbox.dynamics.parties import client_rows, party_rows, server_rows
from activity_sync.sandbox.dynamics.payload import Payload, deep_write, read_payload
from activity_sync.sandbox.dynamics.schema import Reference, Table
from activity_sync.sandbox.dynamics.states import STATE_COLUMNS, changed_state, initial_state, is_closed

if TYPE_CHECKING:
    from activity_sync.sandbox.dynamics.store import Store

Row = dict[str, Any]


@dataclass(frozen=True)
class Caller:
    """Who writes: the user in whose name, and the application user behind an impersonation."""

    user: str
    behalf_of: str | None = None

    @property
    def reference(self) -> Reference:
        """The user as a lookup value."""
        return Reference("systemuser", self.user)


_FILE_COLUMNS = {"annotation": "documentbody", "activitymimeattachment": "body"}
"""The columns that hold files, encoded. Source: Microsoft Learn, "Use file data with Attachment and Note records"."""


def create_row(
    store: "Store",
    table: Table,
    body: Any,
    *,
    caller: Caller,
    row_id: str | None = None,
    key: Mapping[str, Any] | None = None,
) -> Row:
    """Creates a row from a POST body, or from an upsert with the id or alternate key of its URL.

    Raises DataverseError.
    """
    if not table.writable:
        raise unsupported_message("Create", table.name)
    upserting = row_id is not None or key is not None
    payload = read_payload(store, table, body, creating=True)
    if upserting and payload.parties is not None:
        raise deep_write()
    values = payload.values | dict(key or {})
    chosen: str = row_id or values.get(table.key) or store.new_id()
    taken = store.get(table.name, chosen) is not None or (table.is_activity and chosen in store.activity_table)
    if taken:
        raise already_exists()
    _check_keys(store, table, values, None)
    _check_file(store, table, values)
    row = _defaults(table) | values | {table.key: chosen}
    row |= _stamps(store, values, caller)
    if "ownerid" in table.columns and table.columns["ownerid"].kind == "lookup":
        row["ownerid"] = _owner(store, row.get("ownerid") or caller.reference)
    elif "ownerid" in table.columns:
        row["ownerid"] = chosen
    if table.states:
        row |= initial_state(table, values, chosen)
    _check_required(store, table, row)
    row |= derived_columns(store, table, row)
    if table.is_activity:
        parties = party_rows(store, table, payload.parties or [], activity=row)
        if table.name == "email":
            row |= {name: value for name, value in email_addresses(parties).items() if value is not None}
        store.put_parties(chosen, parties)
    stored = store.put(table.name, row, action="create")
    _count_attachments(store, table, stored)
    return stored


def update_row(store: "Store", table: Table, row: Row, body: Any, *, caller: Caller) -> Row:
    """Updates an existing row: first the ordinary columns, then the state, as two steps. Raises DataverseError."""
    if not table.writable:
        raise unsupported_message("Update", table.name)
    payload = read_payload(store, table, body, creating=False)
    ordinary = {name: value for name, value in payload.values.items() if name not in STATE_COLUMNS}
    state = {name: value for name, value in payload.values.items() if name in STATE_COLUMNS}
    row_id = row[table.key]
    if ordinary or payload.parties is not None:
        _check_open(store, table, row)
    _check_keys(store, table, ordinary, row_id)
    _check_file(store, table, ordinary)
    changed = row | ordinary
    if ordinary.get("ownerid") is not None:
        changed["ownerid"] = _owner(store, ordinary["ownerid"])
    elif "ownerid" in ordinary:
        changed["ownerid"] = row["ownerid"]
    if state:
        # The state step sees what the first step left, and dates given in the same body win over "now".
        changed |= changed_state(table, changed, state, now=store.now())
    changed |= {"modifiedon": store.now(), "modifiedby": caller.reference}
    changed["modifiedonbehalfby"] = _behalf(caller)
    changed |= derived_columns(store, table, changed)
    if table.is_activity:
        changed |= _new_parties(store, table, changed, payload)
    return store.put(table.name, changed, action="update")


def replace_parties(store: "Store", table: Table, row: Row, given: Sequence[Mapping[str, Any]]) -> None:
    """Replaces an activity's whole list of parties. The activity's own version does not move."""
    _check_open(store, table, row)
    store.put_parties(row[table.key], party_rows(store, table, given, activity=row))
    store.controls.wrote(table.name, "update", row[table.key])


def delete_row(store: "Store", table: Table, row_id: str) -> None:
    """Deletes a row and, by cascade, the activities and notes that hang on it. Raises DataverseError 404."""
    if not table.writable:
        raise unsupported_message("Delete", table.name)
    if store.get(table.name, row_id) is None:
        raise missing_row(table.name, row_id)
    reference = Reference(table.name, row_id)
    for hanging_table, hanging_id in sorted(store.hanging.get(reference, ())):
        delete_row(store, store.tables[hanging_table], hanging_id)
    gone = store.get(table.name, row_id) or {}
    store.remove(table.name, row_id)
    _count_attachments(store, table, gone)
    if not table.is_activity and table.name not in ("annotation", "activitymimeattachment"):
        _forget(store, reference)


def _forget(store: "Store", gone: Reference) -> None:
    """Clears lookups to a deleted row and marks its party rows."""
    for activity_id, parties in list(store.parties.items()):
        if any(party.get("partyid") == gone for party in parties):
            marked = [p | {"ispartydeleted": True} if p.get("partyid") == gone else p for p in parties]
            store.put_parties(activity_id, marked)
    for name in ("contact", "account", "lead", "opportunity", "incident", "invoice"):
        for row in store.all_rows(name):
            cleared = {column: None for column, value in row.items() if value == gone}
            if cleared:
                store.put(name, row | cleared)


def _count_attachments(store: "Store", table: Table, row: Row) -> None:
    """Keeps an e-mail's number of attachments."""
    about = row.get("objectid")
    if table.name != "activitymimeattachment" or about is None or about.table != "email":
        return
    email = store.get("email", about.id)
    if email is not None:
        number = sum(name == table.name for name, _ in store.hanging.get(about, ()))
        store.put("email", email | {"attachmentcount": number})


def _check_file(store: "Store", table: Table, values: Row) -> None:
    """The organization's limit is for the encoded text; the types that it blocks are known by their extensions."""
    column = _FILE_COLUMNS.get(table.name)
    if column is None:
        return
    (organization,) = store.all_rows("organization")
    encoded = values.get(column)
    if encoded is not None and len(encoded) > organization["maxuploadfilesize"]:
        raise DataverseError(400, "0x80044a02", "Attachment file size is too big.")
    extension = str(values.get("filename") or "").rpartition(".")[2].lower()
    if extension and extension in str(organization["blockedattachments"] or "").split(";"):
        message = "The attachment is either not a valid type or is too large. It cannot be uploaded or downloaded."
        raise DataverseError(400, "0x80043e09", message)


def _defaults(table: Table) -> Row:
    return {column.name: column.default for column in table.columns.values()}


def _stamps(store: "Store", values: Row, caller: Caller) -> Row:
    """Who and when. With `overriddencreatedon` the two creation times change places."""
    now = store.now()
    given = values.get("overriddencreatedon")
    allowed = given is not None and store.controls.settings.dynamics_may_override_createdon
    return {
        "createdon": given if allowed else now,
        "overriddencreatedon": now if allowed else None,
        "modifiedon": now,
        "createdby": caller.reference,
        "modifiedby": caller.reference,
        "createdonbehalfby": _behalf(caller),
        "modifiedonbehalfby": _behalf(caller),
    }


def _behalf(caller: Caller) -> Reference | None:
    return Reference("systemuser", caller.behalf_of) if caller.behalf_of is not None else None


def _owner(store: "Store", owner: Reference) -> Reference:
    if owner.table == "systemuser" and (store.get("systemuser", owner.id) or {}).get("isdisabled"):
        raise DataverseError(400, "0x8004022b", "The specified owner has been disabled.")
    return owner


def _check_required(store: "Store", table: Table, row: Row) -> None:
    missing = [
        column.name
        for column in table.columns.values()
        if column.required == "SystemRequired" and row.get(column.name) is None
    ]
    if table.name == "appointment" and store.controls.settings.dynamics_appointments_need_times:
        missing += [name for name in ("scheduledstart", "scheduledend") if row.get(name) is None]
    if missing:
        raise DataverseError(400, "0x80040200", f"Required field '{missing[0]}' is missing.")


def _check_open(store: "Store", table: Table, row: Row) -> None:
    if table.is_activity and is_closed(table, row) and store.controls.settings.dynamics_closed_is_locked:
        raise DataverseError(400, "0x80040230", "The object cannot be updated because it is inactive.")


def _check_keys(store: "Store", table: Table, values: Row, row_id: str | None) -> None:
    for key in table.keys:
        if not any(values.get(name) is not None for name in key):
            continue
        present = store.get(table.name, row_id) if row_id is not None else None
        whole = {name: values.get(name, (present or {}).get(name)) for name in key}
        if any(value is None for value in whole.values()):
            continue
        if set(rows_with(store, table, whole)) - {row_id}:
            raise DataverseError(
                412, "0x80060892", "A record that has the attribute values of an entity key already exists."
            )


def _new_parties(store: "Store", table: Table, row: Row, payload: Payload) -> Row:
    """Keeps the party rows in step with the row; returns the columns that follow from them."""
    row_id = row[table.key]
    present = store.parties.get(row_id, [])
    if payload.parties is not None:
        parties = party_rows(store, table, payload.parties, activity=row)
    elif {"ownerid", "regardingobjectid"} & set(payload.values):
        parties = client_rows(present) + server_rows(store, row)
    else:
        return {}
    store.put_parties(row_id, parties)
    return email_addresses(parties) if table.name == "email" and payload.parties is not None else {}
