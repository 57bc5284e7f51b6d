"""Files that could not be carried, as the commands about failures show and select them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from activity_sync.activities.identity import RecordRef
from activity_sync.activities.kinds import ActivityType
from activity_sync.cli.open_records import Entry, selection
from activity_sync.configuration import FLOWS
from activity_sync.rules.files import TOO_LARGE, FileState

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


@dataclass(frozen=True, slots=True)
class FailedFile:
    """A file that was not carried, and the activity of `flow` that it belongs to."""

    flow: str
    ref: RecordRef
    row: CarriedFile


def failed_files(
    ledger: Ledger, flow_name: str | None, type_name: str | None, *, dismissed: bool = False
) -> list[FailedFile]:
    """The files that were not carried; those that were dismissed only where asked for."""
    only_flow, only_type = selection(flow_name, type_name)
    return [
        FailedFile(flow.name, RecordRef(flow.source, kind.value, activity_id), row)
        for flow in (FLOWS if only_flow is None else (only_flow,))
        for kind in (ActivityType if only_type is None else (only_type,))
        for activity_id, row in ledger.failed_files(flow.source, kind, dismissed=dismissed)
    ]


def retriable(files: Sequence[FailedFile]) -> list[FailedFile]:
    """Those that a retry changes. What is too large is carried once the limit is raised, unless it was dismissed."""
    return [one for one in files if one.row.code != TOO_LARGE or one.row.state is FileState.DISMISSED]


def file_entries(files: Sequence[FailedFile]) -> list[Entry]:
    """As entries of the commands' `--json`: each under its activity, with `file`."""
    return [_entry(one.flow, one.ref, one.row) for one in files]


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
