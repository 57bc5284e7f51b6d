"""What the application user's roles let it do: the privileges that the sync needs, and those that are held. Pure.

Source: Microsoft Learn, "RetrieveUserPrivileges function", "RolePrivilege complex type" and the lists of privileges by
message, read 2026-11. What a role gives on one row alone (sharing, ownership) does not show here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from activity_sync.activities.kinds import ActivityType, RecordKind
from activity_sync.findings import Finding, broken, fine, warn
from activity_sync.systems.dynamics.batch import Answer, Operation
from activity_sync.systems.dynamics.metadata import Schema
from activity_sync.systems.dynamics.paths import ACTIVITY_TABLES, RECORD_TABLES
from activity_sync.systems.records import Use

_FAR_ENOUGH: Final = frozenset({"Global", ""})
"""Depths that need no remark; "" where none is told."""
_RECORDS: Final[Mapping[str, str]] = {
    RecordKind.CONTACT: "Contact",
    RecordKind.COMPANY: "Account",
    RecordKind.DEAL: "Opportunity",
    RecordKind.TICKET: "Incident",
}
"""By kind, the name of its table inside the names of privileges."""


@dataclass(frozen=True, slots=True)
class Need:
    """A privilege and what it is for. Without an `essential` one a sync fails; the others only make it better."""

    privilege: str
    purpose: str
    essential: bool = True


def needed_privileges(use: Use, schema: Schema, *, told: Sequence[ActivityType] = ()) -> tuple[Need, ...]:
    """The privileges for what the configuration asks for, each once: one set for notes, one for all others.

    `told`: the types whose activities are told what their counterpart is.
    """
    found: list[Need] = []
    for noun, things, is_one in (
        ("Activity", "activities", lambda kind: kind is not ActivityType.NOTE),
        ("Note", "notes", lambda kind: kind is ActivityType.NOTE),
    ):
        if any(map(is_one, use.types)):
            found.append(Need(f"prvRead{noun}", f"read {things}"))
        if any(map(is_one, use.writes)):
            found += [
                Need(f"prvCreate{noun}", f"create {things}"),
                Need(f"prvWrite{noun}", f"change {things}"),
                Need(f"prvAppend{noun}", f"put {things} onto records"),
                Need(f"prvAssign{noun}", f"give {things} to their owners"),
            ]
        elif any(map(is_one, told)):
            found.append(Need(f"prvWrite{noun}", f"tell {things} what their counterpart is, as `write_back` asks for"))
        if any(map(is_one, use.archives)):
            found.append(Need(f"prvDelete{noun}", f"delete {things}, as `delete: archive` asks for"))
    if any(kind is not ActivityType.NOTE for kind in use.writes):
        found.append(
            Need("prvAppendToActivity", "put parties onto activities, if the organization asks for it", essential=False)
        )
    if ActivityType.MEETING in use.writes:
        found.append(Need("prvShareActivity", "create appointments, if the organization asks for it", essential=False))
    if ActivityType.NOTE in use.writes:
        purpose = "keep the time of a note; without it a note is dated at its copying"
        found.append(Need("prvOverrideCreatedOnCreatedBy", purpose, essential=False))
    if use.lists_files and any(kind is not ActivityType.NOTE for kind in use.reads):
        privilege = "prvReadNote"
        if all(need.privilege != privilege for need in found):
            found.append(Need(privilege, "list the files that hang on activities", essential=False))
    if use.carries_files and use.writes:
        held = {need.privilege for need in found}
        found += [
            Need(privilege, "put files onto activities, as `attachments.files` asks for", essential=False)
            for privilege in ("prvReadNote", "prvCreateNote", "prvAppendNote")
            if privilege not in held
        ]
    for kind, noun in _RECORDS.items():
        if schema.has(RECORD_TABLES[kind].name):
            found.append(Need(f"prvRead{noun}", f"find {RECORD_TABLES[kind].entity_set}"))
            if use.writes:
                found.append(Need(f"prvAppendTo{noun}", f"put activities onto {RECORD_TABLES[kind].entity_set}"))
            if kind in use.makes:
                made = RECORD_TABLES[kind].entity_set
                found.append(Need(f"prvCreate{noun}", f"make missing {made}, as `create_missing` asks for"))
    found.append(Need("prvReadUser", "find owners"))
    return tuple(found)


def held_privileges(answer: Answer) -> dict[str, str] | None:
    """Names of the privileges held, with their depth; None where the answer does not tell."""
    if answer.status >= 300:
        return None
    told: Any = answer.json()
    rows = told.get("RolePrivileges") if isinstance(told, dict) else None
    if not isinstance(rows, list):
        return None
    return {str(row["PrivilegeName"]): str(row.get("Depth") or "") for row in rows if row.get("PrivilegeName")} or None


def privilege_findings(needs: Sequence[Need], held: Mapping[str, str]) -> Iterator[Finding]:
    """One finding where nothing is missing, else one for each that is missing; one for those that reach too short."""
    lacking = [need for need in needs if need.privilege not in held]
    for need in lacking:
        name, remedy = _name(need), f"add {need.privilege} to the security role of the application user"
        if need.essential:
            yield broken(name, f"the application user may not {need.purpose}: {need.privilege} is missing", remedy)
        else:
            yield warn(name, f"{need.privilege} is missing, which is there to {need.purpose}", remedy)
    narrow = [need.privilege for need in needs if need.essential and held.get(need.privilege, "") not in _FAR_ENOUGH]
    if narrow:
        yield warn(
            "dynamics.privileges.depth",
            f"{', '.join(narrow)} do not reach the whole organization: rows outside are not seen, or refused, and "
            "every look for deletes costs a listing of ids",
            "give the security role these privileges at organization level",
        )
    if not lacking:
        yield fine("dynamics.privileges", f"the application user holds all {len(needs)} privileges that are needed")


def probes(use: Use, schema: Schema) -> dict[str, Operation]:
    """By entity set, a read of one row: what can be tried where the privileges themselves are not shown."""
    tables = [
        *(ACTIVITY_TABLES[kind] for kind in use.types),
        *(table for table in RECORD_TABLES.values() if schema.has(table.name)),
    ]
    reads = {table.entity_set: f"{table.entity_set}?$select={table.key}&$top=1" for table in tables}
    reads["systemusers"] = "systemusers?$select=systemuserid&$top=1"
    return {name: Operation("GET", path) for name, path in reads.items()}


def _name(need: Need) -> str:
    return f"dynamics.privileges.{need.privilege}"
