"""`activity-sync trace`: the life of one record, over all runs."""

from __future__ import annotations

import json
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from activity_sync.cli.console import output
from activity_sync.pipeline.lineage import parse_record, trace_record
from activity_sync.settings import Settings


@click.command()
@click.argument("record", metavar="SYSTEM:TYPE/ID")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
def trace(record: str, *, as_json: bool) -> None:
    """Show every run that saw one record: each step's row, the decision and its rule, both ids, what is pending.

    For example: activity-sync trace hubspot:task/30652597343
    """
    ref, kind = parse_record(record)
    settings = Settings.from_environ()
    from activity_sync.ledger.ledger import Ledger  # noqa: PLC0415
    from activity_sync.staging.staging import Staging  # noqa: PLC0415

    with Ledger.open(settings.ledger_url) as ledger:
        document = trace_record(ledger, Staging(settings.staging), ref, kind)
    if as_json:
        click.echo(json.dumps(document, ensure_ascii=False))
    else:
        show(output(), document)


def show(console: Console, document: dict[str, Any]) -> None:
    """The document for a person."""
    link = document["link"]
    if link is None:
        console.print(f"{document['record']}: no link")
    else:
        console.print(
            f"{document['record']}: {link['state']}, hubspot {link['hubspot_id']} = dynamics {link['dynamics_id']}, "
            f"first in {link['origin']}"
        )
    if not document["steps"]:
        console.print("  no run has seen it")
        return
    table = Table(show_edge=False, pad_edge=False)
    for name in ("run", "flow", "step", "partition"):
        table.add_column(name, no_wrap=True)
    for name in ("outcome", "rule", "reason"):
        table.add_column(name, overflow="fold")
    for step in document["steps"]:
        flow = step["flow"].replace("_to_", " → ")
        cells = (step["step"].partition("_")[0], step["partition"], step["outcome"], step["rule"], step["reason"])
        table.add_row(step["run_id"][:8], flow, *cells)
    console.print(table)
    for one in document["pending"]:
        console.print(f"  {one['state']} since {one['since']}: {one['reason']} {' '.join(one['waits_for'])}")
