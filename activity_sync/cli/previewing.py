"""What a preview shows: the numbers first, every record where it is asked for, and contents only on a further wish."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console

from activity_sync.bootstrap import open_staging
from activity_sync.pipeline.preview import Line, Numbers, lines_of

if TYPE_CHECKING:
    from activity_sync.cli.launch import FlowRun
    from activity_sync.settings import Settings

_NAMED = 10
"""Of each kind of number, so many are named on a terminal."""
_TITLES = {
    "fields": "fields that updates would write",
    "cut": "what would be lost on the way",
    "waits_for": "records that activities would wait for",
    "reasons": "not carried",
}


def lines(settings: Settings, run: FlowRun, *, contents: bool = False) -> Iterator[Line]:
    """Every record of the previewed runs that would not simply stay as it is."""
    staging = open_staging(settings)
    try:
        for kind in run.types:
            for run_id in run.run_ids:
                yield from lines_of(staging, run.flow, kind, run_id, contents=contents)
    finally:
        staging.close()


def preview_document(settings: Settings, runs: Sequence[FlowRun], *, details: bool, contents: bool) -> dict[str, Any]:
    """By flow: the numbers, why a sync would stop before its first write, and the records where they are asked for."""
    document: dict[str, Any] = {}
    for run in runs:
        numbers = Numbers()
        numbers.add(lines(settings, run))
        document[run.flow.name] = numbers.to_json() | {
            "would_stop": {kind.value: why for kind, why in run.stops.items()},
            **({"records": [one.to_json() for one in lines(settings, run, contents=contents)]} if details else {}),
        }
    return document


def show_preview(console: Console, settings: Settings, run: FlowRun, *, details: bool, contents: bool) -> None:
    """The same for a person, below the table of counts."""
    numbers = Numbers()
    numbers.add(lines(settings, run))
    for name, counted in numbers.to_json().items():
        if counted:
            console.print(f"  {_TITLES[name]}:")
            for what, number in list(counted.items())[:_NAMED]:
                _plain(console, f"    {number:>7,}  {what}")
            if len(counted) > _NAMED:
                console.print(f"    and {len(counted) - _NAMED:,} more: --json names all")
    for kind, why in run.stops.items():
        _plain(console, f"  a sync would stop before its first write: {kind}: {why}")
    if details:
        for one in lines(settings, run, contents=contents):
            _plain(console, "\n".join(_told(one)))


def _told(line: Line) -> Iterator[str]:
    what = " ".join(part for part in (str(line.record), line.outcome, f"case {line.case}", line.reason) if part)
    yield f"  {what}" + (f" -> {line.target}" if line.target else "")
    for name, held in (
        ("fields", line.fields),
        ("lost", line.cut),
        ("waits for", line.waits_for),
        ("makes first", line.creates),
    ):
        if held:
            yield f"      {name}: {', '.join(map(str, held))}"
    for name, change in line.changes.items():
        yield f"      {name}: {_value(change['before'])} -> {_value(change['after'])}"
    if line.body is not None:
        yield f"      sends: {_value(line.body)}"


def _value(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _plain(console: Console, text: str) -> None:
    """As it stands: a bracket in it is no markup, and nothing is cut at the terminal's width."""
    console.print(text, markup=False, highlight=False, soft_wrap=True)
