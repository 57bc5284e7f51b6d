"""Linking two records that both exist already: what the new link's bases are (cases 2, 3 and 25)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from activity_sync.activities.fingerprint import FieldPrint
from activity_sync.rules.actions import Adopt, Moves
from activity_sync.rules.merge import in_step
from activity_sync.rules.settle import read_side
from activity_sync.rules.values import Policy, Present, Tombstoned

# A base that equals no value: the field counts as changed on that side, on this pass and on any later one, until a
# flow has carried it. So a difference survives a crash between the linking and the write.
UNLIKE_ANY = FieldPrint("-", "-")

Times = Mapping[str, datetime]


def adopt(source: Present, target: Present, policy: Policy, *, target_id: str) -> Adopt:
    """Link `source` to the `target` found for it: no write, both bases as read where the two are in step."""
    differing = differing_fields(source, target)
    ours = frozenset(f for f in differing if f in source.projected and not _only_empty(f, source, target))
    theirs: frozenset[str] = frozenset()
    if policy.two_way:
        theirs = frozenset(f for f in differing if f in target.projected and not _only_empty(f, target, source))
        theirs -= policy.one_way_fields
    case = 3 if ours or theirs else 2
    return Adopt(
        case=case,
        moves=_bases(source, target, ours, theirs),
        target_id=target_id,
        then_update=tuple(sorted(ours | theirs)),
    )


def adopt_again(link: Tombstoned, source: Present, target: Present) -> Adopt:
    """Link anew what was linked before: the bases of the unlinking still say who edited what since."""
    differing = differing_fields(source, target)
    ours = differing & read_side(link.source, source).changed
    theirs = differing & read_side(link.target, target).changed
    return Adopt(
        case=25,
        reason="undeleted",
        moves=_bases(source, target, ours, theirs),
        target_id=link.target_id,
        then_update=tuple(sorted(ours | theirs)),
    )


def as_edited(found: Adopt, source: Present, target: Present, *, here: Times, there: Times) -> Adopt:
    """What differs between records that were in step once changed on the side that was written last, not on both.

    `here` and `there`: when each field was last written in the source and the target, by whomever; where that tells
    nothing, or people edited both sides, the field stays contested. Compared by the second, the coarser precision.
    """
    unclear = found.then_update
    both = (source.field_times or {}).keys() & (target.field_times or {}).keys()
    later = {f: _second(here.get(f)) - _second(there.get(f)) for f in unclear if f not in both}
    return replace(
        found,
        moves=replace(
            found.moves,
            source=found.moves.source
            | {f: source.prints[f] for f, by in later.items() if by < 0 and f in source.prints},
            target=found.moves.target
            | {f: target.prints[f] for f, by in later.items() if by > 0 and f in target.prints},
        ),
    )


def _second(moment: datetime | None) -> int:
    return 0 if moment is None else int(moment.timestamp())


def differing_fields(source: Present, target: Present) -> frozenset[str]:
    """The fields mapped in either direction in which neither side is the image of the other."""
    there = source.projected.keys() & target.prints.keys()
    here = target.projected.keys() & source.prints.keys()
    return frozenset(f for f in there | here if not in_step(f, source, target, exactly=False))


def _only_empty(name: str, side: Present, other: Present) -> bool:
    return name in side.empty and name not in other.empty


def _bases(source: Present, target: Present, ours: frozenset[str], theirs: frozenset[str]) -> Moves:
    return Moves(
        source=dict(source.prints) | dict.fromkeys(ours, UNLIKE_ANY),
        target=dict(target.prints) | dict.fromkeys(theirs, UNLIKE_ANY),
        source_settled=True,
        target_settled=True,
    )
