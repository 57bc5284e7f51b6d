from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import dagster as dg
from rich.console import Console

from activity_sync.activities.kinds import ActivityType, Step
from activity_sync.cli.progress import progress
from activity_sync.pipeline.progress import Course

STEP = "hubspot_to_dynamics__task__load_results"


def events() -> list[dg.EventLogEntry]:
    kinds = ("is_step_start", "is_step_success", "is_step_failure", "is_step_skipped")
    told = [None, *(SimpleNamespace(step_key=STEP, **{name: name == kind for name in kinds}) for kind in kinds)]
    return [SimpleNamespace(dagster_event=one) for one in told]


def shown(*, terminal: bool) -> str:
    console = Console(file=io.StringIO(), force_terminal=terminal, width=120)
    with progress(console, "hubspot_to_dynamics 2026-01-01", steps=20) as watch:
        for one in events():
            watch.event(one)
    return console.file.getvalue()


def test_a_terminal_shows_the_step_and_how_many_are_done():
    text = shown(terminal=True)

    assert "task load results" in text
    assert "3/20" in text


def test_a_terminal_shows_how_far_a_type_is_and_when_it_will_be_done():
    console = Console(file=io.StringIO(), force_terminal=True, width=200)
    now = datetime.now(tz=UTC)
    course = Course(
        run_id="run",
        activity_type=ActivityType.EMAIL,
        step=Step.LOADED,
        done=12_000,
        known=20_000,
        rate=310.0,
        left=8_000,
        began_at=now,
        ends_at=now + timedelta(seconds=26),
        not_before=now,
        traffic={},
    )

    with progress(console, "hubspot_to_dynamics 2026-01-01", steps=20) as watch:
        watch.course(course)

    assert "email load results: 12,000 of 20,000 rows, 310/s, done about" in console.file.getvalue()


def test_anything_else_shows_nothing():
    assert not shown(terminal=False)
