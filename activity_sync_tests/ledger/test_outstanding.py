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
        candidates=("a", "b"),
        mapping="m",
        hangs_on=(("contact", "51"), ("deal", "7")),
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


def failed(now, source_id: str, **rest) -> Outstanding:
    return replace(deferred(now, source_id, **rest), state=OutstandingState.FAILED)


def test_a_dismissed_record_stays_so_while_it_fails_in_the_same_version(ledger, now):
    again = failed(now, "1", source_version="v1", next_try=now)
    ledger.record_outstanding([again])
    ledger.dismiss_failed([again])

    ledger.record_outstanding([again])

    [row] = ledger.list_outstanding()
    assert (row.state, row.next_try, row.attempts) == (OutstandingState.DISMISSED, None, 2)
    assert ledger.due(FLOW, EMAIL, now, mapping="another") == []
    assert ledger.count_outstanding() == {(FLOW, EMAIL, OutstandingState.DISMISSED): 1}


def test_a_dismissed_record_without_a_version_stays_so_too(ledger, now):
    ledger.record_outstanding([failed(now, "1")])
    ledger.dismiss_failed([failed(now, "1")])

    ledger.record_outstanding([failed(now, "1")])

    assert [row.state for row in ledger.list_outstanding()] == [OutstandingState.DISMISSED]


def test_a_dismissed_record_that_changed_has_failed_again(ledger, now):
    ledger.record_outstanding([failed(now, "1", source_version="v1")])
    ledger.dismiss_failed([failed(now, "1")])

    ledger.record_outstanding([failed(now, "1", source_version="v2", next_try=now)])

    [row] = ledger.list_outstanding(OutstandingState.FAILED)
    assert (row.source_version, row.next_try) == ("v2", now)


def test_a_dismissed_failure_hides_no_hold(ledger, now):
    ledger.record_outstanding([failed(now, "1", source_version="v1")])
    ledger.dismiss_failed([failed(now, "1")])

    ledger.record_outstanding([replace(deferred(now, "1", source_version="v1"), state=OutstandingState.HELD)])

    assert [row.state for row in ledger.list_outstanding()] == [OutstandingState.HELD]


def test_only_what_failed_is_dismissed_and_only_the_record_that_was_named(ledger, now):
    elsewhere = [
        replace(failed(now, "1"), flow="dynamics_to_hubspot"),
        replace(failed(now, "1"), activity_type=ActivityType.CALL),
    ]
    ledger.record_outstanding([failed(now, "1"), deferred(now, "2"), failed(now, "3"), *elsewhere])

    ledger.dismiss_failed([failed(now, "1"), deferred(now, "2")])

    dismissed = ledger.list_outstanding(OutstandingState.DISMISSED)
    assert [(row.flow, row.activity_type, row.source_id) for row in dismissed] == [(FLOW, EMAIL, "1")]


def test_what_is_to_be_tried_again_is_due_dismissed_or_not(ledger, now):
    rows = [failed(now, "1"), failed(now, "2"), failed(now, "3"), deferred(now, "4")]
    ledger.record_outstanding(rows)
    ledger.dismiss_failed([rows[1]])

    ledger.retry_failed([rows[0], rows[1], rows[3]], now=now)

    assert [(row.source_id, row.state) for row in ledger.due(FLOW, EMAIL, now)] == [
        ("1", OutstandingState.FAILED),
        ("2", OutstandingState.FAILED),
    ]


def test_what_failed_under_another_mapping_is_due_after_the_rest(ledger, now):
    ledger.record_outstanding(
        [
            failed(now, "1", mapping="old"),
            failed(now, "2", mapping="new"),
            deferred(now, "3", mapping="old"),
            failed(now, "4", mapping="old", next_try=now),
        ]
    )

    assert [row.source_id for row in ledger.due(FLOW, EMAIL, now, mapping="new")] == ["4", "1"]
    assert [row.source_id for row in ledger.due(FLOW, EMAIL, now)] == ["4"]
