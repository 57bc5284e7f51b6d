"""What becomes of a held record once a person has decided: pure, and by the same rules as everything else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum

from activity_sync.rules.actions import (
    Action,
    Confirm,
    Create,
    DeleteTarget,
    Filtered,
    Hold,
    Moves,
    Skip,
    Unlink,
)
from activity_sync.rules.decide import decide
from activity_sync.rules.references import hinder_create
from activity_sync.rules.values import Delete, Link, Linked, NoLink, Observation, Policy, Present, Restore


class Decision(StrEnum):
    """What a person may decide. Which of them fit, the reason for which the record is held says.

    CREATE: create it (again) in the target. LINK: it is the target's record that is named with it. KEEP: leave both
    sides as they are; an ended link stays ended. DELETE: carry the delete all the same. RELEASE: write again, it does
    not oscillate. APART: it is not the target's record that is named with it, whatever the match rule says, for good.
    """

    CREATE = "create"
    LINK = "link"
    KEEP = "keep"
    DELETE = "delete"
    RELEASE = "release"
    APART = "apart"


_FITTING: Mapping[str, tuple[Decision, ...]] = {
    "ambiguous": (Decision.LINK, Decision.CREATE, Decision.KEEP),
    "edited_after_delete": (Decision.CREATE, Decision.KEEP),
    "edited_before_delete": (Decision.DELETE, Decision.KEEP),
    "uncertain_create": (Decision.LINK, Decision.CREATE),
    "oscillating": (Decision.RELEASE, Decision.KEEP),
}


def fitting(reason: str) -> tuple[Decision, ...]:
    """What a person may decide about a record that is held for this reason; nothing where a decision has no effect.

    `closed` is the policy's to change; `merged` and `counterpart_linked` end when one of the two records does.
    """
    return _FITTING.get(reason, ())


def decide_as_chosen(  # noqa: PLR0917 the four of `decide`, and what was chosen about them
    held: Hold,
    link: Link,
    source: Observation,
    target: Observation,
    policy: Policy,
    decision: Decision,
    *,
    other_id: str = "",
) -> Action:
    """The action in place of `held`; `held` itself where the decision does not fit it (any more)."""
    match held.reason, decision:
        case "ambiguous", Decision.LINK if isinstance(link, NoLink):
            return decide(NoLink((other_id,)), source, target, policy)
        case "ambiguous", Decision.CREATE if isinstance(link, NoLink):
            return decide(NoLink(), source, target, policy)
        case "ambiguous", Decision.KEEP:
            return Filtered(case=held.case, reason="kept_by_choice")
        case "edited_after_delete", Decision.CREATE:
            return decide(link, source, target, replace(policy, restore=Restore.CREATE))
        case "edited_after_delete", Decision.KEEP if isinstance(source, Present):
            moves = Moves(source=dict(source.prints), source_settled=True)
            return (Unlink if isinstance(link, Linked) else Skip)(case=held.case, reason="kept_by_choice", moves=moves)
        case "edited_before_delete", Decision.DELETE:
            how = Delete.ARCHIVE if policy.delete is Delete.IGNORE else policy.delete
            return DeleteTarget(case=held.case, reason="chosen", how=how)
        case "edited_before_delete", Decision.KEEP:
            # What was edited there is known now: it is no reason for the mirror flow to bring the deleted record back.
            moves = Moves(target=dict(target.prints), target_settled=True) if isinstance(target, Present) else Moves()
            return DeleteTarget(case=held.case, reason="kept_by_choice", how=Delete.IGNORE, moves=moves)
        case "uncertain_create", Decision.LINK:
            return Confirm(case=held.case, reason="chosen", target_id=other_id)
        case "uncertain_create", Decision.CREATE:
            hindered = hinder_create(source, policy) if isinstance(source, Present) else None
            return hindered or Create(case=held.case, reason="chosen", generation=getattr(link, "generation", 0))
        case "oscillating", Decision.RELEASE if isinstance(link, Linked):
            return decide(replace(link, oscillating=False), source, target, policy)
        case "oscillating", Decision.KEEP if isinstance(source, Present):
            moves = Moves(source=dict(source.prints), source_settled=True)
            return Skip(case=held.case, reason="kept_by_choice", moves=moves)
    return held
