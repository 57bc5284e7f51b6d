"""Every CRM that there is a connector for: the only place that knows them all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Protocol

from activity_sync.configuration import Configuration
from activity_sync.errors import ConfigurationError
from activity_sync.http.client import Transport
from activity_sync.http.file_office import FileOffice
from activity_sync.http.limits import Limits
from activity_sync.http.plans import DYNAMICS, HUBSPOT, LimitPlan
from activity_sync.http.shared_limits import Priority, SharedLimits
from activity_sync.http.ticket_office import TicketOffice, office_name
from activity_sync.ledger.engine import is_shared
from activity_sync.ledger.office import LedgerOffice
from activity_sync.mapping import SystemMapping
from activity_sync.settings import Settings
from activity_sync.systems.dynamics.system import DynamicsSystem
from activity_sync.systems.hubspot.system import HubSpotSystem
from activity_sync.systems.records import NOTHING
from activity_sync.systems.system import System


class Factory(Protocol):
    """Makes a system, not yet connected.

    `connection` is the system's own section of the settings, complete; `mapping` its own mapping; `tracking` the
    configuration's section of that name; `stored_id_properties` the property per kind that holds the counterpart's id;
    `also_read`, by record kind and activity type, what is read besides that.
    """

    def __call__(
        self,
        connection: Any,
        *,
        limits: Limits,
        mapping: SystemMapping,
        stored_id_properties: Mapping[str, str],
        tracking: Any,
        clock: Callable[[], datetime],
        also_read: Mapping[str, Sequence[str]] = NOTHING,
        transport: Transport | None = None,
    ) -> System:
        """The system."""
        ...


@dataclass(frozen=True, slots=True)
class Entry:
    """What a system brings: how people write its name, how it is made, and the limits its API publishes."""

    label: str
    make: Factory
    plan: LimitPlan


# By the system's name, which is also the name of its section of the settings, its mapping and its folder.
SYSTEMS: Final[Mapping[str, Entry]] = {
    "hubspot": Entry("HubSpot", HubSpotSystem, HUBSPOT),
    "dynamics": Entry("Dynamics 365", DynamicsSystem, DYNAMICS),
}


def connect(
    name: str,
    settings: Settings,
    configuration: Configuration,
    *,
    priority: Priority = "incremental",
    limits: Limits | None = None,
) -> System:
    """The system of this name, not yet entered. ConfigurationError for an unknown one, or a missing credential.

    `limits`: in place of those of the account, `limits_of`.
    """
    entry = SYSTEMS.get(name)
    if entry is None:
        raise ConfigurationError(f"there is no system {name!r}; the systems are {', '.join(SYSTEMS)}", system=name)
    connection = getattr(settings, name).require()
    return entry.make(
        connection,
        limits=limits or limits_of(name, settings, configuration, priority=priority),
        mapping=configuration.mapping(name),
        stored_id_properties=configuration.tracking.stored_ids(name),
        tracking=configuration.tracking,
        clock=lambda: datetime.now(tz=UTC),
        also_read=configuration.also_read(name),
    )


def limits_of(
    name: str, settings: Settings, configuration: Configuration, *, priority: Priority = "incremental"
) -> SharedLimits:
    """The limits of the system's account, counted wherever all processes that use it meet."""
    connection, plan, ours = getattr(settings, name).require(), SYSTEMS[name].plan, configuration.limits
    counts = office_name(plan.name, connection.counted_as)

    def open_office() -> TicketOffice:
        if is_shared(settings.ledger_url):
            return LedgerOffice(settings.ledger_url, counts)
        return FileOffice(settings.home, counts)

    return SharedLimits(
        open_office,
        plan,
        priority=priority,
        backfill_share=ours.backfill_share,
        burst_share=getattr(ours.share, name, 1.0),
        day_share=ours.day_share,
    )
