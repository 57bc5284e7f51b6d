"""One Dynamics organization, connected."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol, Self
from urllib.parse import urlsplit

from activity_sync.activities.kinds import ActivityType
from activity_sync.errors import MalformedResponse
from activity_sync.http.auth import ClientCredentials
from activity_sync.http.client import ApiClient, Transport
from activity_sync.http.limits import Limits
from activity_sync.mapping import SystemMapping
from activity_sync.mapping.fit import is_configured, misfits
from activity_sync.rules.traffic import Traffic
from activity_sync.systems.dynamics.batch import Operation
from activity_sync.systems.dynamics.columns import Columns
from activity_sync.systems.dynamics.configured import definitions
from activity_sync.systems.dynamics.directory import DynamicsDirectory
from activity_sync.systems.dynamics.file_store import DynamicsFileStore
from activity_sync.systems.dynamics.inspector import DynamicsInspector
from activity_sync.systems.dynamics.metadata import Metadata, read_schema, schema_reads
from activity_sync.systems.dynamics.operations import MOST_PARALLELISM, Operations
from activity_sync.systems.dynamics.paths import ACTIVITY_TABLES
from activity_sync.systems.dynamics.reader import DynamicsReader
from activity_sync.systems.dynamics.records import DynamicsRecords
from activity_sync.systems.dynamics.refusals import explain_failed_read, read_refusal
from activity_sync.systems.dynamics.translate import SYSTEM, DynamicsTranslator
from activity_sync.systems.dynamics.writer import DynamicsWriter
from activity_sync.systems.fitting import place_misfits, refuse
from activity_sync.systems.records import NOTHING, NOWHERE, Account, Place
from activity_sync.systems.system import Directory, Files, Inspector, Reader, Records, Translator, Writer


class Connection(Protocol):
    """What the environment says of the organization."""

    @property
    def url(self) -> str:
        """The organization's address."""
        ...

    @property
    def token_url(self) -> str:
        """Where the application user's tokens come from."""
        ...

    @property
    def client_id(self) -> str:
        """The application."""
        ...

    @property
    def client_secret(self) -> str:
        """Its secret."""
        ...

    @property
    def scope(self) -> str:
        """The scope of its tokens."""
        ...


class TrackingOptions(Protocol):
    """What the configuration says of tracking."""

    def places(self, system: str) -> Mapping[ActivityType, Place] | None:
        """Where activities are told what their counterpart is; None, where nothing is named."""
        ...


class DynamicsSystem:
    """The organization that an application user opens. Use as an async context manager, within one event loop.

    `stored_id_properties`: by record kind, the column that holds the counterpart's id. `tracking`: in which columns
    an activity is told what its counterpart is; our keys are the rows' own primary keys. `also_read`: by record kind
    and activity type, columns that are read besides what the mapping names. `transport` is for tests.
    """

    name = SYSTEM
    shows_unassociated = True
    times_by_field = False

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
        self._url = connection.url
        self._mapping = mapping
        # No column of ours can be made here: a publisher's prefix is the organization's own.
        self._places = tracking.places(self.name) or NOWHERE
        self._client = ApiClient(
            system=self.name,
            base_url=connection.url,
            auth=ClientCredentials(
                connection.token_url, connection.client_id, connection.client_secret, connection.scope
            ),
            limits=limits,
            read_refusal=read_refusal,
            max_concurrency=MOST_PARALLELISM,
            transport=transport,
            now=clock,
        )
        self._operations = Operations(self._client)
        self._metadata = Metadata(self._operations)
        self._columns = Columns(self._operations)
        self._who: Mapping[str, str] | None = None
        translator = DynamicsTranslator(mapping, limits=self._text_limits, url_of=self._url_of, places=self._places)
        self.translator: Translator = translator
        self.reader: Reader = DynamicsReader(
            self._operations,
            self._metadata,
            columns=lambda kind: tuple(dict.fromkeys((*translator.columns(kind), *also_read.get(kind, ())))),
            time_columns=translator.time_columns,
            own_user=self._own_user,
            now=clock,
        )
        self.records: Records = DynamicsRecords(self._operations, self._metadata)
        self.writer: Writer = DynamicsWriter(self._operations, self._metadata, places=self._places)
        self.files: Files = DynamicsFileStore(self._operations)
        self.directory: Directory = DynamicsDirectory(
            self._operations, self._metadata, stored_ids=stored_id_properties, also_read=also_read, now=clock
        )
        self.inspector: Inspector = DynamicsInspector(
            self._operations,
            self._metadata,
            columns=self._columns,
            mapping=mapping,
            stored_ids=stored_id_properties,
            places=self._places,
            own_user=self._own_user,
        )

    @property
    def clock_ahead(self) -> timedelta:
        """How far the organization's clock is ahead of ours, by its last answer; zero before the first."""
        return self._client.clock_ahead

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
        """The organization. One call, which reads the schema too. AuthenticationFailed, Unreachable."""
        who = await self._identify()
        return Account(id=who["OrganizationId"], name=urlsplit(self._url).hostname or "", ui_url=self._url)

    async def confirm(self, types: Collection[ActivityType]) -> None:
        """See System."""
        for kind in types:
            mapping = self._mapping.types[kind]
            if is_configured(mapping):
                refuse(self.name, kind, misfits(mapping, await definitions(self._columns, kind)))
            if place := self._places.get(kind):
                refuse(self.name, kind, place_misfits(kind, place.columns, await definitions(self._columns, kind)))

    async def learn(self, types: Collection[ActivityType]) -> None:  # noqa: ARG002 - one call tells of all types
        """The organization's own text limits are known to the translator from here on: one call, once."""
        await self._metadata.read()

    async def __aenter__(self) -> Self:
        await self._client.__aenter__()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._client.__aexit__(*exc)

    def _text_limits(self, activity_type: ActivityType) -> Mapping[str, int]:
        schema = self._metadata.known
        return schema.limits(activity_type) if schema is not None else {}

    async def _own_user(self) -> str:
        return (await self._identify())["UserId"]

    def _url_of(self, activity_type: ActivityType, record_id: str) -> str:
        """Where people open a row, in their default app. Source: "Open apps, forms, views, and dialogs with a URL"."""
        table = ACTIVITY_TABLES[activity_type].name
        return f"{self._url}/main.aspx?pagetype=entityrecord&etn={table}&id={record_id}"

    async def _identify(self) -> Mapping[str, str]:
        """What `WhoAmI` answers, ids in lower case. Asked once."""
        if self._who is None:
            answer, *schema = await self._operations.read_answers([Operation("GET", "WhoAmI"), *schema_reads()])
            if answer.status >= 300:
                raise explain_failed_read(answer)
            told = answer.json()
            if not isinstance(told, dict) or not told.get("OrganizationId") or not told.get("UserId"):
                raise MalformedResponse("WhoAmI named no organization.", system=self.name, status=answer.status)
            self._who = {name: str(told[name]).lower() for name in ("OrganizationId", "UserId")}
            self._metadata.learn(read_schema(schema))
        return self._who
