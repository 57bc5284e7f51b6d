"""An ended link: it stands, unless a person brings the activity back (cases 23 to 26)."""

from __future__ import annotations

from dataclasses import replace

from activity_sync.rules.actions import Action, Create, DeleteTarget, Fail, Hold, ReadSource, ReadTarget, Skip
from activity_sync.rules.adopt import adopt_again
from activity_sync.rules.references import filtered, hinder_create
from activity_sync.rules.settle import read_side
from activity_sync.rules.values import (
    Delete,
    Gone,
    GoneHow,
    Observation,
    Policy,
    Present,
    Restore,
    Tombstoned,
    Unseen,
)


def decide_tombstoned(link: Tombstoned, source: Observation, target: Observation, policy: Policy) -> Action:
    """Decide on an activity whose link was ended."""
    match source:
        case Gone(back_again=True):
            return ReadSource(case=24)
        case Unseen():
            return Skip(case=22, reason="not seen")
        case Gone() if link.delete_due and policy.delete is not Delete.IGNORE and not link.target_linked:
            return _delete_due(link, target, policy)
        case Gone() | Present(merged_into=str()):
            return Skip(case=26, reason="gone")
        case Present(invalid=(rule, reason)):
            return Fail(case=28, reason=reason, rule=rule)
    if link.erased:
        return Skip(case=23, reason="erased")
    came_back = link.source_gone or bool(read_side(link.source, source).changed & link.mapped)
    match target:
        case Present() if link.target_linked:
            return Hold(case=25, reason="counterpart_linked", candidates=(link.target_id,))
        case Present():
            return adopt_again(link, source, target)
        case Gone(how=GoneHow.ERASED):
            return Skip(case=23, reason="erased")
        case Gone(back_again=True):
            return ReadTarget(case=24)
        case Unseen() | Gone() if not came_back:
            return Skip(case=23, reason="unlinked")
        case Unseen() if not link.target_id:
            # It was gone before it was created: nobody has deleted anything in the target.
            return bring_back(source, replace(policy, restore=Restore.CREATE), case=24, generation=link.generation + 1)
        case Unseen():
            return ReadTarget(case=24)
        case Gone():
            return bring_back(source, policy, case=24, generation=link.generation + 1)


def _delete_due(link: Tombstoned, target: Observation, policy: Policy) -> Action:
    """The mirror flow saw the delete first (case 19); what it means for the target is this flow's to say (case 18)."""
    match target:
        case Unseen() | Gone(back_again=True):
            return ReadTarget(case=18)
        case Gone():
            return Skip(case=26, reason="gone")
        case Present():
            if read_side(link.target, target, link.plan_prints).changed:
                return Hold(case=18, reason="edited_before_delete")
            return DeleteTarget(case=18, how=policy.delete)


def bring_back(source: Present, policy: Policy, *, case: int, generation: int) -> Action:
    """What an edit or a return does after a delete in the target (cases 17 and 24)."""
    if policy.restore is Restore.HOLD:
        return Hold(case=case, reason="edited_after_delete")
    if policy.filter_always and not source.passes_filter:
        return filtered(source)
    return hinder_create(source, policy) or Create(case=case, reason="restored", generation=generation)
