"""`activity-sync demo`: the product at work on the two sandbox CRMs, and what to look at afterwards."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from activity_sync.activities.kinds import ActivityType
from activity_sync.cli.console import output
from activity_sync.cli.people import SandboxUser
from activity_sync.cli.sandbox import demo_data
from activity_sync.configuration import FLOWS, load_configuration
from activity_sync.errors import FatalError
from activity_sync.pipeline.report import COUNTS
from activity_sync.settings import PROJECT_ROOT, Settings

_EDITS = 5  # of each of two types, on each side
_TRACES = 3
# The HubSpot sandbox's search shows a change this much later, as the real one does.
_SEARCH_LAG_SECONDS = 2.0


@click.command()
@click.option("--open", "open_ui", is_flag=True, help="Start the Dagster UI on what the demo did, and keep it open.")
@click.option("--port", default=3000, show_default=True, help="Port of the Dagster UI.")
def demo(*, open_ui: bool, port: int) -> int:
    """Start the sandbox CRMs, sync both ways through Dagster, and show what happened.

    Exits 1 when something was not as promised: a write in a pass without changes, an edit that was not carried.
    """
    console = output()
    home = Settings.from_environ().home / "demo"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    with _sandboxes(home) as sandbox_environment:
        os.environ |= {**sandbox_environment, "ACTIVITY_SYNC_HOME": str(home)}  # for the runs in this process
        environment = dict(os.environ)
        kept = _perform(console, environment, SandboxUser(sandbox_environment))
        console.print()
        console.print("[bold]Where to look next[/bold]")
        console.print("  the Dagster UI on these runs:   make ui")
        console.print(f"  every staged row, in SQL:       {home / 'staging' / 'staging.duckdb'} (open it with DuckDB)")
        console.print("  your own accounts:              README.md, “Point it at real accounts”")
        if open_ui:
            _dagster_dev(console, environment, port)
    return 0 if kept else 1


def _perform(console: Console, environment: Mapping[str, str], people: SandboxUser) -> bool:
    """The acts of the demo; whether every promise was kept."""
    kept = []
    console.print("[bold]1. First sync, both ways[/bold]")
    first = _sync(console, environment, people)
    _show(console, first)

    console.print("[bold]2. Again: nothing has changed[/bold]")
    time.sleep(_SEARCH_LAG_SECONDS)
    again = _sync(console, environment, people)
    kept.append(_promise(console, "writes in a pass without changes", _writes(again), expected=0))

    console.print(f"[bold]3. People edit {2 * _EDITS} records on each side[/bold]")
    linked = _linked_records(environment, people)
    edited = _edit(people, linked)
    time.sleep(_SEARCH_LAG_SECONDS + 1)
    third = _sync(console, environment, people)
    _show(console, third)
    for flow, counts in third["flows"].items():
        updated = sum(one["updated"] for one in counts.values())
        kept.append(_promise(console, f"edits carried {flow}", updated, expected=2 * _EDITS))
        created = sum(one["created"] for one in counts.values())
        kept.append(_promise(console, f"records created {flow}", created, expected=0))

    console.print("[bold]4. And again: no echo[/bold]")
    for _ in range(2):
        time.sleep(_SEARCH_LAG_SECONDS)
        echo = _sync(console, environment, people)
        kept.append(_promise(console, "writes in a pass after edits", _writes(echo), expected=0))

    console.print("[bold]5. The life of three records[/bold]")
    for record in edited[:: max(len(edited) // _TRACES, 1)][:_TRACES]:
        console.print(f"\n$ activity-sync trace {record}")
        _command(environment, "trace", record)
    return all(kept)


def _sync(console: Console, environment: Mapping[str, str], people: SandboxUser) -> dict[str, Any]:
    """One pass over both flows, with what the sandboxes saw of it in `asked`."""
    people.forget()
    started = time.monotonic()
    document: dict[str, Any] = {"flows": _both_flows(environment)}
    document["asked"] = {system: people.asked(system) for system in ("hubspot", "dynamics")}
    calls = ", ".join(f"{asked['total']} {system} calls" for system, asked in document["asked"].items())
    written = ", ".join(f"{asked['writes']} writes in {system}" for system, asked in document["asked"].items())
    console.print(f"   {time.monotonic() - started:.0f} s, {calls}; {written}")
    return document


def _both_flows(environment: Mapping[str, str]) -> dict[str, dict[str, dict[str, int]]]:
    """What `activity-sync sync` does, in this process: Dagster is slow to load. The counts per flow and type."""
    from activity_sync.cli.launch import launch  # noqa: PLC0415

    settings = Settings.from_environ(environment)
    configuration = load_configuration(settings.config_path)
    found = {}
    for flow in FLOWS:
        types = configuration.enabled(flow)
        run = launch(settings, configuration, flow, types, days=None, wait=True, console=Console(stderr=True))
        if run.error is not None:
            raise run.error
        found[flow.name] = run.counts
    return found


def _writes(document: Mapping[str, Any]) -> int:
    """The records written, as the two sandboxes counted them."""
    return sum(asked["writes"] for asked in document["asked"].values())


def _promise(console: Console, what: str, found: int, *, expected: int) -> bool:
    mark = "[green]ok[/green]" if found == expected else f"[red]expected {expected}[/red]"
    console.print(f"   {what}: {found}  {mark}")
    return found == expected


def _show(console: Console, document: Mapping[str, Any]) -> None:
    table = Table()
    table.add_column("flow")
    table.add_column("type")
    for name in COUNTS:
        table.add_column(name, justify="right")
    for flow, types in document["flows"].items():
        for kind, counts in types.items():
            table.add_row(flow, kind, *(f"{counts[name]:,}" if counts[name] else "·" for name in COUNTS))
    console.print(table)


def _linked_records(environment: Mapping[str, str], people: SandboxUser) -> dict[str, dict[str, list[str]]]:
    """Per system, the ids of open tasks and of notes that are in step: what people can edit."""
    from activity_sync.bootstrap import open_ledger  # noqa: PLC0415
    from activity_sync.ledger.rows import LinkState  # noqa: PLC0415

    hubspot, dynamics = people.stored("hubspot")["objects"], people.stored("dynamics")["rows"]
    candidates = {
        ("hubspot", "tasks"): [
            one["id"] for one in hubspot["tasks"] if one["properties"].get("hs_task_status") == "NOT_STARTED"
        ],
        ("hubspot", "notes"): [one["id"] for one in hubspot["notes"] if one["properties"].get("hs_note_body")],
        ("dynamics", "tasks"): [one["activityid"] for one in dynamics["task"] if one.get("statecode") == 0],
        ("dynamics", "annotations"): [one["annotationid"] for one in dynamics["annotation"] if one.get("notetext")],
    }
    found: dict[str, dict[str, list[str]]] = {}
    with open_ledger(Settings.from_environ(environment)) as ledger:
        taken: set[int] = set()
        for (system, kind), ids in candidates.items():
            activity_type = ActivityType.TASK if kind == "tasks" else ActivityType.NOTE
            links = ledger.links(system, activity_type, ids)
            for record_id in ids:
                link = links.get(record_id)
                chosen = found.setdefault(system, {}).setdefault(kind, [])
                # A record is edited on one side only, so that every edit is one to be carried.
                if (
                    link is not None
                    and link.state is LinkState.LINKED
                    and link.id not in taken
                    and len(chosen) < _EDITS
                ):
                    taken.add(link.id)
                    chosen.append(record_id)
    return found


def _edit(people: SandboxUser, linked: Mapping[str, Mapping[str, list[str]]]) -> list[str]:
    """People edit these records; what they edited, as `trace` takes it."""
    edited = []
    for record_id in linked["hubspot"]["tasks"]:
        people.edit_hubspot("tasks", record_id, {"hs_task_subject": f"Edited in HubSpot {record_id}"})
        edited.append(f"hubspot:task/{record_id}")
    for record_id in linked["hubspot"]["notes"]:
        people.edit_hubspot("notes", record_id, {"hs_note_body": f"<p>Edited in HubSpot {record_id}</p>"})
        edited.append(f"hubspot:note/{record_id}")
    for record_id in linked["dynamics"]["tasks"]:
        people.edit_dynamics("tasks", record_id, {"subject": f"Edited in Dynamics {record_id}"})
        edited.append(f"dynamics:task/{record_id}")
    for record_id in linked["dynamics"]["annotations"]:
        people.edit_dynamics("annotations", record_id, {"notetext": f"<p>Edited in Dynamics {record_id}</p>"})
        edited.append(f"dynamics:note/{record_id}")
    return edited


@contextmanager
def _sandboxes(home: Path) -> Iterator[dict[str, str]]:
    """Both sandboxes in a process of their own, with the demo's data; the environment to use them."""
    seed = home / "seed.json"
    seed.write_text(json.dumps(demo_data()), encoding="utf-8")
    process = subprocess.Popen(  # noqa: S603  # this very package
        [
            sys.executable,
            "-m",
            "activity_sync.sandbox",
            "--seed",
            str(seed),
            "--set",
            f"search_lag_seconds={_SEARCH_LAG_SECONDS}",
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        environment: dict[str, str] = {}
        for line in process.stdout or ():
            name, _, value = line.strip().removeprefix("export ").partition("=")
            environment[name] = value
            if name == "DYNAMICS_CLIENT_SECRET":
                break
        if "DYNAMICS_CLIENT_SECRET" not in environment:
            raise FatalError("the sandbox CRMs did not start; their own message stands above")
        yield environment
    finally:
        process.terminate()
        process.wait(timeout=20)


def _command(environment: Mapping[str, str], *arguments: str) -> None:
    """One of our own commands, as a person would run it. FatalError when it failed."""
    done = subprocess.run(  # noqa: S603  # this very package
        [sys.executable, "-m", "activity_sync", *arguments], env=dict(environment), check=False
    )
    if done.returncode:
        raise FatalError(f"activity-sync {' '.join(arguments)} ended with {done.returncode}; its message stands above")


def _dagster_dev(console: Console, environment: Mapping[str, str], port: int) -> None:
    console.print(f"\nThe Dagster UI: http://127.0.0.1:{port}/asset-groups  (stop it with Ctrl-C)")
    command = [
        str(Path(sys.executable).with_name("dagster")),
        "dev",
        "-w",
        "workspace.yaml",
        "-h",
        "127.0.0.1",
        "-p",
        str(port),
    ]
    process = subprocess.Popen(command, cwd=PROJECT_ROOT, env=dict(environment))  # noqa: S603
    try:
        process.wait()
    except KeyboardInterrupt:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=60)
