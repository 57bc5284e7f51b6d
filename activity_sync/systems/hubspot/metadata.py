"""What the portal's activity types are made of: property definitions, option values, and our tracking properties.

Read once per type and connection. Nothing is created before `prepare`, and what the portal refuses is done without.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any, Final

from activity_sync.errors import AuthenticationFailed
from activity_sync.http.message import ApiRequest, ApiResponse
from activity_sync.systems.hubspot.operations import Operations
from activity_sync.systems.hubspot.refusals import read_rows, read_whole
from activity_sync.systems.hubspot.wire import Json, read_results, read_time
from activity_sync.systems.records import Place

_log = logging.getLogger(__name__)

KEY: Final = "activity_sync_key"
SOURCE_SYSTEM: Final = "activity_sync_source_system"
SOURCE_ID: Final = "activity_sync_source_id"
SOURCE_URL: Final = "activity_sync_source_url"
OWN_PLACE: Final = Place("activity_sync_counterpart_id", "activity_sync_counterpart_url")
"""Where an activity is told what its counterpart is, if nothing else is configured. Made only where that is wanted."""

_LABELS: Final = {
    KEY: ("Activity Sync key", "The key under which Activity Sync created this record."),
    SOURCE_SYSTEM: ("Activity Sync source system", "The system that this record is a copy from."),
    SOURCE_ID: ("Activity Sync source id", "The id of the original in its own system."),
    SOURCE_URL: ("Activity Sync source URL", "Where the original opens in its own system."),
    OWN_PLACE.id: ("Activity Sync counterpart id", "The id of the same activity in the other system."),
    OWN_PLACE.url: ("Activity Sync counterpart URL", "Where the same activity opens in the other system."),
}
TRACKING: Final = (KEY, SOURCE_SYSTEM, SOURCE_ID, SOURCE_URL)
"""Our own properties on every activity type."""

_GROUP: Final = ("activity_sync", "Activity Sync")
"""The group that is made for our properties, name and label, where a type has none at all."""


class KeyProperty(Enum):
    """How well the portal keeps our keys."""

    UNIQUE = "the server refuses a second record under one key"
    PLAIN = "the key can be stored and searched for"
    ABSENT = "the key cannot be stored"


@dataclass(frozen=True, slots=True)
class Schema:
    """One activity type. `options`: the internal values of its enumerations; `types`: what each property holds.

    `fixed`: properties whose values are the portal's own. `group`: where new properties go, "" where no definition
    names one. `tracking`: those of ours that are wanted. `key_since`: when our key property was defined; None
    where it is not, or its definition does not say.
    """

    properties: frozenset[str] = frozenset()
    unique: frozenset[str] = frozenset()
    options: Mapping[str, Collection[str]] = field(default_factory=dict)
    types: Mapping[str, str] = field(default_factory=dict)
    fixed: frozenset[str] = frozenset()
    group: str = ""
    key_since: datetime | None = None
    tracking: tuple[str, ...] = TRACKING

    @property
    def key(self) -> KeyProperty:
        """How our key property stands."""
        if KEY not in self.properties:
            return KeyProperty.ABSENT
        return KeyProperty.UNIQUE if KEY in self.unique else KeyProperty.PLAIN

    @property
    def missing(self) -> tuple[str, ...]:
        """The tracking properties that do not exist."""
        return tuple(name for name in self.tracking if name not in self.properties)

    def extend(self, definitions: Iterable[Json]) -> Schema:
        """The schema with more definitions."""
        more = read_schema(definitions)
        return Schema(
            properties=self.properties | more.properties,
            unique=self.unique | more.unique,
            options={**self.options, **more.options},
            types={**self.types, **more.types},
            fixed=self.fixed | more.fixed,
            group=self.group,
            key_since=more.key_since or self.key_since,
            tracking=self.tracking,
        )


def read_schema(definitions: Iterable[Json], tracking: tuple[str, ...] = TRACKING) -> Schema:
    """The schema that property definitions describe. Archived ones do not count."""
    living = [one for one in definitions if not one.get("archived")]
    return Schema(
        properties=frozenset(str(one["name"]) for one in living),
        unique=frozenset(str(one["name"]) for one in living if one.get("hasUniqueValue")),
        options={
            str(one["name"]): tuple(str(option["value"]) for option in one["options"])
            for one in living
            if one.get("type") == "enumeration" and one.get("options")
        },
        types={str(one["name"]): str(one["type"]) for one in living if one.get("type")},
        fixed=frozenset(
            str(one["name"]) for one in living if (one.get("modificationMetadata") or {}).get("readOnlyValue")
        ),
        group=next((str(one["groupName"]) for one in living if one.get("groupName")), ""),
        key_since=next(
            (read_time(one["createdAt"]) for one in living if one["name"] == KEY and one.get("createdAt")), None
        ),
        tracking=tracking,
    )


def define(names: Sequence[str], *, group: str, unique_key: bool) -> list[dict[str, Any]]:
    """The definitions to create tracking properties by."""
    return [
        {
            "name": name,
            "label": _LABELS[name][0],
            "description": _LABELS[name][1],
            "type": "string",
            "fieldType": "text",
            "groupName": group,
            "formField": False,
            **({"hasUniqueValue": True} if name == KEY and unique_key else {}),
        }
        for name in names
    ]


class Metadata:
    """The schemas of one account's activity types, as far as they have been read.

    `refers_back`: the types of activity that have our properties for what their counterpart is, too.
    """

    def __init__(self, operations: Operations, *, create: bool, refers_back: Collection[str] = ()) -> None:
        self._operations = operations
        self._create = create
        self._refers_back = refers_back
        self._schemas: dict[str, Schema] = {}
        self._locks: dict[str, asyncio.Lock] = {}

    def known(self, kind: str) -> Schema | None:
        """The schema of a type that has been read already."""
        return self._schemas.get(kind)

    async def read(self, kind: str) -> Schema:
        """The schema of a type: one call, the first time."""
        async with self._lock(kind):
            if kind not in self._schemas:
                self._schemas[kind] = await self._describe(kind)
            return self._schemas[kind]

    async def prepare(self, kind: str) -> Schema:
        """As `read`, after creating the tracking properties that are missing, where that is wanted and allowed."""
        return await (self.complete(kind) if self._create else self.read(kind))

    async def complete(self, kind: str) -> Schema:
        """As `read`, after creating the tracking properties that are missing, where that is allowed."""
        schema = await self.read(kind)
        async with self._lock(kind):
            schema = self._schemas[kind]
            if schema.missing:
                schema = self._schemas[kind] = await self._complete(kind, schema)
                if schema.missing:
                    _log.warning(
                        "system=hubspot event=tracking_property_missing type=%s properties=%s",
                        kind,
                        ",".join(schema.missing),
                    )
        return schema

    def _lock(self, kind: str) -> asyncio.Lock:
        return self._locks.setdefault(kind, asyncio.Lock())

    async def _describe(self, kind: str) -> Schema:
        answer = await self._operations.get(self._operations.paths.properties(kind))
        tracking = (*TRACKING, *OWN_PLACE.columns) if kind in self._refers_back else TRACKING
        return read_schema(answer.get("results") or (), tracking)

    async def _complete(self, kind: str, schema: Schema) -> Schema:
        """One call where the portal allows unique values; else those that somebody made meanwhile, and a plain key."""
        for unique_key in (True, False):
            try:
                group = schema.group or await self._any_group(kind)
                definitions = define(schema.missing, group=group, unique_key=unique_key)
                answer = await self._operations.client.send(
                    ApiRequest(
                        "POST",
                        self._operations.paths.create_properties(kind),
                        json={"inputs": definitions},
                        # A second creation under one name is refused.
                        repeatable=True,
                    )
                )
            except AuthenticationFailed as refused:
                if refused.status != 403:
                    raise
                _log.warning(
                    "system=hubspot event=tracking_properties_refused type=%s code=%s remedy=%s",
                    kind,
                    refused.code,
                    "grant a crm.schemas write scope, or set tracking.create to false",
                )
                return schema
            schema = schema.extend(read_results(answer) if answer.status < 300 else ())
            if not schema.missing:
                return schema
            _log.info("system=hubspot event=tracking_properties_incomplete type=%s code=%s", kind, _code(answer))
            schema = await self._describe(kind)
            if not schema.missing:
                return schema
        return schema

    async def _any_group(self, kind: str) -> str:
        """The first group of a type; one of our own is made where it has none."""
        path = self._operations.paths.property_groups(kind)
        groups = (await self._operations.get(path)).get("results") or ()
        known = [str(one["name"]) for one in groups if not one.get("archived")]
        if not known:
            name, label = _GROUP
            request = ApiRequest("POST", path, json={"name": name, "label": label}, repeatable=True)
            await self._operations.client.send(request)
            return name
        return known[0]


def _code(answer: ApiResponse) -> str:
    rows = [read_whole(answer)] if answer.status >= 400 else list(read_rows(answer))
    return ",".join(sorted({row.code for row in rows if row.code}))
