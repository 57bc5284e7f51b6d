"""`activity-sync erase`: takes everything that staging holds on one person out of it."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.table import Table

from activity_sync.activities.identity import RecordRef
from activity_sync.cli.console import output
from activity_sync.configuration import FLOWS
from activity_sync.errors import ConfigurationError
from activity_sync.settings import Settings

if TYPE_CHECKING:  # slow to load; a wrong use and --help answer at once
    from activity_sync.pipeline.erase import Erased


@click.command()
@click.option("--email", "address", required=True, metavar="ADDRESS", help="The person's e-mail address.")
@click.option(
    "--contact",
    "contacts",
    multiple=True,
    metavar="SYSTEM:contact/ID",
    help="A contact that is the person, where the CRMs have forgotten the address already. May be repeated.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
def erase(*, address: str, contacts: tuple[str, ...], as_json: bool) -> None:
    """Remove what staging holds on a person: all rows of every activity that names or hangs on them.

    Both systems are asked which contacts have the address, and are not changed: erase the person there first, or the
    next run that reads such an activity stages it again. The ledger holds ids, keyed hashes and times, and stays.
    """
    if not _is_address(address):
        raise ConfigurationError(f"{address!r} is no e-mail address", setting="--email")
    settings = Settings.from_environ()
    for system in _systems():
        getattr(settings, system).require()
    found = asyncio.run(_erase(settings, address, by_system(contacts)))
    if as_json:
        click.echo(json.dumps(document_of(found), ensure_ascii=False))
    else:
        show(output(), found)


def by_system(contacts: tuple[str, ...]) -> dict[str, list[str]]:
    """The ids of `SYSTEM:contact/ID`, by system. ConfigurationError for anything else."""
    found: dict[str, list[str]] = {}
    for one in contacts:
        system, _, rest = one.partition(":")
        kind, _, record_id = rest.partition("/")
        if system not in _systems() or kind != "contact" or not record_id:
            raise ConfigurationError(
                f"--contact {one!r} names no contact; write it as hubspot:contact/101", setting="--contact"
            )
        ref = RecordRef(system, kind, record_id)
        found.setdefault(ref.system, []).append(ref.id)
    return found


def _systems() -> list[str]:
    return sorted({name for flow in FLOWS for name in (flow.source, flow.target)})


def _is_address(text: str) -> bool:
    local, at, domain = text.strip().rpartition("@")
    return bool(local and at and "." in domain) and not any(one.isspace() for one in text.strip())


async def _erase(settings: Settings, address: str, contacts: dict[str, list[str]]) -> Erased:
    from activity_sync.bootstrap import open_session  # noqa: PLC0415
    from activity_sync.pipeline.erase import erase as take_out  # noqa: PLC0415

    async with open_session(settings) as session:
        return await take_out(session, address, contacts=contacts)


def document_of(found: Erased) -> dict[str, Any]:
    """The command's `--json`. The address is not repeated."""
    return {
        "contacts": [
            {"system": system, "id": record_id} for system, ids in found.contacts.items() for record_id in ids
        ],
        "erased": [
            {
                "flow": flow,
                "type": kind.value,
                "activities": found.activities[flow, kind],
                "rows": {step.value: number for step, number in rows.items()},
            }
            for (flow, kind), rows in found.rows.items()
        ],
    }


def show(console: Console, found: Erased) -> None:
    """The contacts that were looked for, and what was taken out by flow and type."""
    known = [f"{system}:contact/{one}" for system, ids in found.contacts.items() for one in ids]
    console.print(f"contacts with this address: {', '.join(known) or 'none'}")
    if not found.rows:
        console.print("staging held nothing on this person")
        return
    table = Table(title="taken out of staging", title_justify="left")
    for name in ("flow", "type", "activities", "rows"):
        table.add_column(name, justify="right" if name in {"activities", "rows"} else "left")
    for (flow, kind), rows in found.rows.items():
        table.add_row(flow, kind.value, f"{found.activities[flow, kind]:,}", f"{rows.total():,}")
    console.print(table)
