"""A CRM in memory, and the truth about it that the sync does not know: what people edited and nobody carried yet."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from activity_sync.activities.fingerprint import FieldPrint
from activity_sync.rules.merge import TIE

CUT = 4
MARKUP = "*"
_EPOCH = datetime(2026, 3, 1, tzinfo=UTC)

# Each CRM has a field of its own. `beta` cuts a body to four characters and loses its markup; it knows a status
# `maybe` that is `open` in `alpha`; it shows a record with status `done` read-only.
FIELDS = {"alpha": ("subject", "body", "status", "colour"), "beta": ("subject", "body", "status", "room")}
COMMON = ("subject", "body", "status")


def plain(value: str) -> str:
    return value.replace(MARKUP, "")


def project(source: str, fields: Mapping[str, str]) -> dict[str, str]:
    """What the other CRM shows after taking these values."""
    common = {name: fields[name] for name in COMMON if name in fields}
    if source == "alpha" and "body" in common:
        common["body"] = plain(common["body"])[:CUT]
    if source == "beta" and common.get("status") == "maybe":
        common["status"] = "open"
    return common


def is_cut(source: str, fields: Mapping[str, str]) -> bool:
    return source == "alpha" and len(plain(fields["body"])) > CUT


def prints_of(fields: Mapping[str, str]) -> dict[str, FieldPrint]:
    return {name: FieldPrint(value, plain(value)) for name, value in fields.items()}


def moment(at: int) -> datetime:
    return _EPOCH + timedelta(seconds=at)


@dataclass
class Record:
    """`agreed`: per field the value that the sync put there, or that it has carried or acknowledged.

    `changed_at`: when the record was last changed as a whole; None when the sync did that.
    """

    id: str
    fields: dict[str, str]
    key: str | None = None
    version: int = 1
    gone: bool = False
    agreed: dict[str, str] = field(default_factory=dict)
    edited_at: dict[str, int] = field(default_factory=dict)
    changed_at: int | None = None

    def edited(self, name: str) -> bool:
        """Whether a person's edit has not been carried: any difference."""
        return self.fields[name] != self.agreed.get(name)

    def visibly_edited(self, name: str) -> bool:
        return plain(self.fields[name]) != plain(self.agreed.get(name, "\0"))

    @property
    def has_news(self) -> bool:
        return any(self.visibly_edited(name) for name in COMMON)


class Crm:
    """`rewrites`: the server puts markup of its own around every body it is given.

    `times_by_field`: it knows of each field when a person edited it; else only when the record was changed last.
    """

    def __init__(self, name: str, *, rewrites: bool) -> None:
        self.name = name
        self.rewrites = rewrites
        self.times_by_field = name == "alpha"
        self.records: dict[str, Record] = {}

    def person_creates(self, values: Mapping[str, str], *, now: int) -> str:
        record = Record(f"{self.name}-{len(self.records)}", dict.fromkeys(FIELDS[self.name], ""))
        record.fields |= {"status": "open"} | {n: v for n, v in values.items() if n in record.fields}
        record.edited_at = dict.fromkeys(record.fields, now)
        record.changed_at = now
        self.records[record.id] = record
        return record.id

    def person_edits(self, record_id: str, name: str, value: str, *, now: int) -> None:
        record = self.records[record_id]
        if record.fields[name] != value:
            record.fields[name] = value
            record.edited_at[name] = record.changed_at = now
            record.version += 1

    def person_deletes(self, record_id: str) -> None:
        self.records[record_id].gone = True

    def person_restores(self, record_id: str, *, now: int) -> None:
        record = self.records[record_id]
        record.gone, record.changed_at = False, now
        record.version += 1

    def touch(self, record_id: str, *, now: int) -> None:
        """The version moves, nothing else."""
        self.records[record_id].version += 1
        self.records[record_id].changed_at = now

    def time_of(self, record: Record, name: str) -> int | None:
        """When a person last edited the field, as far as this CRM can tell."""
        return record.edited_at.get(name) if self.times_by_field else record.changed_at

    def times(self, record: Record, names: Collection[str]) -> dict[str, datetime]:
        return {name: moment(at) for name in names if (at := self.time_of(record, name)) is not None}

    def find_key(self, key: str) -> str | None:
        return next((one.id for one in self.records.values() if one.key == key), None)

    def create(self, key: str, values: Mapping[str, str]) -> Record:
        assert self.find_key(key) is None, f"{key} created twice in {self.name}"
        record = Record(f"{self.name}-{len(self.records)}", dict.fromkeys(FIELDS[self.name], ""), key=key)
        self.records[record.id] = record
        self.write(record, values)
        record.agreed = dict(record.fields)
        return record

    def write(self, record: Record, values: Mapping[str, str]) -> None:
        """What the sync writes is agreed on, in the form the server gives it."""
        for name, value in values.items():
            record.fields[name] = self._as_kept(name, value)
            record.agreed[name] = record.fields[name]
        record.version += 1
        record.changed_at = None

    def delete(self, record: Record) -> None:
        record.gone = True

    def _as_kept(self, name: str, value: str) -> str:
        text = plain(value)
        return f"{MARKUP}{text}{MARKUP}" if self.rewrites and name == "body" and text else value


def in_step(name: str, one: Record, two: Record, *, one_system: str, two_system: str) -> bool:
    """Whether one of the two shows what becomes of the other's value there, as a reader sees it."""
    there = plain(project(one_system, one.fields)[name]) == plain(two.fields[name])
    return there or plain(project(two_system, two.fields)[name]) == plain(one.fields[name])


def rightly_wins(name: str, winner: Record, loser: Record, *, one: Crm, two: Crm) -> bool:
    """Later edits win, as far as the CRMs can tell; within five seconds, or where one cannot tell, alpha does.

    `one` holds the winner, `two` the loser.
    """
    won_at, lost_at = one.time_of(winner, name), two.time_of(loser, name)
    if won_at is None or lost_at is None or abs(won_at - lost_at) < TIE.total_seconds():
        return one.name == "alpha"
    return won_at > lost_at
