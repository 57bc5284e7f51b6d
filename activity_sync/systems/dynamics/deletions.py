"""What may have been deleted: told by change tracking where the table has it, found by comparison where not.

Change tracking tells deletes by their ids alone, those of rows that were never ours among them, and only as far back
as its token lives (7 days, unless the organization has another setting). Its reads take no filter and no expansion,
and need the right to read the whole organization's rows.
Source: Microsoft Learn, "Use change tracking to synchronize data with external systems", read 2026-11.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Callable, Collection, Iterable

from activity_sync.errors import AuthenticationFailed, MalformedResponse
from activity_sync.systems.dynamics.batch import Answer
from activity_sync.systems.dynamics.filters import query
from activity_sync.systems.dynamics.operations import Operations, Row, json_object
from activity_sync.systems.dynamics.paths import Table
from activity_sync.systems.dynamics.refusals import explain_failed_read, is_expired_token, is_untracked
from activity_sync.systems.records import Deletions

PAGE_ROWS = 5000
"""The most that the server gives, and its default."""
TRACK_CHANGES = "odata.track-changes"

_COMPARED = json.dumps({"by": "comparison"})
_TOKEN = re.compile(r"[?&](?:\$|%24)deltatoken=([^&#]+)", re.IGNORECASE)


async def find_deletions(
    operations: Operations, table: Table, *, tracked: bool, cursor: str | None, linked: Callable[[], Collection[str]]
) -> Deletions:
    """The ids of `linked` that may have been deleted since `cursor`.

    The first tracked read lists the whole table, ids only; so does one whose token has expired. From then on each
    costs one call, and a further one per 5,000 changes. Without tracking, or without the right to it, every read
    lists the table, unless nothing is linked.
    """
    token = _read_cursor(cursor)
    try:
        if tracked and token is not None and (told := await _changes(operations, table, token, linked)) is not None:
            return told
        if tracked and (listed := await _tracked_listing(operations, table, linked)) is not None:
            return listed
    except AuthenticationFailed as error:
        if error.status != 403:
            raise
        # Our role does not reach the whole organization's rows. A plain list shows those that it does reach, and
        # of what that lacks, only a row that answers "does not exist" will count as deleted.
    missing = _lowered(linked())
    if not missing:
        return Deletions(frozenset(), _COMPARED)
    count = 0
    async for ids in list_ids(operations, table):
        missing.difference_update(ids)
        count += len(ids)
    return Deletions(frozenset(missing), _COMPARED, count)


async def list_ids(operations: Operations, table: Table) -> AsyncIterator[list[str]]:
    """The ids of all rows that our role may read, in pages of at most 5,000, in the order of the key."""
    link: str | None = f"{table.entity_set}?{query({'$select': table.key, '$orderby': f'{table.key} asc'})}"
    while link is not None:
        page = await operations.get(link, prefer=f"odata.maxpagesize={PAGE_ROWS}")
        yield [str(row[table.key]).lower() for row in page.get("value") or ()]
        link = page.get("@odata.nextLink")


async def _changes(
    operations: Operations, table: Table, token: str, linked: Callable[[], Collection[str]]
) -> Deletions | None:
    """What a delta read tells; None when its token is good no more."""
    deleted: set[str] = set()

    def take(rows: Iterable[Row]) -> None:
        # A deleted row has an `id` of the answer's own instead of its key column.
        deleted.update(str(row["id"]).lower() for row in rows if table.key not in row and row.get("id"))

    end = await _follow(operations, f"{_selection(table)}&$deltatoken={token}", prefer="", take=take)
    if isinstance(end, str):
        return Deletions(frozenset(deleted & _lowered(linked()) if deleted else ()), end)
    if is_expired_token(end) or is_untracked(end):
        return None
    raise explain_failed_read(end)


async def _tracked_listing(
    operations: Operations, table: Table, linked: Callable[[], Collection[str]]
) -> Deletions | None:
    """What the whole table lacks, and the token to read on with; None where the table is not tracked after all."""
    missing = _lowered(linked())
    count = 0

    def take(rows: Iterable[Row]) -> None:
        nonlocal count
        for row in rows:
            missing.discard(str(row[table.key]).lower())
            count += 1

    end = await _follow(operations, _selection(table), prefer=TRACK_CHANGES, take=take)
    if isinstance(end, str):
        return Deletions(frozenset(missing), end, count)
    if is_untracked(end):
        return None
    raise explain_failed_read(end)


async def _follow(
    operations: Operations, path: str, *, prefer: str, take: Callable[[Iterable[Row]], None]
) -> str | Answer:
    """Give all pages to `take`; the cursor of the next read, or the answer that refused this one."""
    link = path
    while True:
        answer = await operations.ask(link, prefer=prefer)
        if answer.status >= 300:
            return answer
        page = json_object(answer)
        take(page.get("value") or ())
        if delta := page.get("@odata.deltaLink"):
            return _write_cursor(str(delta))
        if not page.get("@odata.nextLink"):
            raise MalformedResponse("A read with change tracking ended without its delta link.", system="dynamics")
        link = str(page["@odata.nextLink"])


def _selection(table: Table) -> str:
    return f"{table.entity_set}?{query({'$select': table.key})}"


def _lowered(ids: Collection[str]) -> set[str]:
    return {one.lower() for one in ids}


def _write_cursor(link: str) -> str:
    """The token of a delta link, percent-encoded as it stands. The address stays out: it is the connection's."""
    found = _TOKEN.search(link)
    if found is None:
        raise MalformedResponse("A delta link of Dynamics has no token.", system="dynamics")
    return json.dumps({"by": "tracking", "token": found[1]})


def _read_cursor(cursor: str | None) -> str | None:
    """The token that a cursor holds; None where there is none to go on from."""
    if cursor is None:
        return None
    held = json.loads(cursor)
    return str(held["token"]) if held["by"] == "tracking" else None
