"""Answers one call of the Web API: finds what the URL means and hands on."""

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from activity_sync.sandbox.dynamics.actions import answer_bulk, answer_unbound
from activity_sync.sandbox.dynamics.calls import Answer, Call, refused
from activity_sync.sandbox.dynamics.errors import (
    DataverseError,
    already_exists,
    bad_payload,
    bad_query,
    method_not_allowed,
    missing_row,
    precondition_failed,
    unknown_segment,
)
from activity_sync.sandbox.dynamics.filtering import collection_rows
from activity_sync.sandbox.dynamics.identity import APPLICATION_USER_ID
from activity_sync.sandbox.dynamics.keys import resolve_address, resolve_key, table_of_set
from activity_sync.sandbox.dynamics.metadata_service import answer_metadata
from activity_sync.sandbox.dynamics.payload import BIND
from activity_sync.sandbox.dynamics.privileges import check_privilege, held_privileges
from activity_sync.sandbox.dynamics.query import parse_query
from activity_sync.sandbox.dynamics.reading import count_rows, read_row, read_rows
from activity_sync.sandbox.dynamics.schema import Table
from activity_sync.sandbox.dynamics.showing import Shower, etag
from activity_sync.sandbox.dynamics.tracking import count_changes, read_changes, read_tracked
from activity_sync.sandbox.dynamics.virtual import row_of
from activity_sync.sandbox.dynamics.writing import Caller, create_row, delete_row, replace_parties, update_row

if TYPE_CHECKING:
    from activity_sync.sandbox.dynamics.store import Store

Row = dict[str, Any]
_HEAD = re.compile(r"^([\w.$@]+)(?:\((.*)\))?$", re.DOTALL)
_BULK = re.compile(r"^Microsoft\.Dynamics\.CRM\.(\w+)$")
_PRIVILEGES = "Microsoft.Dynamics.CRM.RetrieveUserPrivileges"


def answer(store: "Store", call: Call) -> Answer:
    """The answer to a call; refusals are answers too. Every call is a transaction of its own or of its change set."""
    try:
        return perform(store, call)
    except DataverseError as error:
        return refused(error)


def perform(store: "Store", call: Call) -> Answer:
    """As `answer`, but raises DataverseError: a change set must know."""
    with store.transaction():
        segments = _segments(unquote(call.path))
        head = _HEAD.match(segments[0])
        if head is None:
            raise unknown_segment(segments[0])
        name, key = head.groups()
        if name in ("EntityDefinitions", "GlobalOptionSetDefinitions", "$metadata", "RetrieveMetadataChanges"):
            return answer_metadata(store, call, segments)
        unbound = answer_unbound(store, call, name, key, caller=caller_of(store, call))
        if unbound is not None:
            return unbound
        table = table_of_set(store, name)
        if key is None:
            return _on_set(store, call, table, segments[1:])
        return _on_row(store, call, table, key, segments[1:])


def caller_of(store: "Store", call: Call) -> Caller:
    """The application user, or the user impersonated by header. Raises DataverseError for an unknown one."""
    user_id = call.headers.get("mscrmcallerid")
    object_id = call.headers.get("callerobjectid")
    if user_id is None and object_id is None:
        return Caller(APPLICATION_USER_ID)
    for row in store.all_rows("systemuser"):
        if row["systemuserid"] == (user_id or "").lower() or (
            object_id is not None and row.get("azureactivedirectoryobjectid") == object_id.lower()
        ):
            return Caller(row["systemuserid"], behalf_of=APPLICATION_USER_ID)
    raise missing_row("systemuser", user_id or object_id or "")


def _segments(path: str) -> list[str]:
    """The path cut at slashes outside brackets."""
    pieces, depth, start = [], 0, 0
    for position, character in enumerate(path):
        depth += (character == "(") - (character == ")")
        if character == "/" and depth == 0:
            pieces.append(path[start:position])
            start = position + 1
    pieces.append(path[start:])
    found = [piece for piece in pieces if piece]
    if not found:
        raise unknown_segment(path)
    return found


def _on_set(store: "Store", call: Call, table: Table, rest: list[str]) -> Answer:
    if rest and (bulk := _BULK.match(rest[0])):
        if call.method != "POST":
            raise method_not_allowed(call.method)
        return answer_bulk(store, call, table, bulk.group(1), caller=caller_of(store, call))
    if rest and rest != ["$count"]:
        raise unknown_segment(rest[0])
    match call.method:
        case "GET":
            check_privilege(store, table, "Read")
            delta = parse_query(call.query).deltatoken is not None
            if rest:
                return (count_changes if delta else count_rows)(store, call, table)
            if delta:
                return read_changes(store, call, table)
            return (read_tracked if call.prefer.track_changes else read_rows)(store, call, table)
        case "POST" if not rest:
            check_privilege(store, table, "Create")
            row = create_row(store, table, call.json(), caller=caller_of(store, call))
            return _written(store, call, table, row, created=True)
    raise method_not_allowed(call.method)


def _on_row(store: "Store", call: Call, table: Table, key: str, rest: list[str]) -> Answer:
    row_id, given = resolve_key(store, table, key)
    row = row_of(store, table, row_id) if row_id is not None else None
    if not rest and call.method == "PATCH":
        return _upsert(store, call, table, row, row_id=row_id, given=given)
    if row is None:
        if given and call.method != "GET":
            raise DataverseError(404, "0x80060891", "A record with the specified key values does not exist.")
        raise missing_row(table.name, row_id or key)
    if rest:
        return _below_row(store, call, table, row, rest)
    match call.method:
        case "GET":
            check_privilege(store, table, "Read")
            return read_row(store, call, table, row)
        case "DELETE":
            check_privilege(store, table, "Delete")
            _check_match(call, table, row)
            delete_row(store, table, row[table.key])
            return Answer(204)
    raise method_not_allowed(call.method)


def _upsert(store: "Store", call: Call, table: Table, row: Row | None, *, row_id: str | None, given: Row) -> Answer:
    """PATCH: creates what is missing, unless `If-Match: *`; updates what is there, unless `If-None-Match: *`."""
    caller, body = caller_of(store, call), call.json()
    if row is None:
        if "if-match" in call.headers:
            raise missing_row(table.name, row_id or str(given))
        check_privilege(store, table, "Create")
        created = create_row(store, table, body, caller=caller, row_id=row_id, key=given or None)
        return _written(store, call, table, created, created=True)
    if call.headers.get("if-none-match") == "*":
        raise already_exists()
    _check_match(call, table, row)
    check_privilege(store, table, "Write")
    updated = update_row(store, table, row, body, caller=caller)
    return _written(store, call, table, updated, created=False)


def _written(store: "Store", call: Call, table: Table, row: Row, *, created: bool) -> Answer:
    """204 with the row's address, or the row itself where the representation is preferred."""
    address = f"{call.root}/{table.set_name}({row[table.key]})"
    if not call.prefer.representation:
        headers = {"location": address} if created else {}
        return Answer(204, None, {**headers, "odata-entityid": address})
    query = parse_query(call.query)
    if not created:
        # The expansion of a PATCH's answer is ignored.
        query = parse_query("&".join(piece for piece in call.query.split("&") if "$expand" not in piece))
    shown = Shower(store, table, query, prefer=call.prefer, root=call.root)(row)
    body = {"@odata.context": f"{call.root}/$metadata#{table.set_name}/$entity", **shown}
    headers = {"preference-applied": call.prefer.applied, "etag": etag(row)}
    return Answer(201 if created else 200, body, headers | ({"location": address} if created else {}))


def _check_match(call: Call, table: Table, row: Row) -> None:
    tag = call.headers.get("if-match")
    if tag is not None and tag not in ("*", etag(row)):
        raise precondition_failed(table.name, row[table.key])


def _below_row(store: "Store", call: Call, table: Table, row: Row, rest: list[str]) -> Answer:
    name = rest[0]
    if table.name == "systemuser" and name.removesuffix("()") == _PRIVILEGES and not rest[1:]:
        if call.method != "GET":
            raise method_not_allowed(call.method)
        check_privilege(store, table, "Read")
        context = f"{call.root}/$metadata#Microsoft.Dynamics.CRM.RetrieveUserPrivilegesResponse"
        return Answer(200, {"@odata.context": context, "RolePrivileges": held_privileges(store, row[table.key])})
    if name == table.party_property and table.has_parties and rest[1:] == []:
        return _on_parties(store, call, table, row)
    if name in table.by_bind:
        return _on_lookup(store, call, table, row, rest)
    column = table.by_wire.get(name)
    if column is not None:
        return _on_column(store, call, table, row, rest)
    if call.method != "GET" or rest[1:]:
        raise unknown_segment(name)
    child, children = collection_rows(store, table, name)
    return read_rows(store, call, child, children(row), path=f"{table.set_name}({row[table.key]})/{name}")


def _on_parties(store: "Store", call: Call, table: Table, row: Row) -> Answer:
    match call.method:
        case "GET":
            path = f"{table.set_name}({row[table.key]})/{table.party_property}"
            parties = store.parties.get(row[table.key], [])
            return read_rows(store, call, store.tables["activityparty"], parties, path=path)
        case "PUT":
            body = call.json()
            given = body.get("value") if isinstance(body, dict) else None
            if not isinstance(given, list) or not table.writable:
                raise bad_payload(table.set_name, "A collection under 'value' was expected.")
            check_privilege(store, table, "Write")
            replace_parties(store, table, row, given)
            return Answer(204)
    raise method_not_allowed(call.method)


def _on_lookup(store: "Store", call: Call, table: Table, row: Row, rest: list[str]) -> Answer:
    """A single-valued navigation: read it, or set and clear it through `$ref`."""
    column, targets = table.by_bind[rest[0]]
    reference = row.get(column.name)
    if call.method == "GET" and not rest[1:]:
        if reference is None or reference.table not in targets:
            return Answer(204)
        target = store.tables[reference.table]
        found = store.get(target.name, reference.id)
        if found is None:
            raise missing_row(target.name, reference.id)
        return read_row(store, call, target, found)
    if rest[1:] == ["$ref"] and call.method in ("PUT", "DELETE"):
        address: str | None = None
        if call.method == "PUT":
            address = str(call.json_object().get("@odata.id"))
            if resolve_address(store, address) is None:
                raise bad_query("The @odata.id is not an address.")
        body = {f"{rest[0]}{BIND}": address}
        update_row(store, table, row, body, caller=caller_of(store, call))
        return Answer(204)
    raise method_not_allowed(call.method)


def _on_column(store: "Store", call: Call, table: Table, row: Row, rest: list[str]) -> Answer:
    """One column: its value, or its update alone."""
    column = table.by_wire[rest[0]]
    match call.method:
        case "GET":
            value = row.get(column.name)
            if value is None:
                return Answer(204)
            shown = value.id if column.kind == "lookup" else value
            if rest[1:] == ["$value"]:
                return Answer(200, str(shown), content_type="text/plain")
            where = f"{call.root}/$metadata#{table.set_name}({row[table.key]})/{rest[0]}"
            return Answer(200, {"@odata.context": where, "value": shown})
        case "PUT" | "DELETE" if column.kind != "lookup":
            value = call.json_object().get("value") if call.method == "PUT" else None
            update_row(store, table, row, {column.name: value}, caller=caller_of(store, call))
            return Answer(204)
    raise method_not_allowed(call.method)
