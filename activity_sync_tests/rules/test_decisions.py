"""What the rows of the table mean together: order, loss, settling, half-done writes, adoption, new mappings."""

from __future__ import annotations

from dataclasses import replace

import pytest

from activity_sync.rules.actions import (
    Acknowledge,
    Create,
    Defer,
    DeleteTarget,
    Hold,
    KeepTarget,
    Moves,
    ReadSource,
    ReadTarget,
    ReadTimes,
    Skip,
    Unlink,
    Update,
)
from activity_sync.rules.decide import decide
from activity_sync.rules.values import (
    Conflict,
    Delete,
    Gone,
    Policy,
    References,
    Restore,
    Side,
)
from activity_sync_tests.rules.states import (
    DEFAULT,
    EDITED,
    EDITED_THERE,
    GONE,
    LINKED,
    MATCHED,
    NO_LINK,
    ONE_WAY,
    SAME,
    SOURCE_WINS,
    TOMBSTONED,
    UNRESOLVED,
    UNSEEN,
    edited_at,
    linked,
    prints,
    shows,
    side,
)

EARLY = edited_at(EDITED, 0, "subject")
LATE_THERE = edited_at(EDITED_THERE, 60, "subject")
SUBJECT_BOTH = Moves(source=prints(subject="edited here"), target=prints(subject="edited here"))
BRING_BACK = Policy(restore=Restore.CREATE)
CLOSE = Policy(delete=Delete.CLOSE)
INVALID = replace(SAME, invalid=("too_long", "the subject is too long"))


class TestOrderOfQuestions:
    """An unlinked record: is it valid, is it wanted, is it there already, can it be written?"""

    def test_an_invalid_record_fails_before_the_filter_is_asked(self):
        assert decide(NO_LINK, replace(INVALID, passes_filter=False), UNSEEN, DEFAULT).case == 28

    def test_a_filtered_record_is_not_matched(self):
        assert decide(MATCHED, replace(SAME, passes_filter=False), SAME, DEFAULT).case == 32

    def test_a_matched_record_is_adopted_though_nothing_resolves(self):
        assert decide(MATCHED, replace(SAME, references=UNRESOLVED), SAME, DEFAULT).case == 2

    def test_a_restored_record_waits_for_its_records_too(self):
        assert decide(LINKED, replace(EDITED, references=UNRESOLVED), GONE, BRING_BACK).case == 29

    def test_an_unchanged_linked_record_waits_for_nothing(self):
        assert decide(LINKED, replace(SAME, references=UNRESOLVED), UNSEEN, DEFAULT) == Skip(11, "unchanged")


class TestLossNeverTravelsBack:
    """The target holds "b" cut from the source's "long b"."""

    def long(self, version="1", *, subject="s", body="long b", cut="b"):
        return shows(version, subject=subject, body=body, projected=prints(subject=subject, body=cut, owner="o"))

    def link(self):
        return linked(source=side(body="long b"))

    def test_an_edit_beyond_the_cut_needs_no_write(self):
        action = decide(self.link(), self.long("2", body="longer b"), SAME, DEFAULT)

        assert action == Acknowledge(15, moves=Moves(source=prints(body="longer b")))

    def test_an_edit_of_another_field_goes_back_alone(self):
        mirror = linked(target=side(body="long b"))

        action = decide(mirror, EDITED, self.long(), DEFAULT)

        assert action == Update(12, moves=SUBJECT_BOTH, fields=("subject",))

    def test_a_crash_after_the_write_is_no_conflict_for_either_flow(self):
        edited, arrived = self.long("2", body="long c", cut="c"), shows("2", body="c")
        mirror = linked(target=side(body="long b"))

        here = decide(self.link(), edited, arrived, SOURCE_WINS)
        there = decide(mirror, arrived, edited, SOURCE_WINS)

        assert here == Acknowledge(15, moves=Moves(prints(body="long c"), prints(body="c")))
        assert there == Acknowledge(15, moves=Moves(prints(body="c"), prints(body="long c")))

    def test_a_conflict_over_a_cut_copy_keeps_the_whole_value(self):
        mirror = linked(target=side(body="long b"))
        policy = replace(SOURCE_WINS, lossy_at_source=frozenset({"body"}))

        action = decide(mirror, shows("2", body="x"), self.long("2", body="long c", cut="c"), policy)

        assert action == KeepTarget(14, moves=Moves(source=prints(body="x")), kept_lossy=("body",))


class TestSettling:
    UNSETTLED = Side(prints(subject="s", body="<p>b|b", owner="o"), unsettled=frozenset({"body"}), version="1")

    def test_a_servers_markup_of_what_we_wrote_is_no_edit(self):
        action = decide(linked(source=self.UNSETTLED), shows("2", body="<div>b|b"), UNSEEN, DEFAULT)

        assert action == Skip(27, "version moved", moves=Moves(source=prints(body="<div>b|b"), source_settled=True))

    def test_another_text_is_an_edit_even_on_the_first_read(self):
        action = decide(linked(source=self.UNSETTLED), shows("2", body="<div>c|c"), UNSEEN, DEFAULT)

        assert action == ReadTarget(21)

    def test_the_same_rewriting_later_is_an_edit(self):
        settled = replace(self.UNSETTLED, unsettled=frozenset())

        action = decide(linked(source=settled), shows("2", body="<div>b|b"), UNSEEN, DEFAULT)

        assert action == ReadTarget(21)

    def test_reading_unchanged_what_we_wrote_settles_it(self):
        shown = shows("1", body="<p>b|b")

        action = decide(linked(source=self.UNSETTLED), shown, UNSEEN, DEFAULT)

        assert action == Skip(27, "version moved", moves=Moves(source_settled=True))

    def test_the_target_settles_when_it_is_read_for_another_edit(self):
        action = decide(linked(target=self.UNSETTLED), EDITED, shows("2", body="<div>b|b"), DEFAULT)

        assert action == Update(
            12,
            moves=Moves(
                prints(subject="edited here"), prints(subject="edited here", body="<div>b|b"), target_settled=True
            ),
            fields=("subject",),
        )

    def test_a_field_without_a_base_is_taken_as_it_is(self):
        link = linked(source=Side(prints(subject="s", body="b"), version="1"))

        action = decide(link, SAME, UNSEEN, DEFAULT)

        assert action == Skip(27, "version moved", moves=Moves(source=prints(owner="o")))


class TestUnfinishedPlan:
    """Edited here; the write reopens the target (`status`), updates it, and closes it again."""

    STEPS = (
        prints(subject="s", status="open"),
        prints(subject="edited here", status="open"),
        prints(subject="edited here", status="done"),
    )
    LINK = replace(linked(side(status="done"), side(status="done")), plan_prints=STEPS)

    def test_the_target_is_read_before_anything_else_is_decided(self):
        assert decide(self.LINK, shows(status="done"), UNSEEN, DEFAULT) == ReadTarget(21)

    def test_nothing_written_yet_is_an_ordinary_update(self):
        action = decide(self.LINK, shows("2", subject="edited here", status="done"), shows(status="done"), DEFAULT)

        assert action == Update(12, moves=SUBJECT_BOTH, fields=("subject",))

    @pytest.mark.parametrize("subject", ["s", "edited here"])
    def test_half_written_is_finished(self, subject):
        half = shows("2", subject=subject, status="open")

        action = decide(self.LINK, shows("2", subject="edited here", status="done"), half, DEFAULT)

        assert isinstance(action, Update)
        assert action.case == 12
        assert "status" in action.fields
        assert action.moves.target == prints(subject="edited here")

    def test_written_to_the_end_is_acknowledged(self):
        done = shows("2", subject="edited here", status="done")

        assert decide(self.LINK, done, done, DEFAULT) == Acknowledge(15, moves=SUBJECT_BOTH)

    def test_a_person_who_edited_after_our_write_is_heard(self):
        done = shows("2", subject="edited here", status="done")
        edited = shows("3", subject="edited here", body="edited there", status="done")

        action = decide(self.LINK, done, edited, DEFAULT)

        assert action == Acknowledge(15, moves=SUBJECT_BOTH)
        assert decide(linked(side(subject="edited here"), side(subject="edited here")), shows(subject="edited here"),
                      shows("3", subject="edited here", body="edited there"), DEFAULT).case == 16  # fmt: skip

    def test_an_edit_taken_back_at_the_source_is_taken_back_in_the_target(self):
        action = decide(self.LINK, shows("3", status="done"), shows("2", subject="edited here", status="done"), DEFAULT)

        assert action == Update(12, fields=("subject",))

    def test_the_mirror_flow_takes_none_of_it_for_an_edit(self):
        mirror = replace(self.LINK, plan_on_source=True)

        action = decide(mirror, shows("2", status="open"), shows("2", subject="edited here", status="done"), DEFAULT)

        assert action == Defer(31, "write_unfinished")


def test_a_close_that_ended_unknown_is_no_edit_of_the_record_to_be_closed():
    link = replace(TOMBSTONED, target=side(status="open"), delete_due=True, plan_prints=(prints(status="done"),))

    assert decide(link, GONE, shows("2", status="done"), CLOSE) == DeleteTarget(18, how=Delete.CLOSE)
    assert decide(link, GONE, shows("2", status="maybe"), CLOSE) == Hold(18, "edited_before_delete")


class TestAdoption:
    def after(self, action, **link):
        return linked(Side(action.moves.source, **link), Side(action.moves.target, **link))

    def test_a_difference_is_decided_on_the_new_link_as_a_conflict(self):
        link = self.after(decide(MATCHED, EDITED, EDITED_THERE, DEFAULT))

        assert decide(link, EDITED, EDITED_THERE, DEFAULT) == ReadTimes(14, fields=("subject",))
        assert decide(link, EARLY, LATE_THERE, DEFAULT).lost_to_target == ("subject",)

    def test_in_a_one_way_sync_the_source_is_carried(self):
        link = self.after(decide(MATCHED, EDITED, EDITED_THERE, ONE_WAY))

        assert decide(link, EDITED, EDITED_THERE, ONE_WAY) == Update(12, moves=SUBJECT_BOTH, fields=("subject",))

    def test_an_empty_value_never_replaces_one(self):
        empty = replace(shows(subject=""), empty=frozenset({"subject"}))
        action = decide(MATCHED, empty, SAME, DEFAULT)
        link = self.after(action)

        assert action.then_update == ("subject",)
        assert decide(link, empty, SAME, DEFAULT).case == 16
        assert decide(linked(link.target, link.source), SAME, empty, DEFAULT).fields == ("subject",)
        assert decide(MATCHED, empty, SAME, ONE_WAY).case == 2

    def test_an_undeleted_record_brings_only_what_was_edited_since(self):
        action = decide(TOMBSTONED, EDITED, SAME, DEFAULT)

        assert action.then_update == ("subject",)
        assert decide(self.after(action), EDITED, SAME, DEFAULT) == Update(12, moves=SUBJECT_BOTH, fields=("subject",))


class TestNewMapping:
    REMAPPED = Policy(remapped=True)

    def test_the_target_is_read_though_nothing_was_edited(self):
        assert decide(LINKED, SAME, UNSEEN, self.REMAPPED) == ReadTarget(21)

    def test_a_value_mapped_differently_now_is_contested(self):
        mapped = shows(projected=prints(subject="new s", body="b", owner="o"))
        there = replace(SAME, projected=prints(subject="old s"))

        action = decide(LINKED, mapped, there, self.REMAPPED)

        assert action == ReadTimes(14, fields=("subject",))

    def test_in_a_one_way_sync_it_is_carried(self):
        mapped = shows(projected=prints(subject="new s", body="b", owner="o"))

        action = decide(LINKED, mapped, SAME, replace(ONE_WAY, remapped=True))

        assert action == Update(14, moves=Moves(target=prints(subject="new s")), fields=("subject",),
                                overwrites=("subject",))  # fmt: skip

    def test_a_value_that_the_source_only_holds_a_loss_of_is_left(self):
        tentative = shows(subject="tentative", projected=prints(subject="s"))

        assert decide(linked(target=side(subject="tentative")), SAME, tentative, self.REMAPPED).case == 11

    def test_without_a_difference_nothing_happens(self):
        assert decide(LINKED, SAME, SAME, self.REMAPPED).case == 11

    @pytest.mark.parametrize("policy", [REMAPPED, replace(REMAPPED, conflict=Conflict.TARGET)])
    def test_a_value_that_meets_none_is_carried_whoever_wins_conflicts(self, policy):
        here = shows(projected=prints(subject="new s", body="b", owner="o"))
        there = replace(SAME, projected=prints(subject=""), empty=frozenset({"subject"}))

        action = decide(LINKED, here, there, policy)

        assert (type(action), action.fields) == (Update, ("subject",))

    @pytest.mark.parametrize(
        "policy",
        [
            REMAPPED,
            replace(REMAPPED, conflict=Conflict.SOURCE),
            replace(REMAPPED, one_way_fields=frozenset({"subject"})),
            replace(ONE_WAY, remapped=True),
        ],
    )
    def test_none_replaces_no_value(self, policy):
        here = shows(projected=prints(subject="", body="b", owner="o"))
        here = replace(here, empty=frozenset({"subject"}))
        there = replace(SAME, projected=prints(subject="theirs"))

        assert not isinstance(decide(LINKED, here, there, policy), Update)


class TestDeleteSeenByTheMirrorFirst:
    """It found its target, the source here, deleted, and ended the link (19); the policy is this flow's to apply."""

    DUE = replace(TOMBSTONED, delete_due=True)

    @pytest.mark.parametrize(
        ("target", "policy", "action"),
        [
            (SAME, DEFAULT, Skip(26, "gone")),
            (UNSEEN, CLOSE, ReadTarget(18)),
            (SAME, CLOSE, DeleteTarget(18, how=Delete.CLOSE)),
            (EDITED_THERE, CLOSE, Hold(18, "edited_before_delete")),
            (GONE, CLOSE, Skip(26, "gone")),
        ],
        ids=["ignore", "not read", "close", "edited meanwhile", "gone too"],
    )
    def test_the_delete_policy_is_still_applied(self, target, policy, action):
        assert decide(self.DUE, GONE, target, policy) == action

    def test_it_is_applied_once(self):
        assert decide(TOMBSTONED, GONE, SAME, CLOSE) == Skip(26, "gone")


def test_half_a_write_does_not_hide_that_the_other_side_is_gone():
    link = replace(LINKED, plan_prints=(prints(subject="half"),), plan_on_source=True)

    assert decide(link, shows("2", subject="half"), UNSEEN, DEFAULT) == ReadTarget(21)
    assert decide(link, shows("2", subject="half"), GONE, DEFAULT) == Unlink(19, "deleted in the target")
    assert decide(link, EDITED, GONE, DEFAULT) == Hold(17, "edited_after_delete")


def test_a_record_said_to_be_back_is_read_first():
    back = Gone(back_again=True)

    assert decide(NO_LINK, back, UNSEEN, DEFAULT) == ReadSource(5)
    assert decide(LINKED, back, UNSEEN, DEFAULT) == ReadSource(21)
    assert decide(LINKED, EDITED, back, DEFAULT) == ReadTarget(21)
    assert decide(TOMBSTONED, EDITED, back, DEFAULT) == ReadTarget(24)


def test_a_person_who_edited_the_target_of_a_one_way_sync_does_not_stop_an_ignored_delete():
    assert decide(LINKED, GONE, EDITED_THERE, ONE_WAY) == DeleteTarget(18, how=Delete.IGNORE)
    assert decide(LINKED, GONE, EDITED_THERE, DEFAULT) == Hold(18, "edited_before_delete")


def test_an_activity_on_no_record_is_created_in_dynamics():
    assert decide(NO_LINK, replace(SAME, references=References()), UNSEEN, DEFAULT) == Create(1)
