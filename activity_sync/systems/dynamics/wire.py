"""Rows as the Web API gives them, and writes as it takes them. Pure; vendor spellings stop here.

A *body* is what the translator leaves for the writer (JSON-able, opaque to the pipeline):

    create: {"set", "id", "columns", "parties": [...], "state": {...} | null}
    update: {"set", "columns", "parties": {"rows", "drop"} | {"replace"} | null, "reopen": {...} | null,
             "state": {...} | null, "close_with": {...} | null}

`columns` holds bindings too. `state` is set last, after a create or on an open row. On a closed row `reopen` is set
first and `close_with` last; state columns that it leaves out become what they were before. An update's `parties` are
merged with the present ones by the writer, because the API replaces the list as a whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from activity_sync.activities.identity import is_file_key
from activity_sync.activities.kinds import ActivityType
from activity_sync.errors import MalformedResponse
from activity_sync.systems.dynamics.batch import ChangeSet, Operation
from activity_sync.systems.dynamics.paths import ACTIVITY_TABLES, KINDS, Table, regarding_lookup, row_path
from activity_sync.systems.records import SourceRecord

LOGICAL_NAME = "Microsoft.Dynamics.CRM.lookuplogicalname"
FORMATTED = "OData.Community.Display.V1.FormattedValue"
ANNOTATIONS = f'odata.include-annotations="{LOGICAL_NAME},{FORMATTED}"'
"""The preference for what lookups need: which table they lead to, and the display name."""

PARTY_COLUMNS = ("participationtypemask", "addressused", "unresolvedpartyname", "_partyid_value")
STATE_COLUMNS = ("statecode", "statuscode")

DELIVERING = frozenset({6, 7})
"""Status reasons of an e-mail that make the server send it: Pending Send and Sending. They are never written."""


@dataclass(frozen=True, slots=True)
class Lookup:
    """A reference to a row: the table's logical name (empty when the answer does not tell), id, display name."""

    table: str
    id: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Party:
    """One row of an activity's parties. `mask` is the role's number; empty strings where there is nothing."""

    mask: int
    address: str = ""
    name: str = ""
    record: Lookup | None = None


def bare_column(name: str) -> str:
    """The column that a value or an annotation of it belongs to."""
    return name.partition("@")[0]


def read_lookup(row: Mapping[str, Any], column: str) -> Lookup | None:
    """The reference in a `_..._value` column; None when it is empty."""
    record_id = row.get(column)
    if not record_id:
        return None
    return Lookup(
        str(_annotation(row, column, LOGICAL_NAME) or ""),
        str(record_id).lower(),
        str(_annotation(row, column, FORMATTED) or ""),
    )


def read_parties(row: Mapping[str, Any], table: Table) -> tuple[Party, ...]:
    """All parties of a row, the server's own (owner, regarding) included, in the answer's order."""
    return tuple(
        Party(
            int(party.get("participationtypemask") or 0),
            (party.get("addressused") or "").strip(),
            (party.get("unresolvedpartyname") or "").strip(),
            read_lookup(party, "_partyid_value"),
        )
        for party in row.get(table.parties) or ()
    )


def read_moment(value: Any) -> datetime:
    """A time of the API as an aware one, UTC. MalformedResponse when it is none."""
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        raise MalformedResponse("A row of Dynamics has a time that is none.", system="dynamics") from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def read_record(row: Mapping[str, Any], table: Table) -> SourceRecord:
    """An activity row as the pipeline stores it. MalformedResponse when it lacks its id or modification time."""
    if not row.get(table.key) or not row.get("modifiedon"):
        raise MalformedResponse(f"A row of {table.entity_set} came without its key columns.", system="dynamics")
    return SourceRecord(
        id=str(row[table.key]).lower(),
        modified_at=read_moment(row["modifiedon"]),
        payload=_lean(row),
        version=row.get("@odata.etag"),
    )


def is_carried(activity_type: ActivityType, row: Mapping[str, Any]) -> bool:
    """Whether a row is an activity of ours. Notes hang on anything: one on an e-mail or a quote is not.

    Nor is one that we have made to hold a file of another note's original.
    """
    if activity_type is not ActivityType.NOTE:
        return True
    if is_file_key(str(row.get(ACTIVITY_TABLES[activity_type].key) or "")):
        return False
    about = read_lookup(row, regarding_lookup(activity_type))
    return about is None or about.table in KINDS


def create_operations(table: Table, key: str, body: Mapping[str, Any]) -> ChangeSet:
    """The writes that create an activity under our own key, at once or not at all.

    A closed row cannot be created: it is created open and closed by a second write.
    """
    columns = {table.key: key, **body["columns"]}
    if body["parties"]:
        columns[table.parties] = body["parties"]
    writes = [Operation("POST", table.entity_set, body=_checked(table, columns))]
    if body["state"]:
        writes.append(_patch(table, key, body["state"], guard="*"))
    return ChangeSet(tuple(writes))


def update_operations(table: Table, record_id: str, body: Mapping[str, Any], *, version: str | None) -> ChangeSet:
    """The writes that change an activity, in order, at once or not at all; none when there is nothing to write.

    Every one is guarded: a PATCH without `If-Match` would bring a deleted row back. The first carries the version
    seen; the following meet the row as the first left it.
    """
    columns = dict(body["columns"])
    if body["parties"] is not None:
        # The list is replaced as a whole; inside the row's own PATCH it is guarded by the same etag.
        columns[table.parties] = body["parties"]
    steps = [step for step in (body["reopen"], columns, body["state"] or body["close_with"]) if step]
    guards = [version or "*"] + ["*"] * len(steps)
    return ChangeSet(
        tuple(_patch(table, record_id, step, guard=guard) for step, guard in zip(steps, guards, strict=False))
    )


def delete_operation(table: Table, record_id: str, *, version: str | None) -> ChangeSet:
    """The delete of an activity, by itself, of the version seen where there is one. A closed row can be deleted."""
    guard = {"If-Match": version} if version else {}
    return ChangeSet((Operation("DELETE", row_path(table, record_id), guard),))


def state_before(table: Table, row: Mapping[str, Any]) -> dict[str, Any]:
    """What closes a row again as it was closed. Reopening clears `actualend`, and closing would make it "now"."""
    names = (*STATE_COLUMNS, "actualend")
    return {name: row[name] for name in names if row.get(name) is not None and table.key != "annotationid"}


def _patch(table: Table, record_id: str, body: Mapping[str, Any], *, guard: str) -> Operation:
    return Operation("PATCH", row_path(table, record_id), {"If-Match": guard}, _checked(table, body))


def _checked(table: Table, body: Mapping[str, Any]) -> Mapping[str, Any]:
    if table is ACTIVITY_TABLES[ActivityType.EMAIL] and body.get("statuscode") in DELIVERING:
        raise AssertionError("An e-mail is recorded, never sent: status 6 and 7 are not written.")
    return body


def _annotation(row: Mapping[str, Any], column: str, name: str) -> Any:
    """An annotation's value. Some gateways lower the case of the keys."""
    key = f"{column}@{name}"
    if key in row:
        return row[key]
    return row.get(key.lower())


def _lean(row: Mapping[str, Any]) -> dict[str, Any]:
    """The row without what nothing reads: formatted values of anything but lookups, links, contexts."""
    lean: dict[str, Any] = {}
    for name, value in row.items():
        column, at, annotation = name.partition("@")
        kept = _KEPT.get(annotation.lower()) if at and column.endswith("_value") else None
        if at and kept is None:
            continue
        if isinstance(value, list):
            value = [_lean(each) if isinstance(each, Mapping) else each for each in value]  # noqa: PLW2901
        lean[f"{column}@{kept}" if kept else name] = value
    return lean


_KEPT = {one.lower(): one for one in (LOGICAL_NAME, FORMATTED)}
"""The annotations that are kept, by their name in small letters: some gateways write them so."""
