"""`activity-sync sync`: materialises through Dagster, one run per flow, and says what came of it."""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console

from activity_sync.activities.identity import Flow
from activity_sync.activities.kinds import ActivityType
from activity_sync.cli.console import output
from activity_sync.cli.instance import existing_dagster_home
from activity_sync.configuration import FLOWS, Configuration, load_configuration
from activity_sync.errors import ConfigurationError
from activity_sync.settings import Settings

if TYPE_CHECKING:
    from activity_sync.cli.launch import FlowRun

FAILED_RECORDS = 1


_NAMED = 20
"""Records that a preview on a terminal names one by one."""


@click.command()
@click.option("--flow", metavar="FLOW", help="Only this flow, for example hubspot_to_dynamics.")
@click.option("--type", "type_name", metavar="TYPE", help="Only this activity type: note, task, call, email, meeting.")
@click.option("--from", "first", metavar="DAY", help="First UTC day (YYYY-MM-DD) to read in full.")
@click.option("--to", "last", metavar="DAY", help="Last UTC day, included; today when left out.")
@click.option("--preview", is_flag=True, help="Decide and show, write nothing: the run stops before the loads.")
@click.option("--details", is_flag=True, help="With --preview: every record that would be touched, or not, and why.")
@click.option("--contents", is_flag=True, help="With --details: the values too, as they are and as they would be.")
@click.option("--failed", is_flag=True, help="Only the partitions whose latest run failed, each read in full.")
@click.option("--no-wait", is_flag=True, help="Exit 3 instead of waiting while another run has the flow and type.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
def sync(
    *,
    flow: str | None,
    type_name: str | None,
    first: str | None,
    last: str | None,
    preview: bool,
    details: bool,
    contents: bool,
    failed: bool,
    no_wait: bool,
    as_json: bool,
) -> int:
    """Carry what changed; with --from and --to, read those days in full.

    Without days the run is incremental: it reads from where the last one ended. The first one reads all history, and
    leaves out stretches without changes.
    """
    if details and not preview:
        raise ConfigurationError("--details shows what a preview would do; add --preview", setting="--details")
    if contents and not details:
        raise ConfigurationError("--contents shows the values in --details; add --details", setting="--contents")
    settings = Settings.from_environ()
    configuration = load_configuration(settings.config_path)
    flows = chosen_flows(configuration, flow)
    types = chosen_types(type_name)
    days = chosen_days(configuration, first, last)
    if not any(kind in types for one in flows for kind in configuration.enabled(one)):
        raise ConfigurationError(
            f"{type_name or 'every activity type'} is switched off in the configuration "
            f"(flows.FLOW.{type_name or 'TYPE'}.enabled)",
            setting="--type" if type_name else "ACTIVITY_SYNC_CONFIG",
        )
    existing_dagster_home(settings)
    for system in {name for one in flows for name in (one.source, one.target)}:
        getattr(settings, system).require()
    from activity_sync.cli.launch import launch  # noqa: PLC0415  # Dagster is slow to load
    from activity_sync.cli.previewing import preview_document, show_preview  # noqa: PLC0415  # so is staging

    own_process_group()
    console = Console(stderr=True)
    runs = [
        launch(
            settings,
            configuration,
            one,
            some,
            days=days,
            wait=not no_wait,
            console=console,
            preview=preview,
            failed=failed,
        )
        for one in flows
        if (some := [kind for kind in configuration.enabled(one) if kind in types])
    ]
    error = next((run.error for run in runs if run.error is not None), None)
    if not as_json:
        show(output(), runs)
    if preview and not as_json:
        for run in runs:
            show_preview(output(), settings, run, details=details, contents=contents)
    if error is not None:
        raise error
    if as_json:
        shown = preview_document(settings, runs, details=details, contents=contents) if preview else None
        click.echo(json.dumps(document_of(runs) | ({} if shown is None else {"preview": shown})))
    return FAILED_RECORDS if any(run.total("failed") for run in runs) else 0


def document_of(runs: list[FlowRun]) -> dict[str, Any]:
    """The command's `--json`. A preview that would make contacts or companies names their originals by flow."""
    to_create = {run.flow.name: [str(one) for one in run.to_create] for run in runs if run.to_create}
    return {
        "flows": {run.flow.name: run.counts for run in runs},
        "run_ids": [run_id for run in runs for run_id in run.run_ids],
        **({"to_create": to_create} if to_create else {}),
    }


def show(console: Console, runs: list[FlowRun]) -> None:
    """A table per flow, and the run to look at in the UI."""
    from rich.table import Table  # noqa: PLC0415

    for run in runs:
        if not run.run_ids:
            console.print(f"{run.flow.name}: nothing to run")
            continue
        title = f"run {run.run_id}" + (f" and {len(run.run_ids) - 1} before it" if len(run.run_ids) > 1 else "")
        table = Table(title=f"{run.flow.name}   {title}", title_justify="left")
        table.add_column("type")
        for name in next(iter(run.counts.values())):
            table.add_column(name, justify="right")
        for kind, counts in run.counts.items():
            table.add_row(kind, *(f"{count:,}" for count in counts.values()))
        console.print(table)
        console.print(f"  {', '.join(f'{count} {system} calls' for system, count in run.calls.items())}")
        if run.to_create:
            console.print(f"  would first make in {run.flow.target}, from {len(run.to_create):,} records:")
            for one in run.to_create[:_NAMED]:
                console.print(f"    {one}")
            if len(run.to_create) > _NAMED:
                console.print(f"    and {len(run.to_create) - _NAMED:,} more: column creates of transformed_payloads")


def chosen_flows(configuration: Configuration, name: str | None) -> list[Flow]:
    """The flows to run; ConfigurationError for an unknown one, or when nothing of it is switched on."""
    if name is None:
        return [flow for flow in FLOWS if configuration.enabled(flow)]
    try:
        flow = Flow.parse(name)
    except ValueError:
        flow = Flow(name, "")
    known = {one.name: one for one in FLOWS}
    if name not in known:
        raise ConfigurationError(f"there is no flow {name!r}; the flows are {', '.join(known)}", setting="--flow")
    if not configuration.enabled(flow):
        raise ConfigurationError(
            f"no type of {name} is switched on in the configuration (flows.{name}.TYPE.enabled)", setting="--flow"
        )
    return [known[name]]


def chosen_types(name: str | None) -> tuple[ActivityType, ...]:
    """The types to run; ConfigurationError for an unknown one."""
    if name is None:
        return tuple(ActivityType)
    try:
        return (ActivityType(name),)
    except ValueError:
        raise ConfigurationError(
            f"there is no activity type {name!r}; the types are {', '.join(ActivityType)}", setting="--type"
        ) from None


def chosen_days(configuration: Configuration, first: str | None, last: str | None) -> tuple[date, date] | None:
    """The UTC days to read in full, both inclusive; None for an incremental run. ConfigurationError out of range."""
    if first is None and last is None:
        return None
    today = datetime.now(tz=UTC).date()
    begin = _day(first, "--from") if first is not None else configuration.start_date
    end = _day(last, "--to") if last is not None else today
    for option, day in (("--from", begin), ("--to", end)):
        if day > today:
            raise ConfigurationError(
                f"{option} {day} lies in the future; the last partition is today, {today}", setting=option
            )
    if begin > end:
        raise ConfigurationError(f"--from {begin} lies after --to {end}", setting="--from")
    if begin < configuration.start_date:
        raise ConfigurationError(
            f"--from {begin} lies before the first partition, {configuration.start_date}; choose a later day, or set "
            "an earlier start_date in the configuration",
            setting="--from",
        )
    return begin, end


def _day(text: str, option: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ConfigurationError(f"{option} {text!r} is not a day; write it as YYYY-MM-DD", setting=option) from None


def own_process_group() -> None:
    """Signals to our caller's group do not cut a write in half, unless a person sits at the terminal."""
    if sys.stdin is not None and sys.stdin.isatty():
        return
    if os.name == "posix" and os.getpgrp() != os.getpid():
        os.setpgid(0, 0)
