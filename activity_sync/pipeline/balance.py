"""The balance of one run: the same source ids in all four steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from activity_sync.activities.identity import Flow
from activity_sync.activities.kinds import ActivityType, Step
from activity_sync.staging.comparing import Rows
from activity_sync.staging.staging import Staging


@dataclass(frozen=True, slots=True)
class Balance:
    """`examples` maps some of the unaccounted source ids to the steps that have no row for them."""

    records: int
    unaccounted: int
    examples: dict[str, str]

    @property
    def holds(self) -> bool:
        """Whether every record is accounted for."""
        return not self.unaccounted

    def explain(self) -> str:
        """One sentence for the operator."""
        if self.holds:
            return f"all {self.records} extracted records have exactly one result"
        return (
            f"{self.unaccounted} of {self.records} records are not accounted for; rerun the partition, and if "
            "they remain, `activity-sync trace` shows where each was lost"
        )


def balance(
    staging: Staging,
    flow: Flow,
    activity_type: ActivityType,
    *,
    run_id: str,
    ran: Sequence[Step],
    span: tuple[str, str] | None,
) -> Balance:
    """Compares the source ids that the run's steps staged.

    `ran`: the steps that the run executed, in order. One that ran without the step before it took that step's newest
    rows in the run's partitions (`span`: the first and the last), so those are what it has to account for. A run that
    executed none, as when the checks are repeated after their run's worker died or are asked for in the UI, judges the
    run that loaded last.
    """
    if not ran:
        newest = staging.newest_run(flow.name, activity_type, partitions=span)
        if newest is None:
            return Balance(0, 0, {})
        run_id, span, ran = newest.run_id, newest.partitions, _from(newest.first_step)
    before = list(Step)[: list(Step).index(ran[0])][-1:]
    compared = staging.compare(
        flow.name,
        activity_type,
        {step: Rows(partitions=span) for step in before} | {step: Rows(run_id=run_id) for step in ran},
    )
    lacks = {one: ", ".join(step.value for step in steps) for one, steps in compared.examples.items()}
    return Balance(compared.records, compared.lacking, lacks)


def _from(first: Step) -> list[Step]:
    steps = list(Step)
    return steps[steps.index(first) :]
