from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from activity_sync.activities.kinds import ActivityType
from activity_sync.ledger.outstanding import Outstanding, OutstandingState
from activity_sync.rules.values import Missing

FLOW = "hubspot_to_dynamics"
EMAIL = ActivityType.EMAIL


def deferred(now, source_id: str, **rest) -> Outstanding:
    return Outstanding(FLOW, EMAIL, source_id, OutstandingState.DEFERRED, since=now, last_seen=now, **rest)


def test_record_is_given_back_as_it_was_recorded(ledger, now):
    row = deferred(
        now,
        "1",
        case=29,
        rule="references",
        reason="no contact",
        waits_for=(Missing("dynamics", "contact", "51"), Missing("dynamics", "deal", "7")),
        code="0x80040217",
        message="… does not exist",
        correlation_id="c-1",
        transient=True,
        next_try=now + timedelta(hours=1),
        source_version="v",
    )

    ledger.record_outstanding([row])

    assert ledger.list_outstanding() == [row]
    assert ledger.outstanding(FLOW, EMAIL, ["1", "2"]) == {"1": row}


def test_record_met_again_keeps_its_first_time_and_counts(ledger, now):
    later = now + timedelta(days=1)
    ledger.record_outstanding([deferred(now, "1", reason="no contact")])

    again = Outstanding(FLOW, EMAIL, "1", OutstandingState.FAILED, since=later, last_seen=later, reason="refused")
    ledger.record_outstanding([again, again])

    assert ledger.list_outstanding() == [replace(again, since=now, attempts=2)]


def test_due_are_those_whose_time_has_come_longest_waiting_first(ledger, now):
    minute = timedelta(minutes=1)
    ledger.record_outstanding(
        [
            deferred(now, "now", next_try=now),
            deferred(now, "before", next_try=now - minute),
            deferred(now, "later", next_try=now + minute),
            deferred(now, "never"),
            replace(deferred(now, "other flow", next_try=now), flow="dynamics_to_hubspot"),
            replace(deferred(now, "other type", next_try=now), activity_type=ActivityType.CALL),
        ]
    )

    assert [row.source_id for row in ledger.due(FLOW, EMAIL, now)] == ["before", "now"]


def test_cleared_records_are_outstanding_no_more(ledger, now):
    ledger.record_outstanding([deferred(now, str(one)) for one in range(1200)])

    ledger.clear_outstanding(FLOW, EMAIL, [str(one) for one in range(1, 1200)] + ["unknown"])

    assert [row.source_id for row in ledger.list_outstanding()] == ["0"]


def test_lists_and_counts_by_state_flow_and_type(ledger, now):
    held = replace(deferred(now, "2"), state=OutstandingState.HELD, activity_type=ActivityType.CALL)
    ledger.record_outstanding([deferred(now, "1"), held])

    assert ledger.list_outstanding(OutstandingState.HELD) == [held]
    assert ledger.list_outstanding(flow="dynamics_to_hubspot") == []
    assert [row.source_id for row in ledger.list_outstanding(activity_type=EMAIL)] == ["1"]
    assert ledger.count_outstanding() == {
        (FLOW, EMAIL, OutstandingState.DEFERRED): 1,
        (FLOW, ActivityType.CALL, OutstandingState.HELD): 1,
    }
