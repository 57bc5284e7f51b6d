"""What a step writes of itself: against a real ledger, with a clock that a test moves, and systems without an API."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from activity_sync.activities.identity import Flow
from activity_sync.activities.kinds import ActivityType, Step
from activity_sync.configuration import Configuration
from activity_sync.errors import Unreachable
from activity_sync.ledger.ledger import Ledger
from activity_sync.ledger.progress import StepState
from activity_sync.pipeline.progress import Course, courses_of
from activity_sync.pipeline.scope import Partitions, Scope, midnight
from activity_sync.pipeline.session import Session
from activity_sync.pipeline.watching import SOON_SECONDS, WRITTEN_EVERY_SECONDS, Watch, watching
from activity_sync.rules.traffic import Traffic
from activity_sync.systems.records import Expected, Window

FLOW, EMAIL = Flow.parse("hubspot_to_dynamics"), ActivityType.EMAIL
DAY = date(2026, 11, 2)
SCOPE = Scope(
    FLOW, EMAIL, "run", Partitions((DAY.isoformat(),), Window(midnight(DAY), midnight(DAY) + timedelta(days=1)))
)


def least_seconds(calls: Mapping[str, int]) -> float:
    """One call a second."""
    return float(sum(calls.values()))


SYSTEM = SimpleNamespace(
    traffic=Traffic(),
    least_seconds=least_seconds,
    share_used=lambda calls, over: 0.5 if calls or over else 0.0,
    writer=SimpleNamespace(batch_size=100),
)


@dataclass
class World:
    """A session whose time passes when a test says so."""

    ledger: Ledger
    seconds: float = 0.0
    heard: list[Course] = field(default_factory=list)

    @property
    def session(self) -> Session:
        session = Session(
            systems=cast("Any", {"hubspot": SYSTEM, "dynamics": SYSTEM}),
            ledger=self.ledger,
            staging=cast("Any", None),
            configuration=Configuration(),
            key=b"",
            clock=lambda: datetime(2026, 11, 2, 9, tzinfo=UTC) + timedelta(seconds=self.seconds),
        )
        session.listeners.append(self.heard.append)
        return session

    def watch(self, step: Step = Step.EXTRACTED) -> Watch:
        return Watch(self.session, SCOPE, step, clock=lambda: self.seconds)

    def written(self) -> dict[Step, tuple[StepState, int | None, int]]:
        return {one.step: (one.state, one.known, one.done) for one in self.ledger.progress(FLOW.name)}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with Ledger.open(f"sqlite:///{tmp_path / 'ledger.db'}") as ledger:
        yield World(ledger)


def test_few_rows_that_take_no_time_are_not_written_down(world: World) -> None:
    watch = world.watch()

    watch.expect_read(Expected(40, {"search": 1}))
    watch.advance(40)
    watch.end()

    assert world.written() == {}
    assert world.heard == []


def test_few_rows_that_take_their_time_are(world: World) -> None:
    watch = world.watch()
    watch.expect_read(Expected(40, {"search": 1}))
    world.seconds = SOON_SECONDS

    watch.advance(10)

    assert world.written()[Step.EXTRACTED] == (StepState.UNDER_WAY, 40, 10)


def test_many_rows_are_told_at_once_with_all_steps_to_come_and_what_the_limits_demand(world: World) -> None:
    world.watch().expect_read(Expected(20_000, {"search": 100, "default": 80}))

    assert {step: state for step, (state, _, _) in world.written().items()} == {
        Step.EXTRACTED: StepState.UNDER_WAY,
        Step.RESOLVED: StepState.AHEAD,
        Step.TRANSFORMED: StepState.AHEAD,
        Step.LOADED: StepState.AHEAD,
    }
    [course] = world.heard
    assert course.not_before is not None
    # 180 calls to read, and 20,000 rows in batches of 100 to write.
    assert (course.not_before - world.session.clock()).total_seconds() == 180 + 200


def test_progress_is_written_at_a_bounded_rate(world: World) -> None:
    watch = world.watch()
    watch.expect(2_000)

    for _ in range(200):
        world.seconds += 0.1
        watch.advance(10)

    assert 2 <= len(world.heard) <= 1 + 20 / WRITTEN_EVERY_SECONDS
    assert all(later.done > earlier.done for earlier, later in zip(world.heard, world.heard[1:], strict=False))


def test_a_run_goes_from_step_to_step_remembers_its_rates_and_leaves_nothing(world: World) -> None:
    for step, seconds in zip(Step, (10.0, 5.0, 20.0, 40.0), strict=True):
        watch = world.watch(step)
        if step is Step.EXTRACTED:
            watch.expect_read(Expected(1_000, {}))
        if step is Step.TRANSFORMED:
            watch.foresee(Step.LOADED, 800)
        world.seconds += seconds
        watch.advance(800 if step is Step.LOADED else 1_000)
        if step is Step.TRANSFORMED:
            assert world.written()[Step.LOADED] == (StepState.AHEAD, 800, 0)
        watch.end()

    assert world.written() == {}
    rates = {step: rate.seconds_a_row for step, rate in world.ledger.rates(FLOW.name, EMAIL).items()}
    assert rates == pytest.approx(
        {Step.EXTRACTED: 0.01, Step.RESOLVED: 0.005, Step.TRANSFORMED: 0.02, Step.LOADED: 0.05}
    )
    assert watch.foreseen is not None
    assert watch.foreseen.took == 75.0
    assert watch.foreseen.estimated > 0


def test_the_same_work_again_is_foreseen(world: World) -> None:
    for step, rate in zip(Step, (0.01, 0.005, 0.02, 0.05), strict=True):
        world.ledger.learn_rate(FLOW.name, EMAIL, step, rows=1_000, seconds=1_000 * rate)

    world.watch().expect_read(Expected(2_000, {}))

    [course] = world.heard
    assert course.ends_at is not None
    assert (course.ends_at - world.session.clock()).total_seconds() == pytest.approx(170.0)


def test_what_is_announced_of_a_type_waits_for_its_turn_and_is_then_told_anew(world: World) -> None:
    world.watch().announce(Expected(20_000, {"search": 100, "default": 80}))
    world.seconds = 60.0

    [announced] = courses_of(world.ledger.progress(FLOW.name), world.session.clock()).values()
    assert (announced.activity_type, announced.step, announced.done, announced.known) == (
        *(EMAIL, Step.EXTRACTED),
        *(0, 20_000),
    )
    assert announced.ends_at is not None
    assert {state for state, _, _ in world.written().values()} == {StepState.AHEAD}
    assert world.heard == []

    watch = world.watch()
    watch.expect_read(Expected(300, {}))
    watch.advance(300)

    assert [(one.known, one.done) for one in world.heard] == [(300, 0)]
    began = {one.began_at for one in world.ledger.progress(FLOW.name)}
    assert began == {world.session.clock()}
    watch.end()
    assert world.written()[Step.EXTRACTED] == (StepState.ENDED, 300, 300)


def test_nothing_is_announced_over_another_run_that_lives(world: World) -> None:
    first = world.watch()
    first.expect_read(Expected(9_000, {}))
    before = world.ledger.progress(FLOW.name)
    later = Watch(world.session, replace(SCOPE, run_id="later"), Step.EXTRACTED, clock=lambda: world.seconds)

    later.announce(Expected(20_000, {"search": 100}))

    assert world.ledger.progress(FLOW.name) == before
    first.drop()

    later.announce(Expected(20_000, {"search": 100}))

    assert {one.run_id for one in world.ledger.progress(FLOW.name)} == {"later"}


def test_few_rows_are_not_announced(world: World) -> None:
    world.watch().announce(Expected(40, {"search": 1}))

    assert world.written() == {}


def test_a_step_that_fails_is_waited_for_by_nobody(world: World) -> None:
    async def failing() -> None:
        async with watching(world.session, SCOPE, Step.EXTRACTED) as watch:
            watch.expect(5_000)
            assert world.written() != {}
            raise Unreachable("gone", system="hubspot")

    with pytest.raises(Unreachable):
        asyncio.run(failing())

    assert world.written() == {}
