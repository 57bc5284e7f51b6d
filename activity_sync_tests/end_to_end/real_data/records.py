"""One given activity, in the form of the system that is to hold it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from activity_sync.activities.activity import RichText
from activity_sync.activities.kinds import ActivityType

_IDS = uuid.UUID("6f1f6a3e-3d5c-4c53-9d0c-2f1f0b8f2f5a")


@dataclass(frozen=True, slots=True)
class Given:
    """One activity to seed.

    `source` and `name` say which file, or which line of a file, it is. `values`: HubSpot properties or Dynamics
    columns. `hangs_on`: (object type or table, id); empty: a contact of the sandbox. `created`: None where the data
    do not tell. `body`: what a reader of the source record sees.
    """

    source: str
    name: str
    system: str
    kind: ActivityType
    id: str
    values: Mapping[str, Any]
    body: RichText | None = None
    created: datetime | None = None
    hangs_on: tuple[tuple[str, str], ...] = ()
    parties: tuple[Mapping[str, Any], ...] = field(default=())

    @property
    def flow(self) -> str:
        """The flow that carries it."""
        return "hubspot_to_dynamics" if self.system == "hubspot" else "dynamics_to_hubspot"


def new_id(system: str, number: int, name: str) -> str:
    """The id of a record that came without one: always the same for the same file."""
    return str(number) if system == "hubspot" else str(uuid.uuid5(_IDS, name))
