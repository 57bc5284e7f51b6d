"""Files that are carried: announced once, claimed by one run, due until they are settled, known from either side."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from activity_sync.activities.kinds import ActivityType
from activity_sync.ledger.rows import LinkChange, LinkState, NewLink
from activity_sync.rules.files import FileState

CALL = ActivityType.CALL


def linked(ledger, now, source_id: str = "501") -> int:
    row = ledger.announce([NewLink(CALL, "hubspot", "dynamics", source_id, key=f"key-{source_id}")], now=now)[source_id]
    ledger.settle([LinkChange(row.id, 0, LinkState.LINKED, {"dynamics": f"guid-{source_id}"})], now=now)
    return row.id


def announced(ledger, now, link: int, file_id: str = "31"):
    ledger.announce_files("hubspot", [(link, file_id)], now=now)
    return ledger.carried_files([link])[link, file_id]


def test_an_announced_file_is_pending_and_due_and_stays_what_it_became(ledger, now):
    link = linked(ledger, now)
    seen = announced(ledger, now, link)

    assert (seen.state, seen.target_file, seen.attempts, seen.since) == (FileState.PENDING, "", 0, now)
    assert ledger.files_due("hubspot", CALL, now) == ["501"]
    claimed = ledger.claim_file(seen, now=now)
    done = replace(claimed, state=FileState.DONE, target_file="note-1", next_try=None)
    assert ledger.settle_files([(claimed, done)]) == [True]

    again = announced(ledger, now + timedelta(days=1), link)

    assert again == done
    assert ledger.files_due("hubspot", CALL, now + timedelta(days=9)) == []


def test_of_two_runs_one_carries_a_file_and_a_slow_one_settles_nothing(ledger, now):
    seen = announced(ledger, now, linked(ledger, now))

    first = ledger.claim_file(seen, now=now)

    assert ledger.claim_file(seen, now=now) is None
    assert first.attempts == 1
    # Its process was taken for dead, and another one goes on.
    second = ledger.claim_file(first, now=now)
    assert ledger.settle_files([(first, replace(first, state=FileState.MADE, target_file="a"))]) == [False]
    assert ledger.settle_files([(second, replace(second, state=FileState.MADE, target_file="b"))]) == [True]


def test_a_claimed_file_is_due_until_it_is_settled(ledger, now):
    link = linked(ledger, now)
    seen = announced(ledger, now, link)
    failed = replace(seen, state=FileState.FAILED, code="missing_right", next_try=now + timedelta(days=1))
    ledger.settle_files([(seen, failed)])
    assert ledger.files_due("hubspot", CALL, now) == []

    later = now + timedelta(days=2)
    ledger.claim_file(failed, now=later)

    assert ledger.files_due("hubspot", CALL, later) == ["501"]


def test_what_we_put_on_a_record_is_known_from_its_side_alone(ledger, now):
    link, other = linked(ledger, now), linked(ledger, now, "502")
    for one in (link, other):
        seen = announced(ledger, now, one)
        ledger.settle_files([(seen, replace(seen, state=FileState.MADE, target_file=f"note-{one}"))])
    announced(ledger, now, link, "32")

    found = ledger.files_made_on("dynamics", CALL, ["guid-501", "guid-502", "guid-503"])

    assert found == {"guid-501": {f"note-{link}"}, "guid-502": {f"note-{other}"}}
    assert ledger.files_made_on("hubspot", CALL, ["501"]) == {}


def test_what_failed_is_listed_with_its_activity(ledger, now):
    link = linked(ledger, now)
    refused, waiting, fine = (announced(ledger, now, link, one) for one in ("31", "32", "33"))
    ledger.settle_files([(refused, replace(refused, state=FileState.FAILED, code="too_large", next_try=None))])
    ledger.settle_files([(waiting, replace(waiting, code="no_answer"))])
    ledger.settle_files([(fine, replace(fine, state=FileState.DONE, target_file="note", next_try=None))])

    found = ledger.failed_files("hubspot", CALL)

    assert [(activity, one.file_id, one.code) for activity, one in found] == [
        ("501", "31", "too_large"),
        ("501", "32", "no_answer"),
    ]
    assert ledger.failed_files("dynamics", CALL) == []


def test_what_was_dismissed_is_neither_listed_nor_due_until_it_is_to_be_tried_again(ledger, now):
    link = linked(ledger, now)
    refused = announced(ledger, now, link, "31")
    failed = replace(refused, state=FileState.FAILED, code="missing_right", next_try=now + timedelta(days=1))
    ledger.settle_files([(refused, failed)])

    [dismissed] = ledger.dismiss_files([failed])

    tomorrow = now + timedelta(days=2)
    assert dismissed.state is FileState.DISMISSED
    assert ledger.failed_files("hubspot", CALL) == []
    assert ledger.files_due("hubspot", CALL, tomorrow) == []
    [(_, known)] = ledger.failed_files("hubspot", CALL, dismissed=True)
    [again] = ledger.retry_files([known], now=tomorrow)
    assert again.state is FileState.FAILED
    assert ledger.files_due("hubspot", CALL, tomorrow) == ["501"]
    assert [one.file_id for _, one in ledger.failed_files("hubspot", CALL)] == ["31"]
