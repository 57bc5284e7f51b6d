"""A mapping that changed since the last run is itself a change: carried on the next whole pass, not by surprise."""

from __future__ import annotations

from activity_sync.ledger.reads import Read
from activity_sync.pipeline.scope import Mode, Scope, midnight
from activity_sync.pipeline.session import Session


def is_remapped(session: Session, scope: Scope) -> bool:
    """Whether this pass compares what it reads under a mapping that the links were not compared under before."""
    if scope.mode is not Mode.WHOLE:
        return False
    known = session.ledger.mapping_revision(_name(scope))
    return known is not None and known != revision_of(session, scope)


def note_mapping(session: Session, scope: Scope, read: Read) -> None:
    """After a flow's first pass, and after a whole one over all of history, its links are those of this mapping."""
    known, present = session.ledger.mapping_revision(_name(scope)), revision_of(session, scope)
    everything = read.covers is not None and read.begins <= midnight(session.configuration.start_date)
    if known is None or (known != present and scope.mode is Mode.WHOLE and everything):
        session.ledger.store_mapping_revision(_name(scope), present)


def revision_of(session: Session, scope: Scope) -> str:
    """The mapping of both systems, as a short hash each."""
    return f"{session.source(scope).translator.revision}:{session.target(scope).translator.revision}"


def _name(scope: Scope) -> str:
    return f"{scope.flow.name}/{scope.activity_type}"
