"""What must be true of each write and each moved base, measured at what people did: `decide` never sees any of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from activity_sync.rules import actions
from activity_sync.rules.values import Conflict, Policy, Present
from activity_sync_tests.rules.crm import COMMON, Crm, Record, in_step, is_cut, rightly_wins
from activity_sync_tests.rules.row import Proposal, Row


class Judged(Protocol):
    """What the judgement looks at besides the two records."""

    crms: dict[str, Crm]
    policy: Policy


def check_write(one: Proposal, source: Record, target: Record, name: str, *, world: Judged) -> None:
    """The source's value of this field is about to be written over the target's."""
    action, row = one.action, one.row
    assert isinstance(action, actions.Update)
    assert row is not None
    # Of a write whose end was unknown nobody can tell whether its source still has to be carried.
    finishing = row.plan is not None or name in row.doubted
    adopted = row.base[one.source][name].exact == "-"
    assert source.edited(name) or finishing or adopted, f"an echo or a loss is carried: {name} {source} {target}"
    cut = name == "body" and is_cut(one.target, target.fields)
    assert not cut or adopted, f"a loss travels back: {source} {target}"
    if name in action.overwrites and name not in row.doubted:
        assert source.edited(name) or adopted, f"a false conflict: {name} {source} {target}"
        assert target.edited(name) or adopted, f"a false conflict: {name} {source} {target}"
    if target.visibly_edited(name):
        assert name in action.overwrites, f"an edit is lost: {name} {source} {target}"
        _check_winner(one.source, one.target, name, source, target, world=world)


def _check_winner(system: str, other: str, name: str, winner: Record, loser: Record, *, world: Judged) -> None:
    if world.policy.conflict is Conflict.LATEST:
        one, two = world.crms[system], world.crms[other]
        assert rightly_wins(name, winner, loser, one=one, two=two), (name, winner, loser)
    else:
        assert system == "alpha", (name, winner, loser)


def check_losses(one: Proposal, source: Record, target: Record, *, world: Judged) -> None:
    """What the source lost it lost in a conflict, rightly. Asked before a write: ours hides when it was edited."""
    row = one.row
    assert row is not None
    for name in getattr(one.action, "lost_to_target", ()):
        adopted = row.base[one.source][name].exact == "-"
        assert source.edited(name) or adopted or name in row.doubted, f"a false conflict: {name} {source} {target}"
        _check_winner(one.target, one.source, name, target, source, world=world)


def check_moves(one: Proposal, source: Record, target: Record) -> None:
    """A base that becomes what is shown says "carried": then it must be so."""
    kept = getattr(one.action, "kept_lossy", ())
    for here, there, seen_there, entries, system, other in (
        (source, target, one.seen_there, one.action.moves.source, one.source, one.target),
        (target, source, one.seen, one.action.moves.target, one.target, one.source),
    ):
        for name, entry in entries.items():
            if here.fields[name] != entry.exact:
                continue
            # Old work agrees on what both sides showed then; what was edited since is an edit against that.
            moved = isinstance(seen_there, Present) and shows_other(seen_there, there, name)
            if name in COMMON and here.visibly_edited(name) and name not in kept and not moved:
                step = in_step(name, here, there, one_system=system, two_system=other)
                assert step, f"acknowledged, never carried: {name} {here} {there}"
            here.agreed[name] = here.fields[name]


def shows_other(seen: Present, record: Record, name: str) -> bool:
    """Whether the record has another value now than when it was seen."""
    return name in seen.prints and seen.prints[name].exact != record.fields[name]


def excuse_what_nobody_can_tell(row: Row, crm: Crm, record: Record) -> None:
    """Our write's end was unknown, and a person put back the very value of before, where only records have times.

    That is how it looks when the write never arrived, so it is sent again: the one edit that the rules cannot see.
    """
    if row.plan is None or row.plan.target != crm.name or crm.times_by_field:
        return
    for name in row.plan.fields:
        if record.fields[name] == row.base[crm.name][name].exact:
            record.agreed[name] = record.fields[name]


def check_end(crms: Mapping[str, Crm], rows: Sequence[Row]) -> None:
    """What must be true when there is nothing left to do."""
    living = [row for row in rows if row.state != "tombstoned"]
    assert all(row.state == "linked" for row in living), "a create was left pending"
    for system, crm in crms.items():
        linked = [row.ids[system] for row in living]
        assert len(linked) == len(set(linked)), "two links to one record"
        for record in crm.records.values():
            assert record.gone or any(row.ids.get(system) == record.id for row in rows), f"never carried: {record}"
            ours = [row for row in rows if record.key and row.key == record.key]
            assert record.key is None or ours, f"a duplicate: {record}"
    for row in living:
        one, two = (crms[name].records[row.ids[name]] for name in ("alpha", "beta"))
        if one.gone or two.gone:
            continue
        for name in set(COMMON) - row.kept:
            step = in_step(name, one, two, one_system="alpha", two_system="beta")
            assert step, f"not in step: {name} {one} {two}"
