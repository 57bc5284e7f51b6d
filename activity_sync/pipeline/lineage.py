"""The life of one record, over all runs: what staging and the ledger know of it, joined."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from activity_sync.activities.identity import Flow, RecordRef
from activity_sync.activities.kinds import ActivityType, Step
from activity_sync.configuration import FLOWS
from activity_sync.errors import ConfigurationError

if TYPE_CHECKING:  # slow to load; a wrong use answers at once
    from activity_sync.ledger.ledger import Ledger
    from activity_sync.ledger.rows import LinkRow
    from activity_sync.staging.staging import Staging


def parse_record(text: str) -> tuple[RecordRef, ActivityType]:
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
    """The document of `trace --json`: the link, every step's row in the order of time, and what is pending."""
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
    pending += _files(ledger, link)
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


def _files(ledger: Ledger, link: LinkRow | None) -> list[dict[str, Any]]:
    """The files of the record, or of its counterpart, that are not carried yet, or were not."""
    rows = [] if link is None else ledger.carried_files([link.id]).values()
    return [
        {
            "flow": flow.name,
            "state": f"file {row.state.value}",
            "reason": f"file {row.file_id} {row.code}".strip(),
            "code": row.code,
            "since": "" if row.since is None else row.since.isoformat(),
            "attempts": row.attempts,
            "waits_for": [],
        }
        for row in rows
        for flow in FLOWS
        if flow.source == row.source_system and row.state.value != "done"
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
