"""Change tracking: what was created, changed and deleted since a token was given out.

Source: learn.microsoft.com data-platform/use-change-tracking-synchronize-data-external-systems (facts, section 6.3).
"""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from activity_sync.sandbox.dynamics.calls import Answer, Call
from activity_sync.sandbox.dynamics.errors import DataverseError, bad_query
from activity_sync.sandbox.dynamics.paging import MAX_PAGE, Place, page_of, read_skiptoken, skiptoken
from activity_sync.sandbox.dynamics.privileges import missing_privilege
from activity_sync.sandbox.dynamics.query import Query, parse_query
from activity_sync.sandbox.dynamics.reading import context, next_link, refuse_options
from activity_sync.sandbox.dynamics.schema import Table
from activity_sync.sandbox.dynamics.showing import Shower

if TYPE_CHECKING:
    from activity_sync.sandbox.dynamics.store import Store

Row = dict[str, Any]
_REFUSED = 'The "{}" query parameter isn\'t supported when Change Tracking is enabled.'


def read_tracked(store: "Store", call: Call, table: Table) -> Answer:
    """The first read, with `Prefer: odata.track-changes`: all rows, and on the last page the delta link.

    The link speaks of the moment when the first page was read, so that changes made while paging are told again.
    """
    query = _checked(store, call, table)
    place = read_skiptoken(query.skiptoken, query) if query.skiptoken else Place(extra=_token(store))
    rows = store.all_rows(table.name)
    page, following = page_of(store, table, rows, query=query, size=_size(store, call), place=place)
    show = Shower(store, table, query, prefer=call.prefer, root=call.root)
    body: Row = {"@odata.context": context(call, table, query), "value": [show(row) for row in page]}
    if following is not None:
        token = skiptoken(following, query, key=table.key, first=page[0][table.key], last=page[-1][table.key])
        body["@odata.nextLink"] = next_link(call, table.set_name, token)
    else:
        body["@odata.deltaLink"] = _delta_link(call, table, place.extra)
    return Answer(200, body, {"preference-applied": call.prefer.applied or "odata.track-changes"})


def read_changes(store: "Store", call: Call, table: Table) -> Answer:
    """A delta link followed: changed rows by version, then deletions, then the next link."""
    query = _checked(store, call, table)
    since = _version(store, query.deltatoken or "")
    place = read_skiptoken(query.skiptoken, query) if query.skiptoken else Place(extra=_token(store))
    changes = _changes(store, table, since)
    size = _size(store, call)
    page = changes[place.offset : place.offset + size]
    show = Shower(store, table, query, prefer=call.prefer, root=call.root)
    body: Row = {
        "@odata.context": f"{context(call, table, query)}/$delta",
        "value": [show(each) if isinstance(each, dict) else _deletion(call, table, each) for each in page],
    }
    if place.offset + size < len(changes):
        following = Place(place.page + 1, place.offset + size, None, place.extra)
        token = skiptoken(following, query, key=table.key, first="", last="")
        body["@odata.nextLink"] = next_link(call, table.set_name, token)
    else:
        body["@odata.deltaLink"] = _delta_link(call, table, place.extra)
    return Answer(200, body, {"preference-applied": call.prefer.applied or "odata.track-changes"})


def count_changes(store: "Store", call: Call, table: Table) -> Answer:
    """`/$count?$deltatoken=`: how many changes a delta link would tell."""
    query = _checked(store, call, table)
    number = len(_changes(store, table, _version(store, query.deltatoken or "")))
    return Answer(200, str(number), content_type="text/plain")


def _checked(store: "Store", call: Call, table: Table) -> Query:
    query = parse_query(call.query)
    refuse_options(query, ("$filter", "$orderby", "$expand", "$top"), _REFUSED)
    if table.name not in store.controls.settings.dynamics_change_tracking:
        raise DataverseError(400, "0x80072491", f"Entity {table.name} isn't enabled for change tracking.")
    if not store.controls.settings.dynamics_reads_whole_organization:
        raise missing_privilege(table, "Read")
    return query


def _changes(store: "Store", table: Table, since: int) -> list[Row | str]:
    """Changed rows in the order of their versions, then the ids of deleted ones, also of rows never told before."""
    rows = [row for row in store.all_rows(table.name) if row["versionnumber"] > since]
    rows.sort(key=lambda row: row["versionnumber"])
    gone = [(version, row_id) for row_id, version in store.deleted.get(table.name, {}).items() if version > since]
    return [*rows, *(row_id for _, row_id in sorted(gone))]


def _deletion(call: Call, table: Table, row_id: str) -> Row:
    return {
        "@odata.context": f"{call.root}/$metadata#{table.set_name}/$deletedEntity",
        "id": row_id,
        "reason": "deleted",
    }


def _token(store: "Store") -> str:
    return f"{store.version}!{store.controls.clock.now():%m/%d/%Y %H:%M:%S}"


def _delta_link(call: Call, table: Table, token: str) -> str:
    kept = [
        piece for piece in call.query.split("&") if piece and "skiptoken" not in piece and "deltatoken" not in piece
    ]
    pieces = [*kept, f"$deltatoken={quote(token, safe='')}"]
    return f"{call.root}/{table.set_name}?{'&'.join(pieces)}"


def _version(store: "Store", token: str) -> int:
    """The version behind a token. Raises DataverseError for a token that is malformed or too old."""
    number, _, given = token.partition("!")
    try:
        at = datetime.strptime(f"{given} +0000", "%m/%d/%Y %H:%M:%S %z")
        version = int(number)
    except ValueError as broken:
        raise bad_query("The delta token is not valid.") from broken
    if store.controls.clock.now() - at > timedelta(days=store.controls.settings.dynamics_delta_days):
        raise DataverseError(
            400,
            "0x80044352",
            "Version stamp associated with the client has expired. Please perform a full sync.",
        )
    return version


def _size(store: "Store", call: Call) -> int:
    limit = min(store.controls.settings.dynamics_page_size, MAX_PAGE)
    return min(call.prefer.page_size or limit, limit)
