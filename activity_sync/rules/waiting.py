"""Whether an activity that waits would be decided on differently by now, as far as its records are concerned. Pure.

What it hangs on was remembered when it was decided on; a look at the records that were missing says what has changed.
So it is read again, and decided on again, exactly when that is worth it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from activity_sync.rules.references import hinder_update
from activity_sync.rules.values import AMBIGUOUS_RECORD, LAST_ASSOCIATION, Missing, Policy, References

Key = tuple[str, str]
"""Kind and id of a record of the source."""


@dataclass(frozen=True, slots=True)
class Waited:
    """An activity as it was last decided on. `reason`: why it waits, or is held.

    `references`: how its records resolved then. `goes_on`: it was not kept from being written for lack of records: it
    was written and some associations wait, or it is held, or was refused, for something else.
    """

    references: References
    reason: str = ""
    goes_on: bool = False


def ends(waited: Waited, policy: Policy, *, there: Collection[Key], candidates: Collection[str]) -> bool:
    """Whether the decision would be another one.

    `there`: the records, of any that are missing, that resolve now. `candidates`: the target's records among which
    there is no telling now, for those that this activity lacks.
    """
    before = waited.references
    missing = tuple(one for one in before.missing if (one.kind, one.id) not in there)
    found = len(before.missing) - len(missing)
    now = References(before.resolved + found, missing, tuple(candidates))
    if waited.reason == AMBIGUOUS_RECORD:
        return bool(found) or set(candidates) != set(before.ambiguous)
    if waited.reason == LAST_ASSOCIATION and not policy.keeps_last:
        return True
    if waited.goes_on or waited.reason == LAST_ASSOCIATION:
        return bool(found) and hinder_update(now, policy) is None
    return bool(candidates) or hinder_update(now, policy) is None


def references(hung_on: Collection[Key], missing: Collection[Missing], ambiguous: Collection[str] = ()) -> References:
    """How the records that an activity hung on resolved, of which these were missing."""
    unresolved = {(one.kind, one.id) for one in missing}
    return References(len(set(hung_on) - unresolved), tuple(dict.fromkeys(missing)), tuple(ambiguous))
