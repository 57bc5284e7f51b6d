"""Files that could not be carried, as the commands about failures show and select them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final

from activity_sync.activities.identity import RecordRef
from activity_sync.activities.kinds import ActivityType
from activity_sync.cli.open_records import Entry, selection
from activity_sync.configuration import FLOWS

if TYPE_CHECKING:  # slow to load; a wrong use and --help answer at once
    from activity_sync.ledger.carried import CarriedFile
    from activity_sync.ledger.ledger import Ledger

_SAYS: Final = {
    "too_large": "is larger than may be carried",
    "larger_than_told": "is larger than its system says, and than may be carried",
    "refused_as_too_large": "was refused as too large",
    "missing_right": "may not be read, or not put there",
    "sensitive": "is marked as sensitive",
    "gone": "is gone, or what it was to hang on",
    "0x80043e09": "is of a type that the organization blocks",
}


def file_entries(ledger: Ledger, flow_name: str | None, type_name: str | None) -> list[Entry]:
    """Files that were not carried, as entries of the commands' `--json`: each under its activity, with `file`."""
    return [_entry(flow, ref, row) for flow, ref, row in _failed(ledger, flow_name, type_name)]


def retry_files(
    ledger: Ledger,
    records: Sequence[str] | None,
    *,
    flow_name: str | None = None,
    type_name: str | None = None,
    now: datetime,
) -> list[Entry]:
    """The files of these activities that failed, or all of them (None), are due now; those that are too large are not.

    Returns what is due.
    """
    chosen = [
        (flow, ref, row)
        for flow, ref, row in _failed(ledger, flow_name, type_name)
        if (records is None or str(ref) in records) and row.code != "too_large"
    ]
    due = ledger.retry_files([row for _, _, row in chosen], now=now)
    return [_entry(flow, ref, row) for (flow, ref, _), row in zip(chosen, due, strict=True)]


def _failed(
    ledger: Ledger, flow_name: str | None, type_name: str | None
) -> Iterator[tuple[str, RecordRef, CarriedFile]]:
    only_flow, only_type = selection(flow_name, type_name)
    for flow in FLOWS if only_flow is None else (only_flow,):
        for kind in ActivityType if only_type is None else (only_type,):
            for activity_id, row in ledger.failed_files(flow.source, kind):
                yield flow.name, RecordRef(flow.source, kind.value, activity_id), row


def _entry(flow: str, ref: RecordRef, row: CarriedFile) -> Entry:
    says = _SAYS.get(row.code, "could not be carried")
    return {
        "system": ref.system,
        "type": ref.kind,
        "id": ref.id,
        "reason": f"its file {row.file_id} {says}",
        "since": "" if row.since is None else row.since.isoformat(),
        "waits_for": [],
        "flow": flow,
        "case": 0,
        "rule": "attachments.files",
        "code": row.code,
        "message": "",
        "correlation_id": row.correlation_id,
        "attempts": row.attempts,
        "next_try": row.next_try.isoformat() if row.next_try else None,
        "file": row.file_id,
    }
