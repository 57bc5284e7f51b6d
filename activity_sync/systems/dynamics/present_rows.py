"""What a write must know of the row as it stands: whether it may be written, and what of it the write keeps. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from activity_sync.activities.kinds import ActivityType
from activity_sync.systems.dynamics.operations import Row
from activity_sync.systems.dynamics.party_lists import amend_parties, replace_parties
from activity_sync.systems.dynamics.paths import ACTIVITY_TABLES, Table
from activity_sync.systems.dynamics.wire import DELIVERING, read_parties, state_before
from activity_sync.systems.records import UpdateRequest, WriteResult


def judge_present(table: Table, request: UpdateRequest, row: Row) -> WriteResult | None:
    """Why a row is not to be written as it stands, if so."""
    if request.version and row.get("@odata.etag") != request.version:
        return WriteResult("stale", message="The row has changed since it was read.")
    if row.get("statuscode") in DELIVERING and table is ACTIVITY_TABLES[ActivityType.EMAIL]:
        return WriteResult("busy", message="The e-mail is about to be sent.")
    return None


def needs_present_row(body: Mapping[str, Any]) -> bool:
    """Whether an update replaces or restores something that must be read first."""
    return body["parties"] is not None or body["close_with"] is not None


def complete_body(table: Table, body: Mapping[str, Any], row: Row) -> dict[str, Any]:
    """An update's body with what it keeps of the present row: other people's parties, the state it closes with."""
    completed = dict(body)
    if body["parties"] is not None:
        present = read_parties(row, table)
        addressed = table is ACTIVITY_TABLES[ActivityType.EMAIL]
        completed["parties"] = (
            replace_parties(present, body["parties"]["replace"], addressed=addressed)
            if "replace" in body["parties"]
            else amend_parties(present, body["parties"]["rows"], drop=body["parties"]["drop"], addressed=addressed)
        )
    if body["close_with"] is not None:
        completed["close_with"] = {**state_before(table, row), **body["close_with"]}
    return completed
