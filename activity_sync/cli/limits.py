"""`activity-sync limits`: how much of both APIs' limits is in use, by all processes of the account together."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import click
from rich.table import Table

from activity_sync.cli.console import output
from activity_sync.configuration import Configuration, load_configuration
from activity_sync.settings import Settings

if TYPE_CHECKING:  # slow to load; a wrong use and --help answer at once
    from activity_sync.http.shared_limits import InUse


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
def limits(*, as_json: bool) -> None:
    """Show how much of both APIs' limits is in use at this moment, by all runs together.

    Asks each system once, since only its answers say how much the account may do.
    """
    settings = Settings.from_environ()
    configuration = load_configuration(settings.config_path)
    settings.hubspot.require()
    settings.dynamics.require()
    document = {name: document_of(one) for name, one in asyncio.run(_look(settings, configuration)).items()}
    if as_json:
        click.echo(json.dumps({"limits": document}))
        return
    table = Table()
    for name in ("system", "limit", "in use", "ours", "stopped for"):
        table.add_column(name)
    for system, one in document.items():
        for bucket, window in one["windows"].items():
            what = f"{'searches' if bucket == 'search' else 'calls'} in {window['seconds']:g} s"
            held = f"{window['held_seconds']:g} s" if window["held_seconds"] else ""
            table.add_row(system, what, f"{window['used']:,}", f"{window['requests']:,}", held)
        if one["concurrency"] is not None:
            table.add_row(system, "calls at a time", f"{one['under_way']:,}", f"{one['concurrency']:,}", "")
        if one["day_used"]:
            table.add_row(system, "calls of the day", f"{one['day_used']:.1%}", f"{one['day_share']:.0%}", "")
    output().print(table)


def document_of(one: InUse) -> dict[str, Any]:
    """One system in the command's `--json`.

    `windows`, by name: `requests` that are ours in `seconds`, how many are `used`, `held_seconds` for how long nobody
    sends because the API refused. `concurrency`: None where the API has no such limit. `day_used`: of the daily quota,
    by whomever, and `day_share` after which we send nothing; 0 to 1.
    """
    return {
        "windows": {
            name: {
                "used": one.usage.used.get(name, 0),
                "requests": window.requests,
                "seconds": window.seconds,
                "held_seconds": one.usage.held_ms.get(name, 0) / 1000,
            }
            for name, window in one.windows.items()
        },
        "under_way": one.usage.under_way,
        "concurrency": one.concurrency,
        "day_used": one.day_used,
        "day_share": one.day_share,
    }


async def _look(settings: Settings, configuration: Configuration) -> dict[str, InUse]:
    from activity_sync.systems.registry import SYSTEMS, connect, limits_of  # noqa: PLC0415

    found = {}
    for name in SYSTEMS:
        kept = limits_of(name, settings, configuration)
        async with connect(name, settings, configuration, limits=kept) as system:
            await system.identify()
            found[name] = await kept.in_use()
    return found
