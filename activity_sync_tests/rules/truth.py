"""What must be true of each write and each moved base, measured at what people did: `decide` never sees any of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from activity_sync.rules import actions
from activity_sync.rules.values import Conflict
from activity_sync_tests.rules.crm import COMMON, Crm, Record, in_step, is_cut, rightly_wins
from activity_sync_tests.rules.row import Proposal, Row


def check_write(
    one: Proposal, source: Record, target: Record, name: str, *, finishing: bool, conflict: Conflict
) -> None:
    action = one.action
    assert isinstance(action, actions.Update)
    adopted = one.row is not None and one.row.base[one.source][name].exact == "-"
    assert source.edited(name) or finishing or adopted, f"an echo or a loss is carried: {name} {source} {target}"
    cut = name == "body" and is_cut(one.target, target.fields)
    assert not cut or adopted, f"a loss travels back: {source} {target}"
    if name in action.overwrites:
        assert source.edited(name), f"a false conflict: {name} {source} {target}"
        assert target.edited(name), f"a false conflict: {name} {source} {target}"
    if target.visibly_edited(name):
        assert name in action.overwrites, f"an edit is lost: {name} {source} {target}"
        _check_winner(conflict, one.source, name, source, target)


def _check_winner(conflict: Conflict, system: str, name: str, winner: Record, loser: Record) -> None:
    if conflict is Conflict.LATEST:
        assert rightly_wins(name, winner, loser, winner_is_alpha=system == "alpha"), (name, winner, loser)
    else:
        assert system == "alpha", (name, winner, loser)


def check_moves(one: Proposal, source: Record, target: Record, *, conflict: Conflict) -> None:
    """A base that becomes what is shown says "carried": then it must be so."""
    kept = getattr(one.action, "kept_lossy", ())
    for name in getattr(one.action, "lost_to_target", ()):
        assert source.edited(name), f"a false conflict: {name} {source} {target}"
        _check_winner(conflict, one.target, name, target, source)
    for here, there, entries, system, other in (
        (source, target, one.action.moves.source, one.source, one.target),
        (target, source, one.action.moves.target, one.target, one.source),
    ):
        for name, entry in entries.items():
            if here.fields[name] != entry.exact:
                continue
            if name in COMMON and here.visibly_edited(name) and name not in kept:
                step = in_step(name, here, there, one_system=system, two_system=other)
                assert step, f"acknowledged, never carried: {name} {here} {there}"
            here.agreed[name] = here.fields[name]


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
