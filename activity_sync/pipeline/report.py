"""The nine counts of a run, per partition, and the sets of ids behind the balance check."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from activity_sync.pipeline.scope import Scope

OUTCOMES = ("created", "updated", "unchanged", "filtered", "deferred", "held", "failed", "deleted")
COUNTS = ("extracted", *OUTCOMES)


@dataclass
class StepReport:
    """What one step did, per partition. Every partition of the scope has an entry, zeros included."""

    scope: Scope
    counts: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    actions: Counter[str] = field(default_factory=Counter)

    def count(self, partition: str, what: str, number: int = 1) -> None:
        """Add to a partition's count."""
        self.counts[partition][what] += number

    def total(self, what: str) -> int:
        """A count over all partitions."""
        return sum(counter[what] for counter in self.counts.values())

    def by_partition(self) -> dict[str, dict[str, int]]:
        """All nine counts for every partition of the scope."""
        return {key: {name: self.counts[key][name] for name in COUNTS} for key in self.scope.partitions.keys}
