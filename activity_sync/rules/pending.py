"""An announced create whose end is unknown: confirm, repeat under the same key, wait or forget (cases 6 to 10)."""

from __future__ import annotations

from activity_sync.rules.actions import (
    Action,
    Confirm,
    Create,
    Defer,
    Fail,
    Forget,
    Hold,
    ReadSource,
    ReadTarget,
)
from activity_sync.rules.references import hinder_create
from activity_sync.rules.values import Gone, GoneHow, Observation, Pending, Policy, Present, Unseen


def decide_pending(link: Pending, source: Observation, target: Observation, policy: Policy) -> Action:
    """Decide on a create that may or may not have happened. `target` says nothing that `link.found` does not."""
    if link.found is not None:
        return Confirm(case=6, target_id=link.found)
    if not link.settleable:
        # Nothing in the target carries the key: repeating could duplicate, forgetting could orphan.
        return Hold(case=9, reason="uncertain_create")
    if not (link.looked or link.certain):
        return ReadTarget(case=9)
    if not link.certain:
        return Defer(case=9, reason="search_lag")
    match source:
        case Unseen() | Gone(back_again=True):
            return ReadSource(case=10)
        case Gone() | Present(merged_into=str()):
            return Forget(case=8, reason="gone before it was created")
        case Present(invalid=(rule, reason)):
            return Fail(case=28, reason=reason, rule=rule)
    if isinstance(target, Gone) and target.how is GoneHow.ERASED:
        return Forget(case=8, reason="erased")
    return hinder_create(source, policy) or Create(case=7, generation=link.generation)
