"""Whether a proposal rests on what its source shows now, as far as our own writes have changed that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from activity_sync.ledger.rows import LinkVersion
from activity_sync.pipeline.rows import Proposal
from activity_sync.pipeline.scope import Scope
from activity_sync.pipeline.session import Session
from activity_sync.systems.records import SourceRecord


async def outdated(
    session: Session, scope: Scope, proposals: Sequence[Proposal], links: Mapping[str, LinkVersion]
) -> set[str]:
    """The source ids of updates that were decided on an older state of the source than the ledger knows.

    Another run may have written to the source after this one had read it and before it asked the ledger: then the
    values of before look like a person's edit, and would be carried over the newer ones. `links` are read after the
    decision. Where versions tell which came first the ledger's knowledge suffices. Elsewhere the records are read
    again: the version that a write leaves there need not be known.
    """
    reader, kind = session.source(scope).reader, scope.activity_type
    behind: set[str] = set()
    unsure: dict[str, str | None] = {}
    for one in proposals:
        if one.action != "update" or (row := links.get(one.source_id)) is None:
            continue
        known = row.record_version
        if known is None or one.modified_at is None or not reader.versions_are_ordered:
            unsure[one.source_id] = one.source_version
        elif reader.is_behind(SourceRecord(one.source_id, one.modified_at, {}, version=one.source_version), known):
            behind.add(one.source_id)
    if not unsure:
        return behind
    present = await reader.read(kind, list(unsure))
    return behind | {
        one
        for one, version in unsure.items()
        if (now := present.get(one)) is None or now.gone or now.version != version
    }
