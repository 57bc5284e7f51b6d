"""What a search selects of a condition is what the rules say of every record, and nothing but changed records."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from activity_sync.rules.conditions import All, AnyOf, Condition, Facts, Not, Operator, Test, holds
from activity_sync.systems.hubspot.conditions import EVERYTHING, groups_of
from activity_sync.systems.hubspot.metadata import Schema
from activity_sync_tests.rules.condition_strategies import TEXTS, conditions

NUMBERS = count(1)
EVER = datetime(2000, 1, 1, tzinfo=UTC)
STAGES = ["lead", "customer", "marketingqualifiedlead"]
COLUMNS: dict[str, list[Any]] = {
    "jobtitle": [],
    "lifecyclestage": [*STAGES, "Customer"],
    "associatedcompanyid": [],
    "hs_marketable_status": [True, False, "true"],
    "date_of_birth": [],
    "createdate": [],
}
RECORD = st.fixed_dictionaries(
    {},
    optional={
        "jobtitle": st.sampled_from(TEXTS),
        "lifecyclestage": st.sampled_from(STAGES),
        "associatedcompanyid": st.sampled_from(["0", "5", "-3", "7.5", "120"]),
        "hs_marketable_status": st.sampled_from(["true", "false"]),
        "date_of_birth": st.sampled_from(["2026-01-31", "2026-02-01"]),
    },
)
CREATED = st.sampled_from(["2026-01-31T23:59:59.000Z", "2026-02-01T00:00:00.000Z", "2026-02-01T23:59:59.000Z"])
YES = True
SCHEMA = Schema(
    types={"t": "string", "e": "enumeration", "n": "number", "b": "bool", "m": "datetime", "d": "date"},
    options={"e": ("Hot", "cold")},
)


def contact(number: int, properties: dict[str, Any], created: str) -> dict[str, Any]:
    return {"id": str(number), "properties": properties, "createdAt": created, "updatedAt": "2026-03-01T00:00:00Z"}


def matching(portal: Any, *several: Condition, since: datetime = EVER) -> list[set[str]]:
    async def found(system: Any) -> list[set[str]]:
        return [set(await system.directory.matching("contact", one, since=since)) for one in several]

    result: list[set[str]] = portal.run(found)
    return result


def described(portal: Any, ids: list[str]) -> dict[str, Mapping[str, Any]]:
    """What the rules would be told of each."""

    async def read(system: Any) -> dict[str, Mapping[str, Any]]:
        found = await system.directory.describe({"contact": ids})
        return {one: key.properties for one, key in found["contact"].items()}

    result: dict[str, Mapping[str, Any]] = portal.run(read)
    return result


@settings(max_examples=25, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(RECORD, CREATED), min_size=1, max_size=8),
    st.lists(conditions(COLUMNS, about="contact"), min_size=1, max_size=6),
)
def test_a_search_selects_exactly_the_records_for_which_the_condition_holds(
    portal: Any, records: list[tuple[dict[str, Any], str]], several: list[Condition]
) -> None:
    # Others each time, beside those of the examples before: a portal that is emptied goes on showing what it found.
    seeded = [contact(next(NUMBERS), *one) for one in records]
    portal.seed({"contacts": seeded})

    portal.also_read = {"contact": tuple(COLUMNS)}

    answers, shown = matching(portal, *several), described(portal, [one["id"] for one in seeded])

    for condition, found in zip(several, answers, strict=True):
        wanted = {one for one, held in shown.items() if holds(condition, Facts(records={"contact": [held]}))}
        assert found & shown.keys() == wanted, condition


def test_only_records_that_changed_since_are_selected(portal: Any) -> None:
    portal.seed({"contacts": [contact(1, {"jobtitle": "Ada"}, "2026-01-01T00:00:00Z")]})
    condition = Test("jobtitle", Operator.KNOWN, (), "contact")

    assert matching(portal, condition, since=datetime(2026, 3, 1, tzinfo=UTC)) == [{"1"}]
    assert matching(portal, condition, since=datetime(2026, 3, 1, 0, 0, 1, tzinfo=UTC)) == [set()]


def test_one_search_selects_among_all_contacts_of_a_portal(portal: Any) -> None:
    seeded = [
        contact(n, {"lifecyclestage": "customer" if n == 7 else "lead"}, "2026-01-01T00:00:00Z") for n in range(1, 900)
    ]
    portal.seed({"contacts": seeded})

    found = matching(portal, Test("lifecyclestage", Operator.IS, ("Customer",), "contact"))

    assert found == [{"7"}]
    assert portal.calls["search"] == 1


def of(name: str, operator: Operator, *values: Any) -> Test:
    return Test(name, operator, values, "contact")


@pytest.mark.parametrize(
    ("condition", "searched"),
    [
        (of("t", Operator.IS, "MQL"), [["IN"]]),
        (of("e", Operator.ONE_OF, "hot", "cold"), [["IN"]]),
        (of("n", Operator.AT_LEAST, 5), [["GTE"]]),
        (of("m", Operator.AT_MOST, date(2026, 1, 31)), [["LT"]]),
        (of("b", Operator.IS, YES), [["EQ"]]),
        (of("e", Operator.UNKNOWN), [["NOT_HAS_PROPERTY"]]),
        (All((of("t", Operator.KNOWN), Not(of("e", Operator.KNOWN)))), [["HAS_PROPERTY", "NOT_HAS_PROPERTY"]]),
        (AnyOf((of("n", Operator.IS, 5), of("t", Operator.IS, "x"))), [["EQ"], ["IN"]]),
        # a part that a search does not decide as we do narrows nothing
        (All((of("n", Operator.IS, 5), of("t", Operator.CONTAINS, "x"))), [["EQ"]]),
        (AnyOf((of("n", Operator.IS, 5), of("t", Operator.CONTAINS, "x"))), [[]]),
        (of("t", Operator.IS_NOT, "x"), [[]]),
        (of("t", Operator.UNKNOWN), [[]]),
        (of("e", Operator.IS, "gone"), [[]]),
        (of("d", Operator.AT_LEAST, date(2026, 1, 31)), [[]]),
        (of("absent", Operator.KNOWN), [[]]),
        # more than a search takes
        (AnyOf(tuple(of("n", Operator.IS, n) for n in range(6))), [[]]),
    ],
)
def test_what_a_search_is_asked_of_a_condition(condition: Condition, searched: list[list[str]]) -> None:
    assert [[one["operator"] for one in group] for group in groups_of(condition, SCHEMA)] == searched
    assert (searched == [[]]) is (groups_of(condition, SCHEMA) == EVERYTHING)
