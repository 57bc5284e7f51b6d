from __future__ import annotations

import io
from types import SimpleNamespace

import dagster as dg
from rich.console import Console

from activity_sync.cli.progress import progress

STEP = "hubspot_to_dynamics__task__load_results"


def events() -> list[dg.EventLogEntry]:
    kinds = ("is_step_start", "is_step_success", "is_step_failure", "is_step_skipped")
    told = [None, *(SimpleNamespace(step_key=STEP, **{name: name == kind for name in kinds}) for kind in kinds)]
    return [SimpleNamespace(dagster_event=one) for one in told]


def shown(*, terminal: bool) -> str:
    console = Console(file=io.StringIO(), force_terminal=terminal, width=120)
    with progress(console, "hubspot_to_dynamics 2026-01-01", steps=20) as watch:
        for one in events():
            watch(one)
    return console.file.getvalue()


def test_a_terminal_shows_the_step_and_how_many_are_done():
    text = shown(terminal=True)

    assert "task load results" in text
    assert "3/20" in text


def test_anything_else_shows_nothing():
    assert not shown(terminal=False)
