"""A living link whose both sides were read: write, acknowledge or leave (cases 11 to 16, 27)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from activity_sync.activities.fingerprint import FieldPrint, Fingerprint
from activity_sync.rules.actions import Acknowledge, Action, Defer, Hold, KeepTarget, Moves, ReadTimes, Skip, Update
from activity_sync.rules.merge import Merge, merge_fields
from activity_sync.rules.references import hinder_update, keep_last
from activity_sync.rules.settle import Reading
from activity_sync.rules.values import Closed, Conflict, Linked, Policy, Present


def carry(link: Linked, source: Present, target: Present, policy: Policy, *, ours: Reading, theirs: Reading) -> Action:
    """Carry what the source changed. `ours` reads the source against its base, `theirs` the target."""
    merge = merge_fields(source, target, policy, ours=ours, theirs=theirs)
    unclear = merge.undecided | (theirs.undated & merge.write if policy.two_way else frozenset())
    if unclear:
        return ReadTimes(case=14, fields=tuple(sorted(unclear)))
    if merge.write or source.associations:
        return _write(link, source, target, policy, ours=ours, theirs=theirs, merge=merge)
    moves = _moves(link, source, target, ours=ours, theirs=theirs, merge=merge)
    if merge.lost or merge.kept_lossy:
        return _keep_target(merge, theirs, moves)
    if merge.agree or merge.dropped:
        return Acknowledge(case=15, moves=moves)
    if theirs.changed or target.associations:
        return Skip(case=16, reason="changed in the target only", moves=moves)
    return unchanged(link, source, moves)


def carry_nothing(link: Linked, source: Present, ours: Reading) -> Action:
    """The target was not read and need not be: at most a field changed that has no place there."""
    moves = Moves(source=ours.moves | {f: source.prints[f] for f in ours.changed}, source_settled=ours.settled)
    if ours.changed:
        return Acknowledge(case=15, reason="no place in the target", moves=moves)
    return unchanged(link, source, moves)


def unchanged(link: Linked, source: Present, moves: Moves) -> Skip:
    """Nothing to carry. Only a moved version or a settled base is worth a ledger write (case 27)."""
    if moves or source.version != link.source.version:
        return Skip(case=27, reason="version moved", moves=moves)
    return Skip(case=11, reason="unchanged")


def _write(
    link: Linked,
    source: Present,
    target: Present,
    policy: Policy,
    *,
    ours: Reading,
    theirs: Reading,
    merge: Merge,
) -> Action:
    case = _case(target, theirs=theirs, merge=merge, adds=bool(source.associations))
    # A half-done write is finished even while records are missing.
    if not link.plan_prints and (hindered := hinder_update(source.references, policy)):
        return hindered
    if target.closed and (policy.closed is Closed.LEAVE or target.closed_type_kept):
        return Hold(case=case, reason="closed")
    if link.oscillating:
        return Hold(case=case, reason="oscillating")
    if _hides_winner(policy, merge):
        # Written now, the target's newer value would have no time any more, and lose to the older one next time.
        return Defer(case=case, reason="conflict_first")
    moves = _moves(link, source, target, ours=ours, theirs=theirs, merge=merge)
    kept = keep_last(source, policy)
    if kept is not None and not merge.write:
        if merge.lost or merge.kept_lossy:
            return _keep_target(merge, theirs, moves, reason=kept.reason)
        return replace(kept, moves=moves)
    return Update(
        case=case,
        reason="" if kept is None else kept.reason,
        moves=moves,
        fields=tuple(sorted(merge.write)),
        add=tuple(sorted(source.associations.added)),
        remove=() if kept is not None else tuple(sorted(source.associations.removed)),
        overwrites=tuple(sorted(merge.overwrites)),
        lost_to_target=tuple(sorted(merge.lost)),
        kept_lossy=tuple(sorted(merge.kept_lossy)),
        reopen=target.closed,
        undo=bool(merge.undo) and merge.undo == merge.write,
    )


def _keep_target(merge: Merge, theirs: Reading, moves: Moves, *, reason: str = "") -> KeepTarget:
    return KeepTarget(
        case=14 if merge.lost or merge.kept_lossy & theirs.changed else 12,
        reason=reason,
        moves=moves,
        lost_to_target=tuple(sorted(merge.lost)),
        kept_lossy=tuple(sorted(merge.kept_lossy)),
    )


def _hides_winner(policy: Policy, merge: Merge) -> bool:
    """Whether a write would hide the time by which a field won, before the mirror flow has carried that field."""
    return bool(merge.lost) and policy.two_way and policy.target_times_by_row and policy.conflict is Conflict.LATEST


def _case(target: Present, *, theirs: Reading, merge: Merge, adds: bool) -> int:
    if merge.contested:
        return 14
    if merge.undo and merge.undo == merge.write and not adds:
        return 16
    return 13 if theirs.changed - merge.agree or target.associations else 12


def _moves(link: Linked, source: Present, target: Present, *, ours: Reading, theirs: Reading, merge: Merge) -> Moves:
    """The bases once the action is done. A field that lost stays changed until the mirror flow has overwritten it."""
    done = merge.write | merge.agree | merge.kept_lossy | merge.dropped
    here = ours.moves | _entries(source.prints, done)
    there = theirs.moves | _entries(target.prints, merge.agree) | _entries(source.projected, merge.write)
    return Moves(
        source=_differing(here, link.source.base),
        target=_differing(there, link.target.base),
        source_settled=ours.settled,
        target_settled=theirs.settled,
    )


def _entries(prints: Fingerprint, names: Iterable[str]) -> dict[str, FieldPrint]:
    return {f: prints[f] for f in names if f in prints}


def _differing(entries: dict[str, FieldPrint], base: Fingerprint) -> dict[str, FieldPrint]:
    return {f: seen for f, seen in entries.items() if base.get(f) != seen}
