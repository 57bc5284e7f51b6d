"""A new ledger in front of systems that an earlier one has filled: it is rebuilt before anything is decided."""

from __future__ import annotations

import logging

from activity_sync.activities.identity import key_bytes
from activity_sync.activities.kinds import Step
from activity_sync.pipeline.rebuild import rebuild
from activity_sync.pipeline.scope import Scope
from activity_sync.pipeline.session import Session

_log = logging.getLogger(__name__)


async def recall(session: Session, scope: Scope) -> None:
    """The ledger knows the copies of this type that were made before it was begun.

    Asked once in a ledger's life and type, and answered for nothing where no record has a place for our keys: what a
    system's own ids tell is in the rows just read. Stopped halfway, it is asked again.
    """
    kind = scope.activity_type
    if not session.ledger.keys_unread(kind):
        return
    read = session.staging.source_ids(scope.flow.name, kind, Step.EXTRACTED, run_id=scope.input_run)
    if not read:
        return  # nothing is to be decided yet, and a call for nothing
    if any(key_bytes(one) is not None for one in read) or await _holds_keys(session, scope):
        found = await rebuild(session, kind)
        _log.warning(
            "event=ledger_was_lost type=%s linked=%d not_rebuilt=%d remedy=%s",
            kind,
            found.linked,
            len(found.not_rebuilt),
            "rebuilt from the keys in both systems; activity-sync ledger rebuild names what is missing",
        )
    session.ledger.note_keys_read(kind)


async def _holds_keys(session: Session, scope: Scope) -> bool:
    return any([await system.reader.holds_keys(scope.activity_type) for system in session.systems.values()])
