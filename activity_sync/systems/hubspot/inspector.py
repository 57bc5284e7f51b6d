"""What `check` looks at in a portal: API version, scopes, tracking properties, options."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from activity_sync.activities.kinds import ActivityType
from activity_sync.errors import AuthenticationFailed
from activity_sync.findings import Finding, failure, fine, warn
from activity_sync.mapping import SystemMapping
from activity_sync.mapping.fit import is_configured
from activity_sync.systems.fitting import fit_findings, place_findings
from activity_sync.systems.hubspot.batches import gather_all
from activity_sync.systems.hubspot.configured import definitions
from activity_sync.systems.hubspot.metadata import OWN_PLACE, Metadata
from activity_sync.systems.hubspot.operations import Operations
from activity_sync.systems.hubspot.paths import name_collection
from activity_sync.systems.hubspot.scopes import (
    email_content,
    file_scope,
    make_scopes,
    may_read,
    read_scopes,
    schema_scope,
    upload_scope,
    write_scopes,
)
from activity_sync.systems.hubspot.tracking import (
    api_version,
    option_findings,
    stored_id_finding,
    tracking_findings,
)
from activity_sync.systems.records import Place, Use


class HubSpotInspector:
    """Looks at the portal. `stored_ids`: by record kind, the property that holds the counterpart's id.

    `places`: where an activity is told what its counterpart is. `creates`: whether a sync creates the tracking
    properties that are missing.
    """

    def __init__(
        self,
        operations: Operations,
        metadata: Metadata,
        *,
        mapping: SystemMapping,
        stored_ids: Mapping[str, str],
        places: Mapping[ActivityType, Place],
        creates: bool,
        now: Callable[[], datetime],
    ) -> None:
        self._operations = operations
        self._metadata = metadata
        self._mapping = mapping
        self._stored_ids = stored_ids
        self._places = places
        self._creates = creates
        self._now = now

    async def findings(self, use: Use) -> list[Finding]:
        """See Inspector."""
        found = [api_version(self._operations.paths.version, self._now().date())]
        rights = await read_scopes(self._operations, self._metadata, use)
        found += rights
        if ActivityType.EMAIL in use.reads and may_read(rights, name_collection(ActivityType.EMAIL)):
            found.append(await email_content(self._operations))
        if use.reads and use.lists_files:
            found.append(await file_scope(self._operations))
        if use.writes and use.carries_files:
            found.append(upload_scope())
        changed = tuple(dict.fromkeys((*use.writes, *use.told(self._places))))
        written = {kind: schema for kind in changed if (schema := self._metadata.known(kind)) is not None}
        made = {kind: schema for kind in use.makes if (schema := self._metadata.known(kind)) is not None}
        incomplete = any(schema.missing for schema in written.values())
        found += write_scopes(changed, creates_properties=self._creates and incomplete)
        found += make_scopes(use.makes)
        for record_kind, known in (*written.items(), *made.items()):
            found += tracking_findings(record_kind, known, creates=self._creates)
        for kind in use.writes:
            if (schema := self._metadata.known(kind)) is None:
                continue
            found += option_findings(kind, schema, self._mapping.types[kind])
        for kind in dict.fromkeys((*use.reads, *use.writes)):
            if is_configured(self._mapping.types[kind]) and (seen := self._metadata.known(kind)) is not None:
                found += fit_findings(self._mapping.types[kind], definitions(seen))
        for kind in use.told(self._places):
            place = self._places[kind]
            if place != OWN_PLACE and (seen := self._metadata.known(kind)) is not None:
                found += place_findings("hubspot", kind, place.columns, definitions(seen))
        return found + [await self._stored_id(kind, name) for kind, name in self._stored_ids.items()]

    async def complete(self, use: Use) -> list[Finding]:
        """See Inspector. Also where `tracking.create` is off: whoever calls it asks for it."""
        made = await gather_all(
            self._complete(kind) for kind in dict.fromkeys((*use.writes, *use.told(self._places), *use.makes))
        )
        return [one for some in made for one in some]

    async def _complete(self, kind: str) -> list[Finding]:
        missing = (await self._metadata.read(kind)).missing
        left = (await self._metadata.complete(kind)).missing
        made = [one for one in missing if one not in left]
        plural = name_collection(kind)
        found = [fine(f"hubspot.tracking.{kind}.created", f"created {', '.join(made)} of {plural}")] if made else []
        if left:
            found.append(
                warn(
                    f"hubspot.tracking.{kind}.refused",
                    f"the portal refuses to create {', '.join(left)} of {plural}",
                    f"grant the token the scope {schema_scope(kind)}, or create them in HubSpot as README says",
                )
            )
        return found

    async def _stored_id(self, kind: str, property_name: str) -> Finding:
        try:
            schema = await self._metadata.read(kind)
        except AuthenticationFailed as refused:
            if refused.status != 403:
                raise
            return failure(f"hubspot.counterpart_id.{kind}", refused)
        return stored_id_finding(kind, property_name, schema)
