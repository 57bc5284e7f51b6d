"""Records that are not done, as the commands about them show, find and select them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click
from rich.table import Table

from activity_sync.activities.identity import Flow, RecordRef
from activity_sync.activities.kinds import ActivityType
from activity_sync.cli.console import output
from activity_sync.cli.sync import chosen_types
from activity_sync.configuration import FLOWS
from activity_sync.errors import ConfigurationError
from activity_sync.pipeline.lineage import parse_record
from activity_sync.settings import Settings

if TYPE_CHECKING:  # slow to load; a wrong use and --help answer at once
    from activity_sync.ledger.ledger import Ledger
    from activity_sync.ledger.outstanding import Outstanding, OutstandingState

Command = TypeVar("Command", bound=Callable[..., Any])
Entry = dict[str, Any]

_COMMAND_OF = {
    "deferred": "it waits by itself (activity-sync waiting)",
    "held": "it is held (activity-sync held list)",
    "failed": "it failed (activity-sync failures list)",
    "dismissed": "its failure is dismissed (activity-sync failures retry takes that back)",
}


def narrowed(command: Command) -> Command:
    """The options that choose a flow and a type, and `--json`, for any of these commands."""
    for option in (
        click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout."),
        click.option("--type", "type_name", metavar="TYPE", help="Only this activity type."),
        click.option("--flow", "flow_name", metavar="FLOW", help="Only this flow, for example hubspot_to_dynamics."),
    ):
        command = option(command)
    return command


def open_ledger() -> Ledger:
    """The ledger of the environment's home."""
    settings = Settings.from_environ()
    from activity_sync.ledger.ledger import Ledger  # noqa: PLC0415

    return Ledger.open(settings.ledger_url)


def selected(
    ledger: Ledger, state: OutstandingState, flow_name: str | None, type_name: str | None
) -> list[Outstanding]:
    """The records in this state, the longest waiting first. ConfigurationError for an unknown flow or type."""
    flow, kind = selection(flow_name, type_name)
    return ledger.list_outstanding(state, flow=flow.name if flow else None, activity_type=kind)


def selection(flow_name: str | None, type_name: str | None) -> tuple[Flow | None, ActivityType | None]:
    """The flow and type that were named, None where none was. ConfigurationError for an unknown one."""
    known = {flow.name: flow for flow in FLOWS}
    if flow_name is not None and flow_name not in known:
        raise ConfigurationError(f"there is no flow {flow_name!r}; the flows are {', '.join(known)}", setting="--flow")
    return (
        None if flow_name is None else known[flow_name],
        None if type_name is None else chosen_types(type_name)[0],
    )


def rows_of(ledger: Ledger, record: str) -> list[Outstanding]:
    """What is open about the record that is written as SYSTEM:TYPE/ID, in every flow that reads it."""
    ref, kind = parse_record(record)
    return [
        row
        for flow in FLOWS
        if flow.source == ref.system
        for row in ledger.outstanding(flow.name, kind, [ref.id]).values()
    ]


def in_state(ledger: Ledger, record: str, states: Sequence[OutstandingState], *, wanted: str) -> list[Outstanding]:
    """The record's rows in one of these states. ConfigurationError says what it is instead of `wanted`."""
    rows = rows_of(ledger, record)
    fitting = [row for row in rows if row.state in states]
    if not fitting:
        instead = "; ".join(_COMMAND_OF[row.state.value] for row in rows) or "nothing is open about it"
        other = _counterpart_in_state(ledger, record, states)
        hint = f". Its counterpart {other} is: name that one" if other else ""
        raise ConfigurationError(f"{record} is not {wanted}: {instead}{hint}", setting="SYSTEM:TYPE/ID")
    return fitting


def _counterpart_in_state(ledger: Ledger, record: str, states: Sequence[OutstandingState]) -> str | None:
    ref, kind = parse_record(record)
    link = ledger.links(ref.system, kind, [ref.id]).get(ref.id)
    sides = link.sides.items() if link is not None else ()
    others = [str(RecordRef(system, kind.value, one.record_id)) for system, one in sides if one.record_id]
    return next(
        (one for one in others if one != record and any(row.state in states for row in rows_of(ledger, one))), None
    )


def ref_of(row: Outstanding) -> RecordRef:
    """The record that the row is about."""
    return RecordRef(Flow.parse(row.flow).source, row.activity_type.value, row.source_id)


def entry(row: Outstanding) -> Entry:
    """One record of the commands' `--json`. Times are ISO, UTC; `next_try` is None for what waits for a person."""
    ref = ref_of(row)
    return {
        "system": ref.system,
        "type": ref.kind,
        "id": ref.id,
        "reason": row.reason or row.code or row.message,
        "since": row.since.isoformat(),
        "waits_for": [{"system": one.system, "kind": one.kind, "id": one.id} for one in row.waits_for],
        "flow": row.flow,
        "case": row.case,
        "rule": row.rule,
        "code": row.code,
        "message": row.message,
        "correlation_id": row.correlation_id,
        "attempts": row.attempts,
        "next_try": row.next_try.isoformat() if row.next_try else None,
    }


def list_state(
    state: str,
    columns: Mapping[str, Callable[[Entry], str]],
    *,
    nothing: str,
    flow_name: str | None,
    type_name: str | None,
    as_json: bool,
    more: Callable[[Outstanding], Entry] = lambda _row: {},
    besides: Callable[[Ledger], Sequence[Entry]] = lambda _ledger: (),
) -> None:
    """All records in this state: one document, or a table as `show` makes it. `more`: what an entry tells besides.

    `besides`: entries that are listed with them.
    """
    from activity_sync.ledger.outstanding import OutstandingState  # noqa: PLC0415

    with open_ledger() as ledger:
        entries = [entry(row) | more(row) for row in selected(ledger, OutstandingState(state), flow_name, type_name)]
        entries += besides(ledger)
    if as_json:
        print_json(entries)
    else:
        show(entries, columns, nothing=nothing)


def show(entries: Sequence[Entry], columns: Mapping[str, Callable[[Entry], str]], *, nothing: str) -> None:
    """A table with a row per record and these columns besides; a sentence where there is none."""
    if not entries:
        output().print(nothing)
        return
    table = Table(show_edge=False, pad_edge=False)
    for name in ("record", "since"):
        table.add_column(name, no_wrap=True)
    for name in columns:
        table.add_column(name, overflow="fold")
    for one in entries:
        cells = (make(one) for make in columns.values())
        table.add_row(record_of(one), str(one["since"])[:16].replace("T", " "), *cells)
    output().print(table)
    output().print(f"{len(entries):,} in all")


def record_of(one: Entry) -> str:
    """An entry's record, as commands take it."""
    return f"{one['system']}:{one['type']}/{one['id']}"


def reason_of(one: Entry) -> str:
    """Why, with what the API said to it."""
    said = " ".join(part for part in (one["code"], one["message"]) if part and part != one["reason"])
    return f"{one['reason']}: {said}" if said else str(one["reason"])


def print_json(entries: Sequence[Entry]) -> None:
    """The entries as one document."""
    click.echo(json.dumps(list(entries), ensure_ascii=False))
