"""The balance of one run: the same source ids in all four steps."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import dropwhile

from activity_sync.activities.identity import Flow
from activity_sync.activities.kinds import ActivityType, Step
from activity_sync.staging.staging import Staging


@dataclass(frozen=True, slots=True)
class Balance:
    """`unaccounted` maps a source id to the steps that have no row for it."""

    records: int
    unaccounted: dict[str, str]

    @property
    def holds(self) -> bool:
        """Whether every record is accounted for."""
        return not self.unaccounted

    def explain(self) -> str:
        """One sentence for the operator."""
        if self.holds:
            return f"all {self.records} extracted records have exactly one result"
        return (
            f"{len(self.unaccounted)} of {self.records} records are not accounted for; rerun the partition, and if "
            "they remain, `activity-sync trace` shows where each was lost"
        )


def balance(staging: Staging, flow: Flow, activity_type: ActivityType, run_id: str) -> Balance:
    """Compares what the run's steps staged, from the first step that the run has executed to the last."""
    staged = {step: set(staging.source_ids(flow.name, activity_type, step, run_id=run_id)) for step in Step}
    everything = set[str]().union(*staged.values())
    ran = list(dropwhile(lambda step: not staged[step], Step))
    unaccounted = {
        one: ", ".join(step.value for step in ran if one not in staged[step])
        for one in everything
        if any(one not in staged[step] for step in ran)
    }
    return Balance(len(everything), unaccounted)
