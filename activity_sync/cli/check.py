"""`activity-sync check`: whether a sync would work, and what to do where it would not."""

from __future__ import annotations

import asyncio
import json
import os
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click
from rich.text import Text

from activity_sync.cli.console import output

if TYPE_CHECKING:  # slow to load with what it needs; --help answers at once
    from activity_sync.findings import Finding

_CONFIGURATION, _SYSTEMIC = 2, 3
_STYLES = {"ok": "green", "warning": "yellow", "error": "bold red"}


@click.command()
@click.option("--fix", is_flag=True, help="Create the tracking properties that are missing in HubSpot.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
def check(*, fix: bool, as_json: bool) -> int:
    """Look at everything that a sync needs, and say what to do where something is missing.

    Environment, configuration, connection and rights in both systems, tracking properties, options, ledger, owners.
    Without --fix nothing is written to either system. Exits 0 where nothing is an error; else as a sync would.
    """
    from activity_sync.checkup.checkup import check_up  # noqa: PLC0415
    from activity_sync.findings import Consequence, worst  # noqa: PLC0415

    findings = asyncio.run(check_up(os.environ, fix=fix))
    if as_json:
        click.echo(json.dumps([one.shown() for one in findings], ensure_ascii=False))
    else:
        show(findings)
    match worst(findings):
        case None:
            return 0
        case Consequence.CONFIGURATION:
            return _CONFIGURATION
        case Consequence.SYSTEMIC:
            return _SYSTEMIC


def show(findings: Sequence[Finding]) -> None:
    """A line for each, with the remedy below it, and how many there are of each level."""
    console = output()
    for one in findings:
        level = Text(f"{one.level.value:8}", style=_STYLES[one.level.value])
        console.print(Text.assemble(level, (f"{one.name}: ", "dim"), one.message), soft_wrap=True)
        if one.remedy:
            console.print(Text(f"         → {one.remedy}"), soft_wrap=True)
    counted = Counter(one.level.value for one in findings)
    console.print(", ".join(f"{counted[level]} {level}" for level in _STYLES))
