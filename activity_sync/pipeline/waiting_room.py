"""Activities that wait for records they hang on: released when one of these appears, and looked at no more often.

Those that are not written yet wait as `deferred` (case 29); of those that are, single associations wait. The missing
records of both are looked up together, once per distinct record, by the rules that resolve any reference.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import timedelta

from activity_sync.ledger.outstanding import Outstanding, OutstandingState
from activity_sync.pipeline.elements import known
from activity_sync.pipeline.resolver import Resolver
from activity_sync.pipeline.scope import Mode, Scope
from activity_sync.pipeline.session import Session
from activity_sync.rules.elements import ElementState, parse_element_key
from activity_sync.rules.values import Require, Unresolved

UNRESOLVED_CASE = 29
REQUIRES_ALL = "require_all"
"""The rule under which a record waits though some of its records are there."""
LOOKED_AT_AGAIN = timedelta(days=1)
"""So long after the last look a waiting activity is read in full: it may hang on something else by now."""

Key = tuple[str, str]
"""Kind and id of a record of the source."""


async def released(session: Session, scope: Scope) -> list[str]:
    """The source ids of the activities that need not wait any longer, sorted; only in incremental runs.

    What falls due by itself (`LOOKED_AT_AGAIN`) is not among them.
    """
    if scope.mode is not Mode.INCREMENTAL:
        return []
    deferred = _deferred(session, scope)
    halves = _half_written(session, scope)
    wanted = {key for row in deferred for key in _missing(row)} | {key for keys in halves.values() for key in keys}
    if not wanted:
        return []
    resolver = Resolver(session, scope, makes=True)
    there = await resolver.resolvable(wanted)
    policy = session.policy(scope)
    free = {row.source_id for row in deferred if _is_free(row, there, policy.require, policy.unresolved)}
    return sorted(free | {one for one, keys in halves.items() if keys & there})


def count_overdue(session: Session, scope: Scope) -> int:
    """How many of the flow and type have waited for longer than `limits.waiting_days`."""
    before = session.clock() - timedelta(days=session.configuration.limits.waiting_days)
    rows = session.ledger.list_outstanding(
        OutstandingState.DEFERRED, flow=scope.flow.name, activity_type=scope.activity_type
    )
    return sum(row.since < before for row in rows)


def waits_for_records(row: Outstanding) -> bool:
    """Whether it is a record's appearance that releases this activity."""
    return row.state is OutstandingState.DEFERRED and row.case == UNRESOLVED_CASE and bool(row.waits_for)


def _deferred(session: Session, scope: Scope) -> list[Outstanding]:
    now = session.clock()
    rows = session.ledger.list_outstanding(
        OutstandingState.DEFERRED, flow=scope.flow.name, activity_type=scope.activity_type
    )
    return [row for row in rows if waits_for_records(row) and (row.next_try is None or row.next_try > now)]


def _half_written(session: Session, scope: Scope) -> dict[str, frozenset[Key]]:
    """By source id, the records of linked activities whose associations wait for a counterpart."""
    found: dict[str, frozenset[Key]] = {}
    for link in session.ledger.with_waiting_elements(scope.activity_type):
        source_id = link.sides[scope.flow.source].record_id
        waiting = frozenset(
            parse_element_key(element.source)[:2]
            for element in known(link, scope.flow)
            if element.state is ElementState.WAITING
        )
        if source_id is not None and waiting:
            found[source_id] = waiting
    return found


def _is_free(row: Outstanding, there: Collection[Key], require: Require, unresolved: Unresolved) -> bool:
    missing = set(_missing(row))
    if unresolved is not Unresolved.DEFER:
        return True  # the policy has changed: it waits no more
    if require is Require.ALL:
        return missing <= set(there)
    return row.rule == REQUIRES_ALL or bool(missing & set(there))


def _missing(row: Outstanding) -> Iterable[Key]:
    return ((one.kind, one.id) for one in row.waits_for)
