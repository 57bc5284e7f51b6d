"""The heart of the sync: one pure, total function from what is known to what is done.

Every action carries its row of the case table in sync-rules.md. Nothing here does I/O or reads a clock, and both
flows may decide on the same link in either order: each writes its own half (see `merge`).
"""

from __future__ import annotations

from activity_sync.rules.actions import Action
from activity_sync.rules.linked import decide_linked
from activity_sync.rules.pending import decide_pending
from activity_sync.rules.tombstoned import decide_tombstoned
from activity_sync.rules.unlinked import decide_unlinked
from activity_sync.rules.values import Link, Linked, NoLink, Observation, Pending, Policy, Tombstoned

__all__ = ["decide"]


def decide(link: Link, source: Observation, target: Observation, policy: Policy) -> Action:
    """What to do about one activity of a flow's source. Total: never raises, whatever is put in.

    `ReadSource`, `ReadTarget` and `ReadTimes` ask for one more look; a look that was tried and showed nothing new
    leaves the record deferred (case 21). A write that meets a moved version is decided again (case 31).
    """
    match link:
        case NoLink():
            return decide_unlinked(link, source, target, policy)
        case Pending():
            return decide_pending(link, source, target, policy)
        case Linked():
            return decide_linked(link, source, target, policy)
        case Tombstoned():
            return decide_tombstoned(link, source, target, policy)
