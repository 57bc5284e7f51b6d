"""Activities that wait for records they hang on: looked at again when the decision would be another one, not before.

Those that are not written yet wait as `deferred` (case 29), or are held over a record that may be several (case 4); of
those that are written, single associations wait. The missing records of all of them are looked up together, once per
distinct record, by the rules that resolve any reference; the activities themselves are not read.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from datetime import timedelta

from activity_sync.activities.identity import Flow
from activity_sync.activities.kinds import ActivityType
from activity_sync.ledger.outstanding import Outstanding, OutstandingState
from activity_sync.ledger.rows import LinkRow
from activity_sync.pipeline.elements import known
from activity_sync.pipeline.mapping_change import revision_of
from activity_sync.pipeline.resolver import Found, Resolver
from activity_sync.pipeline.scope import Mode, Scope
from activity_sync.pipeline.session import Session
from activity_sync.rules.elements import ElementState, parse_element_key
from activity_sync.rules.values import AMBIGUOUS_RECORD, LAST_ASSOCIATION, Missing, References
from activity_sync.rules.waiting import Key, Waited, ends, references

UNRESOLVED_CASE = 29
REQUIRES_ALL = "require_all"
"""The rule under which a record waits though some of its records are there."""
_LOOKED_AT_AGAIN = timedelta(days=1)


async def released(session: Session, scope: Scope) -> list[str]:
    """The source ids of the activities that are to be decided on again, sorted; only in incremental runs.

    What falls due by itself (`look_again_after`) is not among them.
    """
    if scope.mode is not Mode.INCREMENTAL:
        return []
    rows = {
        row.source_id: row
        for row in session.ledger.list_outstanding(flow=scope.flow.name, activity_type=scope.activity_type)
    }
    links = _half_written(session, scope)
    now, mapping = session.clock(), revision_of(session, scope)
    waited = {one: _half(link, scope) for one, link in links.items()}
    free: set[str] = set()
    for one, row in rows.items():
        if row.state is OutstandingState.FILTERED or (row.next_try is not None and row.next_try <= now):
            waited.pop(one, None)  # what its records say releases it, or it falls due by itself
        elif waits_for_records(row):
            waited[one] = _listed(row)
            if row.mapping not in {"", mapping}:
                free.add(one)
        elif one in waited and row.hangs_on is not None:
            waited[one] = Waited(references(row.hangs_on, row.waits_for), goes_on=True)
    wanted = {key for one in waited.values() for key in _keys(one.references.missing)}
    resolver = Resolver(session, scope, makes=True)
    found = await resolver.look_up(wanted) if wanted else {}
    there = {key for key, one in found.items() if one.target is not None}
    policy = session.policy(scope)
    free |= {
        source_id
        for source_id, one in waited.items()
        if ends(one, policy, there=there, candidates=_candidates(one, found))
    }
    return sorted(free)


def count_overdue(session: Session, flow: Flow, activity_type: ActivityType) -> int:
    """How many of the flow and type have waited for longer than `limits.waiting_days`."""
    before = session.clock() - timedelta(days=session.configuration.limits.waiting_days)
    counted = session.ledger.count_outstanding(before=before)
    return counted.get((flow.name, activity_type, OutstandingState.DEFERRED), 0)


def waits_for_records(row: Outstanding) -> bool:
    """Whether what becomes of its records, or of the configuration, is what releases this activity."""
    if row.reason == LAST_ASSOCIATION:
        return row.state in {OutstandingState.DEFERRED, OutstandingState.HELD}
    if row.state is OutstandingState.HELD:
        return row.reason == AMBIGUOUS_RECORD
    return row.state is OutstandingState.DEFERRED and row.case == UNRESOLVED_CASE and bool(row.waits_for)


def look_again_after(source_id: str) -> timedelta:
    """So long after the last look a waiting activity is read in full: it may hang on something else by now.

    Between half a day and a day, always the same for one activity: what began to wait in one run does not fall due in
    one run.
    """
    share = zlib.crc32(source_id.encode()) / 0xFFFFFFFF
    return _LOOKED_AT_AGAIN * (1 + share) / 2


def _half_written(session: Session, scope: Scope) -> dict[str, LinkRow]:
    """By source id, the linked activities of which associations wait for a counterpart."""
    found: dict[str, LinkRow] = {}
    for link in session.ledger.with_waiting_elements(scope.activity_type):
        source_id = link.sides[scope.flow.source].record_id
        if source_id is not None:
            found[source_id] = link
    return found


def _half(link: LinkRow, scope: Scope) -> Waited:
    """A half-written activity, by what the ledger knows of its associations."""
    elements = {parse_element_key(one.source)[:2]: one.state for one in known(link, scope.flow)}
    missing = [Missing(scope.flow.source, *key) for key, state in elements.items() if state is ElementState.WAITING]
    return Waited(references(elements.keys(), missing), goes_on=True)


def _listed(row: Outstanding) -> Waited:
    hung_on = row.hangs_on
    if hung_on is None:  # listed by an older version, which did not say
        return Waited(References(int(row.rule == REQUIRES_ALL), row.waits_for, row.candidates), row.reason)
    return Waited(references(hung_on, row.waits_for, row.candidates), row.reason)


def _candidates(waited: Waited, found: Mapping[Key, Found]) -> tuple[str, ...]:
    return tuple(
        f"{kind}/{one}"
        for kind, record_id in _keys(waited.references.missing)
        for one in found[kind, record_id].candidates
    )


def _keys(missing: Iterable[Missing]) -> list[Key]:
    return [(one.kind, one.id) for one in missing]
