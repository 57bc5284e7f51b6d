"""How far a run has come, for whoever sits at the terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import dagster as dg
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from activity_sync.pipeline.progress import Course, told


@dataclass(frozen=True, slots=True)
class Watch:
    """What wants to hear of a run: of each of its events, and how far it has come."""

    event: Callable[[dg.EventLogEntry], None] = lambda _: None
    course: Callable[[Course], None] = lambda _: None


@contextmanager
def progress(console: Console, title: str, *, steps: int) -> Iterator[Watch]:
    """A line that counts finished steps, names the present one, and says when all of a type will be through.

    It is gone when the block ends. Shows nothing where `console` is no terminal.
    """
    if not console.is_terminal:
        yield Watch()
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as shown:
        task = shown.add_task(title, total=steps)

        def hear(entry: dg.EventLogEntry) -> None:
            event = entry.dagster_event
            if event is None:
                return
            if event.is_step_start and event.step_key:
                shown.update(task, description=f"{title}  {named(event.step_key)}")
            if event.is_step_success or event.is_step_failure or event.is_step_skipped:
                shown.advance(task)

        def see(course: Course) -> None:
            line = told(course, datetime.now(tz=UTC))
            shown.update(task, description=f"{title}  {course.activity_type} {line}")

        yield Watch(hear, see)


def named(step_key: str) -> str:
    """A step as people call it: the type and the step, without the flow."""
    _, _, rest = step_key.partition("__")
    return rest.replace("__", " ").replace("_", " ")
