"""`activity-sync waiting`: what waits by itself, why, and for which records."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click
from rich.table import Table

from activity_sync.cli.console import output
from activity_sync.cli.open_records import list_state, narrowed, open_ledger, reason_of, selected
from activity_sync.configuration import load_configuration
from activity_sync.settings import Settings

if TYPE_CHECKING:  # slow to load; a wrong use and --help answer at once
    from activity_sync.ledger.outstanding import Outstanding

_SHOWN = 100


@click.command()
@narrowed
@click.option("--by-record", is_flag=True, help="The missing records instead, and how many activities each releases.")
def waiting(*, flow_name: str | None, type_name: str | None, as_json: bool, by_record: bool) -> None:
    """List the records that wait, and for what. A record that appears releases those that wait for it by itself.

    A record waits where none of the records that it hangs on exists in the target, where a create's end is not known
    yet, or where it kept changing while it was written. What waits longer than limits.waiting_days is overdue.
    """
    if by_record:
        list_missing(flow_name, type_name, as_json=as_json)
        return
    too_old = overdue_before()
    list_state(
        "deferred",
        {
            "reason": reason_of,
            "waits for": waits_for,
            "overdue": lambda one: "overdue" if one["overdue"] else "",
        },
        nothing="nothing waits",
        flow_name=flow_name,
        type_name=type_name,
        as_json=as_json,
        more=lambda row: {"overdue": row.since < too_old},
    )


def overdue_before() -> datetime:
    """What has waited since before this moment is overdue."""
    configuration = load_configuration(Settings.from_environ().config_path)
    return datetime.now(tz=UTC) - timedelta(days=configuration.limits.waiting_days)


def waits_for(one: dict[str, Any]) -> str:
    """The missing records of an entry."""
    return ", ".join(f"{missing['system']}:{missing['kind']}/{missing['id']}" for missing in one["waits_for"])


def list_missing(flow_name: str | None, type_name: str | None, *, as_json: bool) -> None:
    """The missing records, those first for which most activities wait."""
    from activity_sync.ledger.outstanding import OutstandingState  # noqa: PLC0415

    with open_ledger() as ledger:
        found = by_missing_record(selected(ledger, OutstandingState.DEFERRED, flow_name, type_name))
    if as_json:
        click.echo(json.dumps(found))
        return
    if not found:
        output().print("nothing waits for a record")
        return
    table = Table(title="missing records", title_justify="left")
    for name in ("record", "activities", "since"):
        table.add_column(name, justify="right" if name == "activities" else "left")
    for one in found[:_SHOWN]:
        table.add_row(f"{one['system']}:{one['kind']}/{one['id']}", f"{one['activities']:,}", one["since"])
    output().print(table)
    if len(found) > _SHOWN:
        output().print(f"and {len(found) - _SHOWN:,} more: --json lists them all")


def by_missing_record(rows: Iterable[Outstanding]) -> list[dict[str, Any]]:
    """Per missing record how many activities wait for it, and since when the first of them; most first."""
    waiting_for: defaultdict[tuple[str, str, str], list[datetime]] = defaultdict(list)
    for row in rows:
        for missing in row.waits_for:
            waiting_for[missing.system, missing.kind, missing.id].append(row.since)
    return [
        {
            "system": system,
            "kind": kind,
            "id": record_id,
            "activities": len(since),
            "since": min(since).isoformat(timespec="seconds"),
        }
        for (system, kind, record_id), since in sorted(waiting_for.items(), key=lambda one: (-len(one[1]), one[0]))
    ]
