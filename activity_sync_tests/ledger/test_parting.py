"""Two records that a rule or a person linked, and that are not the same after all."""

from __future__ import annotations

from activity_sync.activities.kinds import ActivityType
from activity_sync.ledger.choices import Decision
from activity_sync.ledger.outstanding import Outstanding, OutstandingState
from activity_sync.ledger.rows import AdoptedLink, Claim, Element, ElementState, LinkChange, LinkState, NewLink

TASK = ActivityType.TASK
ELEMENT = Element("contact", "about", "1001", "c-1", ElementState.CARRIED)


def adopted(ledger, now):
    pair = AdoptedLink(TASK, "hubspot", "dynamics", "1", "g-1", elements=(ELEMENT,))
    return ledger.adopt([pair], now=now)["1"]


def test_parted_records_have_no_link_and_are_kept_apart_from_either_side(ledger, now):
    again = [
        Outstanding(flow, TASK, one, OutstandingState.DEFERRED, since=now, last_seen=now, reason="parted", next_try=now)
        for flow, one in (("hubspot_to_dynamics", "1"), ("dynamics_to_hubspot", "g-1"))
    ]

    assert ledger.part(adopted(ledger, now), again, now=now)

    assert ledger.links("hubspot", TASK, ["1"]) == ledger.links("dynamics", TASK, ["g-1"]) == {}
    assert {(one.decision, one.other_id) for one in ledger.choices("hubspot", TASK).values()} == {
        (Decision.APART, "g-1")
    }
    assert ledger.choices("dynamics", TASK)["g-1"].other_id == "1"
    assert [row.source_id for row in ledger.due("dynamics_to_hubspot", TASK, now)] == ["g-1"]
    ledger.forget_choices("hubspot", TASK, ["1"])
    assert ledger.choices("hubspot", TASK)["1"].decision is Decision.APART


def test_a_link_that_moved_is_not_parted(ledger, now):
    link = adopted(ledger, now)
    ledger.claim([Claim(link.id, link.revision)], now=now)

    assert not ledger.part(link, [], now=now)

    assert ledger.links("hubspot", TASK, ["1"])["1"].state is LinkState.LINKED
    assert ledger.choices("hubspot", TASK) == {}


def test_a_create_whose_end_is_unknown_is_not_parted(ledger, now):
    link = ledger.announce([NewLink(TASK, "hubspot", "dynamics", "1", key="k-1")], now=now)["1"]

    assert not ledger.part(link, [], now=now)


def test_a_pending_create_that_a_person_has_linked_stands_under_no_key(ledger, now):
    link = ledger.announce([NewLink(TASK, "hubspot", "dynamics", "1", key="k-1")], now=now)["1"]

    ledger.settle(
        [LinkChange(link.id, state=LinkState.LINKED, record_ids={"dynamics": "g-1"}, key="")],
        now=now,
    )

    linked = ledger.links("hubspot", TASK, ["1"])["1"]
    assert (linked.key, linked.state) == ("", LinkState.LINKED)
    assert ledger.links_by_key(["k-1"]) == {}
    assert ledger.part(linked, [], now=now)
