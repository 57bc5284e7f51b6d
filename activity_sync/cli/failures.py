"""`activity-sync failures`: what failed, trying it again, and hearing no more of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from activity_sync.cli.console import output
from activity_sync.cli.failed_files import FailedFile, failed_files, file_entries, retriable
from activity_sync.cli.open_records import (
    Entry,
    entry,
    in_state,
    list_state,
    narrowed,
    open_ledger,
    print_json,
    reason_of,
    record_of,
    ref_of,
    rows_of,
    selected,
    selection,
)
from activity_sync.errors import ConfigurationError

if TYPE_CHECKING:  # slow to load; a wrong use and --help answer at once
    from activity_sync.ledger.carried import CarriedFile
    from activity_sync.ledger.ledger import Ledger
    from activity_sync.ledger.outstanding import Outstanding, OutstandingState


@click.group()
def failures() -> None:
    """Records that could not be carried as they are."""


@failures.command("list")
@narrowed
def list_failures(*, flow_name: str | None, type_name: str | None, as_json: bool) -> None:
    """List the records that failed, with the reason and what the API said, and files that were not carried.

    Where the API asked to come back later, the next incremental run tries again. Everything else waits until the record
    or the mapping changes, or until `failures retry`.
    """
    list_state(
        "failed",
        {
            "reason": reason_of,
            "correlation id": lambda one: str(one["correlation_id"]),
            "tries": lambda one: str(one["attempts"]),
            "next": _next,
        },
        nothing="nothing has failed",
        flow_name=flow_name,
        type_name=type_name,
        as_json=as_json,
        besides=lambda ledger: file_entries(failed_files(ledger, flow_name, type_name)),
    )


@failures.command()
@click.argument("records", metavar="[SYSTEM:TYPE/ID]...", nargs=-1)
@click.option("--all", "every", is_flag=True, help="Everything that failed, dismissed records left out.")
@narrowed
def retry(
    records: tuple[str, ...], *, every: bool, flow_name: str | None, type_name: str | None, as_json: bool
) -> None:
    """Try records again in the next incremental run. Naming a dismissed one takes the dismissal back."""
    if every == bool(records):
        raise ConfigurationError(
            "name the records to try again (SYSTEM:TYPE/ID), or give --all, not both"
            if every
            else "name the records to try again (SYSTEM:TYPE/ID), or give --all for everything that failed",
            setting="--all",
        )
    from activity_sync.ledger.outstanding import OutstandingState  # noqa: PLC0415

    now = datetime.now(tz=UTC)
    with open_ledger() as ledger:
        if every:
            rows = selected(ledger, OutstandingState.FAILED, flow_name, type_name)
            files = retriable(failed_files(ledger, flow_name, type_name))
        else:
            states = (OutstandingState.FAILED, OutstandingState.DISMISSED)
            files = retriable(_of(records, failed_files(ledger, flow_name, type_name, dismissed=True)))
            rows = _narrowed_to(_named(ledger, records, states, files), flow_name, type_name)
        ledger.retry_failed(rows, now=now)
        due = ledger.retry_files([one.row for one in files], now=now)
        changed = _as_they_are(ledger, rows)
    _report(changed, "the next incremental run tries", as_json=as_json, files=_became(files, due))


@failures.command()
@click.argument("records", metavar="SYSTEM:TYPE/ID...", nargs=-1, required=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
def dismiss(records: tuple[str, ...], *, as_json: bool) -> None:
    """Hear no more of records: they are neither listed nor tried until they change in their system.

    Nor are their files that were not carried, until `failures retry` names the record.
    """
    from activity_sync.ledger.outstanding import OutstandingState  # noqa: PLC0415

    with open_ledger() as ledger:
        files = _of(records, failed_files(ledger, None, None))
        rows = _named(ledger, records, (OutstandingState.FAILED,), files)
        ledger.dismiss_failed(rows)
        gone = ledger.dismiss_files([one.row for one in files])
        changed = _as_they_are(ledger, rows)
    _report(changed, "nobody hears any more of", as_json=as_json, files=_became(files, gone))


def _of(records: Sequence[str], files: Sequence[FailedFile]) -> list[FailedFile]:
    return [one for one in files if str(one.ref) in records]


def _became(files: Sequence[FailedFile], rows: Sequence[CarriedFile]) -> list[Entry]:
    return file_entries([replace(one, row=row) for one, row in zip(files, rows, strict=True)])


def _named(
    ledger: Ledger, records: Sequence[str], states: Sequence[OutstandingState], files: Sequence[FailedFile]
) -> list[Outstanding]:
    """What is open of these records in these states. Of a record that is carried, files alone may have failed.

    ConfigurationError for a record of which neither has.
    """
    of_files = {str(one.ref) for one in files}
    return [
        row
        for one in records
        if one not in of_files or any(found.state in states for found in rows_of(ledger, one))
        for row in in_state(ledger, one, states, wanted="failed")
    ]


def _narrowed_to(rows: list[Outstanding], flow_name: str | None, type_name: str | None) -> list[Outstanding]:
    flow, kind = selection(flow_name, type_name)
    for row in rows:
        if (flow is not None and row.flow != flow.name) or (kind is not None and row.activity_type is not kind):
            raise ConfigurationError(
                f"{ref_of(row)} is not of this flow and type: leave --flow and --type out where records are named",
                setting="--flow" if flow is not None else "--type",
            )
    return rows


def _as_they_are(ledger: Ledger, rows: list[Outstanding]) -> list[Outstanding]:
    return [
        found for row in rows for found in ledger.outstanding(row.flow, row.activity_type, [row.source_id]).values()
    ]


def _report(rows: list[Outstanding], what: str, *, as_json: bool, files: Sequence[Entry] = ()) -> None:
    if as_json:
        print_json([*(entry(row) for row in rows), *files])
        return
    names = [*(str(ref_of(row)) for row in rows), *(f"file {one['file']} of {record_of(one)}" for one in files)]
    output().print(f"{what} {', '.join(names)}" if names else "nothing has failed", soft_wrap=True)


def _next(one: Entry) -> str:
    if not one["next_try"]:
        return "after a retry" if "file" in one else "after a change"
    is_later = "file" in one and one["next_try"] > datetime.now(tz=UTC).isoformat()
    return "within a day" if is_later else "next run"
