"""The rows that pass from step to step through staging, as values, and their JSON.

Every step writes its own rows and reads those of the step before; nothing else passes between them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson
import pandas as pd

from activity_sync.activities.fingerprint import FieldPrint
from activity_sync.activities.kinds import Role
from activity_sync.systems.records import SourceRecord, TargetLink, WriteResult

# Why a record was staged.
WINDOW = "window"
PENDING = "pending"
RETRY = "retry"
DELETION = "deletion"
CHOSEN = "chosen"
RELEASED = "released"
ASSOCIATION = "association"
MATCHING = "matching"
FILED = "file"

DISMISSED = "dismissed"
"""The reason for which a record is left alone: it failed, and a person wants to hear of it only when it changes."""


_HALVES = re.compile("[\ud800-\udfff]")
"""Halves of surrogate pairs: an API may send them, and no column can hold them as they are."""


_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_BY_JSON = " "
"""Begins a cell that Python's own `json` wrote, and must read: the fast one makes floats of numbers beyond 64 bits."""
_AS_JSON = orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME
"""What is no JSON is an error, but for NaN and infinities, which become null: `http.message.read_json` lets none in."""


# Of the cells of a row, most hold nothing.
_EMPTY_CELLS: Mapping[type, str] = {dict: "{}", list: "[]", tuple: "[]"}
_EMPTY_VALUES: Mapping[str, Callable[[], Any]] = {"{}": dict, "[]": list}


def dumps(value: Any) -> str:
    """Compact JSON, characters as they are where they can be written down."""
    if not value and (empty := _EMPTY_CELLS.get(type(value))) is not None:
        return empty
    try:
        return orjson.dumps(value, option=_AS_JSON).decode()
    except TypeError:
        text = _ENCODER.encode(value)
    return _BY_JSON + _HALVES.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def loads(cell: str) -> Any:
    """The inverse of `dumps`. Of a file of an older version, numbers beyond 64 bits are read as floats."""
    empty = _EMPTY_VALUES.get(cell)
    if empty is not None:
        return empty()
    if cell.startswith(_BY_JSON):
        return json.loads(cell)
    try:
        return orjson.loads(cell)
    except orjson.JSONDecodeError:
        return json.loads(cell)  # half of a surrogate pair, from before such cells were marked


@dataclass(frozen=True, slots=True)
class Ref:
    """One record a source activity hangs on, and what it is in the target.

    `target`: the target's record id, None when there is none. `rule`: how it was found, or why not. `address`: the
    e-mail address by which both sides know it, if any. `former`: source records that were merged into this one.
    `matched`: the value of the key that found it. `candidates`: target records among which there is no telling.
    `name`: what the source calls it.
    `create`: the source record whose counterpart is to be made; until it is, `target` is the key it is made under.
    `properties`: those of the source record that filters ask for, as its system gave them.
    """

    kind: str
    id: str
    role: str = Role.ASSOCIATED.value
    primary: bool = False
    target: str | None = None
    rule: str = ""
    address: str = ""
    former: tuple[str, ...] = ()
    matched: str = ""
    candidates: tuple[str, ...] = ()
    name: str = ""
    create: str = ""
    properties: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def as_link(self, *, regarding: bool) -> TargetLink:
        """The association to write; only for a resolved reference."""
        if self.target is None:
            raise ValueError(f"{self.kind}/{self.id} is not resolved")
        return TargetLink(self.kind, self.target, self.role, regarding=regarding, address=self.address, name=self.name)

    def to_json(self) -> dict[str, Any]:
        """The staged form."""
        return {
            "kind": self.kind,
            "id": self.id,
            "role": self.role,
            "primary": self.primary,
            "target": self.target,
            "rule": self.rule,
            "address": self.address,
            "former": self.former,
            "matched": self.matched,
            "candidates": self.candidates,
            "name": self.name,
            "create": self.create,
            **({"properties": self.properties} if self.properties else {}),
        }

    @classmethod
    def from_json(cls, staged: Mapping[str, Any]) -> Ref:
        """The inverse of `to_json`."""
        lists = {name: tuple(staged.get(name, ())) for name in ("former", "candidates")}
        return cls(**{**staged, **lists})


@dataclass(frozen=True, slots=True)
class Extracted:
    """One record as the source gave it, with the partition it belongs to."""

    record: SourceRecord
    partition: str
    source_day: str
    trigger: str

    def to_row(self, run_id: str, now: datetime) -> dict[str, Any]:
        """The staged form."""
        return {
            "run_id": run_id,
            "partition": self.partition,
            "source_day": self.source_day,
            "source_id": self.record.id,
            "trigger": self.trigger,
            "modified_at": self.record.modified_at,
            "version": self.record.version,
            "gone": self.record.gone,
            "erased": self.record.erased,
            "payload": dumps(self.record.payload),
            "associations": dumps(self.record.associations),
            "extracted_at": now,
        }

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Extracted:
        """The inverse of `to_row`."""
        return cls(
            record=SourceRecord(
                id=row["source_id"],
                modified_at=moment(row["modified_at"]),
                payload=loads(row["payload"]),
                associations=loads(row["associations"]),
                version=text(row["version"]),
                gone=bool(row["gone"]),
                erased=row["erased"] is True or row["erased"] == 1,  # files of older versions do not say
            ),
            partition=row["partition"],
            source_day=row["source_day"],
            trigger=row["trigger"],
        )


@dataclass(frozen=True, slots=True)
class Resolved:
    """What the references and the owner of one record are in the target."""

    refs: tuple[Ref, ...] = ()
    owner_id: str | None = None
    owner_rule: str = ""

    def to_row(self, extracted: Extracted, run_id: str) -> dict[str, Any]:
        """The staged form."""
        found = sum(ref.target is not None for ref in self.refs)
        return {
            "run_id": run_id,
            "partition": extracted.partition,
            "source_day": extracted.source_day,
            "source_id": extracted.record.id,
            "trigger": extracted.trigger,
            "refs": dumps([ref.to_json() for ref in self.refs]),
            "resolved": found,
            "missing": len(self.refs) - found,
            "owner_id": self.owner_id,
            "owner_rule": self.owner_rule,
        }

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Resolved:
        """The inverse of `to_row`."""
        return cls(
            refs=tuple(Ref.from_json(ref) for ref in loads(row["refs"])),
            owner_id=text(row["owner_id"]),
            owner_rule=row["owner_rule"] or "",
        )


@dataclass(frozen=True, slots=True)
class Proposal:
    """What was decided for one record, ready to be carried out: a row of `transformed_payloads`.

    `action` is the class name of the action in lower case; `moves` the base entries of both sides to store
    ({"source": {...}, "target": {...}, "source_settled": ..., "target_settled": ...}, "plan_settled" where an
    unfinished write plan is done with, "erased" where a person was); `body` what would be sent.
    `source_prints` and `target_prints`: both fingerprints after a create. `fields`: those an update writes.
    `changes`: by field of an update, what the target shows ("before") and what it would ("after").
    `hangs_on`: the source's records (kind, id) that the activity hangs on; None where that is not known.
    `counterpart`: the counterpart's id that the source record shows; None where it is not to be told of it.
    `files`: the source's files that would be carried, as `AttachedFile.to_json` gives them, where they are.
    `creates`: contacts and companies that would be made first ({"system", "kind", "source_id", "key", "fields"}); the
    body names them by their keys.
    """

    source_id: str
    partition: str
    source_day: str
    trigger: str
    action: str
    case: int
    reason: str = ""
    rule: str = ""
    source_version: str | None = None
    modified_at: datetime | None = None
    link_id: int | None = None
    revision: int | None = None
    key: str | None = None
    generation: int = 0
    target_id: str | None = None
    target_version: str | None = None
    body: Mapping[str, Any] | None = None
    source_prints: Mapping[str, FieldPrint] = field(default_factory=dict)
    target_prints: Mapping[str, FieldPrint] = field(default_factory=dict)
    moves: Mapping[str, Any] = field(default_factory=dict)
    fields: tuple[str, ...] = ()
    losses: tuple[Mapping[str, str], ...] = ()
    waits_for: tuple[Mapping[str, str], ...] = ()
    hangs_on: tuple[tuple[str, str], ...] | None = None
    discarded: Mapping[str, Any] = field(default_factory=dict)
    elements: tuple[Mapping[str, str], ...] = ()
    creates: tuple[Mapping[str, Any], ...] = ()
    changes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    counterpart: str | None = None
    files: tuple[Mapping[str, Any], ...] = ()

    def to_row(self, run_id: str, now: datetime) -> dict[str, Any]:
        """The staged form."""
        return {
            "run_id": run_id,
            "partition": self.partition,
            "source_day": self.source_day,
            "source_id": self.source_id,
            "trigger": self.trigger,
            "action": self.action,
            "case_number": self.case,
            "reason": self.reason,
            "rule": self.rule,
            "source_version": self.source_version,
            "modified_at": self.modified_at,
            "link_id": self.link_id,
            "revision": self.revision,
            "key": self.key,
            "generation": self.generation,
            "target_id": self.target_id,
            "target_version": self.target_version,
            "body": None if self.body is None else dumps(self.body),
            "source_prints": prints_json(self.source_prints),
            "target_prints": prints_json(self.target_prints),
            "moves": dumps(self.moves),
            "fields": dumps(self.fields),
            "losses": dumps(self.losses),
            "waits_for": dumps(self.waits_for),
            "hangs_on": None if self.hangs_on is None else dumps(self.hangs_on),
            "discarded": dumps(self.discarded),
            "elements": dumps(self.elements),
            "creates": dumps(self.creates),
            "changes": dumps(self.changes),
            "counterpart": self.counterpart,
            "files": dumps(self.files),
            "decided_at": now,
        }

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Proposal:
        """The inverse of `to_row`."""
        return cls(
            source_id=row["source_id"],
            partition=row["partition"],
            source_day=row["source_day"],
            trigger=row["trigger"],
            action=row["action"],
            case=int(row["case_number"]),
            reason=row["reason"] or "",
            rule=row["rule"] or "",
            source_version=text(row["source_version"]),
            modified_at=None if pd.isna(row["modified_at"]) else moment(row["modified_at"]),
            link_id=integer(row["link_id"]),
            revision=integer(row["revision"]),
            key=text(row["key"]),
            generation=integer(row["generation"]) or 0,
            target_id=text(row["target_id"]),
            target_version=text(row["target_version"]),
            body=None if text(row["body"]) is None else loads(row["body"]),
            source_prints=prints(loads(row["source_prints"])),
            target_prints=prints(loads(row["target_prints"])),
            moves=loads(row["moves"]),
            fields=tuple(loads(row["fields"])),
            losses=tuple(loads(row["losses"])),
            waits_for=tuple(loads(row["waits_for"])),
            hangs_on=_pairs(text(row["hangs_on"])),
            discarded=loads(row["discarded"]),
            elements=tuple(loads(row["elements"])),
            creates=tuple(loads(text(row["creates"]) or "[]")),  # files of older versions have none
            changes=loads(text(row["changes"]) or "{}"),
            counterpart=text(row["counterpart"]),
            files=tuple(loads(text(row["files"]) or "[]")),
        )


def _pairs(staged: str | None) -> tuple[tuple[str, str], ...] | None:
    return None if staged is None else tuple((kind, record_id) for kind, record_id in loads(staged))


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one record: a row of `load_results`. `outcome` is one of `report.OUTCOMES`."""

    proposal: Proposal
    outcome: str
    detail: str = ""
    reason: str = ""
    target_id: str | None = None
    status: int | None = None
    code: str = ""
    message: str = ""
    correlation_id: str = ""
    attempts: int = 0

    @classmethod
    def of(cls, proposal: Proposal, outcome: str, detail: str, answer: WriteResult) -> Result:
        """The result of a write that was sent, with what the API said to it."""
        return cls(
            proposal,
            outcome,
            detail=detail,
            reason=answer.code if outcome == "failed" else "",
            target_id=answer.id,
            status=answer.status,
            code=answer.code,
            message=answer.message,
            correlation_id=answer.correlation_id,
            attempts=1,
        )

    def to_row(self, run_id: str, now: datetime) -> dict[str, Any]:
        """The staged form."""
        return {
            "run_id": run_id,
            "partition": self.proposal.partition,
            "source_day": self.proposal.source_day,
            "source_id": self.proposal.source_id,
            "trigger": self.proposal.trigger,
            "outcome": self.outcome,
            "detail": self.detail or self.proposal.action,
            "case_number": self.proposal.case,
            "rule": self.proposal.rule,
            "reason": self.reason or self.proposal.reason,
            "target_id": self.target_id or self.proposal.target_id,
            "status": self.status,
            "code": self.code,
            "message": self.message,
            "correlation_id": self.correlation_id,
            "attempts": self.attempts,
            "loaded_at": now,
        }


def frame(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Rows as a frame."""
    return pd.DataFrame.from_records(list(rows))


def records(frames: Iterable[pd.DataFrame]) -> Iterator[list[dict[str, Any]]]:
    """Frames as lists of dicts, one per frame."""
    for one in frames:
        columns = [str(name) for name in one.columns]
        yield [dict(zip(columns, row, strict=True)) for row in one.itertuples(index=False, name=None)]


def prints_json(entries: Mapping[str, FieldPrint]) -> str:
    """Fingerprint entries in their staged form."""
    return dumps({name: str(entry) for name, entry in entries.items()})


def prints(staged: Mapping[str, str]) -> dict[str, FieldPrint]:
    """Fingerprint entries from their staged form."""
    return {name: FieldPrint.parse(entry) for name, entry in staged.items()}


def text(value: Any) -> str | None:
    """A text cell; None for an empty one, however pandas spells it."""
    return value if isinstance(value, str) else None


def integer(value: Any) -> int | None:
    """An integer cell; None for an empty one."""
    return None if value is None or pd.isna(value) else int(value)


def moment(value: Any) -> datetime:
    """A time cell, aware and UTC."""
    stamp: datetime = value if type(value) is datetime else pd.Timestamp(value).to_pydatetime()
    return stamp.replace(tzinfo=UTC) if stamp.tzinfo is None else stamp.astimezone(UTC)
