"""The balance of one run: the same source ids in all four steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

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


def balance(
    staging: Staging,
    flow: Flow,
    activity_type: ActivityType,
    *,
    run_id: str,
    ran: Sequence[Step],
    span: tuple[str, str],
) -> Balance:
    """Compares the source ids that the run's steps staged.

    `ran`: the steps that the run executed, in order. One that ran without the step before it took that step's newest
    rows in the run's partitions (`span`: the first and the last), so those are what it has to account for.
    """
    staged = {step: set(staging.source_ids(flow.name, activity_type, step, run_id=run_id)) for step in ran}
    before = list(Step)[: list(Step).index(ran[0])][-1:]
    staged |= {step: set(staging.source_ids(flow.name, activity_type, step, partitions=span)) for step in before}
    everything = set[str]().union(*staged.values())
    missing = {one: [step.value for step in Step if step in staged and one not in staged[step]] for one in everything}
    return Balance(len(everything), {one: ", ".join(steps) for one, steps in missing.items() if steps})
