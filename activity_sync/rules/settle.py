"""What one side changed: its fields against its own base, with our own writes and servers' rewriting left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from activity_sync.activities.fingerprint import FieldPrint, Fingerprint
from activity_sync.rules.values import Present, Side


@dataclass(frozen=True, slots=True)
class Reading:
    """A present side against its base.

    `changed`: edits. `ours`: what an unfinished write of ours left, with the print of what it sent. `moves`: bases that
    become what was read without being an edit (adopted, settled, ours). `settled`: the side had unsettled fields and
    has been read now.
    """

    changed: frozenset[str] = frozenset()
    ours: dict[str, FieldPrint] = field(default_factory=dict)
    moves: dict[str, FieldPrint] = field(default_factory=dict)
    settled: bool = False


def read_side(side: Side, present: Present, plan: Sequence[Fingerprint] = ()) -> Reading:
    """Sort the fields that `present` shows. A field that it does not show was not read, and is nothing.

    `plan`: what each step of an unfinished write to this side leaves.
    """
    changed: set[str] = set()
    ours: dict[str, FieldPrint] = {}
    moves: dict[str, FieldPrint] = {}
    for name, seen in present.prints.items():
        base = side.base.get(name)
        if base is not None and seen.exact == base.exact:
            continue
        sent = next((step[name] for step in reversed(plan) if name in step and seen.settles(step[name])), None)
        if sent is not None:
            ours[name] = sent
        elif base is not None and not (name in side.unsettled and seen.settles(base)):
            changed.add(name)
            continue
        moves[name] = seen
    return Reading(frozenset(changed), ours, moves, settled=bool(side.unsettled))
