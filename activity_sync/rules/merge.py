"""Field by field: what this flow writes of two changed sides, what it leaves, and who wins a conflict."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from activity_sync.rules.settle import Reading
from activity_sync.rules.values import Conflict, LossyEdit, Policy, Present, TargetEdits

# Below this the two systems' clocks cannot tell who was later (sync-rules.md, "Policies and their defaults").
TIE = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Merge:
    """Each field in at most one set; a field in none needs nothing from this flow.

    `write`: send the source's value. `overwrites`: the part of `write` that won a conflict. `undo`: the part that only
    reverts the target's edit. `lost`: the target won. `kept_lossy`: edits of a cut copy. `agree`: both sides show the
    same. `dropped`: the target has no place for it. `undecided`: conflicts that wait for the times of the edits.
    """

    write: frozenset[str] = frozenset()
    overwrites: frozenset[str] = frozenset()
    undo: frozenset[str] = frozenset()
    lost: frozenset[str] = frozenset()
    kept_lossy: frozenset[str] = frozenset()
    agree: frozenset[str] = frozenset()
    dropped: frozenset[str] = frozenset()
    undecided: frozenset[str] = frozenset()

    @property
    def contested(self) -> bool:
        """Whether both sides gave one field two values."""
        return bool(self.overwrites or self.lost)


def merge_fields(source: Present, target: Present, policy: Policy, *, ours: Reading, theirs: Reading) -> Merge:
    """The source's half of a merge. `ours` reads the source, `theirs` the target.

    Built from the mirrored inputs it gives every contested field the same winner.
    """
    carried = source.projected.keys()
    dropped = ours.changed - carried
    changed = ours.changed & carried
    agree = frozenset(f for f in changed if _agree(f, source, target, theirs))
    rest = changed - agree
    kept = rest & cut_copies(policy)
    rest -= kept
    both = rest & theirs.changed
    filled, empty = frozenset[str](), frozenset[str]()
    if policy.remapped:
        differing = _remapped(source, target, policy, ours, theirs)
        # Nobody has cleared it: where a new mapping meets a value and none, the value counts.
        filled = differing & target.empty - source.empty
        empty = differing & source.empty - target.empty
        both |= differing - filled - empty
    free = policy.one_way_fields if policy.two_way else both
    won, lost, undecided = _settle_conflicts(both - free, source, target, policy)
    won |= filled
    if not policy.two_way:
        won |= both
    reverted = _reverted(source, target, policy, theirs) - changed
    write = (rest - theirs.changed) | won | (both & policy.one_way_fields) | reverted
    write |= _unfinished(source, target, policy, theirs) - agree - kept - lost - undecided
    return Merge(
        write=write,
        overwrites=won,
        undo=reverted,
        lost=lost,
        kept_lossy=kept,
        agree=agree,
        dropped=frozenset(dropped),
        undecided=undecided,
    )


def in_step(name: str, source: Present, target: Present, *, exactly: bool) -> bool:
    """Whether one side shows what the other's value becomes there; then there is nothing to carry either way.

    Either direction serves: a cut copy is the image of the whole value, though not the reverse. `exactly`: an edit of
    the markup alone counts as a difference (it is carried when only one side made it).
    """
    pairs = (
        (source.projected.get(name), target.prints.get(name)),
        (target.projected.get(name), source.prints.get(name)),
    )
    return any(
        there is not None and here is not None and (there.exact == here.exact if exactly else there.reads_like(here))
        for there, here in pairs
    )


def _agree(name: str, source: Present, target: Present, theirs: Reading) -> bool:
    sent = theirs.ours.get(name)
    if sent is not None and sent.exact == source.projected[name].exact:
        return True  # written by us before a crash, whatever the server made of it
    return in_step(name, source, target, exactly=name not in theirs.changed)


def cut_copies(policy: Policy) -> frozenset[str]:
    """The fields whose value at the source must not replace the target's."""
    return policy.lossy_at_source if policy.lossy_edit is LossyEdit.KEEP_ORIGINAL else frozenset()


def _settle_conflicts(
    names: frozenset[str], source: Present, target: Present, policy: Policy
) -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    nobody: frozenset[str] = frozenset()
    if policy.conflict is Conflict.SOURCE:
        return names, nobody, nobody
    if policy.conflict is Conflict.TARGET:
        return nobody, names, nobody
    if names and (source.field_times is None or target.field_times is None):
        return nobody, nobody, names
    won = frozenset(f for f in names if _source_is_later(f, source, target, policy))
    return won, names - won, nobody


def _source_is_later(name: str, source: Present, target: Present, policy: Policy) -> bool:
    here = (source.field_times or {}).get(name)
    there = (target.field_times or {}).get(name)
    if here is None or there is None or abs(here - there) < TIE:
        return policy.source_breaks_ties
    return here > there


def _reverted(source: Present, target: Present, policy: Policy, theirs: Reading) -> frozenset[str]:
    if policy.two_way or policy.target_edits is TargetEdits.IGNORE:
        return frozenset()
    edited = theirs.changed & source.projected.keys() - policy.lossy_at_source
    return frozenset(f for f in edited if not in_step(f, source, target, exactly=False))


def _unfinished(source: Present, target: Present, policy: Policy, theirs: Reading) -> frozenset[str]:
    """What a half-done write of ours left in the target (reopened, not yet closed) and the source does not want."""
    left = theirs.ours.keys() & source.projected.keys() - cut_copies(policy)
    return frozenset(f for f in left if not _agree(f, source, target, theirs))


def _remapped(source: Present, target: Present, policy: Policy, ours: Reading, theirs: Reading) -> frozenset[str]:
    """Fields nobody edited in which the sides differ under the mapping as it is now.

    Neither side can claim them, so they are contested: both flows give them the same winner. In a one-way sync the
    target has no image of its own to be in step with: it shows what the source becomes there, or it differs.
    """
    compared = source.projected.keys() & target.prints.keys()
    quiet = compared - ours.changed - theirs.changed - theirs.ours.keys() - policy.lossy_at_source
    if not policy.two_way:
        return frozenset(f for f in quiet if not source.projected[f].reads_like(target.prints[f]))
    return frozenset(f for f in quiet if not in_step(f, source, target, exactly=False))
