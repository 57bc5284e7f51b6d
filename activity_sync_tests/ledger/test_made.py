"""Records made on demand: announced once, noted as made, known from either side."""

from __future__ import annotations

from datetime import timedelta

from activity_sync.activities.identity import Flow
from activity_sync.ledger.made import MadeState

FLOW = Flow("hubspot", "dynamics")


def test_an_announced_record_is_fresh_for_the_first_alone(ledger, now):
    first = ledger.announce_records(FLOW, "contact", ["1", "2"], now=now)
    second = ledger.announce_records(FLOW, "contact", ["2", "3"], now=now + timedelta(seconds=1))

    assert [row.fresh for row in first.values()] == [True, True]
    assert (second["2"].fresh, second["2"].announced_at, second["3"].fresh) == (False, now, True)
    assert ledger.announce_records(FLOW, "company", ["1"], now=now)["1"].fresh
    assert ledger.made_records(FLOW, "contact", ["1", "2", "3"]) == {}


def test_a_made_record_is_known_from_either_side(ledger, now):
    ledger.announce_records(FLOW, "contact", ["1"], now=now)

    ledger.settle_records(FLOW, "contact", {"1": "c-1"}, now=now)

    assert ledger.announce_records(FLOW, "contact", ["1"], now=now)["1"].state is MadeState.MADE
    assert ledger.made_records(FLOW, "contact", ["1"]) == {"1": "c-1"}
    assert ledger.made_records(FLOW.mirror, "contact", ["c-1", "c-2"]) == {"c-1": "1"}
    assert ledger.made_records(FLOW, "company", ["1"]) == {}


def test_of_several_that_share_a_counterpart_the_first_is_its_own(ledger, now):
    ledger.settle_records(FLOW, "company", {"9": "a-1"}, now=now)
    ledger.settle_records(FLOW, "company", {"1": "a-1"}, now=now + timedelta(seconds=1))

    assert ledger.made_records(FLOW.mirror, "company", ["a-1"]) == {"a-1": "9"}
    assert ledger.made_records(FLOW, "company", ["1", "9"]) == {"1": "a-1", "9": "a-1"}


def test_what_came_to_nothing_is_forgotten_and_what_was_made_is_not(ledger, now):
    ledger.announce_records(FLOW, "contact", ["1", "2"], now=now)
    ledger.settle_records(FLOW, "contact", {"2": "c-2"}, now=now)

    ledger.discard_records(FLOW, "contact", ["1", "2"])

    assert ledger.announce_records(FLOW, "contact", ["1"], now=now)["1"].fresh
    assert ledger.made_records(FLOW, "contact", ["2"]) == {"2": "c-2"}


def test_of_two_that_announce_again_one_wins(ledger, now):
    seen = ledger.announce_records(FLOW, "contact", ["1"], now=now)["1"]
    later = now + timedelta(minutes=20)

    assert ledger.announce_record_again(FLOW, "contact", seen, now=later)
    assert not ledger.announce_record_again(FLOW, "contact", seen, now=later)
