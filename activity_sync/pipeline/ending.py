"""How a link ends, and what an ended one remembers: who was gone, who was erased, and who has still to hear of it."""

from __future__ import annotations

from dataclasses import replace

from activity_sync.activities.fingerprint import Fingerprint
from activity_sync.ledger.rows import LinkChange, LinkRow, LinkState, Tombstone
from activity_sync.pipeline.rows import Proposal, prints
from activity_sync.pipeline.scope import Scope
from activity_sync.pipeline.session import Session
from activity_sync.rules.values import Delete

ENDING = frozenset({"forget", "unlink", "deletetarget"})
"""The actions after which a link is ended."""


def ended(session: Session, scope: Scope, proposal: Proposal, row: LinkRow, *, target_gone: bool = False) -> LinkChange:
    """The change that ends the link. `target_gone`: our own write has deleted the target."""
    flow = scope.flow
    gone = set(row.tombstone.gone) if row.tombstone else set()
    due = ""
    seen: Fingerprint = {}
    match proposal.action:
        case "forget":
            gone |= {flow.source, flow.target}
        case "unlink":
            gone.add(flow.target)
            # Only the mirror flow writes to the source; it has its own policy for that.
            due = flow.target if _mirror_deletes(session, scope) and not kept(proposal) else ""
            seen = proposal.source_prints  # no edit, or there would be no end: at most what we ourselves left there
        case _:
            gone |= {flow.source, flow.target} if target_gone else {flow.source}
    moves = proposal.moves
    # The mirror flow's own write to the source, of unknown end, is for that flow to recognise when it acts.
    unfinished = bool(due) and (row.plan or {}).get("writes_to") == flow.source
    return LinkChange(
        row.id,
        state=LinkState.TOMBSTONED,
        bases={flow.source: {**seen, **prints(moves.get("source", {}))}, flow.target: prints(moves.get("target", {}))},
        versions=None if proposal.target_version is None else {flow.target: proposal.target_version},
        clear_plan=not unfinished,
        tombstone=Tombstone(
            mapped=row.tombstone.mapped if row.tombstone else mapped_of(row),
            erased=bool(moves.get("erased")) or (row.tombstone is not None and row.tombstone.erased),
            gone=frozenset(gone),
            delete_due=due,
        ),
    )


def heard(scope: Scope, proposal: Proposal, row: LinkRow) -> LinkChange | None:
    """The change of an ended link that stays so: this flow has seen the delete, and what a person chose to keep."""
    tombstone = row.tombstone
    if tombstone is None or row.state is not LinkState.TOMBSTONED:
        return None
    due = "" if tombstone.delete_due == scope.flow.source else tombstone.delete_due
    gone = tombstone.gone - {scope.flow.source} if kept(proposal) else tombstone.gone
    after = replace(tombstone, delete_due=due, gone=gone)
    bases = prints(proposal.moves.get("source", {})) if kept(proposal) else {}
    # A delete of ours whose end was unknown has come to an end with this look.
    unfinished = (row.plan or {}).get("writes_to") == scope.flow.target
    if after == tombstone and not bases and not unfinished:
        return None
    return LinkChange(
        row.id, tombstone=after, bases={scope.flow.source: bases} if bases else None, clear_plan=unfinished
    )


def outlived(proposal: Proposal, row: LinkRow) -> LinkChange | None:
    """The change of an ended link whose record begins another life: a delete that was due of the old one is void.

    Else the mirror flow would carry it to a record that lives again (cases 24 and 25).
    """
    if row.state is not LinkState.TOMBSTONED or row.tombstone is None or not row.tombstone.delete_due:
        return None
    return LinkChange(row.id, expect_revision=proposal.revision, tombstone=replace(row.tombstone, delete_due=""))


def superseded(proposal: Proposal, row: LinkRow, target: str) -> LinkChange:
    """Ends a link whose target was deleted, before the activity is created there again (case 17)."""
    return LinkChange(
        row.id,
        expect_revision=proposal.revision,
        state=LinkState.TOMBSTONED,
        clear_plan=True,
        tombstone=Tombstone(mapped=mapped_of(row), gone=frozenset({target})),
    )


def kept(proposal: Proposal) -> bool:
    """Whether a person decided that both sides stay as they are."""
    return proposal.reason == "kept_by_choice"


def mapped_of(row: LinkRow) -> frozenset[str]:
    """The fields that either side was ever compared by."""
    return frozenset(name for side in row.sides.values() for name in side.base)


def _mirror_deletes(session: Session, scope: Scope) -> bool:
    mirror = replace(scope, flow=scope.flow.mirror)
    enabled = scope.activity_type in session.configuration.enabled(mirror.flow)
    return enabled and session.policy(mirror).delete is not Delete.IGNORE
