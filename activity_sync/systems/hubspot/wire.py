"""Bodies that HubSpot takes and answers that it gives: vendor spellings, in and out. Pure.

Source: HubSpot developer documentation, "Using object APIs", "Search the CRM" and the OpenAPI files, read 2026-11.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar

from activity_sync.errors import MalformedResponse
from activity_sync.http.message import ApiResponse
from activity_sync.systems.records import SourceRecord, Window

MODIFIED: Final = "hs_lastmodifieddate"
CREATED: Final = "hs_createdate"
RECORD_ID: Final = "hs_object_id"
TOOK_PLACE: Final = "hs_timestamp"
"""Where an activity stands on the timeline; of a task, when it is due."""
ERASED: Final = "hs_gdpr_deleted"
"""Whether a contact of the activity was erased."""

BATCH: Final = 100
"""Inputs of any batch operation on records."""
HISTORY_BATCH: Final = 50
"""Inputs of a batch read with property history."""
LIST_PAGE: Final = 100
SEARCH_PAGE: Final = 200
OWNER_PAGE: Final = 500
SEARCH_BODY_CHARS: Final = 3_000
"""A search whose body is longer is refused."""
SEARCH_VALUES: Final = 100
"""Values of one filter that we dare to send; the documentation gives no number."""
SEARCH_CAP: Final = 10_000
"""Hits of one query that can be paged through."""
ASSOCIATION_READ: Final = 1_000
ASSOCIATION_CREATE: Final = 2_000
ASSOCIATION_ARCHIVE: Final = 100

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)

Json = Mapping[str, Any]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Hits:
    """One page of a search or list. `total` counts the hits of the whole query, 0 for a list."""

    results: Sequence[Json]
    total: int
    after: str | None


def millis(moment: datetime) -> str:
    """Milliseconds since 1970 as HubSpot's filters take them. Fractions of a millisecond are cut."""
    return str((moment - _EPOCH) // _MILLISECOND)


def ceil_millis(moment: datetime) -> str:
    """As `millis`, fractions rounded up."""
    return str(-((_EPOCH - moment) // _MILLISECOND))


def from_millis(milliseconds: int) -> datetime:
    """The inverse of `millis`."""
    return _EPOCH + milliseconds * _MILLISECOND


def read_time(value: Any) -> datetime:
    """A time of an answer: ISO 8601 with or without milliseconds, or milliseconds since 1970. ValueError if neither."""
    text = str(value)
    if text.removeprefix("-").isdigit():
        return from_millis(int(text))
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)


def read_modified(record: Json) -> datetime:
    """When a record was last modified. MalformedResponse when it does not say."""
    stated = (record.get("properties") or {}).get(MODIFIED) or record.get("updatedAt") or record.get("createdAt")
    try:
        return read_time(stated)
    except ValueError:
        raise MalformedResponse("hubspot gave a record without a modification time.", system="hubspot") from None


def read_record(record: Json, *, associations: Mapping[str, Any] | None = None) -> SourceRecord:
    """A record of any answer as the pipeline keeps it. Archived ones are gone since their `archivedAt`.

    An activity of an erased contact is gone too, though HubSpot keeps what is left of it among the living.
    """
    archived = record.get("archived") is True
    erased = (record.get("properties") or {}).get(ERASED) == "true"
    modified = read_time(record["archivedAt"]) if archived and record.get("archivedAt") else read_modified(record)
    payload = {name: value for name, value in record.items() if name != "associations"}
    return SourceRecord(
        id=str(record["id"]),
        modified_at=modified,
        payload=payload,
        associations=dict(associations or {}),
        version=millis(read_modified(record)),
        gone=archived or erased,
        erased=erased,
    )


def read_hits(response: ApiResponse) -> Hits:
    """A page of a search or list. MalformedResponse when it has no results at all."""
    answer = read_object(response)
    results = answer.get("results")
    if not isinstance(results, list):
        raise MalformedResponse("hubspot gave a page without results.", system="hubspot", status=response.status)
    after = ((answer.get("paging") or {}).get("next") or {}).get("after")
    return Hits(results, int(answer.get("total") or 0), str(after) if after is not None else None)


def read_results(response: ApiResponse) -> Sequence[Json]:
    """The results of a batch answer; an answer without a body (204) has none."""
    if not response.body.strip():
        return ()
    return read_object(response).get("results") or ()


def read_object(response: ApiResponse) -> Json:
    """The answer's JSON object. MalformedResponse when it is something else."""
    answer = response.json()
    if not isinstance(answer, dict):
        raise MalformedResponse(
            "hubspot answered with something that is no JSON object.", system="hubspot", status=response.status
        )
    return answer


def filter_on(name: str, operator: str, value: str | Sequence[str]) -> dict[str, Any]:
    """One filter of a search. A sequence is for `IN` and `NOT_IN`."""
    key = "value" if isinstance(value, str) else "values"
    return {"propertyName": name, "operator": operator, key: value}


def between(name: str, low: str, high: str) -> dict[str, Any]:
    """One filter of a search: both ends belong to it."""
    return {"propertyName": name, "operator": "BETWEEN", "value": low, "highValue": high}


def within(window: Window) -> list[dict[str, Any]]:
    """The filters for the modification times of a window. HubSpot keeps whole milliseconds."""
    return [
        filter_on(MODIFIED, "GTE", ceil_millis(window.start)),
        filter_on(MODIFIED, "LT", ceil_millis(window.end)),
    ]


def search_body(
    groups: Sequence[Sequence[Json]],
    *,
    properties: Sequence[str],
    sort: str | None = None,
    limit: int = SEARCH_PAGE,
    after: str | None = None,
    newest_first: bool = False,
) -> dict[str, Any]:
    """A search: any of the groups, in each all of its filters; sorted by one property, ascending if not told else."""
    body: dict[str, Any] = {
        "filterGroups": [{"filters": list(group)} for group in groups],
        "properties": list(properties),
        "limit": limit,
    }
    if sort:
        body["sorts"] = [{"propertyName": sort, "direction": "DESCENDING" if newest_first else "ASCENDING"}]
    if after:
        body["after"] = after
    return body


def fits_search(body: Json) -> bool:
    """Whether a search is short enough to be accepted, however it is spaced."""
    filters = [one for group in body["filterGroups"] for one in group["filters"]]
    few = all(len(one.get("values", ())) <= SEARCH_VALUES for one in filters)
    return few and len(json.dumps(body, ensure_ascii=True)) < SEARCH_BODY_CHARS


def batch_read_body(
    ids: Iterable[str], *, properties: Sequence[str], id_property: str | None = None, history: Sequence[str] = ()
) -> dict[str, Any]:
    """A batch read by id, or by a unique property."""
    body: dict[str, Any] = {"inputs": [{"id": one} for one in ids], "properties": list(properties)}
    if id_property:
        body["idProperty"] = id_property
    if history:
        body["propertiesWithHistory"] = list(history)
    return body


def split_list(value: Any) -> tuple[str, ...]:
    """The values of a property that joins several by `;`. Empty for null and blank."""
    return tuple(one for part in str(value or "").split(";") if (one := part.strip()))


def split_batches(items: Iterable[T], size: int) -> list[list[T]]:
    """The items in order, at most `size` together."""
    whole = list(items)
    return [whole[start : start + size] for start in range(0, len(whole), size)]
