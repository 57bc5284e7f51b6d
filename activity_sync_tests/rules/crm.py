"""A CRM in memory, and the truth about it that the sync does not know: what people edited and nobody carried yet."""

from __future__ import annotations

from collections.abc import Mapping
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


@dataclass
class Record:
    """`agreed`: per field the value that the sync put there, or that it has carried or acknowledged."""

    id: str
    fields: dict[str, str]
    key: str | None = None
    version: int = 1
    gone: bool = False
    agreed: dict[str, str] = field(default_factory=dict)
    edited_at: dict[str, int] = field(default_factory=dict)

    def edited(self, name: str) -> bool:
        """Whether a person's edit has not been carried: any difference."""
        return self.fields[name] != self.agreed.get(name)

    def visibly_edited(self, name: str) -> bool:
        return plain(self.fields[name]) != plain(self.agreed.get(name, "\0"))

    @property
    def has_news(self) -> bool:
        return any(self.visibly_edited(name) for name in COMMON)

    def times(self, names: tuple[str, ...]) -> dict[str, datetime]:
        return {n: _EPOCH + timedelta(seconds=self.edited_at[n]) for n in names if n in self.edited_at}


class Crm:
    """`rewrites`: the server puts markup of its own around every body it is given."""

    def __init__(self, name: str, *, rewrites: bool) -> None:
        self.name = name
        self.rewrites = rewrites
        self.records: dict[str, Record] = {}

    def person_creates(self, values: Mapping[str, str], *, now: int) -> str:
        record = Record(f"{self.name}-{len(self.records)}", dict.fromkeys(FIELDS[self.name], ""))
        record.fields |= {"status": "open"} | {n: v for n, v in values.items() if n in record.fields}
        record.edited_at = dict.fromkeys(record.fields, now)
        self.records[record.id] = record
        return record.id

    def person_edits(self, record_id: str, name: str, value: str, *, now: int) -> None:
        record = self.records[record_id]
        if record.fields[name] != value:
            record.fields[name] = value
            record.edited_at[name] = now
            record.version += 1

    def person_deletes(self, record_id: str) -> None:
        self.records[record_id].gone = True

    def touch(self, record_id: str) -> None:
        """The version moves, nothing else."""
        self.records[record_id].version += 1

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

    def delete(self, record: Record) -> None:
        record.gone = True

    def _as_kept(self, name: str, value: str) -> str:
        text = plain(value)
        return f"{MARKUP}{text}{MARKUP}" if self.rewrites and name == "body" and text else value


def in_step(name: str, one: Record, two: Record, *, one_system: str, two_system: str) -> bool:
    """Whether one of the two shows what becomes of the other's value there, as a reader sees it."""
    there = plain(project(one_system, one.fields)[name]) == plain(two.fields[name])
    return there or plain(project(two_system, two.fields)[name]) == plain(one.fields[name])


def rightly_wins(name: str, winner: Record, loser: Record, *, winner_is_alpha: bool) -> bool:
    """Later edits win; within five seconds alpha does."""
    lead = winner.edited_at[name] - loser.edited_at[name]
    seconds = TIE.total_seconds()
    return lead > -seconds if winner_is_alpha else lead >= seconds
