"""Which systems there are: one line each. Nothing outside this file and `settings.py` lists them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from activity_sync.configuration import TrackingConfig
from activity_sync.errors import ConfigurationError
from activity_sync.http.plans import DYNAMICS, HUBSPOT
from activity_sync.http.shared_limits import Priority, SharedLimits
from activity_sync.mapping.load import load_mapping
from activity_sync.settings import Settings
from activity_sync.systems.dynamics.system import DynamicsSystem
from activity_sync.systems.hubspot.system import HubSpotSystem
from activity_sync.systems.system import System


@dataclass(frozen=True, slots=True)
class Connecting:
    """What a factory gets: the environment, the tracking section, and whether the work is incremental or backfill."""

    settings: Settings
    tracking: TrackingConfig
    priority: Priority = "incremental"


def connect(name: str, connecting: Connecting) -> System:
    """The system of this name, not yet entered. ConfigurationError for an unknown one, or a missing credential."""
    if name not in SYSTEMS:
        raise ConfigurationError(f"there is no system {name!r}; the systems are {', '.join(SYSTEMS)}", system=name)
    return SYSTEMS[name](connecting)


def _hubspot(connecting: Connecting) -> System:
    account = connecting.settings.hubspot.require()
    return HubSpotSystem(
        account,
        limits=SharedLimits(
            connecting.settings.home,
            f"{account.base_url}\n{account.access_token}",
            HUBSPOT,
            priority=connecting.priority,
        ),
        mapping=load_mapping("hubspot"),
        stored_id_properties=connecting.tracking.stored_ids("hubspot"),
        tracking=connecting.tracking,
        clock=_now,
    )


def _dynamics(connecting: Connecting) -> System:
    account = connecting.settings.dynamics.require()
    return DynamicsSystem(
        account,
        limits=SharedLimits(
            connecting.settings.home,
            f"{account.url}\n{account.client_id}",
            DYNAMICS,
            priority=connecting.priority,
        ),
        mapping=load_mapping("dynamics"),
        stored_id_properties=connecting.tracking.stored_ids("dynamics"),
        tracking=connecting.tracking,
        clock=_now,
    )


def _now() -> datetime:
    return datetime.now(tz=UTC)


SYSTEMS: Mapping[str, Callable[[Connecting], System]] = {"hubspot": _hubspot, "dynamics": _dynamics}
