"""Who may be whose twin, over two systems that hold a few activities each."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from activity_sync.activities.activity import Activity, Association
from activity_sync.activities.identity import Flow
from activity_sync.activities.kinds import ActivityType
from activity_sync.configuration import Configuration, parse_configuration
from activity_sync.errors import ConfigurationError, InvalidRecord
from activity_sync.ledger.choices import Choice, Decision
from activity_sync.ledger.ledger import Ledger
from activity_sync.ledger.rows import AdoptedLink, LinkChange, LinkState, NewLink
from activity_sync.pipeline.observe import Card, Seen
from activity_sync.pipeline.rows import WINDOW, Extracted, Ref, Resolved
from activity_sync.pipeline.twins import TwinFinder
from activity_sync.rules.match import TwinMode, TwinRule
from activity_sync.rules.values import Linked, NoLink, Present, Side
from activity_sync.systems.records import NaturalKey, SourceRecord

HERE, THERE, TASK = "hubspot", "dynamics", ActivityType.TASK
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@dataclass
class Crm:
    """A system that holds tasks, on contacts that the other one knows by the same address."""

    name: str
    tasks: dict[str, Activity] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    keys: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[datetime, ...]] = field(default_factory=list)
    proves_by_activities: bool = False

    @property
    def reader(self) -> Crm:
        return self

    @property
    def translator(self) -> Crm:
        return self

    @property
    def directory(self) -> Crm:
        return self

    def add(self, record_id: str, subject: str | None, minutes: float = 0, *, on: str | None = "ann") -> Activity:
        hangs_on = frozenset({Association("contact", f"{self.name}-{on}")}) if on else frozenset()
        moment = NOON + timedelta(minutes=minutes)
        self.tasks[record_id] = Activity(self.name, TASK, record_id, {"subject": subject, "due": moment}, hangs_on)
        return self.tasks[record_id]

    async def around(self, _kind, moments, *, within) -> list[SourceRecord]:
        self.asked.append(tuple(moments))
        return [
            SourceRecord(record_id, NOON, {})
            for record_id, task in self.tasks.items()
            if any(abs(task.time - one) <= within for one in moments)
        ]

    async def find_keys(self, _kind, keys) -> dict[str, str]:
        return {key: self.keys[key] for key in keys if key in self.keys}

    def decode(self, _kind, record: SourceRecord) -> Activity:
        if record.id in self.broken:
            raise InvalidRecord("broken")
        return self.tasks[record.id]

    async def describe(self, wanted) -> dict[str, dict[str, NaturalKey]]:
        return {kind: {one: _contact(one) for one in ids} for kind, ids in wanted.items()}

    async def find(self, lookups) -> dict[str, list[NaturalKey]]:
        return {one.kind: [_contact(f"{self.name}-{address}", address) for address in one.emails] for one in lookups}

    async def owners(self, _ids=()) -> dict[str, Any]:
        return {}


def _contact(record_id: str, address: str = "") -> NaturalKey:
    return NaturalKey(record_id, "contact", emails=(address or record_id.partition("-")[2],))


@dataclass
class World:
    """Both systems, a ledger, and the flow from here to there."""

    ledger: Ledger
    here: Crm = field(default_factory=lambda: Crm(HERE))
    there: Crm = field(default_factory=lambda: Crm(THERE))

    def find(self, *ids: str, twins: Any = "link") -> dict[str, Card]:
        """The cards of these records of the source (all, if none is named), once they know their matches."""
        text = {"flows": {"hubspot_to_dynamics": {"task": {"twins": twins}}}}
        session: Any = SimpleNamespace(
            key=b"0123456789abcdef",
            ledger=self.ledger,
            configuration=Configuration.model_validate(text),
            systems={HERE: self.here, THERE: self.there},
            source=lambda scope: {HERE: self.here, THERE: self.there}[scope.flow.source],
            target=lambda scope: {HERE: self.here, THERE: self.there}[scope.flow.target],
        )
        scope: Any = SimpleNamespace(flow=Flow(HERE, THERE), activity_type=TASK)
        cards = {one: self.card(one) for one in ids or self.here.tasks}
        asyncio.run(TwinFinder(session, scope).mark(list(cards.values())))
        return cards

    def matches(self, *ids: str, twins: Any = "link") -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
        """Matches and rivals of those that have any."""
        links = {one: card.link for one, card in self.find(*ids, twins=twins).items()}
        return {
            one: (link.matches, link.rivals)
            for one, link in links.items()
            if isinstance(link, NoLink) and (link.matches or link.rivals)
        }

    def card(self, record_id: str) -> Card:
        task = self.here.tasks[record_id]
        refs = tuple(
            Ref(one.kind, one.id, target=one.id.replace(HERE, THERE), rule="email") for one in task.associations
        )
        extracted = Extracted(SourceRecord(record_id, NOON, {}), "2026-03-01", "2026-03-01", WINDOW)
        return Card(Seen(extracted, Resolved(refs)), None, NoLink(), activity=task, source=Present({}))

    def link(self, here: str, there: str) -> None:
        self.ledger.adopt([AdoptedLink(TASK, HERE, THERE, here, there)], now=NOON)

    def choose(self, system: str, record_id: str, decision: Decision, other: str = "") -> None:
        self.ledger.choose([Choice(system, TASK, record_id, decision, NOON, other_id=other)])


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with Ledger.open(f"sqlite:///{tmp_path / 'ledger.sqlite'}") as ledger:
        yield World(ledger)


def test_the_same_task_in_both_systems_is_a_match(world: World) -> None:
    world.here.add("a", "Send the offer to Ann")
    world.there.add("x", "send the offer")

    assert world.matches() == {"a": (("x",), ())}


def test_one_call_asks_for_the_candidates_of_all_records_and_one_for_rivals(world: World) -> None:
    for minutes in (0, 60, 120):
        world.here.add(f"a{minutes}", f"Task {minutes}", minutes)
        world.there.add(f"x{minutes}", f"Task {minutes}", minutes)

    assert len(world.matches()) == 3
    assert (len(world.there.asked), len(world.here.asked)) == (1, 1)


@pytest.mark.parametrize("twins", ["off", False, {"mode": "off", "similarity": 0.1}])
def test_nothing_is_asked_where_it_is_off(world: World, twins: Any) -> None:
    world.here.add("a", "Send the offer")
    world.there.add("x", "Send the offer")

    assert world.matches(twins=twins) == {}
    assert world.there.asked == world.here.asked == []


def test_nothing_is_asked_where_nothing_could_match(world: World) -> None:
    world.here.add("on nobody", "Send the offer", on=None)
    world.here.add("wordless", None)
    world.there.add("x", "Send the offer")

    assert world.matches() == {}
    assert world.there.asked == []


def test_no_rival_is_looked_for_where_nothing_matches_or_is_only_reported(world: World) -> None:
    world.here.add("a", "Send the offer")
    world.there.add("x", "Lunch")
    assert world.matches() == {}
    assert world.here.asked == []

    world.there.add("y", "Send the offer")
    assert world.find(twins="report")["a"].twins == ("y",)
    assert world.here.asked == []


def test_a_report_leaves_the_link_alone(world: World) -> None:
    world.here.add("a", "Send the offer")
    world.there.add("x", "Send the offer")
    world.there.add("y", "Send the offer")

    card = world.find(twins="report")["a"]

    assert card.twins == ("x", "y")
    assert card.link == NoLink()


@pytest.mark.parametrize(
    ("twins", "found"),
    [
        ({"mode": "link"}, {"edge", "before"}),
        ({"mode": "link", "window_minutes": 20}, {"edge", "before", "later"}),
        ({"mode": "link", "window_minutes": 0}, set()),
        ({"mode": "link", "same_record": False}, {"edge", "before", "other contact", "no contact"}),
        ({"mode": "link", "similarity": 0.5}, {"edge", "before", "half the words"}),
    ],
    ids=["by default", "a wider window", "no window", "any record", "half of the words"],
)
def test_the_rule_is_the_configured_one(world: World, twins: dict[str, Any], found: set[str]) -> None:
    for number, (case, minutes, words, contact) in enumerate(
        [
            ("edge", 15, "Send the offer", "ann"),
            ("before", -15, "Send the offer", "ann"),
            ("later", 15.1, "Send the offer", "ann"),
            ("other contact", 1, "Send the offer", "ben"),
            ("no contact", 1, "Send the offer", None),
            ("half the words", 1, "Send quotation now please", "ann"),
        ]
    ):
        hour = 60 * number
        world.here.add(case, "Send offer now quickly" if case == "half the words" else "Send the offer", hour)
        world.there.add(f"x{number}", words, hour + minutes, on=contact)

    assert set(world.matches(twins=twins)) == found


def test_several_candidates_are_all_named(world: World) -> None:
    world.here.add("a", "Send the offer")
    world.there.add("y", "Send the offer")
    world.there.add("x", "Send the offer", 5)

    assert world.matches() == {"a": (("x", "y"), ())}


def test_one_candidate_of_two_records_is_each_others_rival(world: World) -> None:
    world.here.add("a", "Send the offer")
    world.here.add("b", "Send the offer", 5)
    world.there.add("x", "Send the offer")

    assert world.matches() == {"a": (("x",), ("b",)), "b": (("x",), ("a",))}


def test_a_rival_need_not_be_in_this_batch(world: World) -> None:
    world.here.add("a", "Send the offer")
    world.here.add("b", "Send the offer", 5)
    world.here.add("on another contact", "Send the offer", on="ben")
    world.here.add("another text", "Lunch")
    world.there.add("x", "Send the offer")

    assert world.matches("a") == {"a": (("x",), ("b",))}


def test_a_record_with_a_link_is_no_rival_and_no_candidate(world: World) -> None:
    world.here.add("a", "Send the offer")
    world.here.add("b", "Send the offer")
    world.there.add("x", "Send the offer")
    world.there.add("y", "Send the offer")
    world.link("b", "y")

    assert world.matches("a") == {"a": (("x",), ())}


def test_what_we_made_ourselves_is_no_candidate(world: World) -> None:
    world.here.add("a", "Send the offer")
    for record_id in ("announced", "copy of what is gone"):
        world.there.add(record_id, "Send the offer")
    rows = world.ledger.announce(
        [NewLink(TASK, HERE, THERE, "b", "key of b"), NewLink(TASK, HERE, THERE, "c", "key of c")], now=NOON
    )
    world.there.keys = {"key of b": "announced"}
    linked = LinkChange(rows["c"].id, state=LinkState.LINKED, record_ids={THERE: "copy of what is gone"})
    world.ledger.settle([linked], now=NOON)
    world.ledger.settle([LinkChange(rows["c"].id, state=LinkState.TOMBSTONED)], now=NOON)

    assert world.matches() == {}


def test_what_a_person_entered_is_a_candidate_again_when_its_link_has_ended(world: World) -> None:
    world.here.add("a", "Send the offer")
    world.there.add("x", "Send the offer")
    rows = world.ledger.adopt([AdoptedLink(TASK, THERE, HERE, "x", "deleted", key="key")], now=NOON)
    world.ledger.settle([LinkChange(rows["x"].id, state=LinkState.TOMBSTONED)], now=NOON)

    assert world.matches() == {"a": (("x",), ())}


def test_records_that_cannot_be_read_are_no_candidates_and_no_rivals(world: World) -> None:
    world.here.add("a", "Send the offer")
    world.here.add("b", "Send the offer")
    world.there.add("x", "Send the offer")
    world.there.add("y", "Send the offer")
    world.here.broken, world.there.broken = {"b"}, {"y"}

    assert world.matches("a") == {"a": (("x",), ())}


def test_a_card_that_is_linked_is_left_alone(world: World) -> None:
    world.here.add("a", "Send the offer")
    world.there.add("x", "Send the offer")
    card = world.card("a")
    card.link = linked = Linked("a", "z", Side({}), Side({}), 1)
    cards = {"a": card}
    world.card = cards.__getitem__

    assert world.find("a")["a"].link is linked
    assert world.there.asked == []


@pytest.mark.parametrize(("system", "one", "other"), [(HERE, "a", "x"), (THERE, "x", "a")])
def test_what_was_parted_never_matches_again(world: World, system: str, one: str, other: str) -> None:
    world.here.add("a", "Send the offer")
    world.here.add("b", "Send the offer", 5)
    world.there.add("x", "Send the offer")
    world.choose(system, one, Decision.APART, other)

    assert world.matches() == {"b": (("x",), ())}


@pytest.mark.parametrize(("system", "one", "other"), [(HERE, "a", "y"), (THERE, "y", "a")])
def test_a_person_names_the_match_and_nobody_else_has_it(world: World, system: str, one: str, other: str) -> None:
    world.here.add("a", "Send the offer")
    world.here.add("b", "Send the offer", 5)
    world.there.add("x", "Send the offer")
    world.there.add("y", "Send the offer")
    world.choose(system, one, Decision.LINK, other)

    assert world.matches() == {"a": (("y",), ()), "b": (("x",), ())}


def test_a_match_that_a_person_named_too_late_stands_no_more(world: World) -> None:
    world.here.add("a", "Send the offer")
    world.there.add("x", "Send the offer")
    world.choose(HERE, "a", Decision.LINK, "x")
    world.link("b", "x")

    assert world.matches() == {}


@pytest.mark.parametrize(("system", "one"), [(HERE, "a"), (THERE, "x")])
def test_what_a_person_wants_created_is_nobodys_match(world: World, system: str, one: str) -> None:
    world.here.add("a", "Send the offer")
    world.here.add("b", "Send the offer")
    world.there.add("x", "Send the offer")
    world.there.add("y", "Send the offer")
    world.choose(system, one, Decision.CREATE)

    if system == HERE:
        assert world.matches() == {"b": (("x", "y"), ())}
    else:
        assert world.matches() == {"a": (("y",), ("b",)), "b": (("y",), ("a",))}


# --- the setting -------------------------------------------------------------------------------------------------


def _parsed(twins: Any) -> Any:
    document = {"flows": {"dynamics_to_hubspot": {"call": {"twins": twins}}}}
    return parse_configuration(document, name="sync.yaml").flows.dynamics_to_hubspot.call.twins


def test_a_word_is_the_mode_and_the_shipped_rule() -> None:
    assert _parsed("link").mode is TwinMode.LINK
    assert _parsed("report").mode is TwinMode.REPORT
    assert _parsed("link").rule == TwinRule()
    assert Configuration().flows.hubspot_to_dynamics.note.twins.mode is TwinMode.OFF


@pytest.mark.parametrize(
    ("twins", "says"),
    [
        ("maybe", "twins: 'maybe' is not possible; use off, report or link"),
        (True, "twins: write `report` or `link`: there is no plain on"),
        (3, "twins: "),
        ({"mode": "link", "window": 5}, "twins.window: there is no such setting"),
        ({"mode": "link", "window_minutes": -1}, "twins.window_minutes: '-1' is not possible; use 0 or more"),
        ({"mode": "link", "similarity": 0}, "twins.similarity: '0' is not possible; use more than 0"),
        ({"mode": "link", "similarity": 1.5}, "twins.similarity: '1.5' is not possible; use 1 or less"),
    ],
    ids=str,
)
def test_a_wrong_value_is_named_with_what_would_be_right(twins: Any, says: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        _parsed(twins)

    assert says in raised.value.message
    assert "flows.dynamics_to_hubspot.call.twins" in raised.value.message
