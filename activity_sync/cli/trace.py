"""`activity-sync trace`: the life of one record, over all runs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.table import Table

from activity_sync.activities.identity import Flow, RecordRef
from activity_sync.activities.kinds import ActivityType, Step
from activity_sync.cli.console import output
from activity_sync.configuration import FLOWS
from activity_sync.errors import ConfigurationError
from activity_sync.settings import Settings

if TYPE_CHECKING:  # slow to load; a wrong use and --help answer at once
    from activity_sync.ledger.ledger import Ledger
    from activity_sync.ledger.rows import LinkRow
    from activity_sync.staging.staging import Staging


@click.command()
@click.argument("record", metavar="SYSTEM:TYPE/ID")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
def trace(record: str, *, as_json: bool) -> None:
    """Show every run that saw one record: each step's row, the decision and its rule, both ids, what is pending.

    For example: activity-sync trace hubspot:task/30652597343
    """
    ref, kind = parse(record)
    settings = Settings.from_environ()
    from activity_sync.ledger.ledger import Ledger  # noqa: PLC0415
    from activity_sync.staging.staging import Staging  # noqa: PLC0415

    with Ledger.open(settings.ledger_url) as ledger:
        document = trace_record(ledger, Staging(settings.staging), ref, kind)
    if as_json:
        click.echo(json.dumps(document, ensure_ascii=False))
    else:
        show(output(), document)


def parse(text: str) -> tuple[RecordRef, ActivityType]:
    """The record and its type; ConfigurationError where the text names none."""
    systems = sorted({name for flow in FLOWS for name in (flow.source, flow.target)})
    try:
        ref = RecordRef.parse(text)
        kind = ActivityType(ref.kind)
    except ValueError as error:
        raise ConfigurationError(
            f"{text!r} names no record: write SYSTEM:TYPE/ID with SYSTEM one of {', '.join(systems)} and TYPE one of "
            f"{', '.join(ActivityType)}, for example hubspot:task/30652597343",
            setting="SYSTEM:TYPE/ID",
        ) from error
    if ref.system not in systems:
        raise ConfigurationError(
            f"there is no system {ref.system!r}; the systems are {', '.join(systems)}", setting="SYSTEM:TYPE/ID"
        )
    return ref, kind


def trace_record(ledger: Ledger, staging: Staging, ref: RecordRef, kind: ActivityType) -> dict[str, Any]:
    """The document of the command's `--json`."""
    link = ledger.links(ref.system, kind, [ref.id]).get(ref.id)
    ids = {ref.system: ref.id}
    if link is not None:
        ids |= {system: side.record_id for system, side in link.sides.items() if side.record_id}
    steps: list[dict[str, Any]] = []
    pending: list[dict[str, Any]] = []
    for flow in FLOWS:
        if flow.source not in ids:
            continue
        steps += [_step(flow, row) for row in staging.trace(flow.name, kind, ids[flow.source])]
        pending += _open(ledger, flow, kind, ids[flow.source])
    return {
        "record": str(ref),
        "link": None if link is None else _link(link, ids),
        "steps": sorted(steps, key=lambda step: str(step["at"])),
        "pending": pending,
    }


def _link(link: LinkRow, ids: dict[str, str]) -> dict[str, Any]:
    return {
        "hubspot_id": ids.get("hubspot"),
        "dynamics_id": ids.get("dynamics"),
        "state": link.state.value,
        "origin": link.origin,
    }


def _open(ledger: Ledger, flow: Flow, kind: ActivityType, source_id: str) -> list[dict[str, Any]]:
    return [
        {
            "flow": flow.name,
            "state": row.state.value,
            "reason": row.reason,
            "code": row.code,
            "since": row.since.isoformat(),
            "attempts": row.attempts,
            "waits_for": [f"{one.system}:{one.kind}/{one.id}" for one in row.waits_for],
        }
        for row in ledger.outstanding(flow.name, kind, [source_id]).values()
    ]


def _step(flow: Flow, row: dict[str, Any]) -> dict[str, Any]:
    """One staged row in a few words; the whole of it stands in staging.duckdb."""
    shown: dict[str, Any] = {
        "run_id": row["run_id"],
        "flow": flow.name,
        "step": row["step"],
        "partition": row["partition"],
        "at": row["staged_at"].isoformat(),
        "outcome": "",
        "rule": "",
        "reason": "",
    }
    match row["step"]:
        case Step.EXTRACTED.value:
            shown |= {"outcome": "gone" if row["gone"] else "present", "reason": f"read by {row['trigger']}"}
        case Step.RESOLVED.value:
            refs = json.loads(row["refs"])
            shown["outcome"] = f"{row['resolved']} resolved, {row['missing']} missing"
            shown["rule"] = "; ".join(f"{ref['kind']}/{ref['id']}: {ref['rule']}" for ref in refs)
        case Step.TRANSFORMED.value:
            shown |= {"outcome": row["action"], "rule": f"case {row['case_number']}", "reason": row["reason"] or ""}
        case _:
            shown |= {"outcome": row["outcome"], "rule": row["rule"] or "", "reason": row["reason"] or row["detail"]}
    return shown


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
