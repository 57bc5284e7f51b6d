"""What a run's proposals would do, for people: one line for each record, and the numbers of all of them.

Everything comes from staging, by run. Contents stay there unless they are asked for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from activity_sync.activities.identity import Flow, RecordRef
from activity_sync.activities.kinds import ActivityType, Step
from activity_sync.pipeline.mask import mask
from activity_sync.pipeline.report import outcome_of
from activity_sync.pipeline.rows import Proposal, records
from activity_sync.staging.staging import Staging

UNCHANGED = "unchanged"
_ROWS = 1_000


@dataclass(frozen=True, slots=True)
class Line:
    """What would become of one record. `fields`: those that would be written, `cut`: what would be lost on the way.

    `waits_for`: records that it waits for, or that its filter asks. `creates`: records that would be made first, as the
    originals they are made from. `changes`: by field what the target shows and what it would; empty unless asked for,
    as is `body`.
    """

    record: RecordRef
    outcome: str
    case: int
    reason: str = ""
    rule: str = ""
    target: str | None = None
    fields: tuple[str, ...] = ()
    cut: tuple[str, ...] = ()
    waits_for: tuple[RecordRef, ...] = ()
    creates: tuple[RecordRef, ...] = ()
    changes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None

    def to_json(self) -> dict[str, Any]:
        """As JSON: what is empty is left out, but for the outcome."""
        told: dict[str, Any] = {
            "record": str(self.record),
            "outcome": self.outcome,
            "case": self.case,
            "reason": self.reason,
            "rule": self.rule,
            "target": self.target,
            "fields": list(self.fields),
            "cut": list(self.cut),
            "waits_for": [str(one) for one in self.waits_for],
            "creates": [str(one) for one in self.creates],
            "changes": dict(self.changes),
            "body": self.body,
        }
        always = {"record", "outcome", "case"}
        return {name: value for name, value in told.items() if name in always or value}


@dataclass
class Numbers:
    """Of many lines: how often each field would be written by an update, each thing lost, each record waited for.

    `reasons`: by outcome and reason, of what would not be written.
    """

    fields: Counter[str] = field(default_factory=Counter)
    cut: Counter[str] = field(default_factory=Counter)
    waits_for: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)

    def add(self, lines: Iterable[Line]) -> None:
        """The numbers are those of these lines, too."""
        for one in lines:
            self.cut.update(one.cut)
            if one.outcome == "update":
                self.fields.update(one.fields)
            if one.outcome == "deferred":
                self.waits_for.update(str(each) for each in one.waits_for)
            if one.outcome in {"filtered", "deferred", "held", "failed"}:
                self.reasons[f"{one.outcome}: {one.reason}"] += 1

    def to_json(self) -> dict[str, dict[str, int]]:
        """As JSON, the most frequent first."""
        return {
            "fields": dict(self.fields.most_common()),
            "cut": dict(self.cut.most_common()),
            "waits_for": dict(self.waits_for.most_common()),
            "reasons": dict(self.reasons.most_common()),
        }


def lines_of(
    staging: Staging, flow: Flow, kind: ActivityType, run_id: str, *, contents: bool = False
) -> Iterator[Line]:
    """Every record of a run's transform that would not simply stay as it is, in the order in which it was staged."""
    staged = staging.read(flow.name, kind, Step.TRANSFORMED, run_id=run_id, batch_rows=_ROWS)
    for batch in records(staged):
        for row in batch:
            line = line_of(Proposal.from_row(row), flow, kind, contents=contents)
            if line.outcome != UNCHANGED or line.cut:
                yield line


def line_of(proposal: Proposal, flow: Flow, kind: ActivityType, *, contents: bool = False) -> Line:
    """The line of one proposal."""
    outcome = outcome_of(proposal)
    fields = proposal.fields if outcome == "update" else tuple(proposal.target_prints) if outcome == "create" else ()
    return Line(
        record=RecordRef(flow.source, kind.value, proposal.source_id),
        outcome=outcome,
        case=proposal.case,
        reason=mask(proposal.reason),
        rule=mask(proposal.rule),
        target=None if proposal.target_id is None else str(RecordRef(flow.target, kind.value, proposal.target_id)),
        fields=fields,
        cut=tuple(f"{one['field']} {one['what']}" for one in proposal.losses),
        waits_for=tuple(RecordRef(one["system"], one["kind"], one["id"]) for one in proposal.waits_for),
        creates=tuple(RecordRef(flow.source, one["kind"], one["source_id"]) for one in proposal.creates),
        changes=proposal.changes if contents else {},
        body=proposal.body if contents else None,
    )
