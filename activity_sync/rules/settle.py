"""What one side changed: its fields against its own base, with our own writes and servers' rewriting left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from activity_sync.activities.fingerprint import FieldPrint, Fingerprint
from activity_sync.rules.values import Present, Side


@dataclass(frozen=True, slots=True)
class Reading:
    """A present side against its base.

    `changed`: edits. `ours`: what an unfinished write of ours left, with the print of what it sent. `moves`: bases that
    become what was read without being an edit (adopted, settled, ours). `settled`: the side had unsettled fields and
    has been read now. `undated`: fields that an unfinished write of ours was to change and that show their base: it
    never arrived, or it did and a person has put the old value back. When that field was edited tells which.
    """

    changed: frozenset[str] = frozenset()
    ours: dict[str, FieldPrint] = field(default_factory=dict)
    moves: dict[str, FieldPrint] = field(default_factory=dict)
    settled: bool = False
    undated: frozenset[str] = frozenset()


def read_side(
    side: Side, present: Present, plan: Sequence[Fingerprint] = (), *, plan_since: datetime | None = None
) -> Reading:
    """Sort the fields that `present` shows. A field that it does not show was not read, and is nothing.

    `plan`: what each step of an unfinished write to this side leaves; `plan_since`: when that was claimed, where this
    side can tell of a single field when a person edited it. Where it cannot, a field at its base counts as untouched.
    """
    changed: set[str] = set()
    ours: dict[str, FieldPrint] = {}
    moves: dict[str, FieldPrint] = {}
    undated: set[str] = set()
    for name, seen in present.prints.items():
        base = side.base.get(name)
        if base is not None and seen.exact == base.exact:
            # The last step decides: a record reopened and closed again shows its base too.
            last = next((step[name] for step in reversed(plan) if name in step), base)
            if plan_since is None or seen.settles(last):
                continue
            if present.field_times is None:
                undated.add(name)
            elif name in present.field_times and present.field_times[name] > plan_since:
                changed.add(name)
                moves[name] = last  # it stays changed on any later pass, until a flow has carried it
            continue
        sent = next((step[name] for step in reversed(plan) if name in step and seen.settles(step[name])), None)
        if sent is not None:
            ours[name] = sent
        elif base is not None and not (name in side.unsettled and seen.settles(base)):
            changed.add(name)
            continue
        moves[name] = seen
    return Reading(frozenset(changed), ours, moves, settled=bool(side.unsettled), undated=frozenset(undated))
