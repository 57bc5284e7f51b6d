"""The case table of sync-rules.md, row by row. `SAME` is in step with the base of `LINKED`; see `states.py`."""

from __future__ import annotations

from dataclasses import replace

import pytest

from activity_sync.rules.actions import (
    Acknowledge,
    Action,
    Adopt,
    Confirm,
    Create,
    Defer,
    DeleteTarget,
    Fail,
    Filtered,
    Forget,
    Hold,
    KeepTarget,
    Moves,
    ReadSource,
    ReadTarget,
    ReadTimes,
    Relink,
    Skip,
    Unlink,
    Update,
)
from activity_sync.rules.adopt import UNLIKE_ANY
from activity_sync.rules.decide import decide
from activity_sync.rules.values import (
    AssociationDiff,
    Closed,
    Delete,
    LossyEdit,
    Observation,
    Policy,
    Require,
    Restore,
    TargetEdits,
    Unresolved,
)
from activity_sync_tests.rules.states import (
    CONTACT_ADDED,
    DEFAULT,
    EDITED,
    EDITED_BODY,
    EDITED_THERE,
    ERASED,
    GONE,
    LINKED,
    MATCHED,
    MOVED,
    NO_LINK,
    ONE_WAY,
    PARTLY_RESOLVED,
    PENDING,
    PETRA,
    SAME,
    SOURCE_WINS,
    TARGET_WINS,
    TOMBSTONED,
    UNRESOLVED,
    UNSEEN,
    edited_at,
    prints,
    shows,
)

EARLY = edited_at(EDITED, 0, "subject")
LATE_THERE = edited_at(EDITED_THERE, 60, "subject")
SOON_THERE = edited_at(EDITED_THERE, 4.9, "subject")
SUBJECT_BOTH = Moves(source=prints(subject="edited here"), target=prints(subject="edited here"))
BRING_BACK = Policy(restore=Restore.CREATE)
CLOSE = Policy(delete=Delete.CLOSE)
LEAVE_CLOSED = Policy(closed=Closed.LEAVE)
ALL = Policy(require=Require.ALL)
REVERT = Policy(two_way=False, target_edits=TargetEdits.REVERT)
CUT_HERE = Policy(lossy_at_source=frozenset({"subject"}))
INVALID = replace(SAME, invalid=("too_long", "the subject is too long"))
CLOSED = replace(SAME, closed=True)
WENT = replace(TOMBSTONED, source_gone=True)

ROWS: list[tuple[str, object, Observation, Observation, Policy, Action]] = [
    # --- no link
    ("1 no match", NO_LINK, SAME, UNSEEN, DEFAULT, Create(1)),
    ("1 some records resolve", NO_LINK, replace(SAME, references=PARTLY_RESOLVED), UNSEEN, DEFAULT, Create(1)),
    ("1 the match is gone", MATCHED, SAME, GONE, DEFAULT, Create(1)),
    ("1 never what was erased", MATCHED, SAME, ERASED, DEFAULT, Skip(5, "erased")),
    ("2 match not read", MATCHED, SAME, UNSEEN, DEFAULT, ReadTarget(2)),
    ("2 match in step", MATCHED, SAME, MOVED, DEFAULT,
     Adopt(2, moves=Moves(dict(SAME.prints), dict(MOVED.prints), source_settled=True, target_settled=True),
           target_id="twin")),
    ("3 match differs", MATCHED, SAME, EDITED_THERE, DEFAULT,
     Adopt(3, moves=Moves({**SAME.prints, "subject": UNLIKE_ANY}, {**EDITED_THERE.prints, "subject": UNLIKE_ANY},
                          source_settled=True, target_settled=True),
           target_id="twin", then_update=("subject",))),
    ("3 match lacks a value", MATCHED, SAME, replace(shows(subject=""), empty=frozenset({"subject"})), DEFAULT,
     Adopt(3, moves=Moves({**SAME.prints, "subject": UNLIKE_ANY}, prints(subject="", body="b", owner="o"),
                          source_settled=True, target_settled=True),
           target_id="twin", then_update=("subject",))),
    ("4 several matches", replace(NO_LINK, matches=("a", "b")), SAME, UNSEEN, DEFAULT,
     Hold(4, "ambiguous", candidates=("a", "b"))),
    ("4 its match is like another record too", replace(MATCHED, rivals=("b",)), SAME, UNSEEN, DEFAULT,
     Hold(4, "ambiguous", candidates=("twin",), rivals=("b",))),
    ("5 gone", NO_LINK, GONE, UNSEEN, DEFAULT, Skip(5, "nothing to carry")),
    ("5 unseen", NO_LINK, UNSEEN, SAME, DEFAULT, Skip(5, "nothing to carry")),
    # --- pending
    ("6 found", replace(PENDING, found="target-id"), UNSEEN, UNSEEN, DEFAULT, Confirm(6, target_id="target-id")),
    ("6 found, source gone", replace(PENDING, found="target-id"), GONE, GONE, DEFAULT,
     Confirm(6, target_id="target-id")),
    ("7 certainly not there", replace(PENDING, generation=3), SAME, UNSEEN, DEFAULT, Create(7, generation=3)),
    ("8 source gone", PENDING, GONE, UNSEEN, DEFAULT, Forget(8, "gone before it was created")),
    ("9 not looked up yet", replace(PENDING, looked=False, certain=False), SAME, UNSEEN, DEFAULT, ReadTarget(9)),
    ("9 search lag", replace(PENDING, certain=False), SAME, UNSEEN, DEFAULT, Defer(9, "search_lag")),
    ("9 no place for a key", replace(PENDING, settleable=False), SAME, UNSEEN, DEFAULT, Hold(9, "uncertain_create")),
    ("10 source unseen", PENDING, UNSEEN, UNSEEN, DEFAULT, ReadSource(10)),
    # --- linked
    ("11 same, target unseen", LINKED, SAME, UNSEEN, DEFAULT, Skip(11, "unchanged")),
    ("11 same, target same", LINKED, SAME, SAME, DEFAULT, Skip(11, "unchanged")),
    ("12 edited", LINKED, EDITED, SAME, DEFAULT, Update(12, moves=SUBJECT_BOTH, fields=("subject",))),
    ("12 markup alone is an edit", LINKED, shows("2", body="<b>|b"), SAME, DEFAULT,
     Update(12, moves=Moves(prints(body="<b>|b"), prints(body="<b>|b")), fields=("body",))),
    ("12 a contact added", LINKED, replace(SAME, associations=CONTACT_ADDED), SAME, DEFAULT,
     Update(12, add=("contact/1/associated",))),
    ("12 a contact removed", LINKED,
     replace(SAME, associations=AssociationDiff(removed=frozenset({"contact/1/to"}))), SAME, DEFAULT,
     Update(12, remove=("contact/1/to",))),
    ("12 target closed", LINKED, EDITED, CLOSED, DEFAULT,
     Update(12, moves=SUBJECT_BOTH, fields=("subject",), reopen=True)),
    ("12 target closed and left", LINKED, EDITED, CLOSED, LEAVE_CLOSED, Hold(12, "closed")),
    ("12 oscillating", replace(LINKED, oscillating=True), EDITED, SAME, DEFAULT, Hold(12, "oscillating")),
    ("12 edit of a cut copy", LINKED, EDITED, SAME, CUT_HERE,
     KeepTarget(12, moves=Moves(source=prints(subject="edited here")), kept_lossy=("subject",))),
    ("12 edit of a cut copy, overwrite", LINKED, EDITED, SAME, replace(CUT_HERE, lossy_edit=LossyEdit.OVERWRITE),
     Update(12, moves=SUBJECT_BOTH, fields=("subject",))),
    ("13 different fields", LINKED, EDITED, EDITED_BODY, DEFAULT,
     Update(13, moves=SUBJECT_BOTH, fields=("subject",))),
    ("13 a field mapped one way only", LINKED, EDITED, EDITED_THERE,
     Policy(one_way_fields=frozenset({"subject"})), Update(13, moves=SUBJECT_BOTH, fields=("subject",))),
    ("14 times not read", LINKED, EDITED, EDITED_THERE, DEFAULT, ReadTimes(14, fields=("subject",))),
    ("14 the target was later", LINKED, EARLY, LATE_THERE, DEFAULT, KeepTarget(14, lost_to_target=("subject",))),
    ("14 the target was later, and a write would hide when", LINKED,
     edited_at(shows("2", subject="edited here", body="edited here"), 0, "subject"), LATE_THERE,
     Policy(target_times_by_row=True), Defer(14, "conflict_first")),
    ("14 the target was later, and a write hides nothing", LINKED,
     edited_at(shows("2", subject="edited here", body="edited here"), 0, "subject"), LATE_THERE,
     DEFAULT, Update(14, moves=Moves(prints(body="edited here"), prints(body="edited here")), fields=("body",),
                     lost_to_target=("subject",))),
    ("14 the source was later", LINKED, edited_at(EDITED, 90, "subject"), LATE_THERE, DEFAULT,
     Update(14, moves=SUBJECT_BOTH, fields=("subject",), overwrites=("subject",))),
    ("14 a tie goes to HubSpot, here", LINKED, EARLY, SOON_THERE, DEFAULT,
     Update(14, moves=SUBJECT_BOTH, fields=("subject",), overwrites=("subject",))),
    ("14 a tie goes to HubSpot, there", LINKED, EARLY, SOON_THERE, Policy(source_breaks_ties=False),
     KeepTarget(14, lost_to_target=("subject",))),
    ("14 no time known", LINKED, edited_at(EDITED, 0), LATE_THERE, DEFAULT,
     Update(14, moves=SUBJECT_BOTH, fields=("subject",), overwrites=("subject",))),
    ("14 source wins", LINKED, EDITED, EDITED_THERE, SOURCE_WINS,
     Update(14, moves=SUBJECT_BOTH, fields=("subject",), overwrites=("subject",))),
    ("14 target wins", LINKED, EDITED, EDITED_THERE, TARGET_WINS, KeepTarget(14, lost_to_target=("subject",))),
    ("14 one way, the source wins", LINKED, EDITED, EDITED_THERE, ONE_WAY,
     Update(14, moves=SUBJECT_BOTH, fields=("subject",), overwrites=("subject",))),
    ("15 the same edit twice", LINKED, EDITED, EDITED, DEFAULT, Acknowledge(15, moves=SUBJECT_BOTH)),
    ("15 the same text in other markup", LINKED, shows("2", body="<b>|x"), shows("2", body="<i>|x"), DEFAULT,
     Acknowledge(15, moves=Moves(prints(body="<b>|x"), prints(body="<i>|x")))),
    ("15 no place in the target", LINKED, shows("2", owner="p", projected=prints(subject="s", body="b")), UNSEEN,
     DEFAULT, Acknowledge(15, "no place in the target", moves=Moves(source=prints(owner="p")))),
    ("16 edited there", LINKED, SAME, EDITED_THERE, DEFAULT, Skip(16, "changed in the target only")),
    ("16 edited there, one way", LINKED, SAME, EDITED_THERE, ONE_WAY, Skip(16, "changed in the target only")),
    ("16 edited there, reverted", LINKED, SAME, EDITED_THERE, REVERT, Update(16, fields=("subject",), undo=True)),
    ("17 hold", LINKED, EDITED, GONE, DEFAULT, Hold(17, "edited_after_delete")),
    ("17 create again", replace(LINKED, generation=4), EDITED, GONE, BRING_BACK,
     Create(17, "restored", generation=5)),
    ("17 never what was erased", LINKED, EDITED, ERASED, BRING_BACK, Unlink(19, "erased")),
    ("18 ignore", LINKED, GONE, SAME, DEFAULT, DeleteTarget(18, how=Delete.IGNORE)),
    ("18 close", LINKED, GONE, SAME, CLOSE, DeleteTarget(18, how=Delete.CLOSE)),
    ("18 archive", LINKED, GONE, SAME, Policy(delete=Delete.ARCHIVE), DeleteTarget(18, how=Delete.ARCHIVE)),
    ("18 edited there meanwhile", LINKED, GONE, EDITED_THERE, CLOSE, Hold(18, "edited_before_delete")),
    ("19 deleted there", LINKED, SAME, GONE, DEFAULT, Unlink(19, "deleted in the target")),
    ("20 gone on both sides", LINKED, GONE, GONE, DEFAULT, Forget(20, "gone on both sides")),
    ("21 edited, target unseen", LINKED, EDITED, UNSEEN, DEFAULT, ReadTarget(21)),
    ("21 gone, target unseen", LINKED, GONE, UNSEEN, DEFAULT, ReadTarget(21)),
    ("22 source unseen", LINKED, UNSEEN, GONE, DEFAULT, Skip(22, "not seen")),
    # --- tombstoned
    ("23 as when unlinked", TOMBSTONED, SAME, GONE, DEFAULT, Skip(23, "unlinked")),
    ("23 target unseen", TOMBSTONED, MOVED, UNSEEN, DEFAULT, Skip(23, "unlinked")),
    ("23 a field mapped since is no edit", TOMBSTONED, shows("2", owner="p"), GONE, BRING_BACK, Skip(23, "unlinked")),
    ("23 re-parenting is no edit", TOMBSTONED, replace(MOVED, associations=CONTACT_ADDED), GONE, BRING_BACK,
     Skip(23, "unlinked")),
    ("23 erased", replace(TOMBSTONED, erased=True), EDITED, GONE, BRING_BACK, Skip(23, "erased")),
    ("24 edited, hold", TOMBSTONED, EDITED, GONE, DEFAULT, Hold(24, "edited_after_delete")),
    ("24 edited, create", TOMBSTONED, EDITED, GONE, BRING_BACK, Create(24, "restored", generation=1)),
    ("24 edited, target unseen", TOMBSTONED, EDITED, UNSEEN, DEFAULT, ReadTarget(24)),
    ("24 gone and back", WENT, SAME, GONE, DEFAULT, Hold(24, "edited_after_delete")),
    ("24 back, and never created", replace(WENT, target_id=""), SAME, UNSEEN, DEFAULT,
     Create(24, "restored", generation=1)),
    ("25 undeleted", TOMBSTONED, SAME, SAME, DEFAULT,
     Adopt(25, "undeleted", target_id="target-id",
           moves=Moves(dict(SAME.prints), dict(SAME.prints), source_settled=True, target_settled=True))),
    ("25 its counterpart lives on with another", replace(TOMBSTONED, target_linked=True), SAME, SAME, DEFAULT,
     Hold(25, "counterpart_linked", candidates=("target-id",))),
    ("26 gone", TOMBSTONED, GONE, SAME, DEFAULT, Skip(26, "gone")),
    # --- any link
    ("27 version moved", LINKED, MOVED, UNSEEN, DEFAULT, Skip(27, "version moved")),
    ("28 invalid", NO_LINK, INVALID, UNSEEN, DEFAULT, Fail(28, "the subject is too long", rule="too_long")),
    ("28 invalid, linked", LINKED, INVALID, SAME, DEFAULT, Fail(28, "the subject is too long", rule="too_long")),
    ("29 nothing resolves", NO_LINK, replace(SAME, references=UNRESOLVED), UNSEEN, DEFAULT,
     Defer(29, "unresolved", waits_for=(PETRA,))),
    ("29 nothing resolves, linked", LINKED, replace(EDITED, references=UNRESOLVED), SAME, DEFAULT,
     Defer(29, "unresolved", waits_for=(PETRA,))),
    ("29 nothing resolves, skip", NO_LINK, replace(SAME, references=UNRESOLVED), UNSEEN,
     Policy(unresolved=Unresolved.SKIP), Filtered(29, "unresolved")),
    ("29 nothing resolves, load", NO_LINK, replace(SAME, references=UNRESOLVED), UNSEEN,
     Policy(unresolved=Unresolved.LOAD_UNASSOCIATED), Create(1)),
    ("29 all must resolve", NO_LINK, replace(SAME, references=PARTLY_RESOLVED), UNSEEN, ALL,
     Defer(29, "unresolved", waits_for=(PETRA,))),
    ("30 towards HubSpot", NO_LINK, SAME, UNSEEN, Policy(needs_association=True), Filtered(30, "no_association")),
    ("30 towards HubSpot, load", NO_LINK, SAME, UNSEEN,
     Policy(needs_association=True, unresolved=Unresolved.LOAD_UNASSOCIATED), Create(1)),
    ("31 half a write of the mirror flow", replace(LINKED, plan_on_source=True), EDITED, SAME, DEFAULT,
     Defer(31, "write_unfinished")),
    ("32 filter", NO_LINK, replace(SAME, passes_filter=False), UNSEEN, DEFAULT, Filtered(32, "filter")),
    ("32 filter, linked, initial", LINKED, replace(EDITED, passes_filter=False), SAME, DEFAULT,
     Update(12, moves=SUBJECT_BOTH, fields=("subject",))),
    ("32 filter, linked, always", LINKED, replace(EDITED, passes_filter=False), SAME, Policy(filter_always=True),
     Filtered(32, "filter")),
    ("33 merged", LINKED, replace(SAME, merged_into="9"), SAME, DEFAULT, Relink(33, survivor="9")),
    ("33 merged, two links", replace(LINKED, survivor_linked=True), replace(SAME, merged_into="9"), SAME, DEFAULT,
     Hold(33, "merged", candidates=("9",))),
]  # fmt: skip


@pytest.mark.parametrize(
    ("link", "source", "target", "policy", "action"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS]
)
def test_case(link, source, target, policy, action):
    assert decide(link, source, target, policy) == action


def test_every_row_of_the_table_has_a_case():
    assert {int(row[0].split()[0]) for row in ROWS} == set(range(1, 34))
