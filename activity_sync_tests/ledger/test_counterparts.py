"""What look-ups found is kept by direction and kind, and the ledger names an activity that hangs on a record."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import event

from activity_sync.activities.identity import Flow
from activity_sync.activities.kinds import ActivityType
from activity_sync.ledger.counterparts import Counterpart
from activity_sync.ledger.rows import Element, ElementState, LinkChange, LinkState, NewLink

FLOW = Flow("hubspot", "dynamics")
TASK, CALL = ActivityType.TASK, ActivityType.CALL


def test_what_was_found_is_known_to_its_own_direction_and_kind(ledger, now):
    ledger.note_counterparts(FLOW, "contact", {"1": ("c-1", "aa"), "2": ("c-2", "bb")}, now=now)

    assert ledger.counterparts(FLOW, "contact", ["1", "3"]) == {"1": Counterpart("c-1", "aa", now)}
    assert ledger.counterparts(FLOW.mirror, "contact", ["1", "c-1"]) == {}
    assert ledger.counterparts(FLOW, "company", ["1"]) == {}


def test_the_last_look_up_counts(ledger, now):
    later = now + timedelta(hours=1)
    ledger.note_counterparts(FLOW, "contact", {"1": ("c-1", "aa"), "2": ("c-2", "bb")}, now=now)

    ledger.note_counterparts(FLOW, "contact", {"1": ("c-9", "aa"), "2": ("c-2", "cc")}, now=later)

    assert ledger.counterparts(FLOW, "contact", ["1", "2"]) == {
        "1": Counterpart("c-9", "aa", later),
        "2": Counterpart("c-2", "cc", later),
    }


def test_what_is_found_again_is_written_once_a_day(ledger, now):
    ledger.note_counterparts(FLOW, "contact", {"1": ("c-1", "aa")}, now=now)
    written = []
    event.listen(ledger._engine, "before_cursor_execute", lambda *given: written.append(given[2]))

    ledger.note_counterparts(FLOW, "contact", {"1": ("c-1", "aa")}, now=now + timedelta(hours=23))
    at_first = [one for one in written if one.startswith("INSERT")]
    ledger.note_counterparts(FLOW, "contact", {"1": ("c-1", "aa")}, now=now + timedelta(hours=25))

    assert at_first == []
    assert ledger.counterparts(FLOW, "contact", ["1"])["1"].found_at == now + timedelta(hours=25)


def link(ledger, now, source_id, *elements, kind=TASK, origin="hubspot", state=LinkState.LINKED):
    """A link whose counterpart is `there-ID`."""
    counterpart = "dynamics" if origin == "hubspot" else "hubspot"
    new = NewLink(kind, origin, counterpart, source_id, key=f"key-{source_id}", elements=elements)
    row = ledger.announce([new], now=now)[source_id]
    if state is not LinkState.PENDING:
        change = LinkChange(row.id, 0, LinkState.LINKED, {counterpart: f"there-{source_id}"})
        ledger.settle([change], now=now)
    return row


def carried(origin: str, counterpart: str, *, state=ElementState.CARRIED, kind="contact") -> Element:
    return Element(kind, "associated", origin, counterpart, state)


def test_the_activity_linked_last_is_named_from_whichever_side_the_link_came(ledger, now):
    link(ledger, now, "10", carried("c1", "x1"))
    link(ledger, now, "11", carried("c1", "x1"), carried("c2", "x2"), kind=CALL)
    link(ledger, now, "d-12", carried("x3", "c3"), origin="dynamics")

    assert ledger.seen_on("hubspot", "contact", ["c1", "c2", "c3", "c4"]) == {
        "c1": (CALL, "11"),
        "c2": (CALL, "11"),
        "c3": (TASK, "there-d-12"),
    }
    assert ledger.seen_on("dynamics", "contact", ["x1", "x3"]) == {"x1": (CALL, "there-11"), "x3": (TASK, "d-12")}
    assert ledger.seen_on("hubspot", "company", ["c1"]) == {}


@pytest.mark.parametrize(
    ("element", "state"),
    [
        (carried("c1", "", state=ElementState.WAITING), LinkState.LINKED),
        (carried("c1", "", state=ElementState.LOST), LinkState.LINKED),
        (carried("c1", "x1"), LinkState.PENDING),
    ],
    ids=["waits", "has no place", "not linked yet"],
)
def test_an_activity_without_the_record_proves_nothing(ledger, now, element, state):
    link(ledger, now, "10", element, state=state)

    assert ledger.seen_on("hubspot", "contact", ["c1"]) == {}
