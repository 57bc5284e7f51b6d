"""Answering reads: one row, a set, a collection, a count."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from activity_sync.sandbox.dynamics.aggregating import aggregated
from activity_sync.sandbox.dynamics.calls import Answer, Call
from activity_sync.sandbox.dynamics.errors import bad_query
from activity_sync.sandbox.dynamics.filtering import compile_filter
from activity_sync.sandbox.dynamics.paging import MAX_PAGE, Place, page_of, read_skiptoken, skiptoken
from activity_sync.sandbox.dynamics.query import Query, parse_query, selected_columns
from activity_sync.sandbox.dynamics.schema import Table
from activity_sync.sandbox.dynamics.showing import Shower, etag
from activity_sync.sandbox.dynamics.virtual import rows_of

if TYPE_CHECKING:
    from activity_sync.sandbox.dynamics.store import Store

Row = dict[str, Any]
COUNT_EXCEEDED = "Microsoft.Dynamics.CRM.totalrecordcountlimitexceeded"
COUNT_TOTAL = "Microsoft.Dynamics.CRM.totalrecordcount"


def read_row(store: "Store", call: Call, table: Table, row: Row) -> Answer:
    """GET of one row; 304 for an unchanged entity tag, where neither expansion nor annotations are asked for."""
    query, prefer = parse_query(call.query), call.prefer
    tag = call.headers.get("if-none-match")
    if tag == etag(row) and not query.expand and not prefer.annotations:
        return Answer(304)
    shown = Shower(store, table, query, prefer=prefer, root=call.root)(row)
    body = {"@odata.context": f"{context(call, table, query)}/$entity", **shown}
    return Answer(200, body, {**_applied(call), "etag": etag(row)})


def read_rows(
    store: "Store", call: Call, table: Table, rows: Sequence[Row] | None = None, *, path: str | None = None
) -> Answer:
    """GET of a set, or of the given rows of a collection at `path`."""
    query, prefer = parse_query(call.query), call.prefer
    found = matching(store, table, query, rows)
    body: Row = {"@odata.context": context(call, table, query)}
    if query.apply is not None:
        body["value"] = aggregated(store, table, found, query.apply)
        return Answer(200, body, _applied(call))
    if query.count:
        cap = store.controls.settings.dynamics_count_cap
        body["@odata.count"] = min(len(found), cap)
        if prefer.wants(COUNT_TOTAL):
            body[f"@{COUNT_TOTAL}"] = min(len(found), cap)
            body[f"@{COUNT_EXCEEDED}"] = len(found) > cap
    limit = min(store.controls.settings.dynamics_page_size, MAX_PAGE)
    size = min(prefer.page_size or limit, limit)
    # With a page size preferred, $top has no effect; without one it ends the answer for good.
    top = query.top if prefer.page_size is None else None
    place = read_skiptoken(query.skiptoken, query) if query.skiptoken else Place()
    page, following = page_of(store, table, found, query=query, size=min(top or size, size), place=place)
    show = Shower(store, table, query, prefer=prefer, root=call.root)
    body["value"] = [show(row) for row in page]
    if following is not None and top is None:
        token = skiptoken(following, query, key=table.key, first=page[0][table.key], last=page[-1][table.key])
        body["@odata.nextLink"] = next_link(call, path or table.set_name, token)
    return Answer(200, body, _applied(call))


def count_rows(store: "Store", call: Call, table: Table) -> Answer:
    """GET of `/set/$count`: plain text, never above the cap."""
    found = matching(store, table, parse_query(call.query), None)
    number = min(len(found), store.controls.settings.dynamics_count_cap)
    return Answer(200, str(number), content_type="text/plain")


def matching(store: "Store", table: Table, query: Query, rows: Sequence[Row] | None) -> list[Row]:
    """The rows that pass the filter. Raises DataverseError for a query that the table cannot answer."""
    selected_columns(table, query.select)
    source = rows_of(store, table) if rows is None else rows
    if query.filter is None:
        return list(source)
    test = compile_filter(query.filter, store, table, aliases=query.aliases)
    return [row for row in source if test(row)]


def context(call: Call, table: Table, query: Query) -> str:
    """The `@odata.context` of an answer."""
    names = [*(query.select or ()), *(f"{name}()" for name, _ in query.expand)]
    listed = f"({','.join(names)})" if names else ""
    return f"{call.root}/$metadata#{table.set_name}{listed}"


def next_link(call: Call, path: str, token: str) -> str:
    """The next page's address: this request's own query with another `$skiptoken`."""
    kept = [piece for piece in call.query.split("&") if piece and not piece.startswith(("$skiptoken", "%24skiptoken"))]
    return f"{call.root}/{path}?{'&'.join([*kept, f'$skiptoken={token}'])}"


def _applied(call: Call) -> dict[str, str]:
    applied = call.prefer.applied
    return {"preference-applied": applied} if applied else {}


def refuse_options(query: Query, names: Sequence[str], message: str) -> None:
    """Raises DataverseError 400 when one of the named options is given; `{}` in the message is its name."""
    for name in names:
        if name in query.raw:
            raise bad_query(message.format(name))
