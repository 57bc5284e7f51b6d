"""Whether the portal shows us what its emails say. Without a scope it answers as if they said nothing.

An email that reads as empty is one of two things: empty, or kept from us. Carried as it reads, the second would empty
its copy. Which properties are withheld HubSpot does not say ("Scopes", `sales-email-read`, read 2026-11), so that all
that tell the content count as not read where no email of the portal shows any.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from activity_sync.activities.activity import Activity, RichText, Value
from activity_sync.activities.kinds import ActivityType
from activity_sync.activities.loss import Loss
from activity_sync.systems.hubspot import participants as people
from activity_sync.systems.hubspot.operations import Operations
from activity_sync.systems.hubspot.wire import Hits
from activity_sync.systems.records import SourceRecord

CONTENT_SCOPE: Final = "sales-email-read"
_CONTENT: Final = ("hs_email_html", "hs_email_text")
_FIELDS: Final = ("body", "subject", people.FIELD)
_LOOKED_AT: Final = 20
_WITHHELD: Final = "content_withheld"
"""In the payload of an email whose content counts as not read."""


async def looked_through(operations: Operations) -> tuple[int, bool]:
    """How many of the portal's first emails were looked at, and whether any shows what it says. One call."""
    page: Hits = await operations.get_page(
        operations.paths.list_records(ActivityType.EMAIL),
        params={"limit": _LOOKED_AT, "properties": ",".join(_CONTENT)},
    )
    return len(page.results), any(_says_something(one) for one in page.results)


class EmailContent:
    """Marks the emails whose content is kept from us."""

    def __init__(self, operations: Operations) -> None:
        self._operations = operations
        self._is_withheld = False

    async def mark(self, activity_type: ActivityType, records: Sequence[SourceRecord]) -> list[SourceRecord]:
        """The same records; emails that say nothing are marked where the portal shows no content at all.

        One call where none of the records says anything, else nothing. That content is withheld is believed from then
        on, which does no harm; that it is shown is not: the scope may be taken away at any time.
        """
        silent = {one.id for one in records if not (one.gone or _says_something(one.payload))}
        if activity_type is not ActivityType.EMAIL or not silent:
            return list(records)
        if any(_says_something(one.payload) for one in records):
            return list(records)
        if not self._is_withheld:
            self._is_withheld = not (await looked_through(self._operations))[1]
        if not self._is_withheld:
            return list(records)
        return [replace(one, payload={**one.payload, _WITHHELD: True}) if one.id in silent else one for one in records]


def without_withheld(activity: Activity, record: SourceRecord) -> Activity:
    """The activity without what was kept from us, which is as if nobody had read it, and is told of as lost. Pure."""
    if _WITHHELD not in record.payload:
        return activity
    read = {name: value for name, value in activity.fields.items() if name not in _FIELDS or _is_said(value)}
    lost = Loss("body", "dropped", f"the token may not read what emails say (scope {CONTENT_SCOPE})")
    return replace(activity, fields=read, losses=(*activity.losses, lost))


def _is_said(value: Value) -> bool:
    return bool(value.text.strip()) if isinstance(value, RichText) else bool(value)


def _says_something(record: Mapping[str, Any]) -> bool:
    return any((record.get("properties") or {}).get(name) for name in _CONTENT)
