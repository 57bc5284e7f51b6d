"""Whether an activity may be written as far as the records it hangs on are concerned (cases 29 and 30)."""

from __future__ import annotations

from activity_sync.rules.actions import Defer, Filtered
from activity_sync.rules.values import Policy, Present, Require, Unresolved


def hinder_create(source: Present, policy: Policy) -> Defer | Filtered | None:
    """Why the activity cannot be created in the target now; None when it can."""
    references = source.references
    if not references.hangs_on_something:
        if policy.needs_association and policy.unresolved is not Unresolved.LOAD_UNASSOCIATED:
            return Filtered(case=30, reason="no_association")
        return None
    if not references.resolved and policy.unresolved is Unresolved.SKIP:
        return Filtered(case=29, reason="unresolved")
    return hinder_update(source, policy)


def hinder_update(source: Present, policy: Policy) -> Defer | None:
    """Why a linked activity's changes cannot be written now; None when they can."""
    references = source.references
    if not references.missing:
        return None
    if references.resolved and policy.require is Require.ANY:
        return None
    if not references.resolved and policy.unresolved is not Unresolved.DEFER:
        return None
    return Defer(case=29, reason="unresolved", waits_for=references.missing)
