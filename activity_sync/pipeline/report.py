"""The nine counts of a run, per partition, and the sets of ids behind the balance check."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from activity_sync.pipeline.scope import Scope
from activity_sync.rules.values import LAST_ASSOCIATION

if TYPE_CHECKING:  # load pandas and the ledger; the command line wants the names of the counts at once
    from activity_sync.pipeline.progress import Foreseen
    from activity_sync.pipeline.rows import Proposal

OUTCOMES = ("created", "updated", "unchanged", "filtered", "deferred", "held", "failed", "deleted")
COUNTS = ("extracted", *OUTCOMES)
# What a preview counts: the outcomes, and instead of what was written what would be.
PROPOSED = tuple({"created": "create", "updated": "update"}.get(name, name) for name in COUNTS)

# Contacts and companies that would be made first.
RECORDS = "records_to_create"

# What an action that writes nothing counts as.
OUTCOME_OF = {
    "skip": "unchanged",
    "acknowledge": "unchanged",
    "adopt": "unchanged",
    "confirm": "unchanged",
    "keeptarget": "unchanged",
    "relink": "unchanged",
    "forget": "deleted",
    "unlink": "deleted",
    "deletetarget": "deleted",
    "hold": "held",
    "defer": "deferred",
    "filtered": "filtered",
    "fail": "failed",
}


WRITES = frozenset({"create", "update", "adopt", "deletetarget"})
"""The actions that take a load its time."""


def outcome_of(proposal: Proposal) -> str:
    """What a proposal counts as when nothing is written for it; else what it proposes, `create` or `update`."""
    if proposal.reason == LAST_ASSOCIATION:
        return "deferred" if proposal.waits_for else "held"  # whatever else is written
    if proposal.action == "deletetarget" and proposal.body is None:
        return "unchanged"  # the policy leaves the counterpart as it is
    return OUTCOME_OF.get(proposal.action, proposal.action)


@dataclass(frozen=True, slots=True)
class OpenRecord:
    """A record that this run could not carry, for people: nothing of its contents."""

    source_id: str
    outcome: str
    case: int
    reason: str


@dataclass
class StepReport:
    """What one step did, per partition. Every partition of the scope has an entry, zeros included.

    `reached`: the partition at which it is working, "" before the first; None when it is through with all of them.
    `open`: the first of a load's records that failed, are held or wait. `latencies`: how many were written so many
    whole seconds after they had been modified in the source. `overdue`: how many of the flow and type have waited for
    longer than `limits.waiting_days`. `told`: what became of telling source records what their counterpart is, by the
    outcome of the write. `files`: how many files of activities became what. `foreseen`: what the run's first estimate
    was worth, where there was one.
    """

    scope: Scope
    counts: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    _records: set[tuple[str, str]] = field(default_factory=set)
    reached: str | None = ""
    open: list[OpenRecord] = field(default_factory=list)
    latencies: Counter[int] = field(default_factory=Counter)
    overdue: int = 0
    told: Counter[str] = field(default_factory=Counter)
    files: Counter[str] = field(default_factory=Counter)
    foreseen: Foreseen | None = None

    @property
    def finished(self) -> tuple[str, ...]:
        """The partitions with which the step is through, in order: all of them, or those before the one it reached."""
        return tuple(key for key in self.scope.partitions.keys if self.reached is None or key < self.reached)

    def count(self, partition: str, what: str, number: int = 1) -> None:
        """Add to a partition's count."""
        self.counts[partition][what] += number

    def note_records(self, proposal: Proposal) -> None:
        """The records that must be made for a proposal are counted, each in the first partition that needs it."""
        for one in proposal.creates:
            at = (str(one["kind"]), str(one["source_id"]))
            if at not in self._records:
                self._records.add(at)
                self.count(proposal.partition, RECORDS)

    def by_partition(self, names: Sequence[str] = COUNTS) -> dict[str, dict[str, int]]:
        """The named counts, by default all nine, for every partition of the scope."""
        return {key: {name: self.counts[key][name] for name in names} for key in self.scope.partitions.keys}
