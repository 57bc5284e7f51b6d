"""`activity-sync reconcile`: how many activities stand in each system, and a reason for each difference."""

from __future__ import annotations

import asyncio
import json
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.table import Table

from activity_sync.cli.console import output
from activity_sync.configuration import FLOWS, Configuration, load_configuration
from activity_sync.errors import ConfigurationError
from activity_sync.settings import Settings

if TYPE_CHECKING:  # slow to load; a wrong use and --help answer at once
    from activity_sync.activities.kinds import ActivityType
    from activity_sync.pipeline.reconcile import Reconciled

_ALL = (date(1970, 1, 1), date(2099, 12, 31))
_SHOWN = 50


@click.command()
@click.option("--type", "type_name", metavar="TYPE", help="Only this activity type: note, task, call, email, meeting.")
@click.option("--from", "first", metavar="DAY", help="First UTC day (YYYY-MM-DD) on which they took place or are due.")
@click.option("--to", "last", metavar="DAY", help="Last UTC day, included.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
def reconcile(*, type_name: str | None, first: str | None, last: str | None, as_json: bool) -> None:
    """Count the activities of both systems by type and day, and give a reason for every difference.

    Reads both systems and writes to neither. Without days it takes all there are; 200 activities a call in HubSpot.
    """
    settings = Settings.from_environ()
    configuration = load_configuration(settings.config_path)
    begin, end = _day(first, "--from") or _ALL[0], _day(last, "--to") or _ALL[1]
    if begin > end:
        raise ConfigurationError(f"--from {begin} lies after --to {end}", setting="--from")
    for system in {name for flow in FLOWS for name in (flow.source, flow.target)}:
        getattr(settings, system).require()
    found = asyncio.run(_reconcile(settings, configuration, type_name, begin, end))
    if as_json:
        click.echo(json.dumps(document_of(found), ensure_ascii=False))
    else:
        show(output(), found)


async def _reconcile(
    settings: Settings, configuration: Configuration, type_name: str | None, begin: date, end: date
) -> Reconciled:
    from activity_sync.bootstrap import open_session  # noqa: PLC0415
    from activity_sync.cli.sync import chosen_types  # noqa: PLC0415
    from activity_sync.pipeline.reconcile import reconcile as compare  # noqa: PLC0415
    from activity_sync.pipeline.scope import midnight  # noqa: PLC0415
    from activity_sync.systems.records import Window  # noqa: PLC0415

    types = [kind for kind in chosen_types(type_name) if kind in _enabled(configuration)]
    async with open_session(settings) as session:
        return await compare(session, types, Window(midnight(begin), midnight(end + timedelta(days=1))))


def _enabled(configuration: Configuration) -> set[ActivityType]:
    """The types that are on in either flow."""
    return {kind for flow in FLOWS for kind in configuration.enabled(flow)}


def document_of(found: Reconciled) -> dict[str, Any]:
    """The command's `--json`."""
    return {
        "counts": [
            {"type": kind.value, "day": day.isoformat(), "hubspot": counts["hubspot"], "dynamics": counts["dynamics"]}
            for (kind, day), counts in found.counts.items()
        ],
        "differences": [
            {
                "system": one.system,
                "type": one.type.value,
                "id": one.id,
                "day": one.day.isoformat(),
                "reason": one.reason.value,
                "detail": one.detail,
            }
            for one in found.differences
        ],
    }


def show(console: Console, found: Reconciled) -> None:
    """Totals by type, the reasons, and the first differences; all of them are in `--json`."""
    totals = Table(title="activities", title_justify="left")
    for name in ("type", "hubspot", "dynamics", "differences"):
        totals.add_column(name, justify="left" if name == "type" else "right")
    for kind in sorted({kind for kind, _ in found.counts}):
        mine = [counts for (each, _), counts in found.counts.items() if each == kind]
        differences = sum(one.type == kind for one in found.differences)
        cells = (sum(one["hubspot"] for one in mine), sum(one["dynamics"] for one in mine), differences)
        totals.add_row(kind.value, *(f"{number:,}" for number in cells))
    console.print(totals)
    for reason, number in sorted(found.of_reason().items()):
        console.print(f"  {reason.value}: {number:,}")
    for one in found.differences[:_SHOWN]:
        console.print(f"  {one.day} {one.system}:{one.type.value}/{one.id}  {one.reason.value}  {one.detail}")
    if len(found.differences) > _SHOWN:
        console.print(f"  and {len(found.differences) - _SHOWN:,} more: --json lists them all")


def _day(text: str | None, option: str) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        raise ConfigurationError(f"{option} {text!r} is not a day; write it as YYYY-MM-DD", setting=option) from None
