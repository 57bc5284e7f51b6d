"""One type's scenario, stopped at a point and rerun, against the same scenario undisturbed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from activity_sync.activities.identity import Flow
from activity_sync.activities.kinds import ActivityType
from activity_sync.configuration import FLOWS
from activity_sync_tests.crashes.carrying import Ended
from activity_sync_tests.crashes.effects import Point, Side
from activity_sync_tests.crashes.outcome import outcome
from activity_sync_tests.crashes.scenario import Story
from activity_sync_tests.crashes.world import Saved, World

HUBSPOT_FIRST: Sequence[Flow] = FLOWS
DYNAMICS_FIRST: Sequence[Flow] = FLOWS[::-1]


@dataclass
class Recovery:
    """A world in which a type's scenario has come to the run that will be killed. `later`: people work on meanwhile."""

    world: World
    kind: ActivityType
    later: bool = False
    ready: Saved = field(init=False)
    expected: dict[str, Any] = field(init=False)
    effects: list[str] = field(init=False)

    def __post_init__(self) -> None:
        self.story = Story(self.world, self.kind)
        self.story.begin()
        self.carry(FLOWS)
        self.story.go_on()
        self.ready = self.world.save("ready")
        self.effects = self.carry(FLOWS).effects
        self.finish(FLOWS)
        self.expected = outcome(self.world, self.kind)

    def carry(self, flows: Sequence[Flow], point: Point | None = None) -> Ended:
        return self.world.carry([self.kind], flows, point=point)

    def finish(self, rerun: Sequence[Flow]) -> Ended:
        """After the run: people's further work, if any, the rerun, and a pass that must find little to do."""
        if self.later:
            self.story.go_on_later()
        return self.carry([*rerun, *FLOWS])

    def point(self, side: Side, name: str, *, number: int) -> Point:
        """The instant before or after the `number`-th effect of this name."""
        places = [place for place, effect in enumerate(self.effects, start=1) if effect == name]
        return Point(places[number - 1], side)

    def differences(self, point: Point | None, rerun: Sequence[Flow]) -> dict[str, Any]:
        """How the world differs from the undisturbed one after a kill at the point, if any, and runs in this order."""
        self.world.restore(self.ready)
        killed = None if point is None else self.carry(FLOWS, point)
        if killed is not None and not killed.killed:
            return {"not killed": point}
        ended = self.finish(rerun)
        if ended.errors:
            return {"errors": ended.errors}
        seen = outcome(self.world, self.kind)
        return {
            name: _difference(self.expected.get(name), seen.get(name))
            for name in self.expected.keys() | seen.keys()
            if self.expected.get(name) != seen.get(name)
        }


def _difference(expected: Any, seen: Any) -> Any:
    if not (isinstance(expected, dict) and isinstance(seen, dict)):
        return {"expected": expected, "seen": seen}
    names = expected.keys() | seen.keys()
    return {
        name: _difference(expected.get(name), seen.get(name)) for name in names if expected.get(name) != seen.get(name)
    }
