"""One type's scenario, killed at a point and run again, against the same scenario undisturbed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
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


@dataclass(frozen=True)
class Trial:
    """A kill at a point of the run, and the rerun. `point` None: no kill, only the order of the flows.

    `later`: between the two, people work on for hours, also on what the killed run had begun.
    """

    point: Point | None
    mirror_first: bool
    later: bool = False

    def __str__(self) -> str:
        place = "no kill" if self.point is None else f"killed {self.point}"
        return f"{place}, {'mirror' if self.mirror_first else 'same'} flow first{', edited meanwhile' * self.later}"


@dataclass
class Recovery:
    """A world in which a type's scenario has come to the run that will be killed: the second, or the very first one.

    `wait`: the time that passes after the rerun, before one more. `look`: what of the end is compared.
    """

    world: World
    kind: ActivityType
    first_run: bool = False
    wait: Mapping[str, float] = field(default_factory=dict)
    look: Callable[[World, str], dict[str, Any]] = outcome
    ready: Saved = field(init=False)

    def __post_init__(self) -> None:
        self.story = Story(self.world, self.kind)
        self.story.begin()
        if not self.first_run:
            self.carry(FLOWS)
            self.story.go_on()
        self.ready = self.world.save("ready")
        self._expected: dict[bool, dict[str, Any]] = {}

    @cached_property
    def effects(self) -> list[str]:
        """What the run does when it is not killed. It has happened afterwards."""
        self.world.restore(self.ready)
        return self.carry(FLOWS).effects

    def expected(self, *, later: bool) -> dict[str, Any]:
        """How the undisturbed scenario ends."""
        if later not in self._expected:
            self.world.restore(self.ready)
            self.carry(FLOWS)
            self.finish(FLOWS, later=later)
            self._expected[later] = self.look(self.world, self.kind)
        return self._expected[later]

    def point(self, side: Side, name: str, *, number: int) -> Point:
        """The instant before or after the `number`-th effect of this name."""
        places = [place for place, effect in enumerate(self.effects, start=1) if effect == name]
        return Point(places[number - 1], side)

    def differences(self, trial: Trial) -> dict[str, Any]:
        """How the world differs in the end from the undisturbed one; nothing when all is well."""
        expected = self.expected(later=trial.later)
        self.world.restore(self.ready)
        if trial.point is not None and not self.carry(FLOWS, trial.point).killed:
            return {"not killed": self.effects}
        ended = self.finish(self._order(trial), later=trial.later)
        seen = self.look(self.world, self.kind)
        return ({"errors": ended.errors} if ended.errors else {}) | _difference(expected, seen)

    def describe(self, trial: Trial) -> str:
        """The trial, with the name of the effect at which it kills."""
        return str(trial) if trial.point is None else f"{trial} ({self.effects[trial.point.number - 1]})"

    def carry(self, flows: Sequence[Flow], point: Point | None = None) -> Ended:
        """Runs of these flows, one after the other."""
        return self.world.carry([self.kind], flows, point=point)

    def finish(self, rerun: Sequence[Flow], *, later: bool) -> Ended:
        """After the run: people's further work, if any, the rerun, and one more pass of both flows; then the wait."""
        if later:
            self.story.go_on_later()
        ended = self.carry([*rerun, *FLOWS])
        if self.wait:
            self.world.advance(**self.wait)
            return self.carry([*FLOWS, *FLOWS])
        return ended

    def _order(self, trial: Trial) -> Sequence[Flow]:
        """HubSpot's flow runs first; the killed one is that flow, or the other one when it had come that far."""
        in_second = trial.point is not None and trial.point.number > self._effects_of_first
        return DYNAMICS_FIRST if trial.mirror_first != in_second else HUBSPOT_FIRST

    @cached_property
    def _effects_of_first(self) -> int:
        return self.effects.index("ledger: release") + 1


def _difference(expected: dict[str, Any], seen: dict[str, Any]) -> dict[str, Any]:
    """Name by name, what is not the same."""
    found: dict[str, Any] = {}
    for name in sorted(expected.keys() | seen.keys()):
        one, other = expected.get(name), seen.get(name)
        if isinstance(one, dict) and isinstance(other, dict):
            found |= {f"{name}: {inner}": value for inner, value in _difference(one, other).items()}
        elif one != other:
            found[name] = {"expected": one, "seen": other}
    return found
