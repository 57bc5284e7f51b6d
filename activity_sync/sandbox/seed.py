"""The bundled data for both sandboxes as one JSON document."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, time
from typing import Any

from activity_sync.sandbox.seeds import (
    dynamics_activities,
    dynamics_awkward,
    hubspot_activities,
    hubspot_awkward,
)
from activity_sync.sandbox.seeds.dynamics_activities import DynamicsActivities
from activity_sync.sandbox.seeds.hubspot_activities import HubSpotActivities
from activity_sync.sandbox.seeds.records import dynamics_records, hubspot_records
from activity_sync.sandbox.seeds.world import build_world

_CONTACTS_PER_ACTIVITY = 0.2
_FEWEST_CONTACTS = 20


def demo_seed(today: date, *, per_side: int = 1000, seed: int = 7) -> dict[str, Any]:
    """Give activities of the ten days up to `today`, so many on each side, and all that they hang on.

    `today` is a moment, or a day of which noon UTC is meant. The same arguments give the same document:

        {"hubspot": what the HubSpot sandbox loads, "dynamics": what the Dynamics sandbox loads,
         "cases": {"hubspot": {CASE: [object type, id]}, "dynamics": {CASE: [table, id]}}}

    Most activities are ordinary and hang on contacts that both systems have. `cases` names the awkward ones, of which
    there is one of each kind on each side; they are there however small `per_side` is, and count towards it.
    """
    if isinstance(today, datetime):
        now = today if today.tzinfo else today.replace(tzinfo=UTC)
    else:
        now = datetime.combine(today, time(12), tzinfo=UTC)
    draw = random.Random(seed)
    world = build_world(now, contacts=max(_FEWEST_CONTACTS, int(per_side * _CONTACTS_PER_ACTIVITY)), draw=draw)

    left = HubSpotActivities()
    hubspot_awkward.add_awkward(left, world)
    hubspot_activities.add_ordinary(left, world, count=max(per_side - len(left.cases), 0), draw=draw)
    right = DynamicsActivities()
    dynamics_awkward.add_awkward(right, world)
    dynamics_activities.add_ordinary(right, world, count=max(per_side - len(right.cases), 0), draw=draw)

    hubspot, dynamics = hubspot_records(world), dynamics_records(world)
    hubspot["objects"] |= left.objects
    hubspot["associations"] += left.associations
    dynamics["records"] |= right.records
    return {
        "hubspot": hubspot,
        "dynamics": dynamics,
        "cases": {"hubspot": left.cases, "dynamics": right.cases},
    }
