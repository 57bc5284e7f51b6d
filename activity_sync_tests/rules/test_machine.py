"""People and both flows at random over two CRMs: crashes, partial reads, rewriting servers, moving versions.

The invariants stand in `truth.py`, called at the write that would break them and at the end of every settling.
"""

from __future__ import annotations

from contextlib import suppress

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from activity_sync.rules.values import Conflict, Delete
from activity_sync_tests.rules.profile import HISTORIES, MACHINES
from activity_sync_tests.rules.strategies import CONFLICTS, DELETES, PAUSES, edits_of, records_of, worlds_of
from activity_sync_tests.rules.world import FLOWS, Struck, World

SYSTEMS = st.sampled_from(["alpha", "beta"])
STRIKES = st.lists(st.sampled_from(["", "", "before", "after"]), max_size=6)


class TwoFlows(RuleBasedStateMachine):
    conflict: Conflict
    delete: Delete
    world: World

    def __init__(self):
        super().__init__()
        self.decided = []

    @initialize(data=st.data())
    def begin(self, data):
        self.world = data.draw(worlds_of([self.conflict], [self.delete]))

    def _some(self, data, system, *, gone=False):
        ids = [one.id for one in self.world.crms[system].records.values() if one.gone is gone]
        return data.draw(st.sampled_from(ids), label="record") if ids else None

    @rule(data=st.data(), system=SYSTEMS, pause=PAUSES)
    def a_person_creates(self, data, system, pause):
        self.world.now += pause
        self.world.crms[system].person_creates(data.draw(records_of(system)), now=self.world.now)

    @rule(data=st.data(), system=SYSTEMS, pause=PAUSES)
    def a_person_edits(self, data, system, pause):
        self.world.now += pause
        if record_id := self._some(data, system):
            name, value = data.draw(edits_of(system))
            self.world.crms[system].person_edits(record_id, name, value, now=self.world.now)

    @rule(data=st.data(), system=SYSTEMS)
    def a_person_deletes(self, data, system):
        if record_id := self._some(data, system):
            self.world.crms[system].person_deletes(record_id)

    @rule(data=st.data(), system=SYSTEMS, pause=PAUSES)
    def a_person_restores(self, data, system, pause):
        self.world.now += pause
        if record_id := self._some(data, system, gone=True):
            self.world.crms[system].person_restores(record_id, now=self.world.now)

    @rule(data=st.data(), flow=st.sampled_from(FLOWS))
    def a_flow_decides_and_is_held_up(self, data, flow):
        if record_id := self._some(data, flow[0]):
            self.decided.append(self.world.plan(*flow, record_id))

    @rule(data=st.data(), strikes=STRIKES)
    def old_work_is_carried_out(self, data, strikes):
        """Of any age, in any order, and again."""
        if self.decided:
            self.world.strikes = strikes
            with suppress(Struck):
                self.world.carry_out(data.draw(st.sampled_from(self.decided), label="decided"))

    @rule(data=st.data(), system=SYSTEMS, pause=PAUSES)
    def a_version_moves(self, data, system, pause):
        self.world.now += pause
        if record_id := self._some(data, system):
            self.world.crms[system].touch(record_id, now=self.world.now)

    @rule(flow=st.sampled_from(FLOWS), strikes=STRIKES)
    def a_flow_runs(self, flow, strikes):
        self.world.strikes = strikes
        self.world.run(*flow)

    @rule(data=st.data(), flow=st.sampled_from(FLOWS), strikes=STRIKES)
    def a_flow_runs_half_blind(self, data, flow, strikes):
        ids = [record_id for crm in self.world.crms.values() for record_id in crm.records]
        hidden = data.draw(st.sets(st.sampled_from(ids)) if ids else st.just(set()), label="hidden")
        living = {one.id for crm in self.world.crms.values() for one in crm.records.values() if not one.gone}
        ended = sum(row.state == "tombstoned" for row in self.world.rows)

        self.world.strikes = strikes
        self.world.run(*flow, hidden=hidden)

        after = {one.id for crm in self.world.crms.values() for one in crm.records.values() if not one.gone}
        assert not (living - after) & hidden, "unseen was taken for absent"
        assert len(hidden) < len(ids) or ended == sum(row.state == "tombstoned" for row in self.world.rows)

    @precondition(lambda self: hasattr(self, "world"))
    @rule()
    def it_settles(self):
        self.world.settle()

    def teardown(self):
        if hasattr(self, "world"):
            self.world.settle()


def machine(conflict: Conflict, delete: Delete) -> type:
    """The tests of the machine under these policies, as a class of their own that a worker can take."""
    name = f"Test{conflict.name.title()}{delete.name.title()}"
    case = type(name, (TwoFlows,), {"conflict": conflict, "delete": delete, "__module__": __name__}).TestCase
    case.settings = HISTORIES
    return case


TestLatestArchive = machine(Conflict.LATEST, Delete.ARCHIVE)
TestLatestIgnore = machine(Conflict.LATEST, Delete.IGNORE)
TestSourceArchive = machine(Conflict.SOURCE, Delete.ARCHIVE)
TestSourceIgnore = machine(Conflict.SOURCE, Delete.IGNORE)


def test_every_machine_has_its_share_of_the_histories():
    assert len(CONFLICTS) * len(DELETES) == MACHINES
