"""A living link: carry, merge, acknowledge, delete or unlink (cases 11 to 22, 27, 33)."""

from __future__ import annotations

from activity_sync.rules.actions import (
    Action,
    Defer,
    DeleteTarget,
    Fail,
    Forget,
    Hold,
    ReadSource,
    ReadTarget,
    ReadTimes,
    Relink,
    Skip,
    Unlink,
)
from activity_sync.rules.carry import carry, carry_nothing
from activity_sync.rules.references import filtered
from activity_sync.rules.settle import Reading, read_side
from activity_sync.rules.tombstoned import bring_back
from activity_sync.rules.values import (
    Delete,
    Gone,
    GoneHow,
    Linked,
    Observation,
    Policy,
    Present,
    Unseen,
)


def decide_linked(link: Linked, source: Observation, target: Observation, policy: Policy) -> Action:
    """Decide on an activity that has a counterpart."""
    match source:
        case Unseen():
            return Skip(case=22, reason="not seen")
        case Gone(back_again=True):
            return ReadSource(case=21)
        case Gone():
            return _source_gone(link, target, policy)
        case Present(merged_into=str(survivor)):
            if link.survivor_linked:
                return Hold(case=33, reason="merged", candidates=(survivor,))
            return Relink(case=33, survivor=survivor)
        case Present(invalid=(rule, reason)):
            return Fail(case=28, reason=reason, rule=rule)
        case Present():
            return _source_present(link, source, target, policy)


def _source_gone(link: Linked, target: Observation, policy: Policy) -> Action:
    match target:
        case Unseen() | Gone(back_again=True):
            return ReadTarget(case=21)
        case Gone():
            return Forget(case=20, reason="gone on both sides")
        case Present():
            theirs = read_target(link, target)
            # With `ignore` in a one-way sync nothing of the target is at stake: its edits are its own.
            at_stake = policy.two_way or policy.delete is not Delete.IGNORE
            if theirs.changed and at_stake:
                return Hold(case=18, reason="edited_before_delete")
            if theirs.undated and at_stake:
                return ReadTimes(case=18, fields=tuple(sorted(theirs.undated)))
            return DeleteTarget(case=18, how=policy.delete)


def _source_present(link: Linked, source: Present, target: Observation, policy: Policy) -> Action:
    ours = read_side(link.source, source, link.plan_prints if link.plan_on_source else ())
    edited = bool(ours.changed & source.projected.keys())
    match target:
        case Gone(back_again=True):
            return ReadTarget(case=21)
        case Gone() if not edited or target.how is GoneHow.ERASED:
            return Unlink(case=19, reason="erased" if target.how is GoneHow.ERASED else "deleted in the target")
        case Gone():
            return bring_back(source, policy, case=17, generation=link.generation + 1)
        case Present() if link.plan_on_source:
            # The source shows half of our own write, and the mirror flow alone can finish it.
            return Defer(case=31, reason="write_unfinished")
    wanted = edited or bool(source.associations)
    # A half-done write is finished first: a filter must not leave a record reopened.
    if wanted and policy.filter_always and not source.passes_filter and not link.plan_prints:
        return filtered(source)
    if isinstance(target, Unseen):
        if wanted or link.plan_prints or policy.remapped:
            return ReadTarget(case=21)
        return carry_nothing(link, source, ours)
    theirs = read_target(link, target)
    return carry(link, source, target, policy, ours=ours, theirs=theirs)


def read_target(link: Linked, target: Present) -> Reading:
    """The target against its base, with what an unfinished write of this flow's left there."""
    if link.plan_on_source:
        return read_side(link.target, target)
    return read_side(link.target, target, link.plan_prints, plan_since=link.plan_since)
