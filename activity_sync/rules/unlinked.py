"""No link: create, adopt, filter or leave (cases 1 to 5, 28 to 30, 32)."""

from __future__ import annotations

from activity_sync.rules.actions import Action, Create, Fail, Hold, ReadSource, ReadTarget, Skip
from activity_sync.rules.adopt import adopt
from activity_sync.rules.references import filtered, hinder_create
from activity_sync.rules.values import Gone, GoneHow, NoLink, Observation, Policy, Present, Unseen


def decide_unlinked(link: NoLink, source: Observation, target: Observation, policy: Policy) -> Action:
    """Decide on a source record without a counterpart."""
    match source:
        case Gone(back_again=True):
            return ReadSource(case=5)
        case Unseen() | Gone():
            return Skip(case=5, reason="nothing to carry")
        case Present(merged_into=str()):
            return Skip(case=5, reason="merged into another record, which is carried in its own right")
        case Present(invalid=(rule, reason)):
            return Fail(case=28, reason=reason, rule=rule)
        case Present(passes_filter=False):
            return filtered(source)
    if len(link.matches) > 1 or (link.matches and link.rivals):
        return Hold(case=4, reason="ambiguous", candidates=link.matches, rivals=link.rivals)
    match target:
        case Gone(how=GoneHow.ERASED):
            return Skip(case=5, reason="erased")
        case Present() if link.matches:
            return adopt(source, target, policy, target_id=link.matches[0])
        case Unseen() | Gone(back_again=True) if link.matches:
            return ReadTarget(case=2)
    # A match that is gone is no match.
    return hinder_create(source, policy) or Create(case=1)
