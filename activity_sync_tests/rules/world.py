"""The smallest engine that carries out what `decide` says, over two CRMs in memory.

It plays the pipeline and the ledger: claims by revision, `pending` before a create, a write plan before an update. It
can be struck before or after any effect. At each write it compares with the truth (`truth.py`), which `decide` never
sees: an edit overwritten without a conflict, an echo carried, a loss travelling back are caught where they happen.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from activity_sync.rules import actions
from activity_sync.rules.decide import decide
from activity_sync.rules.values import (
    Conflict,
    Delete,
    Gone,
    Link,
    Linked,
    NoLink,
    Observation,
    Pending,
    Policy,
    Present,
    Restore,
    Side,
    Tombstoned,
    Unseen,
)
from activity_sync_tests.rules.crm import COMMON, Crm, Record, is_cut, moment, prints_of, project
from activity_sync_tests.rules.row import Plan, Proposal, Row
from activity_sync_tests.rules.truth import (
    check_end,
    check_losses,
    check_moves,
    check_write,
    excuse_what_nobody_can_tell,
)

FLOWS = (("alpha", "beta"), ("beta", "alpha"))
# What a pass may find when there is nothing left to do: skips, besides what a person was asked about.
QUIET = {5, 11, 23, 26}


def is_quiet(action: actions.Action) -> bool:
    return action.case in QUIET or isinstance(action, actions.Hold)


class Struck(Exception):
    """The process dies, or the network does."""


class World:
    def __init__(
        self,
        *,
        rewrites: Collection[str] = (),
        delete: Delete = Delete.ARCHIVE,
        restore: Restore = Restore.HOLD,
        conflict: Conflict = Conflict.LATEST,
    ) -> None:
        self.crms = {name: Crm(name, rewrites=name in rewrites) for name in ("alpha", "beta")}
        self.rows: list[Row] = []
        self.policy = Policy(conflict=conflict, delete=delete, restore=restore)
        self.strikes: list[str] = []
        self.now = 0

    # --- a pass

    def run(self, source: str, target: str, *, hidden: Collection[str] = ()) -> list[actions.Action]:
        """One pass of a flow over all of its source's records. `hidden`: records that no read shows this time."""
        done = []
        for record_id in list(self.crms[source].records):
            proposal = self.plan(source, target, record_id, hidden=hidden)
            done.append(proposal.action)
            try:
                self.carry_out(proposal)
            except Struck:
                continue
        return done

    def settle(self) -> None:
        """Both flows, undisturbed, until a pass finds nothing to do; then every promise is checked."""
        self.strikes.clear()
        for _ in range(8):
            found = [action for flow in FLOWS for action in self.run(*flow)]
            if all(is_quiet(action) for action in found):
                break
        else:
            raise AssertionError(f"no end: {[a for a in found if not is_quiet(a)]}")
        check_end(self.crms, self.rows)

    # --- see, decide

    def plan(self, source: str, target: str, source_id: str, *, hidden: Collection[str] = ()) -> Proposal:
        row = self.row_of(source, source_id)
        link = self.link(row, source, target, source_id, hidden=hidden)
        target_id = row.ids.get(target, "") if row else ""
        policy = replace(
            self.policy,
            source_breaks_ties=source == "alpha",
            target_times_by_row=not self.crms[target].times_by_field,
        )
        if self.policy.conflict is not Conflict.LATEST:  # it means "alpha wins" here
            policy = replace(policy, conflict=Conflict.SOURCE if source == "alpha" else Conflict.TARGET)
        there = self.crms[target].records.get(target_id)
        if there is not None and is_cut(target, there.fields):
            policy = replace(policy, lossy_at_source=frozenset({"body"}))
        seen: Observation = self.observe(source, source_id, hidden)
        seen_there: Observation = Unseen()
        for _ in range(4):
            action = decide(link, seen, seen_there, policy)
            match action:
                case actions.ReadTarget():
                    seen_there = self.observe(target, target_id, hidden)
                case actions.ReadTimes(fields=names):
                    seen = self.dated(seen, source, source_id, names)
                    seen_there = self.dated(seen_there, target, target_id, names)
                case _:
                    break
        return Proposal(source, target, source_id, row, row.revision if row else -1, link, seen, seen_there, action)

    def observe(self, system: str, record_id: str, hidden: Collection[str]) -> Observation:
        record = self.crms[system].records.get(record_id)
        if record is None or record_id in hidden:
            return Unseen()
        if record.gone:
            return Gone()
        return Present(
            prints=prints_of(record.fields),
            projected=prints_of(project(system, record.fields)),
            version=str(record.version),
            closed=system == "beta" and record.fields["status"] == "done",
        )

    def dated(self, seen: Observation, system: str, record_id: str, names: Collection[str]) -> Observation:
        if not isinstance(seen, Present):
            return seen
        crm = self.crms[system]
        return replace(seen, field_times=crm.times(crm.records[record_id], names))

    def row_of(self, system: str, record_id: str) -> Row | None:
        """The living link of a record, else its last ended one. A create of ours is known by its key."""
        record = self.crms[system].records[record_id]
        known = [
            row
            for row in self.rows
            if row.ids.get(system) == record_id or (row.state == "pending" and record.key == row.key)
        ]
        return next((row for row in known if row.state != "tombstoned"), known[-1] if known else None)

    def link(self, row: Row | None, source: str, target: str, source_id: str, *, hidden: Collection[str]) -> Link:
        if row is None:
            return NoLink()
        sides = {
            name: Side(row.base.get(name, {}), frozenset(row.unsettled[name]), row.version.get(name))
            for name in (source, target)
        }
        if row.state == "pending":
            found = self.crms[target].find_key(row.key)
            lag = found in hidden or source_id in hidden
            return Pending(
                row.key, row.generation, row.intended, found=None if lag else found, looked=True, certain=not lag
            )
        if row.state == "tombstoned":
            return Tombstoned(
                sides[source],
                sides[target],
                row.generation,
                row.mapped,
                source_gone=source in row.gone,
                target_id=row.ids.get(target, ""),
                delete_due=row.delete_due == target,
                target_linked=self._linked_elsewhere(row, target),
            )
        plan = row.plan or Plan("", 0, ())
        dated = plan.target == target and self.crms[target].times_by_field
        return Linked(
            row.ids[source],
            row.ids[target],
            sides[source],
            sides[target],
            row.revision,
            plan_prints=plan.steps,
            plan_on_source=plan.target == source,
            plan_since=moment(plan.at) if dated else None,
            generation=row.generation,
        )

    def _linked_elsewhere(self, row: Row, system: str) -> bool:
        """Whether the counterpart of an ended link has a living one to another record."""
        return any(
            other is not row and other.state != "tombstoned" and other.ids.get(system) == row.ids.get(system, "")
            for other in self.rows
        )

    # --- do, remember

    def carry_out(self, one: Proposal) -> None:
        """Do it and remember it; a proposal whose link has moved since is dropped, to be decided again."""
        row = one.row
        if (self.row_of(one.source, one.source_id), row.revision if row else -1) != (row, one.revision):
            return
        if row is not None and row.state == "pending" and row.origin != one.source:
            return  # the record is a create of the mirror flow, which confirms it
        if isinstance(one.action, actions.Create | actions.Update | actions.DeleteTarget) and self._moved(one):
            return
        if row is not None and one.target in row.ids:
            excuse_what_nobody_can_tell(row, self.crms[one.target], self.crms[one.target].records[row.ids[one.target]])
        match one.action:
            case actions.Create(generation=generation):
                self._create(one, generation)
            case actions.Confirm(target_id=target_id):
                assert row is not None
                self._linked(row, one.target, target_id)
            case actions.Adopt(moves=moves):
                assert row is not None
                if self._linked_elsewhere(row, one.target) or self._linked_elsewhere(row, one.source):
                    return
                row.state, row.delete_due, row.gone = "linked", "", frozenset()
                row.base[one.source], row.base[one.target] = dict(moves.source), dict(moves.target)
                row.unsettled = {"alpha": set(), "beta": set()}
                row.revision += 1
                check_moves(one, *self._pair(one))
            case actions.Update():
                self._update(one)
            case actions.Skip() | actions.Acknowledge() | actions.KeepTarget():
                if row is not None and row.state == "linked":
                    check_losses(one, *self._pair(one), world=self)
                self._remember(one)
            case actions.DeleteTarget(how=how):
                self._delete(one, how)
            case actions.Unlink():
                self._end(one, gone={one.target}, delete_due=one.source)
            case actions.Forget():
                self._end(one, gone={one.source, one.target})

    def _moved(self, one: Proposal) -> bool:
        """Whether staging knows a newer source, or the guarded target is not as it was decided on any more."""
        source, target = self.crms[one.source].records[one.source_id], self.crms[one.target].records
        there = target.get(one.row.ids.get(one.target, "")) if one.row else None
        seen_there = there is not None and isinstance(one.seen_there, Present)
        return (isinstance(one.seen, Present) and one.seen.version != str(source.version)) or (
            isinstance(one.seen, Gone) is not source.gone
            or (seen_there and (there.gone or one.seen_there.version != str(there.version)))
        )

    def effect(self) -> bool:
        """Whether the effect happens; True means: it does, and nothing after it. Raises Struck before it."""
        strike = self.strikes.pop() if self.strikes else ""
        if strike == "before":
            raise Struck
        return strike == "after"

    def _create(self, one: Proposal, generation: int) -> None:
        source = self.crms[one.source].records[one.source_id]
        row = one.row
        if row is None or row.state != "pending":
            row = Row("pending", one.source, {one.source: source.id}, {}, generation=generation)
            row.key = f"{one.source}:{source.id}:{generation}"
            self._replace(one.row, row)
        assert isinstance(one.seen, Present)
        row.intended, row.base = one.seen.projected, {one.source: dict(one.seen.prints)}
        row.version[one.source] = one.seen.version or ""
        row.revision += 1
        died = self.effect()
        created = self.crms[one.target].create(row.key, project(one.source, source.fields))
        source.agreed = dict(source.fields)
        if died:
            raise Struck
        self._linked(row, one.target, created.id)

    def _replace(self, old: Row | None, new: Row) -> None:
        """A new life ends the old one: its counterpart is gone for good."""
        if old is not None:
            old.state, old.delete_due = "tombstoned", ""
        for other in self.rows:
            if other is not new and other.ids.get(new.origin) == new.ids[new.origin]:
                other.state = "tombstoned"
        self.rows.append(new)

    def _linked(self, row: Row, target: str, target_id: str) -> None:
        row.state = "linked"
        row.ids[target] = target_id
        row.base[target] = dict(row.intended)
        row.unsettled[target] = set(row.intended)
        row.revision += 1

    def _update(self, one: Proposal) -> None:
        row, action = one.row, one.action
        assert row is not None
        assert isinstance(action, actions.Update)
        source, target = self._pair(one)
        values = project(one.source, source.fields)
        written = {name: values[name] for name in action.fields}
        for name in action.fields:
            check_write(one, source, target, name, world=self)
        check_losses(one, source, target, world=self)
        # Closed by a person since: half a write would hide their edit, so it goes in one change set.
        closed_by_us = prints_of(target.fields)["status"] == row.base[one.target].get("status")
        steps = _steps(written, target.fields, reopen=action.reopen and closed_by_us)
        # Only the fields that it writes: what a person edited there meanwhile is not ours.
        left = [prints_of(step) for step in steps]
        # What an earlier plan may have left is still ours until the target has been read in another state.
        row.plan = Plan(one.target, self.now, (*(row.plan.steps if row.plan else ()), *left))
        row.doubted |= row.plan.fields
        row.revision += 1
        for step in steps:
            died = self.effect()
            self.crms[one.target].write(target, step)
            source.agreed |= {name: source.fields[name] for name in step if name in written}
            if died:
                raise Struck
        if "body" in action.fields:
            row.kept.discard("body")
        row.unsettled[one.target] = set()
        self._remember(one)
        row.doubted -= set(written)
        row.unsettled[one.target] |= set(written)

    def _remember(self, one: Proposal) -> None:
        row, moves = one.row, one.action.moves
        if row is None or row.state != "linked":
            return
        check_moves(one, *self._pair(one))
        for system, entries, settled, seen in (
            (one.source, moves.source, moves.source_settled, one.seen),
            (one.target, moves.target, moves.target_settled, one.seen_there),
        ):
            row.base[system] |= entries
            row.unsettled[system] -= row.unsettled[system] if settled else set()
            if system == one.source and isinstance(seen, Present):
                row.version[system] = seen.version or ""
        row.kept |= set(getattr(one.action, "kept_lossy", ()))
        row.revision += bool(moves or row.plan)
        if row.plan is not None and row.plan.target == one.target and isinstance(one.seen_there, Present):
            row.plan = None

    def _delete(self, one: Proposal, how: Delete) -> None:
        _, target = self._pair(one)
        if how is not Delete.IGNORE:
            assert not target.has_news, f"an edit was deleted: {target}"
            died = self.effect()
            self.crms[one.target].delete(target)
            if died:
                raise Struck
        self._end(one, gone={one.source} if how is Delete.IGNORE else {one.source, one.target})

    def _end(self, one: Proposal, *, gone: set[str], delete_due: str = "") -> None:
        row = one.row
        assert row is not None
        row.state, row.gone, row.delete_due, row.plan = "tombstoned", frozenset(gone), delete_due, None
        row.mapped = frozenset(COMMON)
        row.revision += 1

    def _pair(self, one: Proposal) -> tuple[Record, Record]:
        assert one.row is not None
        return self.crms[one.source].records[one.source_id], self.crms[one.target].records[one.row.ids[one.target]]


def _steps(values: dict[str, str], held: dict[str, str], *, reopen: bool) -> list[dict[str, str]]:
    """A closed record is reopened, updated and closed again, each in a write of its own."""
    if not reopen:
        return [values]
    rest = {name: value for name, value in values.items() if name != "status"}
    final = values.get("status", held["status"])
    steps = [{"status": "open"}, rest, {"status": final} if final != "open" else {}]
    return [step for step in steps if step]
