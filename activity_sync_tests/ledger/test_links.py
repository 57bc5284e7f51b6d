from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import event

from activity_sync.activities.fingerprint import FieldPrint
from activity_sync.activities.kinds import ActivityType
from activity_sync.ledger.rows import (
    AdoptedLink,
    Claim,
    Element,
    ElementChange,
    ElementState,
    LinkChange,
    LinkState,
    LinkVersion,
    NewLink,
    Tombstone,
)

TASK = ActivityType.TASK
A, B, C = FieldPrint("aa", "aa"), FieldPrint("bb", "b0"), FieldPrint("cc", "cc")


def new(source_id: str, **rest) -> NewLink:
    return NewLink(TASK, "hubspot", "dynamics", source_id, key=f"key-{source_id}", **rest)


def linked(ledger, now, *source_ids: str):
    rows = ledger.announce([new(one, source_base={"subject": A, "body": B}) for one in source_ids], now=now)
    ledger.settle(
        [
            LinkChange(row.id, 0, LinkState.LINKED, {"dynamics": f"guid-{one}"}, {"dynamics": {"subject": A}})
            for one, row in rows.items()
        ],
        now=now,
    )
    return ledger.links("hubspot", TASK, source_ids)


def test_announced_create_is_pending_under_our_key(ledger, now):
    part = Element("contact", "associated", "c1", "", ElementState.WAITING)

    made = ledger.announce(
        [new("1", generation=2, intended={"body": B}, source_base={"body": A}, source_version="v1", elements=(part,))],
        now=now,
    )["1"]
    read = ledger.link_by_id(made.id)

    assert read == made
    assert made.fresh
    assert (read.state, read.key, read.generation, read.revision) == (LinkState.PENDING, "key-1", 2, 0)
    assert read.intended == {"body": B}
    assert read.sides["hubspot"].base == {"body": A}
    assert read.sides["hubspot"].version == "v1"
    assert read.sides["dynamics"].record_id is None
    assert (read.origin_id, read.counterpart) == ("1", "dynamics")
    assert read.elements == (part,)
    assert read.updated_at == now
    assert [one.id for one in ledger.pending("hubspot", TASK)] == [made.id]
    assert ledger.pending("dynamics", TASK) == []
    assert ledger.links_by_key(["key-1", "no such key"]) == {"key-1": made}


def test_source_with_a_living_link_is_not_announced_again(ledger, now):
    first = ledger.announce([new("1")], now=now)["1"]

    second = ledger.announce([new("1", generation=7), new("2")], now=now)

    assert second["1"] == replace(first, fresh=False)
    assert second["2"].fresh


def test_source_named_twice_in_one_batch_is_announced_once(ledger, now):
    assert len(ledger.announce([new("1"), new("1")], now=now)) == 1
    assert len(ledger.pending("hubspot", TASK)) == 1


def test_same_id_of_another_type_or_system_is_another_record(ledger, now):
    ledger.announce([new("1")], now=now)

    rows = ledger.announce([replace(new("1"), activity_type=ActivityType.CALL)], now=now)
    other = ledger.announce([replace(new("1"), origin="dynamics", counterpart="hubspot")], now=now)

    assert rows["1"].fresh
    assert other["1"].fresh


def test_tombstoned_source_gets_its_next_life(ledger, now):
    old = linked(ledger, now, "1")["1"]
    ledger.settle([LinkChange(old.id, state=LinkState.TOMBSTONED)], now=now)
    assert ledger.links("hubspot", TASK, ["1"])["1"].state is LinkState.TOMBSTONED

    fresh = ledger.announce([new("1", generation=1)], now=now)["1"]

    assert fresh.fresh
    assert fresh.id != old.id
    assert ledger.links("hubspot", TASK, ["1"]) == {"1": fresh}
    # The old counterpart is still known by its tombstone.
    assert ledger.links("dynamics", TASK, ["guid-1"])["guid-1"].id == old.id


def test_versions_are_those_of_the_links_that_hold_the_records(ledger, now):
    old = linked(ledger, now, "1", "2")["1"]
    ledger.settle([LinkChange(old.id, state=LinkState.TOMBSTONED, versions={"hubspot": "v1"})], now=now)
    ledger.announce([new("1", generation=1, source_version="v2")], now=now)

    for ids in (["1", "2", "unknown"], []):
        links = ledger.links("hubspot", TASK, ids)
        assert ledger.link_versions("hubspot", TASK, ids) == {
            one: LinkVersion(row.id, row.revision, row.sides["hubspot"].version) for one, row in links.items()
        }
    assert ledger.link_versions("hubspot", TASK, ["1"])["1"].record_version == "v2"


@pytest.mark.parametrize("moves", [{}, {"versions": {"hubspot": "v2"}}, {"bases": {"hubspot": {"body": C}}}])
def test_link_that_moved_since_it_was_known_is_settled_as_it_stands(ledger, now, moves):
    known = ledger.announce([new("1", source_base={"body": A}), new("2", source_base={"body": A})], now=now)
    if moves:
        ledger.settle([LinkChange(known["1"].id, **moves)], now=now + timedelta(seconds=1))
    changes = [
        LinkChange(row.id, state=LinkState.LINKED, record_ids={"dynamics": f"guid-{one}"}) for one, row in known.items()
    ]

    done = ledger.settle(changes, now=now + timedelta(seconds=2), known=list(known.values()))

    assert done == {row.id for row in known.values()}
    found = ledger.links("dynamics", TASK, ["guid-1", "guid-2"])
    assert found["guid-1"].sides["hubspot"].version == moves.get("versions", {}).get("hubspot")
    assert found["guid-1"].sides["hubspot"].base == moves.get("bases", {"hubspot": {"body": A}})["hubspot"]
    assert found["guid-2"].sides["hubspot"].base == {"body": A}


def test_links_are_found_from_both_sides_in_any_number(ledger, now):
    ids = [str(one) for one in range(2500)]

    linked(ledger, now, *ids)
    found = ledger.links("dynamics", TASK, [f"guid-{one}" for one in ids] + ["guid-unknown"])

    assert {one: row.origin_id for one, row in found.items()} == {f"guid-{one}": one for one in ids}


def test_settling_merges_bases_and_replaces_the_rest(ledger, now):
    row = linked(ledger, now, "1")["1"]
    later = now + timedelta(minutes=1)

    done = ledger.settle(
        [
            LinkChange(
                row.id,
                row.revision,
                bases={"hubspot": {"subject": C}, "dynamics": {"body": B}},
                unsettled={"dynamics": frozenset({"body"})},
                versions={"dynamics": 'W/"7"'},
                wrote_at=later.isoformat(),
            )
        ],
        now=later,
    )
    read = ledger.link_by_id(row.id)

    assert done == {row.id}
    assert read.sides["hubspot"].base == {"subject": C, "body": B}
    assert read.sides["hubspot"].unsettled == frozenset()
    assert read.sides["dynamics"].base == {"subject": A, "body": B}
    assert read.sides["dynamics"].unsettled == {"body"}
    assert read.sides["dynamics"].version == 'W/"7"'
    assert read.written_at == (later.isoformat(),)
    assert read.updated_at == later
    assert read.revision == row.revision + 1


def test_version_alone_does_not_outdate_a_decision(ledger, now):
    row = linked(ledger, now, "1")["1"]

    ledger.settle([LinkChange(row.id, versions={"hubspot": "v2"}, unsettled={"dynamics": frozenset()})], now=now)

    assert ledger.link_by_id(row.id).revision == row.revision
    assert ledger.claim([Claim(row.id, row.revision)], now=now) == {row.id}


def test_link_that_moved_is_left_as_it_is(ledger, now):
    row = linked(ledger, now, "1")["1"]
    ledger.claim([Claim(row.id, row.revision, {"steps": []})], now=now)
    claimed = ledger.link_by_id(row.id)

    done = ledger.settle([LinkChange(row.id, row.revision, bases={"hubspot": {"subject": C}})], now=now)

    assert done == set()
    assert ledger.link_by_id(row.id) == claimed


def test_claim_is_won_once_and_leaves_its_plan(ledger, now):
    row = linked(ledger, now, "1")["1"]
    plan = {"steps": [{"do": "update", "leaves": {"body": "aa"}}]}

    assert ledger.claim([Claim(row.id, row.revision, plan), Claim(10**9, 0)], now=now) == {row.id}
    assert ledger.claim([Claim(row.id, row.revision, {"other": 1})], now=now) == set()

    claimed = ledger.link_by_id(row.id)
    assert (claimed.plan, claimed.revision) == (plan, row.revision + 1)
    assert [one.id for one in ledger.unfinished(TASK)] == [row.id]

    assert ledger.settle([LinkChange(row.id, claimed.revision, clear_plan=True)], now=now) == {row.id}
    assert ledger.link_by_id(row.id).plan is None
    assert ledger.unfinished(TASK) == []


def test_record_of_another_living_link_is_refused_and_the_others_settle(ledger, now):
    linked(ledger, now, "1")
    rows = ledger.announce([new("2"), new("3")], now=now)

    done = ledger.settle(
        [
            LinkChange(rows["2"].id, state=LinkState.LINKED, record_ids={"dynamics": "guid-1"}),
            LinkChange(rows["3"].id, state=LinkState.LINKED, record_ids={"dynamics": "guid-3"}),
        ],
        now=now,
    )

    assert done == {rows["3"].id}
    assert ledger.link_by_id(rows["2"].id).state is LinkState.PENDING
    assert ledger.links("dynamics", TASK, ["guid-1"])["guid-1"].origin_id == "1"


def test_two_changes_of_one_link_apply_in_order(ledger, now):
    row = linked(ledger, now, "1")["1"]

    ledger.settle(
        [
            LinkChange(row.id, bases={"hubspot": {"subject": B}}),
            LinkChange(row.id, row.revision + 1, bases={"hubspot": {"subject": C}}),
            LinkChange(row.id, row.revision, bases={"hubspot": {"subject": A}}),
        ],
        now=now,
    )

    assert ledger.link_by_id(row.id).sides["hubspot"].base["subject"] == C


def test_only_the_last_six_writes_are_remembered(ledger, now):
    row = linked(ledger, now, "1")["1"]
    times = [(now + timedelta(minutes=one)).isoformat() for one in range(8)]

    ledger.settle([LinkChange(row.id, wrote_at=one) for one in times], now=now)

    assert ledger.link_by_id(row.id).written_at == tuple(times[2:])


def test_unlinked_record_lives_again_without_its_tombstone(ledger, now):
    row = linked(ledger, now, "1")["1"]
    told = Tombstone(frozenset({"subject"}), erased=True)

    ledger.settle([LinkChange(row.id, state=LinkState.TOMBSTONED, tombstone=told)], now=now)
    assert ledger.link_by_id(row.id).tombstone == told
    ledger.settle([LinkChange(row.id, state=LinkState.LINKED)], now=now)

    assert ledger.link_by_id(row.id).tombstone is None
    assert ledger.announce([new("1")], now=now)["1"].fresh is False


def test_tombstone_tells_what_was_mapped_when_nobody_else_does(ledger, now):
    row = linked(ledger, now, "1")["1"]

    ledger.settle([LinkChange(row.id, state=LinkState.TOMBSTONED)], now=now)

    assert ledger.link_by_id(row.id).tombstone == Tombstone(frozenset({"subject", "body"}))


def test_tombstone_does_not_return_over_a_newer_life(ledger, now):
    row = linked(ledger, now, "1")["1"]
    ledger.settle([LinkChange(row.id, state=LinkState.TOMBSTONED)], now=now)
    ledger.announce([new("1", generation=1)], now=now)

    assert ledger.settle([LinkChange(row.id, state=LinkState.LINKED)], now=now) == set()


def test_elements_are_one_per_kind_role_and_record(ledger, now):
    row = linked(ledger, now, "1")["1"]
    waiting = Element("contact", "associated", "c1", "", ElementState.WAITING)
    other = Element("contact", "associated", "", "d2", ElementState.WAITING)
    ledger.settle([LinkChange(row.id, elements=ElementChange((waiting, other)))], now=now)
    assert [one.id for one in ledger.with_waiting_elements(TASK)] == [row.id]

    carried = Element("contact", "associated", "c1", "d1", ElementState.CARRIED)
    ledger.settle([LinkChange(row.id, elements=ElementChange((carried,), remove=(other,)))], now=now)

    assert ledger.link_by_id(row.id).elements == (carried,)
    assert ledger.with_waiting_elements(TASK) == []


def test_adopted_records_are_linked_at_once(ledger, now):
    wanted = AdoptedLink(
        TASK,
        "hubspot",
        "dynamics",
        "1",
        "guid-1",
        bases={"hubspot": {"subject": A}, "dynamics": {"subject": B}},
        versions={"dynamics": "v"},
    )

    row = ledger.adopt([wanted], now=now)["1"]

    assert row.fresh
    assert row == ledger.links("dynamics", TASK, ["guid-1"])["guid-1"]
    assert row.state is LinkState.LINKED
    assert row.sides["dynamics"].base == {"subject": B}


@pytest.mark.parametrize(("here", "there"), [("1", "guid-9"), ("9", "guid-1")])
def test_record_that_is_linked_is_not_adopted_by_another(ledger, now, here, there):
    row = linked(ledger, now, "1")["1"]

    answer = ledger.adopt([AdoptedLink(TASK, "hubspot", "dynamics", here, there)], now=now)[here]

    assert answer == replace(row, fresh=False)
    assert ledger.links("hubspot", TASK, ["9"]) == {}


def test_record_wanted_by_two_of_one_batch_is_adopted_by_the_first(ledger, now):
    rows = ledger.adopt([AdoptedLink(TASK, "hubspot", "dynamics", one, "guid-1") for one in ("1", "2")], now=now)

    assert rows["1"].fresh
    assert rows["2"] == replace(rows["1"], fresh=False)
    assert ledger.links("hubspot", TASK, ["1", "2"]) == {"1": rows["1"]}


def test_refused_create_leaves_no_trace(ledger, now):
    rows = ledger.announce([new("1", elements=(Element("contact", "to", "c", "", ElementState.WAITING),))], now=now)
    kept = linked(ledger, now, "2")["2"]

    ledger.discard([rows["1"].id, kept.id])

    assert ledger.links("hubspot", TASK, ["1", "2"]) == {"2": kept}
    assert ledger.announce([new("1")], now=now)["1"].id > kept.id


def test_statements_do_not_grow_with_the_batch(ledger, now):
    statements: list[str] = []
    event.listen(ledger._engine, "before_cursor_execute", lambda *one: statements.append(one[2]))

    def is_counted(statement: str) -> bool:
        # SQLAlchemy inserts with `returning` one by one on SQLite, where no statement makes a round trip.
        return not statement.startswith("INSERT INTO links ")

    def effort(ids: list[str]) -> int:
        statements.clear()
        linked(ledger, now, *ids)
        return len(list(filter(is_counted, statements)))

    few = effort([f"few-{one}" for one in range(10)])
    many = effort([f"many-{one}" for one in range(500)])

    assert many == few


def test_what_activities_hang_on_is_read_in_slices(ledger, now):
    on = Element("contact", "associated", "c1", "", ElementState.WAITING)
    ledger.announce([replace(new(one), elements=(on,) if one != "3" else ()) for one in "12345"], now=now)
    rows = ledger.links("hubspot", TASK, "12345")
    ledger.settle(
        [LinkChange(row.id, 0, LinkState.LINKED, {"dynamics": f"guid-{one}"}, {}) for one, row in rows.items()], now=now
    )
    between = {"since": now - timedelta(hours=1), "until": now + timedelta(hours=1)}

    slices = list(ledger.hanging("hubspot", TASK, **between, at_once=2))

    assert [sorted(one) for one in slices] == [["1", "2"], ["3", "4"], ["5"]]
    assert {one: known for some in slices for one, known in some.items()} == {
        one: {("contact", "c1")} if one != "3" else set() for one in "12345"
    }
    assert list(ledger.hanging("hubspot", TASK, since=now + timedelta(minutes=1), until=now, at_once=2)) == []


def test_record_with_two_counterparts_is_told_where_the_constraint_is_lost(ledger, now):
    linked(ledger, now, "1", "2")
    assert ledger.linked_twice() == []

    with ledger._engine.begin() as connection:
        connection.exec_driver_sql("DROP INDEX link_sides_one_living")
        connection.exec_driver_sql("UPDATE link_sides SET record_id = '1' WHERE record_id = '2'")

    assert ledger.linked_twice() == [("hubspot", "task", "1")]
