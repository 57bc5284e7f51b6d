"""Pages: how many rows, where the next page begins, and the opaque link that says so.

The link carries a doubly percent-encoded XML cookie, as the service's does: it must be followed as it stands.
"""

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from activity_sync.sandbox.dynamics.errors import bad_query
from activity_sync.sandbox.dynamics.ordering import comes_after, order_values, sorted_rows
from activity_sync.sandbox.dynamics.query import Query
from activity_sync.sandbox.dynamics.schema import Table

if TYPE_CHECKING:
    from activity_sync.sandbox.dynamics.store import Store

Row = dict[str, Any]
MAX_PAGE = 5000
_OUTER = re.compile(r'<cookie pagenumber="(\d+)" pagingcookie="([^"<>]*)" istracking="(?:True|False)" />')
_INNER = re.compile(r'<cookie page="\d+" state="([\w=-]*)">')


@dataclass(frozen=True)
class Place:
    """Where a page begins: its number, how many rows went before, the last row's sort values, free extras."""

    page: int = 1
    offset: int = 0
    last: tuple[Any, ...] | None = None
    extra: str = ""


def page_of(
    store: "Store", table: Table, rows: Sequence[Row], *, query: Query, size: int, place: Place
) -> tuple[list[Row], Place | None]:
    """One page of the rows, and where the next begins (None: this is the last).

    Evaluated afresh for every page. Where the order ends in the key, the page begins after the last row's values;
    where rows can tie, it begins at an offset and ties fall differently from page to page, so that rows are repeated
    or missed, as the service warns.
    """
    order = query.orderby or ((table.key, False),)
    unique = any(path == table.key for path, _ in order)
    source = list(rows)
    if not unique and store.controls.settings.shuffle_results:
        source = store.controls.random.sample(source, len(source))
    ordered = sorted_rows(store, table, source, order)
    values = order_values(store, table, order)
    if unique and place.last is not None:
        last = list(place.last)
        start = next(
            (index for index, row in enumerate(ordered) if comes_after(values(row), last, order)), len(ordered)
        )
    else:
        start = place.offset
    page = ordered[start : start + size]
    if start + size >= len(ordered):
        return page, None
    return page, Place(place.page + 1, start + size, tuple(values(page[-1])), place.extra)


def skiptoken(place: Place, query: Query, *, key: str, first: str, last: str) -> str:
    """The token of a place, percent-encoded: its cookie twice."""
    state = json.dumps([place.page, place.offset, place.last, place.extra, _digest(query)])
    encoded = base64.urlsafe_b64encode(state.encode()).decode()
    inner = (
        f'<cookie page="{place.page - 1}" state="{encoded}">'
        f'<{key} last="{{{last.upper()}}}" first="{{{first.upper()}}}" /></cookie>'
    )
    outer = f'<cookie pagenumber="{place.page}" pagingcookie="{quote(inner, safe="")}" istracking="False" />'
    return quote(outer, safe="")


def read_skiptoken(text: str, query: Query) -> Place:
    """The place of a token that came back. Raises DataverseError 400 when it is not as it was given."""
    outer = _OUTER.fullmatch(text)
    inner = _INNER.match(unquote(outer.group(2))) if outer else None
    if inner is None:
        raise bad_query("Malformed XML in the Paging Cookie.")
    try:
        page, offset, last, extra, digest = json.loads(base64.urlsafe_b64decode(inner.group(1)))
    except (ValueError, binascii.Error) as broken:
        raise bad_query("Malformed XML in the Paging Cookie.") from broken
    if digest != _digest(query):
        raise bad_query("The Paging Cookie belongs to another query.")
    return Place(page, offset, tuple(last) if last is not None else None, extra)


def _digest(query: Query) -> str:
    """What a page's query and the next one's must have in common."""
    names = ("$select", "$filter", "$orderby", "$expand", "$count")
    return hashlib.sha256(json.dumps([query.raw.get(name) for name in names]).encode()).hexdigest()[:12]
