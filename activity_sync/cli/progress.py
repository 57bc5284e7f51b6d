"""How far a run has come, for whoever sits at the terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import dagster as dg
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

Watch = Callable[[dg.EventLogEntry], None]


@contextmanager
def progress(console: Console, title: str, *, steps: int) -> Iterator[Watch]:
    """A line that counts finished steps and names the present one; it is gone when the block ends.

    Takes the run's events. Shows nothing where `console` is no terminal.
    """
    if not console.is_terminal:
        yield lambda _: None
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

        def watch(entry: dg.EventLogEntry) -> None:
            event = entry.dagster_event
            if event is None:
                return
            if event.is_step_start and event.step_key:
                shown.update(task, description=f"{title}  {named(event.step_key)}")
            if event.is_step_success or event.is_step_failure or event.is_step_skipped:
                shown.advance(task)

        yield watch


def named(step_key: str) -> str:
    """A step as people call it: the type and the step, without the flow."""
    _, _, rest = step_key.partition("__")
    return rest.replace("__", " ").replace("_", " ")
