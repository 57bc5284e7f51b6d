"""One HubSpot account, connected."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, Protocol, Self

from activity_sync.activities.kinds import ActivityType
from activity_sync.http.auth import StaticBearer
from activity_sync.http.client import ApiClient, Transport
from activity_sync.http.limits import Limits
from activity_sync.mapping import SystemMapping
from activity_sync.mapping.fit import is_configured, misfits
from activity_sync.rules.traffic import Traffic
from activity_sync.systems.fitting import place_misfits, refuse
from activity_sync.systems.hubspot.configured import definitions
from activity_sync.systems.hubspot.directory import HubSpotDirectory
from activity_sync.systems.hubspot.file_store import HubSpotFileStore
from activity_sync.systems.hubspot.inspector import HubSpotInspector
from activity_sync.systems.hubspot.metadata import OWN_PLACE, Metadata
from activity_sync.systems.hubspot.operations import Operations
from activity_sync.systems.hubspot.paths import ACCOUNT, Paths
from activity_sync.systems.hubspot.reader import HubSpotReader
from activity_sync.systems.hubspot.records import HubSpotRecords
from activity_sync.systems.hubspot.refusals import read_refusal
from activity_sync.systems.hubspot.translate import HubSpotTranslator
from activity_sync.systems.hubspot.writer import HubSpotWriter
from activity_sync.systems.records import NOTHING, Account, Place
from activity_sync.systems.system import Directory, Files, Inspector, Reader, Records, Translator, Writer

_CONCURRENCY: Final = 8
"""Requests under way at a time; the limits of the account are kept apart from it."""


class Connection(Protocol):
    """What the environment says of the account."""

    @property
    def base_url(self) -> str:
        """The API's address."""
        ...

    @property
    def access_token(self) -> str:
        """A service key or private app token."""
        ...

    @property
    def api_version(self) -> str:
        """`2026-09`, `2026-03` or `v3`."""
        ...


class TrackingOptions(Protocol):
    """What the configuration says of the tracking properties."""

    @property
    def create(self) -> bool:
        """Whether missing ones are created."""
        ...

    def places(self, system: str) -> Mapping[ActivityType, Place] | None:
        """Where activities are told what their counterpart is; None: in properties of our own."""
        ...


_TYPE_IDS: Mapping[ActivityType, str] = {
    ActivityType.TASK: "0-27",
    ActivityType.NOTE: "0-46",
    ActivityType.MEETING: "0-47",
    ActivityType.CALL: "0-48",
    ActivityType.EMAIL: "0-49",
}
"""HubSpot's own ids of the object types. Source: HubSpot developer documentation, "Understanding the CRM APIs"."""


class HubSpotSystem:
    """The account that a token opens. Use as an async context manager, within one event loop.

    `stored_id_properties`: by record kind, the property that holds the counterpart's id. `also_read`: by record kind
    and activity type, properties that are read besides what the mapping names. `transport` is for tests.
    """

    name = "hubspot"
    shows_unassociated = False
    times_by_field = True

    def __init__(
        self,
        connection: Connection,
        *,
        limits: Limits,
        mapping: SystemMapping,
        stored_id_properties: Mapping[str, str],
        tracking: TrackingOptions,
        clock: Callable[[], datetime],
        also_read: Mapping[str, Sequence[str]] = NOTHING,
        transport: Transport | None = None,
    ) -> None:
        self._client = ApiClient(
            system=self.name,
            base_url=connection.base_url,
            auth=StaticBearer(connection.access_token),
            limits=limits,
            read_refusal=read_refusal,
            max_concurrency=_CONCURRENCY,
            transport=transport,
            now=clock,
        )
        self._mapping = mapping
        self._operations = Operations(self._client, Paths(connection.api_version))
        named = tracking.places(self.name)
        self._places = dict.fromkeys(ActivityType, OWN_PLACE) if named is None else named
        refers_back = [kind.value for kind, place in self._places.items() if place == OWN_PLACE]
        self._metadata = Metadata(self._operations, create=tracking.create, refers_back=refers_back)
        self._account: Account | None = None
        translator = HubSpotTranslator(mapping, options=self._options, url_of=self._url_of, places=self._places)
        self.translator: Translator = translator
        self.reader: Reader = HubSpotReader(
            self._operations,
            self._metadata,
            columns=lambda kind: tuple(dict.fromkeys((*translator.columns(kind), *also_read.get(kind, ())))),
            properties_of=translator.properties_of,
        )
        self.records: Records = HubSpotRecords(self._operations, self._metadata)
        writer = HubSpotWriter(self._operations, self._metadata, places=self._places)
        self.writer: Writer = writer
        self.files: Files = HubSpotFileStore(self._operations, writer, transport=transport)
        self.directory: Directory = HubSpotDirectory(
            self._operations, self._metadata, stored_id_properties=stored_id_properties, also_read=also_read
        )
        self.inspector: Inspector = HubSpotInspector(
            self._operations,
            self._metadata,
            mapping=mapping,
            stored_ids=stored_id_properties,
            places=self._places,
            creates=tracking.create,
            now=clock,
        )

    @property
    def calls(self) -> int:
        """API calls made so far."""
        return self._client.calls

    @property
    def traffic(self) -> Traffic:
        """See System."""
        return self._client.traffic

    def least_seconds(self, calls: Mapping[str, int]) -> float:
        """See System."""
        return self._client.least_seconds(calls)

    def share_used(self, calls: Mapping[str, int], over: float) -> float | None:
        """See System."""
        return self._client.share_used(calls, over)

    async def identify(self) -> Account:
        """The portal. AuthenticationFailed, Unreachable."""
        details = await self._operations.get(ACCOUNT)
        domain = details.get("uiDomain") or "app.hubspot.com"
        self._account = Account(id=str(details["portalId"]), ui_url=f"https://{domain}")
        return self._account

    @property
    def clock_ahead(self) -> timedelta:
        """How far this system's clock is ahead of ours, by its last answer."""
        return self._client.clock_ahead

    async def confirm(self, types: Collection[ActivityType]) -> None:
        """See System."""
        for kind in types:
            mapping = self._mapping.types[kind]
            if is_configured(mapping):
                refuse(self.name, kind, misfits(mapping, definitions(await self._metadata.read(kind))))
            if (place := self._places.get(kind, OWN_PLACE)) != OWN_PLACE:
                refuse(
                    self.name, kind, place_misfits(kind, place.columns, definitions(await self._metadata.read(kind)))
                )

    async def learn(self, types: Collection[ActivityType]) -> None:
        """The portal's own option values are known to the translator from here on: one call per type, once."""
        await asyncio.gather(*(self._metadata.read(one) for one in types))

    async def __aenter__(self) -> Self:
        await self._client.__aenter__()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._client.__aexit__(*exc)

    def _url_of(self, activity_type: ActivityType, record_id: str) -> str:
        """Where people open an activity, as the `url` field of the 2026 answers has it; empty before `identify`."""
        if self._account is None:
            return ""
        return f"{self._account.ui_url}/contacts/{self._account.id}/record/{_TYPE_IDS[activity_type]}/{record_id}"

    def _options(self, activity_type: ActivityType) -> Mapping[str, Collection[str]]:
        schema = self._metadata.known(activity_type)
        return schema.options if schema is not None else {}
