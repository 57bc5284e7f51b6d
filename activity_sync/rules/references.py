"""Whether an activity may be written as far as the records it hangs on are concerned (cases 4, 29 and 30)."""

from __future__ import annotations

from activity_sync.rules.actions import Defer, Filtered, Hold
from activity_sync.rules.values import (
    AMBIGUOUS_RECORD,
    LAST_ASSOCIATION,
    Policy,
    Present,
    References,
    Require,
    Unresolved,
)


def hinder_create(source: Present, policy: Policy) -> Defer | Filtered | Hold | None:
    """Why the activity cannot be created in the target now; None when it can."""
    references = source.references
    if not references.hangs_on_something:
        if policy.keeps_last:
            return Filtered(case=30, reason="no_association")
        return None
    if references.ambiguous:
        # case 4: whom it hangs on is not guessed, and it is not written with the others alone either
        return _held(references)
    if not references.resolved and policy.unresolved is Unresolved.SKIP:
        return Filtered(case=29, reason="unresolved")
    return hinder_update(references, policy)


def hinder_update(references: References, policy: Policy) -> Defer | Hold | None:
    """Why a linked activity's changes cannot be written now; None when they can.

    A record that was added and may be several waits, as one that is missing does.
    """
    if not references.missing:
        return None
    if references.resolved and policy.require is Require.ANY:
        return None
    if not references.resolved and policy.unresolved is not Unresolved.DEFER:
        return None
    if references.ambiguous:
        return _held(references)
    return Defer(case=29, reason="unresolved", waits_for=references.missing)


def keep_last(source: Present, policy: Policy) -> Defer | Hold | None:
    """Why what the source took away stays in the target; None where it goes.

    What waits may replace it; else it stays until people hang the activity on something.
    """
    if not (source.associations.leaves_none and policy.keeps_last):
        return None
    if missing := source.references.missing:
        return Defer(case=29, reason=LAST_ASSOCIATION, waits_for=missing)
    return Hold(case=30, reason=LAST_ASSOCIATION)


def filtered(source: Present) -> Filtered:
    """Case 32: the record does not pass the filter."""
    return Filtered(case=32, reason=source.filtered_by or "filter")


def _held(references: References) -> Hold:
    return Hold(case=4, reason=AMBIGUOUS_RECORD, candidates=references.ambiguous)
