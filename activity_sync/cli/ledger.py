"""`activity-sync ledger rebuild`: the ledger again, from the keys that both systems hold."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.table import Table

from activity_sync.activities.identity import RecordRef
from activity_sync.activities.kinds import ActivityType
from activity_sync.cli.console import output
from activity_sync.configuration import FLOWS, Configuration, load_configuration
from activity_sync.errors import AuthenticationFailed
from activity_sync.settings import Settings

if TYPE_CHECKING:  # slow to load; a wrong use and --help answer at once
    from activity_sync.pipeline.rebuild import NotRebuilt, Rebuilt

_REASONS = {
    "deleted": "its counterpart was deleted: the link stays ended, nothing is created again",
    "ambiguous": "held: several records claim it, or nobody is left whose key it carries",
    "unseen": "held: its counterpart cannot be read",
}


@click.group()
def ledger() -> None:
    """The tracking database: which record here is which record there."""


@ledger.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
def rebuild(*, as_json: bool) -> None:
    """Make the ledger again from the keys in both systems, and name what cannot be rebuilt.

    Reads every activity's id and key, and writes to neither system. Links that the ledger has stay as they are, so it
    may be repeated at any time.
    """
    settings = Settings.from_environ()
    configuration = load_configuration(settings.config_path)
    for system in {name for flow in FLOWS for name in (flow.source, flow.target)}:
        getattr(settings, system).require()
    found, refused = asyncio.run(_rebuild(settings, configuration))
    if not as_json:
        show(output(), found)
    if refused is not None:
        raise refused
    if as_json:
        click.echo(json.dumps(document_of(found), ensure_ascii=False))


async def _rebuild(
    settings: Settings, configuration: Configuration
) -> tuple[list[Rebuilt], AuthenticationFailed | None]:
    """All types, also those that are off: one switched on later must not be copied again.

    A type that we may not read stops no other; its refusal counts if the type is on.
    """
    from activity_sync.bootstrap import open_session  # noqa: PLC0415
    from activity_sync.pipeline.rebuild import rebuild as rebuild_type  # noqa: PLC0415

    found: list[Rebuilt] = []
    refused: AuthenticationFailed | None = None
    async with open_session(settings) as session:
        await session.identify()
        for kind in ActivityType:
            try:
                found.append(await rebuild_type(session, kind))
            except AuthenticationFailed as error:
                if refused is None and any(kind in configuration.enabled(flow) for flow in FLOWS):
                    error.message = f"{kind} was not rebuilt, the other types were; {error.message}"
                    refused = error
    return found, refused


def document_of(found: list[Rebuilt]) -> dict[str, Any]:
    """The command's `--json`."""
    return {
        "types": {
            one.activity_type.value: {"linked": one.linked, "known": one.known, "not_rebuilt": len(one.not_rebuilt)}
            for one in found
        },
        "not_rebuilt": [_named(each) for one in found for each in one.not_rebuilt],
    }


def _named(one: NotRebuilt) -> dict[str, Any]:
    return {**_ref(one.record), "reason": one.reason, "candidates": [_ref(each) for each in one.candidates]}


def _ref(record: RecordRef) -> dict[str, str]:
    return {"system": record.system, "type": record.kind, "id": record.id}


def show(console: Console, found: list[Rebuilt]) -> None:
    """A table of the types, and each record that was not rebuilt."""
    table = Table(title="ledger", title_justify="left")
    table.add_column("type")
    for name in ("linked", "known", "not rebuilt"):
        table.add_column(name, justify="right")
    for one in found:
        cells = (one.linked, one.known, len(one.not_rebuilt))
        table.add_row(one.activity_type.value, *(f"{count:,}" for count in cells))
    console.print(table)
    for one in found:
        for each in one.not_rebuilt:
            others = f" ({', '.join(map(str, each.candidates))})" if each.candidates else ""
            console.print(f"  {each.record}{others}: {_REASONS[each.reason]}")
