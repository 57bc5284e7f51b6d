"""Elements as they are staged, and as the ledger takes them: merged records, and records that share a counterpart."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from activity_sync.activities.identity import Flow
from activity_sync.activities.kinds import ActivityType
from activity_sync.ledger.merging import merge_elements
from activity_sync.ledger.rows import Element, ElementChange, ElementState, LinkRow, LinkState
from activity_sync.pipeline.elements import as_carried, merged, of_update, stored
from activity_sync.pipeline.rows import Ref

FLOW = Flow("hubspot", "dynamics")
CARRIED, WAITING, LOST = ElementState.CARRIED, ElementState.WAITING, ElementState.LOST


def row(*elements: tuple[str, str, ElementState], origin: str = "hubspot") -> LinkRow:
    """A link with contacts as (id in HubSpot, id in Dynamics, state)."""
    turned = origin != "hubspot"
    return LinkRow(
        id=1,
        activity_type=ActivityType.CALL,
        state=LinkState.LINKED,
        origin=origin,
        key="",
        generation=0,
        revision=0,
        intended={},
        plan=None,
        sides={},
        elements=tuple(
            Element("contact", "associated", *((there, here) if turned else (here, there)), state)
            for here, there, state in elements
        ),
        tombstone=None,
        written_at=(),
        updated_at=datetime(2026, 1, 1, tzinfo=UTC),
    )


def after(link: LinkRow, *refs: Ref) -> set[tuple[str, str, ElementState]]:
    """The link's elements once the flow has seen these references, the target unread: as in `row`."""
    staged = of_update(merged(link, FLOW, refs, None), refs, ())
    hold, remove = stored(link, FLOW, staged)
    left = merge_elements(link.elements, ElementChange(tuple(hold), tuple(remove)))
    pairs = [(one.origin_record_id, one.counterpart_record_id, one.state) for one in left]
    return {(here, there, state) if link.origin == "hubspot" else (there, here, state) for here, there, state in pairs}


def contact(record_id: str, target: str | None, *former: str) -> Ref:
    return Ref("contact", record_id, target=target, former=former)


@pytest.mark.parametrize("origin", ["hubspot", "dynamics"])
def test_elements_move_to_the_survivor(origin: str) -> None:
    link = row(("a", "1", CARRIED), ("b", "2", CARRIED), origin=origin)

    assert after(link, contact("b", "2", "a")) == {("b", "1", CARRIED), ("b", "2", CARRIED)}
    assert after(link, contact("c", "9", "a", "b")) == {("c", "1", CARRIED), ("c", "2", CARRIED)}
    assert after(link, contact("a", "1"), contact("b", "2")) == {("a", "1", CARRIED), ("b", "2", CARRIED)}


@pytest.mark.parametrize("state", [WAITING, LOST])
def test_what_never_was_carried_says_nothing_of_a_survivor_that_was(state: ElementState) -> None:
    link = row(("a", "", state), ("b", "2", CARRIED))

    assert after(link, contact("b", "2", "a")) == {("b", "2", CARRIED)}
    assert after(replace(link, elements=link.elements[:1]), contact("b", None, "a")) == {("b", "", state)}


def test_a_merge_that_ends_the_waiting_is_carried_once() -> None:
    assert after(row(("a", "", WAITING)), contact("b", "2", "a")) == {("b", "2", CARRIED)}


def test_two_records_of_one_counterpart_are_two_elements() -> None:
    link = row(("a", "1", CARRIED))

    assert after(link, contact("a", "1"), contact("b", "1")) == {("a", "1", CARRIED), ("b", "1", CARRIED)}


def test_a_reference_that_nothing_resolves_any_more_is_what_was_carried() -> None:
    link = row(("a", "1", CARRIED), ("w", "", WAITING))
    refs = (contact("a", None), contact("b", None, "a"), contact("w", None), contact("x", "9"))

    assert [one.target for one in as_carried(link, FLOW, refs)] == ["1", "1", None, "9"]
