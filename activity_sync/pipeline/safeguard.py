"""Stops a run that looks like an accident, before its first write. The checks are `rules/safeguards.py`."""

from __future__ import annotations

from collections.abc import Mapping

from activity_sync.errors import SafeguardTripped
from activity_sync.pipeline.scope import Scope
from activity_sync.pipeline.session import Session
from activity_sync.rules.safeguards import RunCounts, Thresholds, Trip, check_counts

_WRITTEN = frozenset({"update", "keeptarget"})
_COMPARED = _WRITTEN | {"skip", "acknowledge"}
_DELETED = frozenset({18, 20})
_UNLINKED = frozenset({5, 22, 23, 24, 26})


def guard_listing(session: Session, scope: Scope, listed: int | None) -> None:
    """A complete listing that is empty although there are links. SafeguardTripped."""
    if listed == 0:
        _stop(session, scope, RunCounts(links=_links(session, scope), listed=0))


def guard_proposals(session: Session, scope: Scope, proposed: Mapping[tuple[str, int], int]) -> None:
    """What the whole run means to do: too many deletes, or everything changed. SafeguardTripped.

    `proposed`: how many proposals there are of each action and case.
    """
    deletes = sum(number for (_, case), number in proposed.items() if case in _DELETED)
    of_links = {key: number for key, number in proposed.items() if key[0] in _COMPARED and key[1] not in _UNLINKED}
    compared = sum(of_links.values())
    changed = sum(number for (action, _), number in of_links.items() if action in _WRITTEN)
    least = session.configuration.safeguards.links
    if deletes > least or compared > least:
        _stop(
            session,
            scope,
            RunCounts(links=_links(session, scope), deletes=deletes, compared=compared, changed=changed),
        )


def _links(session: Session, scope: Scope) -> int:
    return len(session.ledger.linked_ids(scope.flow.source, scope.activity_type))


def _stop(session: Session, scope: Scope, counts: RunCounts) -> None:
    setting = session.configuration.safeguards
    trips: tuple[Trip, ...] = check_counts(
        counts,
        overridden=setting.override,
        thresholds=Thresholds(links=setting.links, delete_share=setting.delete_share),
    )
    if trips:
        raise SafeguardTripped(
            f"{scope.flow.name}/{scope.activity_type}: " + " ".join(trip.message for trip in trips),
            system=scope.flow.source,
            setting="safeguards.override",
        )
